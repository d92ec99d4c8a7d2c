#include "rolls/engine/spelling.h"

#include "core/text.h"

namespace cluster::rolls {

bool spelled(std::string_view text, std::string_view first, std::string_view letters,
             std::string_view more) {
  return !text.empty() && text.size() <= 100 && first.find(text[0]) != std::string_view::npos &&
         text.find_first_not_of(std::string(letters) + std::string(more)) == std::string_view::npos;
}

bool is_identifier(std::string_view text) { return spelled(text, kLower, kLowerDigits, "_"); }

std::string word(const Item& item, std::string_view what, Spelling spelling,
                 const std::string& want) {
  auto text = item.line(what);
  if (!spelling(text)) {
    const bool vowel = std::string_view("aeio").find(what.front()) != std::string_view::npos;
    item.refuse((vowel ? "not an " : "not a ") + std::string(what) + ": " + quote(text) +
                " (want " + want + ")");
  }
  return text;
}

std::vector<std::string> words(const std::optional<Item>& list, std::string_view what,
                               Spelling spelling, const std::string& want) {
  std::vector<std::string> words;
  if (!list) return words;
  for (const auto& item : list->list(std::string(what) + "s")) {
    words.push_back(word(item, what, spelling, want));
  }
  return words;
}

}  // namespace cluster::rolls
