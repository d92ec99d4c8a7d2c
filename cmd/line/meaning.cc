#include "cmd/line/meaning.h"

#include <algorithm>

#include "core/text.h"

namespace cluster::cmd {
namespace {

// The word, its singular, and what they are synonyms of.
std::vector<std::string> meanings_of(const std::string& noun, const CommandTable& table) {
  std::vector<std::string> meanings{noun};
  if (noun.size() > 1 && noun.ends_with('s')) meanings.push_back(noun.substr(0, noun.size() - 1));
  for (std::size_t i = 0, count = meanings.size(); i < count; ++i) {
    const auto at = std::ranges::find(table.synonyms, meanings[i], &Synonym::word);
    if (at != table.synonyms.end()) meanings.emplace_back(at->noun);
  }
  return meanings;
}

// The shortest path of that verb that ends with the noun: "list host gpu" of "list" and "gpu".
std::optional<std::string> shortest_path(const std::string& verb, const std::string& noun,
                                         const CommandTable& table) {
  std::optional<std::string> shortest;
  for (const auto& command : table.commands) {
    if (!command.path.starts_with(verb + " ") || !command.path.ends_with(" " + noun)) continue;
    if (!shortest || command.path.size() < shortest->size()) shortest = command.path;
  }
  return shortest;
}

std::optional<std::string> path_of(const std::string& verb, const std::vector<std::string>& nouns,
                                   const CommandTable& table) {
  for (auto count = std::min<std::size_t>(nouns.size(), 2); count > 0; --count) {
    const std::vector<std::string> first(nouns.begin(),
                                         nouns.begin() + static_cast<std::ptrdiff_t>(count));
    for (const auto& noun : meanings_of(joined(first, " "), table)) {
      if (auto path = shortest_path(verb, noun, table)) return path;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> meant_command(const std::vector<std::string>& words,
                                         const CommandTable& table,
                                         std::span<const FirstWord> first_words) {
  const std::vector<std::string> nouns(words.begin() + 1, words.end());
  if (auto path = path_of(words[0], nouns, table)) return path;
  const auto at = std::ranges::find(first_words, words[0], &FirstWord::word);
  if (at == first_words.end()) return path_of("list", {words[0]}, table);
  constexpr std::string_view kHelp = "help ";
  if (at->meaning.starts_with(kHelp)) {
    const std::string verb(at->meaning.substr(kHelp.size()));
    return std::string(kHelp) + path_of(verb, nouns, table).value_or(verb);
  }
  if (at->meaning.find(' ') != std::string_view::npos) return std::string(at->meaning);
  return path_of(std::string(at->meaning), nouns, table);
}

}  // namespace cluster::cmd
