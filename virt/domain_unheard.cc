#include <string_view>

#include "virt/domain_decide.h"
#include "virt/domain_identity.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

// Looks for what ours says and theirs has not.
void find_unheard(const Quad& quad, const std::string& path, std::vector<std::string>& out) {
  const auto& t = quad.theirs;
  const auto& o = quad.ours;
  for (const auto one : o.attributes()) {
    const std::string_view name = one.name();
    const bool of_a_bus = name == "index" || name == "chassis" || name == "port";
    if (name == "unit" || name.starts_with("xmlns") || (of_a_bus && is_pci_controller(o))) continue;
    if (!same(path, name, one.value(), attribute_if_any(t, one.name()))) {
      out.push_back(path + "@" + one.name());
    }
  }
  const auto text = text_of(o);
  if (!text.empty() && !same(path, "", text, text_of(t))) out.push_back(path);
  if (std::string_view(o.name()) == "metadata") return;
  for (const auto& each : groups(quad)) {
    if (each.ours.empty()) continue;
    const auto at = path + "/" + label(each.ours);
    const bool guest_address = std::string_view(each.ours.name()) == "address" &&
                               std::string_view(o.parent().name()) == "devices" &&
                               attribute(each.ours, "type") == "pci";
    if (guest_address) continue;
    if (!each.theirs.empty()) {
      find_unheard(each, at, out);
    } else if (!is_pci_controller(each.ours)) {
      out.push_back(at);
    }
  }
}

}  // namespace

std::vector<std::string> unheard(const std::string& ours, const std::string& defined) {
  pugi::xml_document theirs;
  pugi::xml_document our;
  read_domain(theirs, defined);
  read_domain(our, ours);
  std::vector<std::string> out;
  find_unheard({{}, {}, theirs.child("domain"), our.child("domain")}, "domain", out);
  return out;
}

}  // namespace cluster::virt
