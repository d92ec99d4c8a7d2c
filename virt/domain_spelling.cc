#include "virt/domain_spelling.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <map>
#include <set>

#include "core/hex.h"
#include "core/text.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

// https://libvirt.org/formatdomain.html#memory-allocation
std::optional<unsigned long long> factor(std::string_view unit) {
  using Number = unsigned long long;
  static const std::map<std::string_view, Number> units{
      {"b", 1},
      {"bytes", 1},
      {"KB", 1000},
      {"k", Number{1} << 10},
      {"KiB", Number{1} << 10},
      {"MB", 1000 * 1000},
      {"M", Number{1} << 20},
      {"MiB", Number{1} << 20},
      {"GB", 1000 * 1000 * 1000},
      {"G", Number{1} << 30},
      {"GiB", Number{1} << 30},
      {"TB", Number{1000} * 1000 * 1000 * 1000},
      {"T", Number{1} << 40},
      {"TiB", Number{1} << 40},
  };
  const auto found = units.find(unit);
  if (found == units.end()) return {};
  return found->second;
}

bool has_size(std::string_view name) {
  static const std::set<std::string_view> names{
      "memory",     "currentMemory", "maxMemory",  "cell", "page",
      "pcihole64",  "hard_limit",    "soft_limit", "size", "swap_hard_limit",
      "requested",  "min_guarantee", "block",      "tseg", "current",
      "label_size", "tb-cache",
  };
  return names.contains(name);
}

std::optional<std::string> in_kib(std::string_view number, unsigned long long factor) {
  const auto value = parse_number(trim(number));
  if (!value || static_cast<unsigned long long>(*value) >
                    std::numeric_limits<unsigned long long>::max() / factor) {
    return {};
  }
  return std::to_string(static_cast<unsigned long long>(*value) * factor / 1024);
}

void set(pugi::xml_node element, const char* name, const std::string& value) {
  auto there = element.attribute(name);
  if (there.empty()) there = element.append_attribute(name);
  if (there.value() != value) there = value.c_str();
}

void spell_size(pugi::xml_node element, pugi::xml_node root) {
  const auto name = local_name(element);
  const auto unit = element.attribute("unit");
  const bool is_kib =
      unit.empty() && (name == "memory" || name == "currentMemory") && element.parent() == root;
  if ((unit.empty() && !is_kib) || !has_size(name)) return;
  const auto many = factor(is_kib ? "KiB" : unit.value());
  if (!many) return;
  for (const char* at : {"memory", "size"}) {
    if (element.attribute(at).empty()) continue;
    if (const auto kib = in_kib(element.attribute(at).value(), *many)) {
      set(element, at, *kib);
      set(element, "unit", "KiB");
    }
    return;
  }
  if (const auto kib = in_kib(text_of(element), *many)) {
    element.text() = kib->c_str();
    set(element, "unit", "KiB");
  }
}

// As hexadecimal() writes a number of at most `digits` digits.
bool is_hexadecimal(std::string_view text, int digits) {
  constexpr std::string_view kPrefix = "0x";
  if (text.size() != kPrefix.size() + static_cast<std::size_t>(digits) ||
      !text.starts_with(kPrefix))
    return false;
  text.remove_prefix(kPrefix.size());
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void spell_address(pugi::xml_node element) {
  const bool pci = attribute(element, "type") == "pci" || !element.attribute("function").empty();
  if (!pci || element.attribute("slot").empty()) return;
  constexpr std::array<std::pair<const char*, int>, 4> kParts{
      {{"domain", 4}, {"bus", 2}, {"slot", 2}, {"function", 1}}};
  bool spelled = true;
  for (const auto& [name, digits] : kParts) {
    const auto text = attribute(element, name);
    if (is_hexadecimal(text, digits)) continue;
    if (!text.empty() && number(text, -1) < 0) return;
    spelled = false;
  }
  if (spelled) return;
  for (const auto& [name, digits] : kParts) {
    set(element, name, hexadecimal(number(attribute(element, name)), digits));
  }
}

// The attribute is the first <listen> of type address, said twice.
void spell_listen(pugi::xml_node graphics) {
  const auto listen = graphics.attribute("listen");
  if (listen.empty()) return;
  auto first = graphics.child("listen");
  if (first.empty()) {
    first = graphics.append_child("listen");
    first.append_attribute("type") = "address";
    first.append_attribute("address") = listen.value();
  } else if (attribute(first, "type") == "address" && first.attribute("address").empty()) {
    first.append_attribute("address") = listen.value();
  }
  graphics.remove_attribute("listen");
}

// As libvirt writes a set of numbers.
std::string ranges(const std::vector<int>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    auto last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(numbers[i]);
    if (last > i) out.append("-").append(std::to_string(numbers[last]));
    i = last + 1;
  }
  return out;
}

// Attributes that are spelled in one way wherever they are.
void spell_attributes(pugi::xml_node element) {
  for (auto one = element.first_attribute(); !one.empty(); one = one.next_attribute()) {
    const std::string_view name = one.name();
    if (name == "cpuset" || name == "nodeset" || name == "cpus" || name == "vcpus" ||
        name == "iothreads") {
      if (const auto all = numbers(one.value()); all && !all->empty()) one = ranges(*all).c_str();
    } else if (name == "busNr" && number(one.value(), -1) >= 0) {
      one = std::to_string(number(one.value())).c_str();
    }
  }
}

