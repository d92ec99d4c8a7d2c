#include "cmd/new_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "cmd/command_table.h"
#include "core/error.h"
#include "core/expanded_names.h"
#include "core/text.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace {

// Nouns that Rocks has and we have not, and other words for ours: who types `add host alias` wants
// no host of that name.
constexpr std::array<std::string_view, 15> kForeignNouns{
    "alias",    "boot",     "bootaction", "bonded", "bridge",    "firewall", "power",  "route",
    "sec_attr", "security", "storage",    "user",   "attribute", "card",     "network"};

bool is_word_of_commands(std::string_view name) {
  const auto is_it = [&](std::string_view word) {
    return name == word || (name.ends_with('s') && name.substr(0, name.size() - 1) == word);
  };
  for (const auto& command : command_table().commands) {
    if (std::ranges::any_of(split(command.path, ' '), is_it)) return true;
  }
  return std::ranges::any_of(kForeignNouns, is_it);
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

bool is_ip(const std::string& text) {
  in6_addr bytes{};
  return inet_pton(AF_INET, text.c_str(), &bytes) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &bytes) == 1;
}

}  // namespace

void refuse_words(Inventory& inventory, const std::string& what, const std::string& name) {
  if (frontend::means_a_group(name, inventory.appliances())) {
    throw Error(Fault::usage, what + " " + quote(name) + " means a group of hosts: want another");
  }
  if (is_word_of_commands(name)) {
    throw Error(Fault::usage, what + " " + quote(name) + " is a word of commands: want another");
  }
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
  if (!is_ip(first)) wrong("want the first IP address, or a range (n[1-4].example)");
  std::vector<std::string> addresses{first};
  while (addresses.size() < count) {
    const auto& last = addresses.back();
    auto next = last.find(':') == std::string::npos
                    ? one_more<std::array<unsigned char, 4>>(AF_INET, last)
                    : one_more<std::array<unsigned char, 16>>(AF_INET6, last);
    if (!next) wrong("there are not as many addresses from there on");
    addresses.push_back(*std::move(next));
  }
  return addresses;
}

}  // namespace cluster::cmd
