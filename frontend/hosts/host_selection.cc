#include "frontend/hosts/host_selection.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::size_t kMaxRange = 100000;
constexpr std::string_view kWildcards = "*?%_";

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

std::vector<std::string> names_of(const std::vector<Host>& hosts) {
  std::vector<std::string> names;
  for (const auto& host : hosts) names.push_back(host.name.str());
  return names;
}

[[noreturn]] void unknown(const std::string& word, const std::vector<Host>& hosts) {
  throw Error(Fault::not_found, "host " + quote(word) + " is not in the inventory" +
                                    did_you_mean(word, names_of(hosts)));
}

bool is_run(char c) { return c == '*' || c == '%'; }

bool is_any(char c) { return c == '?' || c == '_'; }

// Globs and SQL patterns at once; the last '*' alone is tried again, so long patterns stay cheap.
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t run = std::string_view::npos;  // where the last '*' stands
  std::size_t run_end = 0;                   // how much of `name` it has taken
  while (n < name.size()) {
    if (p < pattern.size() && is_run(pattern[p])) {
      run = p++;
      run_end = n;
    } else if (p < pattern.size() && (is_any(pattern[p]) || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (run != std::string_view::npos) {
      p = run + 1;
      n = ++run_end;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), is_run);
}

// The number of "rackN".
std::optional<long long> rack_of(std::string_view word) {
  constexpr std::string_view kRack = "rack";
  if (!word.starts_with(kRack)) return std::nullopt;
  return parse_number(word.substr(kRack.size()));
}

[[noreturn]] void bad_range(std::string_view word) {
  throw Error(Fault::usage, "not a range of hosts: " + quote(word) + " (want n-[0-15,20])");
}

// A number of a range, where "007" is as good as "7" but says how wide names are.
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

// The names of `hosts` that one word without '!' and without brackets means. A host's own name
// comes first, so nothing that was added later can take it over.
std::vector<std::string> meant(const std::string& word, const std::vector<Host>& hosts) {
  std::vector<std::string> names;
  const auto take = [&](auto&& wanted) {
    for (const auto& host : hosts) {
      if (wanted(host)) names.push_back(host.name.str());
    }
  };
  take([&](const Host& host) { return host.name.str() == word; });
  if (!names.empty()) return names;
  if (word.find_first_of(kWildcards) != std::string::npos) {
    take([&](const Host& host) { return matches(word, host.name.str()); });
    if (names.empty()) throw Error(Fault::not_found, "no host matches " + quote(word));
    return names;
  }
  take([&](const Host& host) { return host.appliance == word; });
  if (!names.empty()) return names;
  if (const auto rack = rack_of(word)) {
    take([&](const Host& host) { return host.rack == *rack; });
    if (names.empty()) throw Error(Fault::not_found, "no host is in " + quote(word));
    return names;
  }
  static_cast<void>(HostName(word));  // what is no name at all is wrong usage
  unknown(word, hosts);
}

}  // namespace

std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words,
                               const std::vector<Host>& otherwise) {
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
    for (const auto& host : otherwise) wanted.insert(host.name.str());
  }
  std::vector<Host> selected;
  for (const auto& host : hosts) {
    if (wanted.contains(host.name.str()) && !unwanted.contains(host.name.str())) {
      selected.push_back(host);
    }
  }
  return selected;
}

std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words) {
  return select_hosts(hosts, words, hosts);
}

std::vector<Host> managed_hosts(const std::vector<Host>& hosts) {
  std::vector<Host> managed;
  std::ranges::copy_if(hosts, std::back_inserter(managed), &Host::managed);
  return managed;
}

std::vector<Vm> select_vms(Inventory& inventory, const std::vector<std::string>& words) {
  const auto selected = names_of(select_hosts(inventory.hosts(), words));
  std::vector<Vm> vms;
  for (const auto& vm : inventory.vms()) {
    if (contains(selected, vm.name.str()) || contains(selected, vm.container.str()))
      vms.push_back(vm);
  }
  return vms;
}

Host find_host(Inventory& inventory, const std::string& name) {
  const HostName wanted(name);
  const auto hosts = inventory.hosts();
  const auto at = std::ranges::find(hosts, wanted, &Host::name);
  if (at == hosts.end()) unknown(name, hosts);
  return *at;
}

ssh::Target target_of(const Host& host) {
  return {host.name.str(), host.address.value_or(""), host.port.value_or(0),
          host.user.value_or("")};
}

bool means_a_group(const std::string& name, const std::vector<std::string>& appliances) {
  return contains(appliances, name) || rack_of(name).has_value();
}

}  // namespace cluster::frontend
