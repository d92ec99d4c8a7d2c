#include "rolls/engine/shell_text.h"

#include <algorithm>

#include "core/text.h"

namespace cluster::rolls {

std::string shell_comment(std::string_view text) {
  constexpr std::size_t kWidth = 110;  // a folded text of YAML is one long line
  std::string out;
  for (auto line : split(trim(text), '\n')) {
    while (line.size() > kWidth) {
      const auto at = line.rfind(' ', kWidth);
      if (at == std::string_view::npos || at == 0) break;
      out += "# " + std::string(line.substr(0, at)) + "\n";
      line.remove_prefix(at + 1);
    }
    out += line.empty() ? "#\n" : "# " + std::string(line) + "\n";
  }
  return out;
}

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  for (const auto line : split(text.substr(0, text.find_last_not_of('\n') + 1), '\n')) {
    out += line.empty() ? "\n" : std::string(by) + std::string(line) + "\n";
  }
  return out;
}

std::string only_for(const HostFamily* family, const std::string& text) {
  if (family == nullptr) return text;
  return "if [ \"$family\" = " + std::string(family->word) + " ]; then\n" + text + "fi\n";
}

std::string here_document(const std::string& text) {
  std::string word = "END_OF_FILE";
  const auto lines = split(text, '\n');
  while (std::ranges::find(lines, word) != lines.end()) word += "_";
  return " <<'" + word + "'\n" + text + word + "\n";
}

}  // namespace cluster::rolls
