#include "virt/domain_diff.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

// Elements that libvirt 9.0 adds to a document by itself: parent and child. Any other element that
// we do not write was added by somebody.
bool adds_element(std::string_view parent, std::string_view name) {
  static const std::set<Name> added{
      {"domain", "currentMemory"},
      {"domain", "metadata"},
      {"domain", "pm"},
      {"domain", "resource"},
      {"domain", "seclabel"},
      {"controller", "model"},
      {"devices", "audio"},
      {"devices", "console"},
      {"devices", "controller"},
      {"devices", "emulator"},
      {"devices", "input"},
      {"devices", "memballoon"},
      {"devices", "video"},
      {"features", "smm"},
      {"features", "vmport"},
      {"interface", "target"},
      {"interface", "model"},
      {"os", "firmware"},
      {"os", "loader"},
      {"os", "nvram"},
      {"target", "model"},
      {"video", "driver"},
      {"virtualport", "parameters"},
  };
  // These say where a device is in the guest, and what it is called there.
  if (name == "address" || name == "alias") return parent != "source";
  return added.contains({parent, name});
}

// True if libvirt may have added `attribute` to `node`. It adds none that say what a guest gets
// from its host, and none that choose the firmware or pin CPUs.
bool adds_attribute(pugi::xml_node node, std::string_view attribute) {
  static const std::set<Name> never{{"os", "firmware"}, {"vcpu", "cpuset"}};
  if (never.contains({node.name(), attribute})) return false;
  for (auto up = node; !up.empty(); up = up.parent()) {
    const std::string_view name = up.name();
    if (name == "disk" || name == "interface" || name == "hostdev") {
      return std::string_view(node.name()) == "address" ||
             std::string_view(node.name()) == "target";
    }
  }
  return true;
}

// The bytes of a size in libvirt's units. Returns nothing when it is no size.
std::optional<std::uint64_t> bytes(std::string_view number, std::string_view unit) {
  static const std::map<std::string_view, std::uint64_t> units{
      {"b", 1},
      {"bytes", 1},
      {"KB", 1000},
      {"", std::uint64_t{1} << 10},
      {"k", std::uint64_t{1} << 10},
      {"KiB", std::uint64_t{1} << 10},
      {"MB", 1000 * 1000},
      {"M", std::uint64_t{1} << 20},
      {"MiB", std::uint64_t{1} << 20},
      {"GB", 1000 * 1000 * 1000},
      {"G", std::uint64_t{1} << 30},
      {"GiB", std::uint64_t{1} << 30},
      {"T", std::uint64_t{1} << 40},
      {"TiB", std::uint64_t{1} << 40},
  };
  const auto value = parse_number(trim(number));
  const auto factor = units.find(unit);
  if (!value || factor == units.end()) return std::nullopt;
  return static_cast<std::uint64_t>(*value) * factor->second;
}

