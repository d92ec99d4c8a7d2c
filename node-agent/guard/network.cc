#include <algorithm>
#include <set>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

// The interfaces with a default route.
std::set<std::string> default_routes(const fs::path& proc) {
  std::set<std::string> names;
  const auto four = read_file(proc / "net/route").value_or("");
  for (const auto line : split(four, '\n')) {
    // Iface Destination Gateway Flags RefCnt Use Metric Mask ...
    const auto words = words_of(line);
    if (words.size() > 7 && words[1] == "00000000" && words[7] == "00000000") {
      names.emplace(words[0]);
    }
  }
  const auto six = read_file(proc / "net/ipv6_route").value_or("");
  for (const auto line : split(six, '\n')) {
    // The fields are: destination, its prefix length, source, its prefix length, next hop, metric,
    // references, uses, flags, interface. Every host has an unreachable default route on lo.
    const auto words = words_of(line);
    if (words.size() > 9 && words[1] == "00" && words[0] == std::string(32, '0') &&
        words[9] != "lo") {
      names.emplace(words[9]);
    }
  }
  return names;
}

struct NetUsers {
  std::set<std::string> routes;
  Reasons found{};

  // `name` is `device` itself, or an interface that is built on it, such as a VLAN on a bond of it.
  void look_at(const std::string& device, const std::string& name, const fs::path& folder,
               int depth) {
    const auto who = "network card " + quoted_name(device) +
                     (name == device ? "" : " (by " + quoted_name(name) + ")");
    if (routes.contains(name)) {
      found.push_back({.what = who + " has the default route of the host",
                       .fix = "route over another one first"});
    }
    std::error_code none;
    const auto master = fs::read_symlink(folder / "master", none).filename().native();
    if (!none) {
      found.push_back({.what = who + " belongs to " + quoted_name(master),
                       .fix = "ip link set " + name_as_word(name) + " nomaster"});
    }
    none.clear();
    if (depth == 0) return;
    for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
      const auto entry = at->path().filename().native();
      if (entry.starts_with("upper_")) look_at(device, entry.substr(6), at->path(), depth - 1);
    }
  }
};

// The ways in which the host's network needs the card. A network card of it, or an interface that
// is built on that one, has the default route (/proc/net/route, /proc/net/ipv6_route), or belongs
// to a bridge, bond or team (`master` in sysfs).
Reasons probe(const Subject& subject) {
  NetUsers users{default_routes(subject.input.proc)};
  for (const auto& function : subject.card.functions) {
    std::error_code none;
    for (fs::directory_iterator at(subject.input.sysfs.device_path(function.pci) / "net", none),
         end;
         !none && at != end; at.increment(none)) {
      const auto name = at->path().filename().native();
      users.look_at(name, name, at->path(), 4);
    }
  }
  return std::move(users.found);
}

}  // namespace

constinit const Guard kNetworkGuard{
    .name = "network",
    .help =
        "a network card of it, or what is built on that, has the default route or belongs to a "
        "bridge or bond",
    .probe = probe};

}  // namespace cluster::agent
