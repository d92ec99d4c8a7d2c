// hosts(5): ADDRESS NAME ALIAS...
#include <algorithm>

#include "core/error.h"
#include "core/ip_address.h"
#include "core/text.h"
#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {
namespace {

// Every machine has these for itself.
bool is_of_every_machine(std::string_view address, std::string_view name) {
  return address.starts_with("127.") || address == "0.0.0.0" || address == "::1" ||
         address.starts_with("fe00::") || address.starts_with("ff") || name == "localhost" ||
         name == "broadcasthost";
}

// The short name is what its people type; the first one is often whole, with the domain. Of several
// short ones it is that of the first, and else the first.
std::string short_name(const std::vector<std::string>& words) {
  auto label = words[1].substr(0, words[1].find('.'));
  if (std::find(words.begin() + 1, words.end(), label) != words.end()) return label;
  const auto is_short = [](const std::string& word) { return word.find('.') == std::string::npos; };
  const auto found = std::find_if(words.begin() + 1, words.end(), is_short);
  return found == words.end() ? words[1] : *found;
}

}  // namespace

NeighbourReading read_etc_hosts(std::string_view text, const std::string& /*file*/) {
  NeighbourHosts hosts;
  int number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    const auto words = blank_words(line.substr(0, line.find('#')));
    if (words.empty()) continue;
    if (words.size() < 2) {
      throw Error(Fault::usage, "line " + std::to_string(number) + ": " + quote(words[0]) +
                                    " has no name: want ADDRESS NAME...");
    }
    const auto& address = words[0];
    if (!is_ip_address(address)) {
      hosts.leave(number, joined(words, " ") + ": " + quote(address) + " is no IP address");
      continue;
    }
    if (is_of_every_machine(address, words[1])) continue;
    const auto name = short_name(words);
    const bool is_known = hosts.has(name);
    auto& host = hosts.at(name, number);
    if (is_known) {
      hosts.leave(number, address + " is another address of " + name);
      continue;
    }
    host.keys["address"] = address;
    for (const auto& alias : words) {
      if (alias != address && alias != name && !alias.starts_with(name + ".")) {
        hosts.leave(number, quote(alias) + " is another name of " + name);
      }
    }
  }
  return hosts.reading();
}

}  // namespace cluster::frontend
