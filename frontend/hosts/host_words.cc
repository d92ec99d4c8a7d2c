#include "frontend/hosts/host_words.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/error.h"
#include "core/expanded_names.h"
#include "core/file.h"
#include "core/glob.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::string_view kWildcards = "*?%_";
constexpr std::string_view kOperators = ",!&^";
constexpr std::string_view kNotAdding = "!&^";  // among them
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kMostPatterns = 1000;  // each is compared with each host
constexpr std::size_t kMostText = 16U << 20U;
constexpr std::size_t kShown = 80;
constexpr int kMostGroups = 8;
constexpr std::array<std::string_view, 3> kSelectingWords{"all", "failing", "free"};

std::string shown(std::string_view word) { return quote(word.substr(0, kShown)); }

[[noreturn]] void nothing_beside(std::string_view word) {
  throw Error(Fault::usage, "no hosts beside a ',', '!', '&' or '^' in " + shown(word) +
                                " (want n1,n2 or n[1-9]!n5)");
}

// The glob that an SQL pattern means; a glob stays as it is.
std::string as_glob(std::string pattern) {
  std::ranges::replace(pattern, '%', '*');
  std::ranges::replace(pattern, '_', '?');
  return pattern;
}

std::optional<long long> rack_of(std::string_view word) {
  constexpr std::string_view kRack = "rack";
  if (!word.starts_with(kRack)) return std::nullopt;
  return parse_number(word.substr(kRack.size()));
}

// "gpu_model" of "gpu_model=A100", when that is the name of an attribute.
std::optional<std::string_view> condition_name(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  const auto name = word.substr(0, equals);
  const bool right = std::ranges::all_of(
      name, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; });
  return right ? std::optional(name) : std::nullopt;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const auto line : split(text, '\n')) {
    auto rest = line.substr(0, line.find('#'));
    while (!(rest = trim(rest)).empty()) {
      const auto end = std::min(rest.find_first_of(kBlanks), rest.size());
      words.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end);
    }
  }
  return words;
}

// Standard input can be read once; a command may ask several times what its words mean.
const std::string& standard_input() {
  static const std::string text = read_input("-", kMostText);
  return text;
}

// The length of what stands before the next operator; none counts within brackets. A condition may
// have blanks in its value.
std::size_t item_length(std::string_view word) {
  if (word.starts_with('^')) return std::min(word.find(','), word.size());
  bool in_brackets = false;
  bool has_value = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (c == '[') in_brackets = true;
    if (c == ']') in_brackets = false;
    if (c == '=') has_value = true;
    if (in_brackets) continue;
    if (kOperators.find(c) != std::string_view::npos) return i;
    if (!has_value && kBlanks.find(c) != std::string_view::npos) return i;
  }
  return word.size();
}

// Takes the operator, and the blanks around it, from the front of `rest`. Blanks alone are a comma,
// and so is none at the beginning.
char take_operator(std::string_view word, std::string_view& rest) {
  rest = trim(rest);
  if (rest.empty() || kOperators.find(rest[0]) == std::string_view::npos) return ',';
  char found = rest[0];
  rest = trim(rest.substr(1));
  if (found == ',' && rest.starts_with('!')) {
    found = '!';
    rest = trim(rest.substr(1));
  }
  if (rest.empty()) nothing_beside(word);
  return found;
}

}  // namespace

HostWords::HostWords(std::vector<HostGroups> hosts, HostFacts* facts)
    : hosts_(std::move(hosts)), facts_(facts) {
  by_name_.reserve(hosts_.size());
  for (std::size_t i = 0; i < hosts_.size(); ++i) by_name_.emplace(hosts_[i].name.str(), i);
}

template <typename Wanted>
HostWords::Hosts HostWords::those(Wanted wanted) const {
  Hosts found(hosts_.size());
  for (std::size_t i = 0; i < hosts_.size(); ++i) found[i] = wanted(hosts_[i]);
  return found;
}

HostWords::Hosts HostWords::named(const std::set<std::string>& names) const {
  return those([&](const HostGroups& host) { return names.contains(host.name.str()); });
}

HostWords::Hosts HostWords::chosen(const std::vector<std::string>& words, const Hosts& otherwise) {
  spelled_out_ = true;
  auto found = chosen(words, otherwise, {});
  // What means nobody is a mistake, and must never be done to nobody in silence.
  const bool wants_some = facts_ == nullptr || !facts_->may_mean_nobody();
  if (wants_some && !words.empty() && !hosts_.empty() &&
      std::ranges::find(found, true) == found.end()) {
    throw Error(Fault::not_found, "no host is left of " + shown(joined(words, " ")));
  }
  return found;
}