bool same_letters(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

// True if libvirt makes `theirs` of the machine `ours`.
bool same_machine(std::string_view ours, std::string_view theirs) {
  return ours == theirs || (ours == "q35" && theirs.starts_with("pc-q35-")) ||
         (ours == "pc" && theirs.starts_with("pc-i440fx-"));
}

// The key that tells an element from others of the same name and parent; "" means its place does.
std::string key(pugi::xml_node node) {
  const std::string_view name = node.name();
  const auto all = [](pugi::xml_node of) {
    std::string out;
    for (const auto attribute : of.attributes()) out += std::string(attribute.value()) + " ";
    return out;
  };
  if (name == "disk") return node.child("target").attribute("dev").value();
  if (name == "interface") return node.child("mac").attribute("address").value();
  if (name == "hostdev") return all(node.child("source").child("address"));
  if (name == "controller") {
    return std::string(node.attribute("type").value()) + " " + node.attribute("index").value();
  }
  for (const char* attribute : {"name", "alias", "id", "vcpu", "dev"}) {
    if (!node.attribute(attribute).empty()) return node.attribute(attribute).value();
  }
  return "";
}

// Turns libvirt's document into one that differs from ours only in what matters: it has our order
// and our spelling, and lacks what libvirt added.
class Reduction {
 public:
  static void reduce(pugi::xml_node into, pugi::xml_node ours, pugi::xml_node theirs) {
    attributes(into, ours, theirs);
    std::set<std::size_t> used;
    const std::vector<pugi::xml_node> others(theirs.begin(), theirs.end());
    std::string_view last;
    for (const auto our : ours.children()) {
      if (our.type() != pugi::node_element) continue;
      // Their further elements of the last name come before our next name.
      if (!last.empty() && last != our.name()) extras(into, theirs, others, used, last);
      last = our.name();
      const auto place = partner(our, others, used);
      if (place == others.size()) continue;
      used.insert(place);
      reduce(into.append_child(our.name()), our, others[place]);
    }
    extras(into, theirs, others, used, "");
    text(into, ours, theirs);
  }

 private:
  static std::size_t partner(pugi::xml_node our, const std::vector<pugi::xml_node>& others,
                             const std::set<std::size_t>& used) {
    std::size_t place = 0;
    for (; place < others.size(); ++place) {
      if (used.contains(place) || std::string_view(others[place].name()) != our.name()) continue;
      if (same_letters(key(our), key(others[place]))) break;
    }
    return place;
  }

  // Appends the elements called `name` that only they have and that libvirt did not add. An empty
  // `name` means all names.
  static void extras(pugi::xml_node into, pugi::xml_node theirs,
                     const std::vector<pugi::xml_node>& others, std::set<std::size_t>& used,
                     std::string_view name) {
    for (std::size_t place = 0; place < others.size(); ++place) {
      const auto other = others[place];
      if (other.type() != pugi::node_element || used.contains(place)) continue;
      if (!name.empty() && name != other.name()) continue;
      used.insert(place);
      if (!adds_element(theirs.name(), other.name())) into.append_copy(other);
    }
  }

  static void attributes(pugi::xml_node into, pugi::xml_node ours, pugi::xml_node theirs) {
    const bool same_size = has_same_size(ours, theirs);
    for (const auto our : ours.attributes()) {
      const std::string_view name = our.name();
      const auto their = theirs.attribute(our.name());
      if (their.empty()) continue;
      const bool same =
          (same_size && (name == "unit" || name == "memory" || name == "size")) ||
          (name == "machine" && same_machine(our.value(), their.value())) ||
          ((name == "address" || name == "uuid") && same_letters(our.value(), their.value()));
      into.append_attribute(our.name()) = same ? our.value() : their.value();
    }
    for (const auto their : theirs.attributes()) {
      const bool is_ours = !ours.attribute(their.name()).empty();
      if (!is_ours && !adds_attribute(theirs, their.name())) into.append_copy(their);
    }
  }

  static void text(pugi::xml_node into, pugi::xml_node ours, pugi::xml_node theirs) {
    const std::string_view our = trim(ours.child_value());
    const std::string_view their = trim(theirs.child_value());
    if (our.empty() && their.empty()) return;
    into.text() = std::string(has_same_size(ours, theirs) ? our : their).c_str();
  }

  // <memory unit='MiB'>1</memory>, <cell memory='1' unit='MiB'/>, <page size='1' unit='GiB'/>
  static bool has_same_size(pugi::xml_node ours, pugi::xml_node theirs) {
    if (ours.attribute("unit").empty()) return false;
    const auto size = [](pugi::xml_node node) {
      const auto* unit = node.attribute("unit").value();
      for (const char* attribute : {"memory", "size"}) {
        if (!node.attribute(attribute).empty()) {
          return bytes(node.attribute(attribute).value(), unit);
        }
      }
      return bytes(node.child_value(), unit);
    };
    return size(ours) && size(ours) == size(theirs);
  }
};

struct Line {
  char sign;  // ' ', '-' or '+'
  std::string_view text;
};

// Compares by the longest common subsequence; documents have a few hundred lines.
std::vector<Line> compared(const std::vector<std::string_view>& from,
                           const std::vector<std::string_view>& to) {
  const auto columns = to.size() + 1;
  std::vector<unsigned> common((from.size() + 1) * columns, 0);
  for (auto i = from.size(); i-- > 0;) {
    for (auto j = to.size(); j-- > 0;) {
      common[i * columns + j] =
          from[i] == to[j] ? common[(i + 1) * columns + j + 1] + 1
                           : std::max(common[(i + 1) * columns + j], common[i * columns + j + 1]);
    }
  }
  std::vector<Line> lines;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < from.size() || j < to.size()) {
    if (i < from.size() && j < to.size() && from[i] == to[j]) {
      lines.push_back({' ', from[i++]});
      ++j;
    } else if (j == to.size() ||
               (i < from.size() && common[(i + 1) * columns + j] >= common[i * columns + j + 1])) {
      lines.push_back({'-', from[i++]});
    } else {
      lines.push_back({'+', to[j++]});
    }
  }
  return lines;
}

// Shows three lines round each difference, and "@@" where lines are left out.
std::string unified(const std::vector<Line>& lines) {
  constexpr std::size_t kContext = 3;
  std::vector<bool> shown(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].sign == ' ') continue;
    const auto end = std::min(lines.size(), i + kContext + 1);
    for (auto near = i - std::min(i, kContext); near < end; ++near) shown[near] = true;
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!shown[i]) continue;
    if (i > 0 && !shown[i - 1]) out += "@@\n";
    out.append(1, lines[i].sign).append(lines[i].text).append("\n");
  }
  return out;
}

}  // namespace

std::string domain_diff(const std::string& ours, const std::string& theirs) {
  pugi::xml_document our;
  pugi::xml_document their;
  our.load_buffer(ours.data(), ours.size());
  if (!their.load_buffer(theirs.data(), theirs.size()) || their.child("domain").empty()) {
    throw Error(Fault::io, "what libvirt has of the VM is no domain document");
  }
  pugi::xml_document reduced;
  Reduction::reduce(reduced.append_child("domain"), our.child("domain"), their.child("domain"));
  const auto from = document_text(reduced);
  const auto to = document_text(our);
  if (from == to) return "";
  return unified(compared(split(trim(from), '\n'), split(trim(to), '\n')));
}

}  // namespace cluster::virt
