#include "frontend/hosts/fence_words.h"

#include <algorithm>
#include <array>

#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

// Takes the word that `text` begins with, and the blank behind it, when it has these characters
// alone. Returns false, and takes nothing, when it has not.
bool take_word(std::string_view& text, std::string_view characters) {
  const auto end = text.find_first_not_of(characters);
  if (end == 0 || end == std::string_view::npos || text[end] != ' ') return false;
  text.remove_prefix(end + 1);
  return true;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// By hand: std::regex calls itself for each character of a line, and has no stack for a long one.
std::string_view without_stamp(std::string_view line) {
  constexpr std::array<std::string_view, 4> kLevels{"ERROR:", "WARNING:", "CRITICAL:", "INFO:"};
  auto rest = line;
  auto dated = line;
  if (take_word(dated, "-0123456789") && take_word(dated, "0123456789:,.")) rest = dated;
  const auto is_taken = [&](std::string_view level) { return take(rest, level); };
  if (std::ranges::none_of(kLevels, is_taken)) return line;
  take(rest, "root:");
  take(rest, " ");
  return rest;
}

}  // namespace

std::string fence_failure(std::string_view said) {
  std::string_view last;
  for (const auto line : split(said, '\n')) {
    const auto text = without_stamp(trim(line));
    if (!text.empty() && !text.starts_with("Please use '-h'")) last = text;
  }
  return brief(last);
}

std::string fence_warning(std::string_view said) {
  for (const auto line : split(said, '\n')) {
    if (line.find("unknown option") != std::string_view::npos) {
      return brief(without_stamp(trim(line)));
    }
  }
  return "";
}

}  // namespace cluster::frontend
