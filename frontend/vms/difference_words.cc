#include "frontend/vms/difference_words.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

using Difference = virt::MergeDifference;
using Kind = Difference::Kind;
using Who = Difference::Who;

// A device without a name of ours: "pci bus=0x99 domain=0x0000 function=0x0 slot=0x00" is
// "pci_0000_99_00_0", as everywhere else.
std::string host_device_words(std::string_view key) {
  if (!key.starts_with("pci ")) return std::string(key);
  std::map<std::string_view, std::string_view> digits;
  for (const auto part : split(key, ' ')) {
    constexpr std::string_view kHex = "=0x";
    const auto at = part.find(kHex);
    if (at != std::string_view::npos) digits[part.substr(0, at)] = part.substr(at + kHex.size());
  }
  std::string out = "pci";
  for (const char* part : {"domain", "bus", "slot", "function"}) {
    if (!digits.contains(part)) return std::string(key);
    out.append("_").append(digits[part]);
  }
  return out;
}

// "interface[52:54:00:aa:00:01]" is "interface 52:54:00:aa:00:01"; a card is called as in the
// inventory.
std::string element_words(std::string_view element) {
  const auto open = element.find('[');
  const auto tag = element.substr(0, open);
  if (open == std::string_view::npos) return std::string(tag);
  auto key = element.substr(open + 1, element.size() - open - 2);
  if (key.starts_with("ua-")) key.remove_prefix(3);
  if (tag == "hostdev") return "card " + host_device_words(key);
  return std::string(tag) + " " + std::string(key);
}

// The pieces of a path; a key in brackets may have slashes.
std::vector<std::string_view> pieces(std::string_view path) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= path.size(); ++i) {
    const char c = i < path.size() ? path[i] : '/';
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if ((c != '/' && c != '@') || depth > 0) continue;
    out.push_back(path.substr(begin, i - begin));
    begin = i + 1;
  }
  return out;
}

bool is_size(std::string_view path) {
  static constexpr std::array kSizes{"domain/memory", "domain/currentMemory", "domain/maxMemory",
                                     "@memory",       "/hard_limit",          "/soft_limit"};
  return std::ranges::any_of(kSizes, [&](std::string_view end) { return path.ends_with(end); });
}

// "8388608" in KiB is "8 GiB".
std::string size_words(const std::string& kib) {
  auto value = parse_number(kib);
  if (!value) return kib;
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && *value >= 1024 && *value % 1024 == 0) {
    *value /= 1024;
    ++unit;
  }
  return std::to_string(*value) + " " + kUnits.at(unit);
}

bool is_element(const std::optional<std::string>& value) {
  return value && value->starts_with('<');
}

// `<boot dev="network"></boot> <boot dev="hd"></boot>` is "network, hd".
std::string boot_words(std::string_view xml) {
  constexpr std::string_view kDevice = " dev=\"";
  std::vector<std::string> devices;
  for (auto at = xml.find(kDevice); at != std::string_view::npos; at = xml.find(kDevice, at + 1)) {
    const auto value = xml.substr(at + kDevice.size());
    devices.emplace_back(value.substr(0, value.find('"')));
  }
  return joined(devices, ", ");
}

// One line, and no password.
std::string value_words(const std::string& path, const std::optional<std::string>& value) {
  if (!value) return "nothing";
  if (path.ends_with("@passwd")) return "(a password)";
  if (path == "domain/os/boot") return brief(boot_words(*value));
  return brief(is_size(path) ? size_words(*value) : *value);
}

std::string change_words(const Difference& one) {
  const auto name = path_words(one.path);
  if (!one.old && is_element(one.now)) return name + " comes";
  if (!one.now && is_element(one.old)) {
    return name +
           (one.old->ends_with("(changed there)") ? ", which was changed there, goes" : " goes");
  }
  return name + " " + value_words(one.path, one.old) + " -> " + value_words(one.path, one.now);
}

std::string drift_words(const Difference& one) {
  const auto name = path_words(one.path);
  if (is_element(one.old) && !one.now) return name + ", which the host has not";
  auto out = name + " " + value_words(one.path, one.old);
  if (one.who == Who::both && one.agreed && one.agreed != one.old) {
    out += ", was " + value_words(one.path, one.agreed);
  }
  return out + ", the host has " + value_words(one.path, one.now);
}

std::string kept_words(const Difference& one) {
  auto name = path_words(one.path);
  if (!one.old && is_element(one.now)) return name;
  if (!one.now && is_element(one.old)) return name + " is gone";
  if (one.old == "as before") return name;
  return name + " " + value_words(one.path, one.old) + " -> " + value_words(one.path, one.now);
}

std::pair<std::string, std::string> words(const Difference& one) {
  switch (one.kind) {
    case Kind::change:
      if (one.who == Who::follows) return {change_words(one), "follows"};
      if (one.who == Who::inventory) return {change_words(one), "change"};
      return {change_words(one), "set back"};
    case Kind::drift:
      return {drift_words(one), one.who == Who::both ? "changed on both" : "changed on the host"};
    case Kind::kept:
      break;
  }
  const bool only_there = !one.old && is_element(one.now);
  return {kept_words(one), only_there ? "only on the host, kept" : "changed on the host, kept"};
}

}  // namespace

std::string path_words(const std::string& path) {
  static const std::map<std::string_view, std::string_view> known{
      {"domain/currentMemory", "current memory"}, {"domain@autostart", "autostart"},
      {"domain/os@firmware", "firmware"},         {"domain/os/boot", "boot order"},
      {"domain/os/type@machine", "machine"},      {"domain/vcpu", "cpus"},
      {"domain/vcpu@cpuset", "cpus of the host"},
  };
  if (const auto found = known.find(path); found != known.end()) return std::string(found->second);
  const auto all = pieces(path);
  std::size_t first = 1;  // after "domain"
  std::string out;
  if (all.size() > 2 && all[1] == "devices") {
    out = element_words(all[2]) + (all.size() > 3 ? ":" : "");
    first = 3;
  }
  // What a source is goes without its word; what else is said of it does not.
  static const std::set<std::string_view> sources{"bridge", "dev",     "dir",   "file",
                                                  "name",   "network", "volume"};
  const bool source = all.size() == first + 2 && all[first] == "source" &&
                      path.ends_with("source@" + std::string(all.back())) &&
                      sources.contains(all.back());
  const auto end = source ? first + 1 : all.size();
  for (auto i = first; i < end; ++i) {
    if (!out.empty()) out += " ";
    out += element_words(all[i]);
  }
  return printable(out.empty() ? path : out);  // it has names of the host
}

std::vector<std::string> difference_words(const std::string& vm,
                                          const std::vector<virt::MergeDifference>& differences) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t width = 0;
  for (const auto& one : differences) {
    lines.push_back(words(one));
    constexpr std::size_t kWidest = 72;
    if (lines.back().first.size() <= kWidest) width = std::max(width, lines.back().first.size());
  }
  std::vector<std::string> out;
  for (const auto& [what, who] : lines) {
    const auto blanks = what.size() < width ? width - what.size() : 0;
    out.push_back(vm + ": " + what + std::string(blanks + 2, ' ') + who);
  }
  return out;
}

}  // namespace cluster::frontend
