#include "frontend/hosts/bounded_json.h"

#include <string>

#include "core/error.h"

namespace cluster::frontend {
namespace {

[[noreturn]] void refuse_json(const char* why) {
  throw Error(Fault::io, "the JSON has " + std::string(why));
}

// Returns the place of the quote that ends the text, which begins after the quote at `from`.
std::size_t end_of_text(std::string_view text, std::size_t from) {
  auto at = from + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  if (at - from > kLongestJsonText) refuse_json("a text that is too long");
  return at;
}

}  // namespace

std::string_view bounded_json(std::string_view text) {
  std::size_t depth = 0;
  std::size_t values = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    switch (text[at]) {
      case '"':
        at = end_of_text(text, at);
        break;
      case '[':
      case '{':
        if (++depth > kDeepestJson) refuse_json("lists in lists too deep");
        break;
      case ']':
      case '}':
        if (depth > 0) --depth;
        break;
      case ',':
        if (++values > kMostJsonValues) refuse_json("too many values");
        break;
      default:
        break;
    }
  }
  return text;
}

}  // namespace cluster::frontend
