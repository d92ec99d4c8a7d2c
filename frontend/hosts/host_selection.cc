#include "frontend/hosts/host_selection.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/glob.h"
#include "core/text.h"
#include "frontend/hosts/sudo.h"

namespace cluster::frontend {
namespace {

constexpr std::size_t kMaxRange = 100000;
constexpr std::string_view kWildcards = "*?%_";

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

// `Row` is Host or HostGroups.
template <typename Row>
[[noreturn]] void unknown(const std::string& word, const std::vector<Row>& hosts) {
  std::vector<std::string> names;
  for (const auto& host : hosts) names.push_back(host.name.str());
  std::ranges::sort(names, natural_less);  // if two are equally near, the first one wins
  throw Error(Fault::not_found,
              "host " + quote(word) + " is not in the inventory" + did_you_mean(word, names));
}

// The glob that an SQL pattern means; a glob stays as it is.
std::string as_glob(std::string pattern) {
  std::ranges::replace(pattern, '%', '*');
  std::ranges::replace(pattern, '_', '?');
  return pattern;
}

// The number in "rackN".
std::optional<long long> rack_of(std::string_view word) {
  constexpr std::string_view kRack = "rack";
  if (!word.starts_with(kRack)) return std::nullopt;
  return parse_number(word.substr(kRack.size()));
}

[[noreturn]] void bad_range(std::string_view word) {
  throw Error(Fault::usage, "not a range of hosts: " + quote(word) + " (want n-[0-15,20])");
}

// A number of a range. "007" means the same as "7", but also says how wide the names are.
long long range_number(std::string_view word, std::string_view digits) {
  const auto stripped = digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
  const auto number = stripped.empty() && !digits.empty() ? 0 : parse_number(stripped);
  if (!number) bad_range(word);
  return *number;
}

std::string padded(long long number, std::size_t width) {
  auto text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

// "n-[0-2,07]" gives n-0, n-1, n-2, n-07. Several brackets multiply.
std::vector<std::string> expanded(std::string_view word) {
  const auto open = word.find('[');
  if (open == std::string_view::npos) {
    if (word.find(']') != std::string_view::npos) bad_range(word);
    return {std::string(word)};
  }
  const auto close = word.find(']', open);
  if (close == std::string_view::npos) bad_range(word);
  const auto tails = expanded(word.substr(close + 1));
  std::vector<std::string> names;
  for (const auto piece : split(word.substr(open + 1, close - open - 1), ',')) {
    const auto dash = piece.find('-');
    const auto first_text = piece.substr(0, dash);
    const auto last_text = dash == std::string_view::npos ? first_text : piece.substr(dash + 1);
    const auto first = range_number(word, first_text);
    const auto last = range_number(word, last_text);
    if (last < first || static_cast<std::size_t>(last - first) >= kMaxRange) bad_range(word);
    const bool zeros = first_text.size() > 1 && first_text[0] == '0';
    for (auto number = first; number <= last; ++number) {
      for (const auto& tail : tails) {
        names.push_back(std::string(word.substr(0, open)) +
                        padded(number, zeros ? first_text.size() : 0) + tail);
        if (names.size() > kMaxRange) bad_range(word);
      }
    }
  }
  return names;
}

// The names of `hosts` that one word means; the word has no '!' and no brackets. A host's own name
// comes first, so nothing that was added later can take it over.
template <typename Row>
std::vector<std::string> meant(const std::string& word, const std::vector<Row>& hosts) {
  std::vector<std::string> names;
  const auto take = [&](auto&& wanted) {
    for (const auto& host : hosts) {
      if (wanted(host)) names.push_back(host.name.str());
    }
  };
  take([&](const Row& host) { return host.name.str() == word; });
  if (!names.empty()) return names;
  if (word.find_first_of(kWildcards) != std::string::npos) {
    const auto glob = as_glob(word);
    take([&](const Row& host) { return matches_glob(host.name.str(), glob); });
    if (names.empty()) throw Error(Fault::not_found, "no host matches " + quote(word));
    return names;
  }
  take([&](const Row& host) { return host.appliance == word; });
  if (!names.empty()) return names;
  if (const auto rack = rack_of(word)) {
    take([&](const Row& host) { return host.rack == *rack; });
    if (names.empty()) throw Error(Fault::not_found, "no host is in " + quote(word));
    return names;
  }
  static_cast<void>(HostName(word));  // a word that cannot be a name is wrong usage
  unknown(word, hosts);
}

// The names that `words` mean. When no word names a host, `otherwise` says of each host whether it
// is meant.
template <typename Row, typename Otherwise>
std::set<std::string> chosen(const std::vector<Row>& hosts, const std::vector<std::string>& words,
                             Otherwise otherwise) {
  std::set<std::string> wanted;
  std::set<std::string> unwanted;
  bool named = false;
  for (const auto& word : words) {
    const bool out = word.starts_with('!');
    named = named || !out;
    for (const auto& one : expanded(out ? word.substr(1) : word)) {
      for (const auto& name : meant(one, hosts)) (out ? unwanted : wanted).insert(name);
    }
  }
  if (!named) {
    for (const auto& host : hosts) {
      if (otherwise(host)) wanted.insert(host.name.str());
    }
  }
  for (const auto& name : unwanted) wanted.erase(name);
  return wanted;
}

// The hosts of these names when each word is the name of a host; else nothing.
std::optional<std::vector<Host>> hosts_by_name(Inventory& inventory,
                                               const std::vector<std::string>& words) {
  std::set<HostName> names;
  for (const auto& word : words) {
    if (word.find_first_of("!*?%_[]") != std::string::npos) return std::nullopt;
    try {
      names.insert(HostName(word));
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  auto hosts = inventory.hosts(OnlyHosts{{names.begin(), names.end()}});
  if (names.empty() || hosts.size() != names.size()) return std::nullopt;
  return hosts;
}

template <typename Otherwise>
std::vector<HostName> chosen_names(Inventory& inventory, const std::vector<std::string>& words,
                                   Otherwise otherwise) {
  std::vector<HostName> names;
  for (const auto& name : chosen(inventory.host_groups(), words, otherwise))
    names.emplace_back(name);
  return names;
}

template <typename Otherwise>
std::vector<Host> hosts_of(Inventory& inventory, const std::vector<std::string>& words,
                           Otherwise otherwise) {
  std::vector<Host> hosts;
  inventory.look_together("list host", [&] {
    if (auto named = hosts_by_name(inventory, words)) {
      hosts = *std::move(named);
    } else {
      hosts = inventory.hosts(chosen_names(inventory, words, otherwise));
    }
  });
  return hosts;
}

constexpr auto kAny = [](const auto&) { return true; };

}  // namespace

std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words,
                               const std::vector<Host>& otherwise) {
  const auto wanted = chosen(hosts, words, [&](const Host& host) {
    return std::ranges::find(otherwise, host.name, &Host::name) != otherwise.end();
  });
  std::vector<Host> selected;
  std::ranges::copy_if(hosts, std::back_inserter(selected),
                       [&](const Host& host) { return wanted.contains(host.name.str()); });
  return selected;
}

std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words) {
  return select_hosts(hosts, words, hosts);
}

std::vector<Host> select_hosts(Inventory& inventory, const std::vector<std::string>& words) {
  return words.empty() ? inventory.hosts() : hosts_of(inventory, words, kAny);
}

std::vector<Host> select_managed(Inventory& inventory, const std::vector<std::string>& words) {
  return hosts_of(inventory, words, [](const HostGroups& host) { return host.managed; });
}

OnlyHosts select_only(Inventory& inventory, const std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  OnlyHosts names;
  inventory.look_together("list host", [&] {
    if (const auto named = hosts_by_name(inventory, words)) {
      names.emplace();
      for (const auto& host : *named) names->push_back(host.name);
    } else {
      names = chosen_names(inventory, words, kAny);
    }
  });
  return names;
}

std::vector<Vm> select_vms(Inventory& inventory, const std::vector<std::string>& words) {
  return inventory.vms(select_only(inventory, words));
}

Host find_host(Inventory& inventory, const std::string& name) {
  const HostName wanted(name);
  if (auto host = inventory.find_host(wanted)) return *std::move(host);
  unknown(name, inventory.host_groups());
}

ssh::Target target_of(const Host& host) {
  ssh::Target target{host.name.str(), host.address.value_or(""), host.port.value_or(0),
                     login_user(host)};
  target.sudo = by_sudo(host);
  for (const auto& key : host.keys) target.keys.push_back({key.type, key.base64});
  target.through_openssh = host.through_openssh;
  return target;
}

bool means_a_group(const std::string& name, const std::vector<std::string>& appliances) {
  return contains(appliances, name) || rack_of(name).has_value();
}

}  // namespace cluster::frontend
