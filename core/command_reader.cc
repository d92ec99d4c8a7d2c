#include "core/command_reader.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace cluster {

void CommandReader::refuse(int line, const std::string& why) const {
  throw Error(Fault::usage, "line " + std::to_string(line) + ": " + why);
}

// The word that is being read, or a new one.
std::string& CommandReader::word(CommandLine& command) {
  if (!is_inside_) {
    if (used_ == 0) command.line = line_;
    if (used_ == command.words.size()) command.words.emplace_back();
    command.words[used_++].clear();
    is_inside_ = true;
  }
  return command.words[used_ - 1];
}

void CommandReader::read_single_quotes(std::string& into) {
  const auto end = text_.find('\'', at_ + 1);
  if (end == std::string_view::npos) refuse(line_, "a quote (') is not closed");
  const auto quoted = text_.substr(at_ + 1, end - at_ - 1);
  line_ += static_cast<int>(std::ranges::count(quoted, '\n'));
  into += quoted;
  at_ = end;
}

void CommandReader::read_double_quotes(std::string& into) {
  constexpr std::string_view kEscaped = "$`\"\\\n";
  const int opened = line_;
  for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    char c = text_[at_];
    if (c == '$' || c == '`') refuse(line_, "a shell would replace this (want single quotes)");
    if (c == '\\' && at_ + 1 < text_.size() &&
        kEscaped.find(text_[at_ + 1]) != std::string_view::npos) {
      c = text_[++at_];
      if (c == '\n') {  // the line goes on
        ++line_;
        continue;
      }
    }
    if (c == '\n') ++line_;
    into += c;
  }
  if (at_ >= text_.size()) refuse(opened, "a quote (\") is not closed");
}

bool CommandReader::next(CommandLine& command) {
  constexpr std::string_view kOfShells = "$`;|&<>()*?";
  used_ = 0;
  is_inside_ = false;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\n') {
      ++line_;
      is_inside_ = false;
      if (used_ == 0) continue;
      ++at_;
      break;
    }
    if (c == ' ' || c == '\t' || (c == '\r' && text_.substr(at_ + 1).starts_with('\n'))) {
      is_inside_ = false;
    } else if (c == '#' && !is_inside_) {
      while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
    } else if (c == '\'') {
      read_single_quotes(word(command));
    } else if (c == '"') {
      read_double_quotes(word(command));
    } else if (c == '\\' && at_ + 1 < text_.size()) {
      if (text_[++at_] == '\n') {
        ++line_;
      } else {
        word(command) += text_[at_];
      }
    } else if (kOfShells.find(c) != std::string_view::npos) {
      refuse(line_,
             "a shell would not take " + quote(std::string(1, c)) + " as it is (want quotes)");
    } else if (c == '\0') {
      refuse(line_, "a NUL is in it");
    } else {
      word(command) += c;
    }
  }
  command.words.resize(used_);
  return used_ != 0;
}

}  // namespace cluster
