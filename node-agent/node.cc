#include "node-agent/node.h"

#include <ostream>

#include "core/error.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

std::string no_cards(const Host& host, const Settings& settings) {
  std::vector<std::string> vendors;
  std::vector<std::string> classes;
  for (const auto id : settings.vendors) vendors.push_back(hex4(id));
  for (const auto id : settings.classes) classes.push_back(hex4(id));
  return "no card found on this host (vendors " + joined(vendors, " ") + ", classes " +
         joined(classes, " ") + "; change them in " + host.settings.native() + ")";
}

}  // namespace

Node::Node(const Host& host)
    : host_(host), settings_(load_settings(host.settings)), sysfs_(host.sysfs) {}

std::vector<Card> Node::cards() const { return find_cards(sysfs_, settings_); }

std::vector<Card> Node::pick(const std::string& target) const {
  auto found = cards();
  if (target == "all") {
    if (found.empty()) throw Error(Fault::not_found, no_cards(host_, settings_));
    return found;
  }
  const GpuName name(target);
  std::erase_if(found, [&](const Card& card) { return card.name != name; });
  return found;
}

int not_found(const Call& call, const std::string& target) {
  call.err << "GPU card " << target << " not found\n";  // the ancestor's sentence
  return exit_status(Fault::not_found);
}

}  // namespace cluster::agent
