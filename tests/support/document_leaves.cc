#include "tests/support/document_leaves.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace cluster {
namespace {

using Leaves = std::multiset<std::string>;

void add_leaves(pugi::xml_node element, std::string path, std::string_view card_bus, Leaves& out) {
  path += "/" + std::string(element.name());
  const auto source = element.child("source").child("address");
  if (path == "/domain/devices/hostdev" && source.attribute("bus").value() == card_bus) return;
  if (path == "/domain/devices/controller" &&
      element.attribute("type").value() == std::string_view("pci")) {
    return;
  }
  for (const auto one : element.attributes()) {
    out.insert(path + "@" + one.name() + "=" + one.value());
  }
  for (const auto child : element.children()) {
    if (child.type() == pugi::node_pcdata) out.insert(path + "=" + child.value());
    if (child.type() == pugi::node_element) add_leaves(child, path, card_bus, out);
  }
}

void add_missing(const Leaves& from, const Leaves& to, const std::string& word, std::string& out) {
  std::vector<std::string> parts;
  std::ranges::set_difference(from, to, std::back_inserter(parts));
  for (const auto& part : parts) out += word + " " + part + "\n";
}

}  // namespace

std::string differences_beside_card(pugi::xml_node before, pugi::xml_node after,
                                    std::string_view card_bus) {
  Leaves then;
  Leaves now;
  add_leaves(before, "", card_bus, then);
  add_leaves(after, "", card_bus, now);
  std::string out;
  add_missing(then, now, "lost", out);
  add_missing(now, then, "new", out);
  return out;
}

}  // namespace cluster
