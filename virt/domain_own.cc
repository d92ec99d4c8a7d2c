#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "virt/domain_identity.h"
#include "virt/domain_parts.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

// A copy of an element where it belongs, in libvirt's spelling, to be asked for its key.
struct InPlace {
  InPlace(std::string_view parent, pugi::xml_node element) {
    auto domain = document.append_child("domain");
    auto at = parent == "domain" ? domain : domain.append_child(std::string(parent).c_str());
    copy = at.append_copy(element);
    spell(domain);
  }
  pugi::xml_document document;
  pugi::xml_node copy;
};

std::optional<std::string> key_below(pugi::xml_node parent, pugi::xml_node element) {
  return key(InPlace(parent.name(), element).copy);
}

// Elements that say only by their number which one they mean: without it they are another one.
bool says_which(pugi::xml_node device) {
  const std::string_view name = device.name();
  if (name == "serial" || name == "parallel" || name == "console") {
    return !device.child("target").attribute("port").empty();
  }
  return name != "controller" || !device.attribute("index").empty();
}

// "domain/devices/disk", for same().
std::string path_of(pugi::xml_node element) {
  std::string path = element.name();
  for (auto up = element.parent(); up.type() == pugi::node_element; up = up.parent()) {
    path = std::string(up.name()) + "/" + path;
  }
  return path;
}

