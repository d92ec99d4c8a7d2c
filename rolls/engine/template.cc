#include "rolls/engine/template.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace cluster::rolls {
namespace {

[[noreturn]] void refuse_at(const std::string& text, std::size_t at, const std::string& shown,
                            const std::string& why) {
  const auto before = std::string_view(text).substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column = start == std::string_view::npos ? at + 1 : at - start;
  throw Error(Fault::usage,
              shown + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + why);
}

// Splits a template: calls `literal` with each text between placeholders, and `name` with each
// placeholder.
template <typename Literal, typename Name>
void walk(const std::string& text, const std::string& shown, Literal literal, Name name) {
  std::size_t at = 0;
  for (auto open = text.find("{{"); open != std::string::npos; open = text.find("{{", at)) {
    literal(text.substr(at, open - at));
    const auto close = text.find("}}", open);
    if (close == std::string::npos || text.find('\n', open) < close) {
      refuse_at(text, open, shown, "'{{' without its '}}' on the same line");
    }
    name(std::string(trim(std::string_view(text).substr(open + 2, close - open - 2))), open);
    at = close + 2;
  }
  literal(text.substr(at));
}

}  // namespace

void check_placeholders(const std::string& text, const std::string& shown,
                        const std::vector<std::string>& names, bool whole_lines) {
  const auto strange = [](char c) { return is_control(c) && c != '\n' && c != '\t'; };
  if (const auto at = std::ranges::find_if(text, strange); at != text.end()) {
    refuse_at(text, static_cast<std::size_t>(at - text.begin()), shown,
              "a control character; want a text file");
  }
  if (whole_lines && !text.ends_with('\n')) {
    refuse_at(text, text.size(), shown, "the last line has no end");
  }
  walk(
      text, shown, [](const std::string&) {},
      [&](const std::string& name, std::size_t at) {
        if (std::ranges::find(names, name) != names.end()) return;
        const auto hint = did_you_mean(name, names);
        refuse_at(text, at, shown,
                  "unknown name " + quote(name) +
                      (hint.empty() ? " (want " + joined(names, ", ") + ")" : hint));
      });
}

std::string filled(const std::string& text, const std::string& shown, const TemplateValues& values,
                   const std::function<std::string(const std::string&)>& spell) {
  std::string out;
  walk(
      text, shown, [&](const std::string& literal) { out += literal; },
      [&](const std::string& name, std::size_t at) {
        const auto value = values.find(name);
        if (value == values.end()) refuse_at(text, at, shown, "unknown name " + quote(name));
        out += spell(value->second);
      });
  return out;
}

std::string xml_text(const std::string& value) {
  std::string out;
  for (const char c : value) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace cluster::rolls
