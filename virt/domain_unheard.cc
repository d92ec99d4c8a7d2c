#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "core/text.h"
#include "virt/domain_decide.h"
#include "virt/domain_identity.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

std::optional<unsigned long long> value_in(int base, std::string_view digits) {
  unsigned long long value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || stop != end) return {};
  return value;
}

// True if `theirs` is the number that `ours` was read as. libvirt reads some numbers as C does,
// "0x10" and "010" among them, others in tens only, and it writes each in one way.
bool same_number(std::string_view ours, std::optional<std::string_view> theirs) {
  if (!theirs) return false;
  const auto said = trim(ours);
  const auto is_hex = [](std::string_view text) { return lower(text).starts_with("0x"); };
  const auto read = is_hex(*theirs) ? value_in(16, theirs->substr(2)) : value_in(10, *theirs);
  if (!read) return false;
  if (is_hex(said)) return value_in(16, said.substr(2)) == read;
  return value_in(10, said) == read || (said.starts_with('0') && value_in(8, said) == read);
}

// Looks for what ours says and theirs has not.
void find_unheard(const Quad& quad, const std::string& path, std::vector<std::string>& out) {
  const auto& t = quad.theirs;
  const auto& o = quad.ours;
  for (const auto one : o.attributes()) {
    const std::string_view name = one.name();
    const bool of_a_bus = name == "index" || name == "chassis" || name == "port";
    if (name == "unit" || name.starts_with("xmlns") || (of_a_bus && is_pci_controller(o))) continue;
    const auto there = attribute_if_any(t, one.name());
    if (!same(path, name, one.value(), there) && !same_number(one.value(), there)) {
      out.push_back(path + "@" + one.name());
    }
  }
  const auto text = text_of(o);
  if (!text.empty() && !same(path, "", text, text_of(t)) && !same_number(text, text_of(t))) {
    out.push_back(path);
  }
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

std::vector<std::string> only_running(const std::string& running, const std::string& configured) {
  // What somebody may plug in. libvirt makes none of it by itself, as it does with controllers.
  static const std::set<std::string_view> plugged{"disk",   "filesystem", "hostdev", "interface",
                                                  "memory", "redirdev",   "rng",     "shmem"};
  pugi::xml_document now;
  pugi::xml_document next;
  read_domain(now, running);
  read_domain(next, configured);
  const auto devices = [](const pugi::xml_document& document) {
    return document.child("domain").child("devices");
  };
  std::vector<std::string> out;
  for (const auto& each : groups({{}, {}, devices(next), devices(now)})) {
    if (!each.theirs.empty() || !plugged.contains(each.ours.name())) continue;
    out.push_back("domain/devices/" + label(each.ours));
  }
  return out;
}

}  // namespace cluster::virt
