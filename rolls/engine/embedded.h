#pragma once

#include <string_view>

namespace cluster::rolls {

/// The shell files of this folder as scripts get them: from their first empty line on.
std::string_view prelude();                            ///< prelude.sh
std::string_view family_shell(std::string_view word);  ///< families/WORD.sh; "" when there is none

}  // namespace cluster::rolls
