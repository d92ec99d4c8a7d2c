#include "core/terminal_text.h"

#include <algorithm>

#include "core/hex.h"
#include "core/text.h"

namespace cluster {

std::string escaped(std::string_view text, bool keeps_tabs) {
  // NUL is no matter here.
  const bool is_utf8 =
      std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; }) || is_utf8_text(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() &&
                       static_cast<unsigned char>(text[i + 1]) < 0xa0;  // U+0080 to U+009F
    if ((byte == '\t' && keeps_tabs) ||
        (!is_c1 && !is_control(text[i]) && (byte < 0x80 || is_utf8))) {
      out += text[i];
      continue;
    }
    out += "\\x" + to_hex(byte, 2);
    if (is_c1) out += "\\x" + to_hex(static_cast<unsigned char>(text[++i]), 2);
  }
  return out;
}

std::string brief(std::string_view text) {
  constexpr std::size_t kMost = 1000;
  if (text.size() <= kMost) return printable(text);
  // A character that is cut would make all others numbers.
  auto end = kMost;
  while (end + 3 > kMost && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return printable(text.substr(0, end)) + "...";
}

bool may_need_escapes(std::string_view text) {
  // A byte above 0x7f may be no UTF-8.
  return std::ranges::any_of(text, [](char c) { return is_control(c) || (c & 0x80) != 0; });
}

std::string json_for_terminal(std::string json) {
  if (!may_need_escapes(json)) return json;
  std::string out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const auto next = i + 1 < json.size() ? static_cast<unsigned char>(json[i + 1]) : 0U;
    if (byte == 0x7f) {
      out += "\\u007f";
    } else if (byte == 0xc2 && (next & 0xe0U) == 0x80U) {
      out += "\\u00" + to_hex(next, 2);
      ++i;
    } else {
      out += json[i];
    }
  }
  return out;
}

std::string for_terminal(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return escaped(line, true);
}

std::string lines_for_terminal(std::string_view text) {
  std::string lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines += for_terminal(text.substr(at, end - at));
    if (end == std::string_view::npos) break;
    lines += '\n';
    at = end + 1;
  }
  return lines;
}

}  // namespace cluster
