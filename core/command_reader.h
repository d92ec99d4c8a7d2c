#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// One command of a file, as sh(1) would read its words.
struct CommandLine {
  std::vector<std::string> words;
  int line = 1;  ///< where it begins
};

/// Reads commands as sh(1) does: blanks, both kinds of quotes, backslashes, comments, and line ends
/// in quotes. Nothing is expanded: what a shell would not take as it is outside of quotes ($, `, ;,
/// |, &, <, >, parentheses, patterns) is refused, for there it would mean another thing.
class CommandReader {
 public:
  /// The text must outlive the reader.
  explicit CommandReader(std::string_view text) : text_(text) {}

  /// Puts the next command into `command`, whose memory is used again; false after the last one.
  /// Throws Error(usage), "line 3: ...".
  bool next(CommandLine& command);

 private:
  std::string& word(CommandLine& command);
  void read_single_quotes(std::string& into);
  void read_double_quotes(std::string& into);
  [[noreturn]] void refuse(int line, const std::string& why) const;

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t used_ = 0;    // words of this command; those after them are of one before
  bool is_inside_ = false;  // of a word
};

}  // namespace cluster
