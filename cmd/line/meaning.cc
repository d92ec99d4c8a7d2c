#include "cmd/line/meaning.h"

#include <algorithm>

#include "core/text.h"

namespace cluster::cmd {
namespace {

constexpr std::ptrdiff_t kFirstWords = 3;
constexpr std::string_view kHelp = "help ";

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
  // "report host dhcpd", where the noun is one of something else.
  return nouns.size() > 1 ? path_of(verb, {nouns[1]}, table) : std::nullopt;
}

bool is_command(const std::string& path, const CommandTable& table) {
  return std::ranges::find(table.commands, path, &Command::path) != table.commands.end();
}

}  // namespace

std::optional<std::string> meant_command(const std::vector<std::string>& words,
                                         const CommandTable& table,
                                         std::span<const FirstWord> first_words) {
  const std::vector<std::string> nouns(words.begin() + 1, words.end());
  if (auto path = path_of(words[0], nouns, table)) return path;
  for (auto count = std::min(std::ssize(words), kFirstWords); count > 0; --count) {
    const std::vector<std::string> first(words.begin(), words.begin() + count);
    const auto at = std::ranges::find(first_words, joined(first, " "), &FirstWord::word);
    if (at == first_words.end()) continue;
    const std::string meaning(at->meaning);
    const std::vector<std::string> rest(words.begin() + count, words.end());
    if (meaning.starts_with(kHelp)) {
      const auto verb = meaning.substr(kHelp.size());
      return std::string(kHelp) + path_of(verb, rest, table).value_or(verb);
    }
    return is_command(meaning, table) ? meaning : path_of(meaning, rest, table);
  }
  return path_of("list", {words[0]}, table);
}

std::optional<std::string> command_with_noun(const std::string& path, const std::string& word,
                                             const CommandTable& table) {
  const auto verb = path.substr(0, path.find(' '));
  for (const auto& noun : meanings_of(word, table)) {
    for (auto& meant : {path + " " + noun, verb + " " + noun}) {
      if (is_command(meant, table)) return meant;
    }
  }
  // What is short or has a number is more likely a name.
  constexpr std::size_t kLongEnough = 3;
  if (word.size() < kLongEnough || word.find_first_of("0123456789") != std::string::npos) return {};
  std::vector<std::string> longer;
  for (const auto& command : table.commands) {
    if (command.path.starts_with(path + " "))
      longer.emplace_back(command.path.substr(path.size() + 1));
  }
  const auto noun = nearest(word, longer);
  return noun ? std::optional(path + " " + *noun) : std::nullopt;
}

}  // namespace cluster::cmd