// Refuses the text at `offset`, and names its line and column, both from 1.
[[noreturn]] void refuse(const Fragment& fragment, std::ptrdiff_t offset, const std::string& why) {
  const auto before = std::string_view(fragment.xml)
                          .substr(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
  const auto start = before.rfind('\n') + 1;  // npos + 1 is 0
  throw Error(Fault::usage, fragment.origin + ", line " +
                                std::to_string(std::ranges::count(before, '\n') + 1) + ", column " +
                                std::to_string(before.size() - start + 1) + ": " + why);
}

// Refuses an element. pugixml knows the place of its name.
[[noreturn]] void refuse(const Fragment& fragment, pugi::xml_node node, const std::string& why) {
  refuse(fragment, node.offset_debug() - 1, why);
}

std::string tag(pugi::xml_node node) { return "<" + std::string(node.name()) + ">"; }

// A prefix must be libvirt's `qemu`, or be declared by the element or one above it.
void check_prefix(const Fragment& fragment, pugi::xml_node node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return;
  const std::string prefix(name.substr(0, colon));
  if (prefix == "qemu") return;
  const auto declaration = "xmlns:" + prefix;
  for (auto up = node; !up.empty(); up = up.parent()) {
    if (!up.attribute(declaration.c_str()).empty()) return;
  }
  refuse(fragment, node,
         tag(node) + " has a prefix that is not declared (want " + declaration + "='...')");
}

class Merger {
 public:
  // `alone`: there is no VM yet whose devices the fragment could speak of.
  Merger(const Fragment& fragment, pugi::xml_node root, bool alone)
      : fragment_(fragment), root_(root), alone_(alone) {}

  // Adds the elements in `from` to `into`.
  void children(pugi::xml_node into, pugi::xml_node from) const {
    for (const auto node : from.children()) {
      if (node.type() != pugi::node_element) continue;
      if (into == root_.child("devices")) {
        add_device(into, node);
      } else {
        add(into, node);
      }
    }
  }

  // Checks that every prefix is declared; `qemu` is declared on the root, where libvirt has it.
  // Also refuses elements that are nested too deep, as this function calls itself for each level
  // and libxml2 takes 256.
  void prefixes(pugi::xml_node parent, int depth = 0) const {
    constexpr int kMaxDepth = 100;
    for (auto node : parent.children()) {
      if (depth == kMaxDepth) refuse(fragment_, node, "elements in elements too deep");
      check_prefix(fragment_, node);
      if (std::string_view(node.name()).starts_with("qemu:")) declare_qemu(root_);
      node.remove_attribute("xmlns:qemu");
      prefixes(node, depth + 1);
    }
  }

 private:
  // An element is merged with the one that is the same by the tables of virt/domain_identity.cc. A
  // list grows.
  void add(pugi::xml_node into, pugi::xml_node node) const {
    const InPlace here(into.name(), node);
    const bool unnamed = label(here.copy).ends_with("[]") && into == root_;
    if (!unnamed && listing(local_name(into), local_name(node)) == Listing::none) {
      const auto wanted = key(here.copy);
      for (const auto there : into.children(node.name())) {
        if (key_below(into, there) == wanted) return merge(there, node);
      }
    }
    into.append_copy(node);
  }

  // A device says more of the one with its target, MAC, source or alias; else it is another one.
  void add_device(pugi::xml_node devices, pugi::xml_node node) const {
    const auto there = named(devices, node);
    for (const auto& one : there) merge(one, node);
    if (!there.empty()) return;
    if (!alone_) refuse_unknown(node);
    devices.append_copy(node);
  }

  std::vector<pugi::xml_node> named(pugi::xml_node devices, pugi::xml_node node) const {
    std::vector<pugi::xml_node> found;
    const bool by_alias = std::string_view(node.name()) == "hostdev" && !alias(node).empty() &&
                          node.child("source").empty();
    if (!by_alias && !says_which(node)) return found;
    const auto wanted = key_below(devices, node);
    for (const auto there : devices.children(node.name())) {
      if (by_alias) {
        const std::string name(alias(node));
        // "ua-gpupci1" is all functions of the card, "ua-gpupci1-fn0" is one.
        const std::string its(alias(there));
        if (its == name || its.starts_with(name + "-fn") || its + "-fn0" == name) {
          found.push_back(there);
        }
      } else if ((wanted && key_below(devices, there) == wanted) || same_index(there, node)) {
        found.push_back(there);
        break;
      }
    }
    return found;
  }

  static bool same_index(pugi::xml_node left, pugi::xml_node right) {
    return is_pci_controller(left) && is_pci_controller(right) &&
           attribute(left, "index") == attribute(right, "index");
  }

  // A device that says too little to be one of its own means one that the VM should have.
  void refuse_unknown(pugi::xml_node node) const {
    const std::string_view name = node.name();
    const auto what = std::string(alias(node));
    if (name == "hostdev" && node.child("source").empty() && !what.empty()) {
      refuse(fragment_, node,
             "<hostdev> speaks of " + quote(what) + ", which the VM does not have");
    }
    const auto device = attribute(node, "device");
    const bool may_be_empty = device == "cdrom" || device == "floppy";
    const bool partial_disk = name == "disk" && !may_be_empty && node.child("source").empty();
    const bool partial_interface = name == "interface" && attribute(node, "type").empty();
    if (!partial_disk && !partial_interface) return;
    const InPlace here("devices", node);
    refuse(fragment_, node,
           tag(node) + " speaks of " + quote(natural_key(here.copy).value_or("none")) +
               ", which the VM does not have");
  }

  // The words for an element, with the device that it is in.
  static std::string named_tag(pugi::xml_node there, pugi::xml_node node) {
    for (auto up = there.parent(); !up.empty(); up = up.parent()) {
      if (std::string_view(up.parent().name()) == "devices") return tag(node) + " of " + label(up);
    }
    return tag(node);
  }

  // "pc-q35-6.2" says more than "q35", which is the newest of them.
  static bool is_family(pugi::xml_attribute machine) {
    return std::string_view(machine.name()) == "machine" &&
           std::string_view(machine.value()).find('-') == std::string_view::npos;
  }

  void merge(pugi::xml_node there, pugi::xml_node node) const {
    const auto path = path_of(there);
    const InPlace spelled(there.parent().name(), there);
    const InPlace own_spelled(there.parent().name(), node);
    const auto differ = [&](const char* name) {
      return !same(path, name, spelled.copy.attribute(name).value(),
                   own_spelled.copy.attribute(name).value());
    };
    for (const auto own : node.attributes()) {
      auto old = there.attribute(own.name());
      if (old.empty()) {
        there.append_copy(own);
      } else if (differ(own.name())) {
        refuse(fragment_, node,
               named_tag(there, node) + " says " + own.name() + "=" + quote(own.value()) +
                   " where the VM has " + quote(old.value()));
      } else if (path == "domain/os/type" && is_family(old)) {
        old = own.value();
      }
    }
    const std::string_view text = node.child_value();
    const std::string_view old = there.child_value();
    if (!trim(text).empty()) {
      if (trim(old).empty()) {
        there.text() = std::string(text).c_str();
      } else if (!same(path, "", trim(spelled.copy.child_value()),
                       trim(own_spelled.copy.child_value()))) {
        refuse(fragment_, node,
               named_tag(there, node) + " says " + quote(text) + " where the VM has " + quote(old));
      }
    }
    if (there == root_.child("devices")) return children(there, node);
    const bool card = std::string_view(node.name()) == "hostdev";
    for (const auto child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      if (card && std::string_view(child.name()) == "alias") continue;  // it said which
      if (is_atomic(child.name()) && !there.child(child.name()).empty()) {
        if (canonical(there.child(child.name())) == canonical(child)) continue;
        refuse(fragment_, child, named_tag(there, child) + " is another than the VM has");
      }
      add(there, child);
    }
  }

  const Fragment& fragment_;
  pugi::xml_node root_;
  bool alone_;
};

// The place of an entity that XML does not have, which pugixml would take for text; npos = none. It
// may be text only where `text` is a comment or CDATA.
std::size_t unknown_entity(std::string_view text) {
  const auto behind = [&](std::size_t at, std::string_view end) {
    const auto found = text.find(end, at);
    return found == std::string_view::npos ? text.size() : found + end.size();
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    if (rest.starts_with("<!--")) {
      at = behind(at, "-->");
    } else if (rest.starts_with("<![CDATA[")) {
      at = behind(at, "]]>");
    } else if (rest[0] == '&') {
      const auto name = rest.substr(1, rest.find(';') - 1);
      const bool is_name =
          rest.find(';') != std::string_view::npos && !name.empty() &&
          std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0; });
      static constexpr std::array<std::string_view, 5> kKnown{"amp", "apos", "gt", "lt", "quot"};
      if (is_name && std::ranges::find(kKnown, name) == kKnown.end()) return at;
      ++at;
    } else {
      ++at;
    }
  }
  return std::string_view::npos;
}

