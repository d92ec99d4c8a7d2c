#pragma once

#include <string>
#include <string_view>

#include "cmd/line/command.h"

// Manual pages in the language of man(7), for man-db and mandoc.
namespace cluster::cmd {

/// Prints a manual page, made of the same rows as help. Its name is the program's: cluster(8) for
/// `noun` "", with what all commands have in common and the commands without a noun;
/// cluster-host-gpu(8) for "host gpu", with all commands of exactly that noun. A topic of that name
/// is part of it. Throws Error(usage) when there is no such noun.
void print_manual(Output& output, const CommandTable& table, const std::string& noun);

/// `text` as words of man(7): what is special to roff is printed as it is, '-' as what one types.
std::string roff_words(std::string_view text);

/// A text of help, in the notation of wrapped(), as paragraphs of man(7). What is in `backquotes`
/// becomes bold. A line of capitals alone is a heading: "EXAMPLE".
std::string roff_text(std::string_view text);

}  // namespace cluster::cmd