// libvirt makes one element a CPU or thread of it.
void split_schedulers(pugi::xml_node cputune) {
  for (const auto element : elements(cputune)) {
    const std::string_view name = element.name();
    const char* of = name == "vcpusched" ? "vcpus" : name == "iothreadsched" ? "iothreads" : "";
    const auto all = numbers(element.attribute(of).value());
    if (!all || all->empty()) continue;
    auto last = element;
    for (const int one : *all) {
      if (one != all->front()) last = cputune.insert_copy_after(element, last);
      last.attribute(of) = std::to_string(one).c_str();
    }
  }
}

// The source of a device of the host: numbers of USB in the width that libvirt writes, those of a
// USB or SCSI address in tens.
void spell_source(pugi::xml_node source) {
  for (const char* name : {"vendor", "product"}) {
    auto id = source.child(name).attribute("id");
    if (id.empty() || number(id.value(), -1) < 0) continue;
    id = hexadecimal(number(id.value()), 4).c_str();
  }
  auto address = source.child("address");
  if (auto uuid = address.attribute("uuid"); !uuid.empty()) uuid = lower(uuid.value()).c_str();
  if (!address.attribute("slot").empty()) return;
  for (const char* name : {"bus", "device", "target", "unit"}) {
    auto part = address.attribute(name);
    if (part.empty() || number(part.value(), -1) < 0) continue;
    part = std::to_string(number(part.value())).c_str();
  }
}

// The number that libvirt gives to an element that says none: one more than those before.
void count(pugi::xml_node parent, const char* tag, const char* child, const char* name) {
  int next = 0;
  for (const auto element : parent.children(tag)) {
    auto at = *child == 0 ? element : element.child(child);
    if (at.attribute(name).empty()) {
      if (at.empty()) at = pugi::xml_node(element).append_child(child);
      at.append_attribute(name) = std::to_string(next).c_str();
    }
    next = std::max(next, number(attribute(at, name), 0) + 1);
  }
}

// What libvirt says of an element where its document says nothing, and by which it is known.
void say_defaults(pugi::xml_node root) {
  const auto devices = root.child("devices");
  for (const char* tag : {"serial", "parallel", "console"}) count(devices, tag, "target", "port");
  count(root.child("cpu").child("numa"), "cell", "", "id");
  for (auto input : devices.children("input")) {
    if (attribute(input, "type") == "tablet" && input.attribute("bus").empty()) {
      input.append_attribute("bus") = "usb";
    }
  }
  for (auto panic : devices.children("panic")) {
    if (panic.attribute("model").empty()) panic.append_attribute("model") = "isa";
  }
  for (auto label : root.children("seclabel")) {
    if (attribute(label, "type") == "none" && label.attribute("model").empty()) {
      label.append_attribute("model") = "none";
    }
  }
}

void spell_element(pugi::xml_node element, pugi::xml_node root) {
  const std::string_view name = element.name();
  if (name == "metadata") return;
  spell_size(element, root);
  spell_attributes(element);
  if (name == "address") spell_address(element);
  if (name == "source" && std::string_view(element.parent().name()) == "hostdev") {
    spell_source(element);
  }
  if (name == "graphics") spell_listen(element);
  if (name == "mac" && !element.attribute("address").empty()) {
    element.attribute("address") = lower(attribute(element, "address")).c_str();
  }
  if (name == "uuid" || name == "hwuuid") {
    const auto text = lower(trim(text_of(element)));
    if (!text.empty()) element.text() = text.c_str();
  }
  if (name == "target" && std::string_view(element.parent().name()) == "controller") {
    const auto port = attribute(element, "port");
    if (!port.empty() && !port.starts_with("0x")) {
      element.attribute("port") = hexadecimal(number(port), 1).c_str();
    }
  }
  for (auto child = element.first_child(); !child.empty(); child = child.next_sibling()) {
    if (child.type() == pugi::node_element) spell_element(child, root);
  }
}

bool same_machine(std::string_view short_one, std::string_view long_one) {
  return (short_one == "q35" && long_one.starts_with("pc-q35-")) ||
         (short_one == "pc" && long_one.starts_with("pc-i440fx-"));
}

}  // namespace

void spell(pugi::xml_node root) {
  spell_element(root, root);
  split_schedulers(root.child("cputune"));
  say_defaults(root);
}

bool same(std::string_view path, std::string_view attribute, std::optional<std::string_view> a,
          std::optional<std::string_view> b) {
  if (a == b) return true;
  if (!a || !b) return false;
  if (attribute == "machine" && path.ends_with("os/type") &&
      (same_machine(*a, *b) || same_machine(*b, *a))) {
    return true;
  }
  const auto last = attribute.empty() ? path : attribute;
  return (last.ends_with("uuid") || attribute == "address") && lower(*a) == lower(*b);
}

std::optional<std::vector<int>> numbers(std::string_view text) {
  constexpr long long kMost = 16384;  // VIR_DOMAIN_CPUMASK_LEN of libvirt
  std::set<int> out;
  for (auto part : split(text, ',')) {
    part = trim(part);
    const bool without = part.starts_with('^');
    if (without) part = trim(part.substr(1));
    const auto dash = part.find('-');
    const auto first = parse_number(trim(part.substr(0, dash)));
    const auto last =
        dash == std::string_view::npos ? first : parse_number(trim(part.substr(dash + 1)));
    if (!first || !last || *last >= kMost) return {};
    for (auto one = static_cast<int>(*first); one <= *last; ++one) {
      if (without) {
        out.erase(one);
      } else {
        out.insert(one);
      }
    }
  }
  return std::vector<int>(out.begin(), out.end());
}

int number(std::string_view text, int otherwise) {
  text = trim(text);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

std::string hexadecimal(int value, int digits) {
  return "0x" + to_hex(static_cast<std::uint64_t>(value), static_cast<std::size_t>(digits));
}

}  // namespace cluster::virt
