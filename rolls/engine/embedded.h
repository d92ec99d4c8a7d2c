#pragma once

#include <string_view>

namespace cluster::rolls {

/// The shell files of this folder as scripts get them: from the first empty line of each file on.
std::string_view prelude();                            ///< prelude.sh
std::string_view undo_shell();                         ///< undo.sh
std::string_view family_shell(std::string_view word);  ///< families/WORD.sh; "" when there is none

}  // namespace cluster::rolls
