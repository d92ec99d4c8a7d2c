#include <algorithm>
#include <cctype>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

// The children that an element has at most once: a second one is merged with the first, and all
// others are added. The rules are from libvirt's schema, for elements that can be there already.
struct Once {
  std::string_view parent;
  std::vector<std::string_view> names;  // empty: all children
  std::vector<std::string_view> but;    // except these
};

bool once(std::string_view parent, std::string_view name) {
  static const std::vector<Once> rules{
      {"domain", {}, {"seclabel", "sysinfo"}},
      {"os", {}, {"boot", "initarg", "initenv"}},
      {"features", {}, {}},
      {"hyperv", {}, {}},
      {"kvm", {}, {}},
      {"cpu", {}, {"feature"}},
      {"clock", {}, {"timer"}},
      {"memoryBacking", {}, {}},
      {"numatune", {"memory"}, {}},
      {"cputune",
       {"shares", "period", "quota", "global_period", "global_quota", "emulator_period",
        "emulator_quota", "iothread_period", "iothread_quota", "emulatorpin"},
       {}},
      {"memtune", {}, {}},
      {"pm", {}, {}},
      {"devices", {"emulator", "memballoon"}, {}},
  };
  const auto rule = std::ranges::find(rules, parent, &Once::parent);
  if (rule == rules.end()) return false;
  if (rule->names.empty()) return std::ranges::count(rule->but, name) == 0;
  return std::ranges::count(rule->names, name) != 0;
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
  Merger(const Fragment& fragment, pugi::xml_node root) : fragment_(fragment), root_(root) {}

  // Adds the elements in `from` to `into`.
  void children(pugi::xml_node into, pugi::xml_node from) const {
    for (const auto node : from.children()) {
      if (node.type() != pugi::node_element) continue;
      const auto there = into.child(node.name());
      if (!there.empty() && once(into.name(), node.name())) {
        merge(there, node);
      } else {
        into.append_copy(node);
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
  void merge(pugi::xml_node there, pugi::xml_node node) const {
    for (const auto attribute : node.attributes()) {
      const auto old = there.attribute(attribute.name());
      if (old.empty()) {
        there.append_copy(attribute);
      } else if (std::string_view(old.value()) != attribute.value()) {
        refuse(fragment_, node,
               tag(node) + " says " + attribute.name() + "=" + quote(attribute.value()) +
                   " where the VM has " + quote(old.value()));
      }
    }
    const std::string_view text = node.child_value();
    const std::string_view old = there.child_value();
    if (text != old && !trim(text).empty()) {
      refuse(fragment_, node,
             tag(node) + " says " + quote(text) + " where the VM has " + quote(old));
    }
    children(there, node);
  }

  const Fragment& fragment_;
  pugi::xml_node root_;
};

// Throws Error(usage) when `fragment` is no XML, or has text beside its elements.
void parse(const Fragment& fragment, pugi::xml_document& document) {
  const auto parsed =
      document.load_buffer(fragment.xml.data(), fragment.xml.size(),
                           pugi::parse_default | pugi::parse_fragment, pugi::encoding_utf8);
  if (!parsed) {
    std::string why = parsed.description();
    why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
    refuse(fragment, parsed.offset, "no XML: " + why);
  }
  for (const auto node : document.children()) {
    if (node.type() == pugi::node_element) continue;
    refuse(fragment, node.offset_debug(), "text outside an element: " + quote(trim(node.value())));
  }
}

}  // namespace

void check_fragment(const Fragment& fragment) {
  pugi::xml_document document;
  const auto domain = child(document, "domain");
  child(domain, "devices");
  child(domain, "features");
  merge_fragment(domain, fragment);
}

void merge_fragment(pugi::xml_node root, const Fragment& fragment) {
  pugi::xml_document document;
  parse(fragment, document);
  const Merger merger(fragment, root);
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

}  // namespace cluster::virt