HostWords::Hosts HostWords::chosen(const std::vector<std::string>& words, const Hosts& otherwise,
                                   Depth depth) {
  Hosts wanted(hosts_.size());
  Hosts unwanted(hosts_.size());
  bool names_some = false;
  for (const auto& word : words) {
    const bool out = word.starts_with('!');
    names_some = names_some || !out;
    add_expression(std::string_view(word).substr(out ? 1 : 0), depth, out ? unwanted : wanted);
  }
  if (!names_some) {
    wanted = otherwise;
    spelled_out_ = false;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = wanted[i] && !unwanted[i];
  return wanted;
}

// A list of names is added name by name: many words must not each go through all hosts.
void HostWords::add_expression(std::string_view word, Depth depth, Hosts& all) {
  const bool only_adds = word.find_first_of(kNotAdding) == std::string_view::npos;
  Hosts own(only_adds ? 0 : hosts_.size());
  auto& here = only_adds ? all : own;
  auto rest = trim(word);
  if (rest.empty()) throw Error(Fault::usage, "a host's name is empty (want a name, or a range)");
  for (bool first = true; !rest.empty(); first = false) {
    // At the beginning '^' is no operator, but names a file.
    const char done = first ? ',' : take_operator(word, rest);
    const auto length = item_length(rest);
    if (length == 0) nothing_beside(word);
    const auto one = trim(rest.substr(0, length));
    rest.remove_prefix(length);
    if (done == ',') {
      add_item(one, depth, here);
      continue;
    }
    Hosts found(hosts_.size());
    add_item(one, depth, found);
    for (std::size_t i = 0; i < here.size(); ++i) {
      const bool have = here[i];
      here[i] = done == '!' ? have && !found[i] : done == '&' ? have && found[i] : have != found[i];
    }
  }
  if (!only_adds) add_all(own, all);
}

void HostWords::add_all(const Hosts& found, Hosts& all) {
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = all[i] || found[i];
}

void HostWords::add_item(std::string_view word, Depth depth, Hosts& all) {
  if (word == "-" || word.starts_with('^')) {
    if (depth.in_file) {
      throw Error(Fault::usage, shown(word) + " in a list of hosts: a list names no other list");
    }
    static_cast<void>(facts(word));
    if (word == "-") return add_all(from_text(standard_input(), "standard input"), all);
    const std::string file(word.substr(1));
    return add_all(from_text(read_input(file, kMostText), "file " + quote(file)), all);
  }
  if (const auto name = condition_name(word)) {
    return add_all(condition(std::string(*name), std::string(word.substr(name->size() + 1))), all);
  }
  const bool is_group = word.starts_with('@');
  const auto names = expanded_names(is_group ? word.substr(1) : word);
  const bool compares = is_group || word.find_first_of(kWildcards) != std::string_view::npos;
  if (compares && names.size() > kMostPatterns) {
    throw Error(Fault::usage, shown(word) + " means more than " + std::to_string(kMostPatterns) +
                                  " patterns: want fewer");
  }
  for (const auto& name : names) {
    const auto place = is_group ? by_name_.end() : by_name_.find(name);
    if (place != by_name_.end()) {
      all[place->second] = true;
      continue;
    }
    add_all(is_group ? group(name, depth) : one(name), all);
  }
}

// The hosts of a word that is no host's own name. That comes first, so nothing that was added later
// can take it over.
HostWords::Hosts HostWords::one(const std::string& word) {
  const auto found = [&](Hosts hosts, const std::string& none) {
    spelled_out_ = false;
    if (std::ranges::find(hosts, true) == hosts.end()) throw Error(Fault::not_found, none);
    return hosts;
  };
  if (word.find_first_of(kWildcards) != std::string::npos) {
    const auto glob = as_glob(word);
    return found(those([&](const auto& host) { return matches_glob(host.name.str(), glob); }),
                 "no host matches " + shown(word));
  }
  auto of_appliance = those([&](const auto& host) { return host.appliance == word; });
  if (std::ranges::find(of_appliance, true) != of_appliance.end()) {
    spelled_out_ = false;
    return of_appliance;
  }
  if (const auto rack = rack_of(word)) {
    return found(those([&](const auto& host) { return host.rack == *rack; }),
                 "no host is in " + quote(word));
  }
  if (word == "all") return found(Hosts(hosts_.size(), true), "there are no hosts");
  if (word == "free" || word == "failing") {
    auto& facts = this->facts(word);
    auto hosts = named(word == "free" ? facts.with_free_card() : facts.with_failing_card());
    spelled_out_ = false;
    return facts.may_mean_nobody() ? hosts : found(hosts, "no host has a " + word + " card");
  }
  static_cast<void>(HostName(word));  // a word that cannot be a name is wrong usage
  std::vector<std::string> names;
  for (const auto& host : hosts_) names.push_back(host.name.str());
  std::ranges::sort(names, natural_less);  // if two are equally near, the first one wins
  throw Error(Fault::not_found,
              "host " + quote(word) + " is not in the inventory" + did_you_mean(word, names));
}

HostWords::Hosts HostWords::from_text(const std::string& text, const std::string& what) {
  const auto words = words_of(text);
  // An empty list must not mean all hosts.
  if (words.empty()) throw Error(Fault::not_found, what + " names no host");
  return chosen(words, Hosts(hosts_.size(), true), {.in_file = true, .groups = 0});
}

HostWords::Hosts HostWords::group(const std::string& name, Depth depth) {
  spelled_out_ = false;
  std::vector<std::string> known;
  std::set<std::string> members;
  for (const auto& [host, groups] : facts("@" + name).values("groups")) {
    for (auto& group : listed_groups(groups)) {
      if (group == name) members.insert(host);
      known.push_back(std::move(group));
    }
  }
  if (!members.empty()) return named(members);
  if (!groups_) groups_ = groups_in(group_files());
  const auto found = groups_->find(name);
  if (found == groups_->end()) {
    for (const auto& [group, hosts] : *groups_) known.push_back(group);
    throw Error(Fault::not_found, "there is no group " + shown("@" + name) +
                                      did_you_mean(name, known) +
                                      " (an attribute groups, or a file of groups, makes one)");
  }
  if (depth.groups == kMostGroups) {
    throw Error(Fault::usage, "group " + shown("@" + name) + " names itself, or too many others");
  }
  Hosts all(hosts_.size());
  const auto inner = Depth{true, depth.groups + 1};
  // A file of groups may know more hosts than the inventory has.
  for (const auto& nodes : found->second) {
    if (nodes.find_first_of("@!&^*") != std::string::npos) {
      add_expression(nodes, inner, all);
      continue;
    }
    for (auto rest = std::string_view(nodes); !rest.empty();) {
      const auto length = std::max<std::size_t>(item_length(rest), 1);
      const auto word = trim(rest.substr(0, length));
      if (!word.empty() && word != ",") {
        for (const auto& host : expanded_names(word)) {
          if (const auto at = by_name_.find(host); at != by_name_.end()) all[at->second] = true;
        }
      }
      rest.remove_prefix(length);
    }
  }
  if (std::ranges::find(all, true) == all.end()) {
    throw Error(Fault::not_found, "no host of group " + shown("@" + name) + " is in the inventory");
  }
  return all;
}

HostWords::Hosts HostWords::condition(const std::string& name, const std::string& values) {
  spelled_out_ = false;
  const auto wanted = expanded_names(values);
  if (wanted.size() > kMostPatterns) throw Error(Fault::usage, shown(values) + ": want fewer");
  const auto is_wanted = [&](std::string_view value) {
    return std::ranges::any_of(wanted, [&](const auto& one) { return matches_glob(value, one); });
  };
  auto& facts = this->facts(name + "=" + values);
  Hosts found(hosts_.size());
  const auto of_hosts = facts.values(name);
  if (!of_hosts.empty()) {
    found = those([&](const HostGroups& host) {
      const auto at = of_hosts.find(host.name.str());
      return at != of_hosts.end() && is_wanted(at->second);
    });
  } else if (name == "appliance") {
    found = those([&](const HostGroups& host) { return is_wanted(host.appliance); });
  } else if (name == "rack") {
    found = those(
        [&](const HostGroups& host) { return host.rack && is_wanted(std::to_string(*host.rack)); });
  } else if (name == "gpu_model") {
    std::set<std::string> with;
    for (const auto& [host, model] : facts.card_models()) {
      for (const auto& one : wanted) {
        if (matches_glob(lower(model), "*" + lower(one) + "*")) with.insert(host);
      }
    }
    found = named(with);
  } else {
    auto names = facts.attribute_names();
    names.insert(names.end(), {"appliance", "gpu_model", "rack"});
    throw Error(Fault::usage, quote((name + "=" + values).substr(0, kShown)) +
                                  " is no key of this command, and " + "no host has an attribute " +
                                  quote(name) + did_you_mean(name, names));
  }
  if (std::ranges::find(found, true) == found.end()) {
    throw Error(Fault::not_found, "no host has " + shown(name + "=" + values));
  }
  return found;
}

HostFacts& HostWords::facts(std::string_view word) {
  if (facts_ != nullptr) return *facts_;
  throw Error(Fault::usage, shown(word) + ": here only names, patterns and ranges name a host");
}

std::vector<std::string> listed_groups(const std::string& value) {
  std::vector<std::string> groups;
  for (const auto piece : split(value, ',')) {
    std::ranges::move(words_of(piece), std::back_inserter(groups));
  }
  return groups;
}

bool is_selecting_word(std::string_view name) {
  return rack_of(name) || std::ranges::find(kSelectingWords, name) != kSelectingWords.end();
}

}  // namespace cluster::frontend
