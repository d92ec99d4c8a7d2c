#include "cmd/new_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>

#include "cmd/command_table.h"
#include "core/error.h"
#include "core/expanded_names.h"
#include "core/ip_address.h"
#include "core/text.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace {

// Nouns that Rocks has and we have not, and other words for ours: who types `add host alias` wants
// no host of that name.
constexpr std::array<std::string_view, 14> kForeignNouns{
    "alias", "boot",     "bootaction", "bonded",  "bridge", "firewall",  "power",
    "route", "sec_attr", "security",   "storage", "user",   "attribute", "card"};

std::set<std::string_view> words_of_commands() {
  std::set<std::string_view> words(kForeignNouns.begin(), kForeignNouns.end());
  for (const auto& command : command_table().commands) {
    for (const auto word : split(command.path, ' ')) words.insert(word);
  }
  return words;
}

bool is_word_of_commands(std::string_view name) {
  static const auto words = words_of_commands();
  return words.contains(name) ||
         (name.ends_with('s') && words.contains(name.substr(0, name.size() - 1)));
}

// The next address, as the kernel spells it; nothing after the last one.
template <typename Bytes>
std::optional<std::string> one_more(int family, const std::string& address) {
  Bytes bytes{};
  if (inet_pton(family, address.c_str(), bytes.data()) != 1) return std::nullopt;
  for (std::size_t i = bytes.size(); ++bytes[i - 1] == 0;) {
    if (--i == 0) return std::nullopt;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

// True if counting from one to the other stayed where one site's addresses can be.
bool in_one_network(const std::string& first, const std::string& last) {
  return share_prefix(first, last, is_ip_v6(first) ? 64 : 8);
}

}  // namespace

void refuse_words(Inventory& inventory, const std::string& what, const std::string& name) {
  refuse_words(inventory.appliances(), what, name);
}

void refuse_words(const std::vector<std::string>& appliances, const std::string& what,
                  const std::string& name) {
  if (frontend::means_a_group(name, appliances)) {
    throw Error(Fault::usage, what + " " + quote(name) + " means a group of hosts: want another");
  }
  if (is_word_of_commands(name)) {
    throw Error(Fault::usage, what + " " + quote(name) + " is a word of commands: want another");
  }
}

std::string parse_short_name(const std::string& what, const std::string& text) {
  constexpr std::size_t kMost = 63;
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kOthers = "0123456789-_";
  const auto fits = [&](char c) {
    return kLetters.find(c) != std::string_view::npos || kOthers.find(c) != std::string_view::npos;
  };
  if (text.empty() || text.size() > kMost || kLetters.find(text[0]) == std::string_view::npos ||
      !std::ranges::all_of(text, fits)) {
    throw Error(Fault::usage,
                what + " " + quote(text) + ": want letters in lower case, digits, '-' and '_'");
  }
  refuse_words(std::vector<std::string>(), what, text);
  return text;
}

std::vector<std::string> counting_addresses(const std::string& first, std::size_t count) {
  const auto wrong = [&](const std::string& why) {
    throw Error(Fault::usage,
                "address=" + quote(first) + " of " + std::to_string(count) + " hosts: " + why);
  };
  if (first.find('[') != std::string::npos) {
    auto addresses = expanded_names(first);
    if (addresses.size() != count) {
      wrong("it means " + std::to_string(addresses.size()) + " addresses");
    }
    return addresses;
  }
  if (count == 1) return {first};
  if (!is_ip_address(first)) wrong("want the first IP address, or a range (n[1-4].example)");
  std::vector<std::string> addresses{first};
  while (addresses.size() < count) {
    const auto& last = addresses.back();
    auto next = is_ip_v6(last) ? one_more<std::array<unsigned char, 16>>(AF_INET6, last)
                               : one_more<std::array<unsigned char, 4>>(AF_INET, last);
    if (!next || !in_one_network(first, *next)) {
      wrong("there are not as many addresses from there on in its network");
    }
    addresses.push_back(*std::move(next));
  }
  return addresses;
}

}  // namespace cluster::cmd