// Throws Error(usage) when `fragment` is no XML, or has text beside its elements.
void parse(const Fragment& fragment, pugi::xml_document& document) {
  const auto parsed = document.load_buffer(
      fragment.xml.data(), fragment.xml.size(),
      pugi::parse_default | pugi::parse_fragment | pugi::parse_doctype, pugi::encoding_utf8);
  if (!parsed) {
    std::string why = parsed.description();
    why.replace(0, 1, lower(why.substr(0, 1)));
    refuse(fragment, parsed.offset, "no XML: " + why);
  }
  if (const auto at = unknown_entity(fragment.xml); at != std::string_view::npos) {
    refuse(fragment, static_cast<std::ptrdiff_t>(at),
           "no XML: an entity that nobody declared (want &amp; for &)");
  }
  for (const auto node : document.children()) {
    if (node.type() == pugi::node_element) continue;
    if (node.type() == pugi::node_doctype) {
      throw Error(Fault::usage, fragment.origin + ": it has a <!DOCTYPE>: want elements alone");
    }
    refuse(fragment, node.offset_debug(), "text outside an element: " + quote(trim(node.value())));
  }
}

void merge_into(pugi::xml_node root, const Fragment& fragment, bool alone) {
  pugi::xml_document document;
  parse(fragment, document);
  const Merger merger(fragment, root, alone);
  merger.prefixes(document);
  switch (fragment.place) {
    case FragmentPlace::domain:
      merger.children(root, document);
      break;
    case FragmentPlace::devices:
      merger.children(root.child("devices"), document);
      break;
    case FragmentPlace::features:
      merger.children(root.child("features"), document);
      break;
  }
}

}  // namespace

void check_fragment(const Fragment& fragment) {
  pugi::xml_document document;
  const auto domain = child(document, "domain");
  child(domain, "devices");
  child(domain, "features");
  merge_into(domain, fragment, true);
}

bool brings_device(const Fragment& fragment, const char* element) {
  pugi::xml_document document;
  if (!document.load_buffer(fragment.xml.data(), fragment.xml.size(),
                            pugi::parse_default | pugi::parse_fragment, pugi::encoding_utf8)) {
    return false;
  }
  if (fragment.place == FragmentPlace::devices) return !document.child(element).empty();
  return fragment.place == FragmentPlace::domain &&
         std::ranges::any_of(document.children("devices"), [&](pugi::xml_node devices) {
           return !devices.child(element).empty();
         });
}

void merge_fragment(pugi::xml_node root, const Fragment& fragment) {
  merge_into(root, fragment, false);
}

}  // namespace cluster::virt
