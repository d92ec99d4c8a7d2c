#include "virt/domain_tree.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "virt/domain_spelling.h"

namespace cluster::virt {
namespace {

// The prefixes in force and their namespaces; a later one hides an earlier one.
using Scope = std::vector<std::pair<std::string, std::string>>;

std::string_view prefix_of(std::string_view name) {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? "" : name.substr(0, colon);
}

// The prefix that an attribute declares, if it does: "x" of xmlns:x, "" of xmlns.
bool declares(pugi::xml_attribute attribute, std::string_view& prefix) {
  constexpr std::string_view kWord = "xmlns";
  const char* name = attribute.name();
  if (std::strncmp(name, kWord.data(), kWord.size()) != 0) return false;
  name += kWord.size();
  if (*name != 0 && *name != ':') return false;
  prefix = *name == 0 ? name : name + 1;
  return true;
}

void declare(Scope& scope, pugi::xml_node element) {
  std::string_view prefix;
  for (auto attribute = element.first_attribute(); !attribute.empty();
       attribute = attribute.next_attribute()) {
    if (declares(attribute, prefix)) scope.emplace_back(prefix, attribute.value());
  }
}

std::string_view find(const Scope& scope, std::string_view prefix) {
  const auto found = std::find_if(scope.rbegin(), scope.rend(),
                                  [&](const auto& one) { return one.first == prefix; });
  return found == scope.rend() ? std::string_view() : std::string_view(found->second);
}

bool uses(pugi::xml_node element, std::string_view prefix) {
  if (prefix_of(element.name()) == prefix) return true;
  for (const auto attribute : element.attributes()) {
    if (!prefix.empty() && prefix_of(attribute.name()) == prefix) return true;
  }
  return std::ranges::any_of(elements(element), [&](auto child) { return uses(child, prefix); });
}

// Makes a child of <metadata> stand alone.
void carry_declarations(pugi::xml_node element, const Scope& scope) {
  for (auto one = scope.rbegin(); one != scope.rend(); ++one) {
    const auto name = one->first.empty() ? "xmlns" : "xmlns:" + one->first;
    if (!element.attribute(name.c_str()).empty() || !uses(element, one->first)) continue;
    element.append_attribute(name.c_str()) = one->second.c_str();
  }
}

bool is_text(pugi::xml_node node) {
  return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
}

enum class Texts { blank, tidy, untidy };

// Most texts are blanks between elements, or alone and as they should be.
Texts texts_of(pugi::xml_node element, bool prose) {
  bool words = false;
  bool untidy = false;
  for (auto child = element.first_child(); !child.empty(); child = child.next_sibling()) {
    if (!is_text(child)) continue;
    const std::string_view text = child.value();
    const auto trimmed = trim(text);
    if (!trimmed.empty()) words = true;
    untidy = untidy || child.type() == pugi::node_cdata || child != element.first_child() ||
             trimmed.empty() || (!prose && trimmed.size() != text.size());
  }
  if (!words) return Texts::blank;
  return untidy ? Texts::untidy : Texts::tidy;
}

// Makes one text of all, before the other children.
void join_texts(pugi::xml_node element, bool prose) {
  std::string text;
  for (auto child = element.first_child(); !child.empty();) {
    const auto next = child.next_sibling();
    if (is_text(child)) {
      text += child.value();
      element.remove_child(child);
    }
    child = next;
  }
  element.prepend_child(pugi::node_pcdata)
      .set_value(prose ? text.c_str() : std::string(trim(text)).c_str());
}

// Texts that libvirt keeps with the blanks around them.
bool is_prose(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames{"title",  "description", "kernel",
                                                          "initrd", "cmdline",     "entry",
                                                          "serial", "vendor",      "product"};
  return std::ranges::find(kNames, name) != kNames.end();
}

// A comment and the like is said to people and not to libvirt, which drops it as well.
bool is_remark(pugi::xml_node node) {
  return node.type() == pugi::node_comment || node.type() == pugi::node_pi;
}

void tidy(pugi::xml_node element, Scope& scope) {
  const auto outer = scope.size();
  declare(scope, element);
  if (find(scope, prefix_of(element.name())) == kQemuNamespace) {
    element.set_name(("qemu:" + std::string(local_name(element))).c_str());
  }
  const std::string_view name = element.name();
  const bool prose = is_prose(name);
  const bool metadata = name == "metadata";
  const auto texts = texts_of(element, prose);
  if (texts == Texts::untidy) join_texts(element, prose);
  for (auto child = element.first_child(); !child.empty();) {
    const auto next = child.next_sibling();
    if (child.type() == pugi::node_element) {
      if (metadata) {
        carry_declarations(child, scope);
      } else {
        tidy(child, scope);
      }
    } else if ((texts == Texts::blank && is_text(child)) || (!metadata && is_remark(child))) {
      element.remove_child(child);
    }
    child = next;
  }
  if (scope.size() == outer) return;  // it declares nothing
  scope.resize(outer);
  for (auto attribute = element.first_attribute(); !attribute.empty();) {
    const auto next = attribute.next_attribute();
    std::string_view prefix;
    if (declares(attribute, prefix) && attribute.value() == kQemuNamespace) {
      element.remove_attribute(attribute);
    }
    attribute = next;
  }
}

void escape(std::string& out, std::string_view text, bool in_attribute) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += in_attribute ? ">" : "&gt;";
        break;
      case '"':
        out += in_attribute ? "&quot;" : "\"";
        break;
      default:
        out += c;
    }
  }
}

// `known`: the declarations that are in force; `written`: those that the text has already.
void write_canonical(std::string& out, pugi::xml_node element, Scope& known, Scope& written) {
  const auto outer_known = known.size();
  const auto outer_written = written.size();
  declare(known, element);
  std::vector<pugi::xml_attribute> attributes;
  std::vector<std::string_view> prefixes{prefix_of(element.name())};
  std::string_view prefix;
  for (const auto attribute : element.attributes()) {
    if (declares(attribute, prefix)) continue;
    attributes.push_back(attribute);
    if (prefix = prefix_of(attribute.name()); !prefix.empty()) prefixes.push_back(prefix);
  }
  std::ranges::sort(prefixes);
  std::ranges::sort(attributes, {}, [](auto one) { return std::string_view(one.name()); });
  out.append("<").append(element.name());
  for (const auto used : prefixes) {
    const auto space = find(known, used);
    if (find(written, used) == space) continue;
    out.append(used.empty() ? " xmlns" : " xmlns:").append(used).append("=\"");
    out.append(space).append("\"");
    written.emplace_back(used, space);
  }
  for (const auto attribute : attributes) {
    out.append(" ").append(attribute.name()).append("=\"");
    escape(out, attribute.value(), true);
    out += '"';
  }
  out += '>';
  for (const auto child : element.children()) {
    if (child.type() == pugi::node_element) {
      write_canonical(out, child, known, written);
    } else if (child.type() == pugi::node_comment) {
      out.append("<!--").append(child.value()).append("-->");
    } else if (!trim(child.value()).empty()) {
      escape(out, child.value(), false);
    }
  }
  out.append("</").append(element.name()).append(">");
  known.resize(outer_known);
  written.resize(outer_written);
}

}  // namespace

void read_domain(pugi::xml_document& document, const std::string& xml) {
  constexpr auto kFlags =
      pugi::parse_default | pugi::parse_ws_pcdata | pugi::parse_comments | pugi::parse_pi;
  if (!document.load_buffer(xml.data(), xml.size(), kFlags, pugi::encoding_utf8) ||
      document.child("domain").empty()) {
    throw Error(Fault::io, "what libvirt has of the VM is no domain document");
  }
  for (auto node = document.first_child(); !node.empty();) {
    const auto next = node.next_sibling();
    if (node.type() != pugi::node_element) document.remove_child(node);
    node = next;
  }
  Scope scope;
  const auto root = document.child("domain");
  tidy(root, scope);
  spell(root);
}

std::vector<pugi::xml_node> elements(pugi::xml_node parent) {
  std::vector<pugi::xml_node> out;
  for (const auto child : parent.children()) {
    if (child.type() == pugi::node_element) out.push_back(child);
  }
  return out;
}

std::string_view local_name(pugi::xml_node element) {
  const std::string_view name = element.name();
  return name.substr(name.find(':') + 1);  // npos + 1 is 0
}

std::string_view text_of(pugi::xml_node element) { return element.child_value(); }

std::string_view namespace_of(pugi::xml_node element) {
  const auto prefix = std::string(prefix_of(element.name()));
  if (prefix == "qemu") return kQemuNamespace;
  const auto name = prefix.empty() ? "xmlns" : "xmlns:" + prefix;
  for (auto up = element; !up.empty(); up = up.parent()) {
    const auto declaration = up.attribute(name.c_str());
    if (!declaration.empty()) return declaration.value();
  }
  return "";
}

std::string canonical(pugi::xml_node element) {
  std::string out;
  if (element.empty()) return out;
  Scope known{{"qemu", std::string(kQemuNamespace)}};
  Scope written;
  write_canonical(out, element, known, written);
  return out;
}

std::string attributes_of(pugi::xml_node element) {
  std::vector<std::string> words;
  for (const auto one : element.attributes()) {
    words.push_back(std::string(one.name()) + "=" + one.value());
  }
  std::ranges::sort(words);
  return joined(words, " ");
}

std::string_view attribute(pugi::xml_node element, const char* name) {
  return element.attribute(name).value();
}

}  // namespace cluster::virt
