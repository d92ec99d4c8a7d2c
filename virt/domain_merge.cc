#include "virt/domain_merge.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "virt/domain_decide.h"
#include "virt/domain_follow.h"
#include "virt/domain_identity.h"
#include "virt/domain_lists.h"
#include "virt/domain_merging.h"
#include "virt/domain_parts.h"
#include "virt/domain_places.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

using Kind = MergeDifference::Kind;
using Who = MergeDifference::Who;

// True if both say the same, in the same order.
bool alike(pugi::xml_node left, pugi::xml_node right) {
  const auto same = [](const char* a, const char* b) { return std::string_view(a) == b; };
  if (!same(left.name(), right.name()) || !same(left.value(), right.value())) return false;
  auto one = left.first_attribute();
  auto other = right.first_attribute();
  for (; !one.empty() && !other.empty(); one = one.next_attribute()) {
    if (!same(one.name(), other.name()) || !same(one.value(), other.value())) return false;
    other = other.next_attribute();
  }
  if (!one.empty() || !other.empty()) return false;
  auto child = left.first_child();
  auto its = right.first_child();
  for (; !child.empty() && !its.empty(); child = child.next_sibling()) {
    if (!alike(child, its)) return false;
    its = its.next_sibling();
  }
  return child.empty() && its.empty();
}

// True if neither side changed an element, as most are. The place that we say of a device has to be
// asked for all the same, as what it is behind may have changed.
bool is_settled(const Quad& quad) {
  const auto& [b, r, t, o] = quad;
  if (b.empty() || r.empty() || t.empty() || o.empty()) return false;
  return o.child("address").empty() && alike(b, o) && alike(r, t);
}

// Walks through the documents and makes theirs what it should be.
class Walk {
 public:
  explicit Walk(Merging& merging) : merging_(merging) {}

  void element(const Quad& quad, const std::string& path) {
    const bool other_kind = attributes(quad, path);
    text(quad, path);
    for (const auto name : listed(local_name(quad.theirs))) merge_list(merging_, quad, name, path);
    for (const auto& each : groups(quad)) child(quad.theirs, each, path);
    if (other_kind) new_kind(quad, path);
  }

 private:
  // Returns true if one says that the element is of another kind now.
  bool attributes(const Quad& quad, const std::string& path) {
    auto theirs = quad.theirs;
    const auto& [b, r, t, o] = quad;
    std::vector<std::string_view> names;
    for (const auto node : {b, r, t, o}) {
      for (const auto one : node.attributes()) names.emplace_back(one.name());
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    bool other_kind = false;
    for (const auto name : names) {
      const bool of_a_bus = name == "index" || name == "chassis" || name == "port";
      if (name == "unit" || name.starts_with("xmlns") || (of_a_bus && is_pci_controller(t)) ||
          (name == "busNr" && is_our_expander(t.parent()))) {
        continue;
      }
      const auto* text = name.data();  // the name of an attribute ends with NUL
      const auto old = attribute_if_any(t, text);
      const auto value = decide(
          merging_, path, name,
          {attribute_if_any(b, text), attribute_if_any(r, text), old, attribute_if_any(o, text)});
      if (value == old) continue;
      if (old && says_kind(t, name)) other_kind = true;
      if (!value) {
        theirs.remove_attribute(text);
      } else {
        if (!old) theirs.append_attribute(text);
        theirs.attribute(text) = std::string(*value).c_str();
      }
    }
    if (t.attribute("unit").empty() && !o.attribute("unit").empty()) {
      theirs.append_attribute("unit") = o.attribute("unit").value();
    }
    return other_kind;
  }

  void text(const Quad& quad, const std::string& path) {
    const auto of = [](pugi::xml_node node) {
      const auto text = text_of(node);
      return text.empty() ? Value() : Value(text);
    };
    const QuadValues values{of(quad.rendered), of(quad.defined), of(quad.theirs), of(quad.ours)};
    if (!values.rendered && !values.defined && !values.theirs && !values.ours) return;
    const auto value = decide(merging_, path, "", values);
    if (value == values.theirs) return;
    auto theirs = quad.theirs;
    if (value) {
      theirs.text() = std::string(*value).c_str();
    } else {
      for (auto node = theirs.first_child(); !node.empty(); node = node.next_sibling()) {
        if (node.type() != pugi::node_pcdata) continue;
        theirs.remove_child(node);
        break;
      }
    }
  }

  void child(pugi::xml_node parent, const Quad& quad, const std::string& path) {
    const auto& [b, r, t, o] = quad;
    const auto some = !t.empty() ? t : !o.empty() ? o : !b.empty() ? b : r;
    const auto name = local_name(some);
    if (listing(local_name(some.parent()), name) != Listing::none) return;
    if (is_settled(quad)) return;
    const auto at = path + "/" + label(o.empty() ? some : o);
    if (name == "address" && std::string_view(some.parent().name()) != "source" &&
        is_device(parent) && (o.empty() || attribute(o, "type") == "pci")) {
      return place(merging_, parent, quad, at);
    }
    if (is_atomic(name) || std::string_view(parent.name()) == "metadata") {
      return whole(parent, quad, at);
    }
    if (merging_.of_host_alone && name == "alias" && !t.empty()) return;
    if (!t.empty() && !o.empty()) return both(quad, at);
    if (t.empty()) return missing(parent, quad, at);
    if (!b.empty()) return no_longer_said(parent, quad, at);
    if (!merging_.known) return;
    if (r.empty()) {
      tell_kept(merging_, at, std::nullopt, tag_of(t));
    } else if (canonical(r) != canonical(t)) {
      tell_kept(merging_, at, "as before", "changed");
    }
  }

  void both(const Quad& quad, const std::string& at) {
    if (!quad.rendered.empty()) return element(quad, at);
    if (does_as_well(quad)) return;
    if (merging_.of_host_alone || merging_.lost || !somebody_made(quad.theirs)) {
      return element(quad, at);
    }
    merging_.of_host_alone = true;
    of_host_alone(quad, at);
    merging_.of_host_alone = false;
  }

  // Where the two contradict each other, theirs is not mixed with ours.
  void of_host_alone(const Quad& quad, const std::string& at) {
    auto& differences = merging_.result.differences;
    const auto told = static_cast<std::ptrdiff_t>(differences.size());
    pugi::xml_document before;
    before.append_copy(quad.theirs);
    element(quad, at);
    const auto is = [](MergeDifference::Kind kind) {
      return [kind](const MergeDifference& one) { return one.kind == kind; };
    };
    if (merging_.keep != Keep::theirs ||
        std::none_of(differences.begin() + told, differences.end(), is(Kind::drift))) {
      return;
    }
    differences.erase(
        std::remove_if(differences.begin() + told, differences.end(), is(Kind::change)),
        differences.end());
    auto theirs = quad.theirs;
    for (const auto child : elements(theirs)) merging_.take(child);
    theirs.remove_children();
    theirs.remove_attributes();
    for (const auto one : before.first_child().attributes()) theirs.append_copy(one);
    for (const auto one : before.first_child().children()) theirs.append_copy(one);
  }

  // Our screen, or what holds our SCSI disks, is there so that there is one at all: any does, and
  // another one is no more what the guest has a driver for.
  static bool does_as_well(const Quad& quad) {
    const std::string_view name = quad.theirs.name();
    const auto model = quad.theirs.child("model");
    if (name == "video") return !model.empty() && attribute(model, "type") != "none";
    return name == "controller" && attribute(quad.theirs, "type") == "scsi" &&
           alias(quad.ours).starts_with("ua-scsi");
  }

  // Devices that libvirt makes for nobody.
  static bool somebody_made(pugi::xml_node device) {
    static const std::set<std::string_view> names{"disk",      "filesystem", "graphics", "hostdev",
                                                  "interface", "shmem",      "tpm",      "vsock"};
    return is_device(device) && names.contains(device.name());
  }

  // Ours has it and theirs has not.
  void missing(pugi::xml_node parent, const Quad& quad, const std::string& at) {
    const auto& [b, r, t, o] = quad;
    if (o.empty()) {
      if (!r.empty() && b.empty() && merging_.known)
        tell_kept(merging_, at, tag_of(r), std::nullopt);
      return;
    }
    if (comes_with_what_is_behind(o)) {
      if (b.empty() && is_own_port(o)) merging_.spare_ports.push_back(o);
      return;
    }
    const bool dropped_by_libvirt = merging_.known && !b.empty() && r.empty();
    const bool as_before = !b.empty() && what_it_is(b) == what_it_is(o);
    if (dropped_by_libvirt && as_before) return;
    if (merging_.lost || (!b.empty() && !dropped_by_libvirt)) {
      const auto tag = tag_of(o);
      const auto agreed = merging_.lost ? Value() : Value("there");
      if (!settle(merging_, at, {{}, tag, agreed, as_before ? Who::host : Who::both})) {
        return;
      }
    } else {
      merging_.changed(at, std::nullopt, tag_of(o), Who::inventory);
    }
    add(parent, quad);
  }

  // A PCI controller comes when something is to be behind it, and what says which one it is never
  // comes later.
  static bool comes_with_what_is_behind(pugi::xml_node element) {
    return is_pci_controller(element) && std::string_view(element.name()) != "pcihole64";
  }

  // What an element says, but for the place and the name of a device, which change with those of
  // others. A device of the host is its source: who agreed that it is absent did not mean the way
  // in which it would be given.
  static std::string what_it_is(pugi::xml_node element) {
    if (!is_device(element)) return canonical(element);
    if (std::string_view(element.name()) == "hostdev") return canonical(element.child("source"));
    pugi::xml_document copy;
    auto device = copy.append_copy(element);
    device.remove_child("address");
    device.remove_child("alias");
    return canonical(device);
  }

  void add(pugi::xml_node parent, const Quad& quad) {
    auto added = parent.append_copy(quad.ours);
    const auto was = quad.defined.child("address");
    const auto said = quad.rendered.child("address");
    const auto ours = quad.ours.child("address");
    if (std::string_view(parent.name()) == "devices" && attribute(was, "type") == "pci" &&
        !ours.empty() && !said.empty() && same_parent(merging_, said, ours) &&
        is_free(merging_.roots.theirs, was)) {
      const auto mine = added.child("address");
      added.insert_copy_before(was, mine);  // where it was
      added.remove_child(mine);
      return;
    }
    merging_.fresh.emplace_back(added, quad.ours);
  }

  // We rendered it and do so no more.
  void no_longer_said(pugi::xml_node parent, const Quad& quad, const std::string& at) {
    const auto& [b, r, t, o] = quad;
    const std::string_view name = t.name();
    if (name == "controller" && attribute(t, "type") == "pci") {
      merging_.kept_ports.push_back(t);  // until it is known what is behind it
      const auto hole = t.child("pcihole64");
      if (hole.empty() || b.child("pcihole64").empty()) return;
      merging_.changed(at + "/pcihole64", text_if_any(hole), std::nullopt, Who::inventory);
      merging_.take(hole);
      return;
    }
    // libvirt would make another at once, elsewhere.
    if (name == "memballoon" && attribute(t, "model") != "none") return;
    const std::string_view holder = parent.name();
    const bool leaf = elements(t).empty();
    if (holder == "devices" || holder == "metadata" || leaf || is_in_device(t)) {
      const bool touched = merging_.known && canonical(r) != canonical(t);
      merging_.changed(at, tag_of(t) + (touched ? " (changed there)" : ""), std::nullopt,
                       Who::inventory);
      merging_.take(t);
      return;
    }
    // A holder goes with what it held; what somebody else put into it stays, and so does it.
    auto& differences = merging_.result.differences;
    const auto told = static_cast<std::ptrdiff_t>(differences.size());
    pugi::xml_document nothing;
    element({b, r, t, nothing.append_child(t.name())}, at);
    if (!elements(t).empty() || !text_of(t).empty()) return;
    differences.erase(std::remove_if(differences.begin() + told, differences.end(),
                                     [](const auto& one) { return one.kind == Kind::change; }),
                      differences.end());
    merging_.changed(at, tag_of(t), std::nullopt, Who::inventory);
    merging_.take(t);
  }

  static bool is_in_device(pugi::xml_node element) {
    for (auto up = element; !up.empty(); up = up.parent()) {
      if (std::string_view(up.name()) == "devices") return true;
    }
    return false;
  }

  void whole(pugi::xml_node parent, const Quad& quad, const std::string& at) {
    const std::string texts[] = {canonical(quad.rendered), canonical(quad.defined),
                                 canonical(quad.theirs), canonical(quad.ours)};
    const auto of = [&](std::size_t i) { return texts[i].empty() ? Value() : Value(texts[i]); };
    const QuadValues values{of(0), of(1), of(2), of(3)};
    const auto value = decide(merging_, at, "", values);
    if (value == values.theirs) return;
    if (!quad.theirs.empty()) merging_.take(quad.theirs);
    if (value) parent.append_copy(quad.ours);
  }

  // What libvirt chose for the kind that it was goes.
  void new_kind(const Quad& quad, const std::string& path) {
    auto theirs = quad.theirs;
    const auto chosen = chosen_by_kind(theirs);
    for (const auto* name : chosen.attributes) {
      const auto there = theirs.attribute(name);
      if (there.empty() || !quad.ours.attribute(name).empty()) continue;
      merging_.follows(path + "@" + name, there.value(), std::nullopt);
      theirs.remove_attribute(name);
    }
    for (const auto& child : elements(theirs)) {
      const bool of_kind = std::ranges::any_of(chosen.children, [&](const char* name) {
        return std::string_view(name) == child.name();
      });
      if (!of_kind || !quad.ours.child(child.name()).empty()) continue;
      merging_.take_with(path + "/" + child.name(), child);
    }
  }

  Merging& merging_;
};

void finish(Merging& merging) {
  auto& result = merging.result;
  if (!result.refusals.empty() || (merging.keep == Keep::ask && result.drifted())) return;
  auto& document = merging.documents[2];
  document.remove_child("taken");
  const auto root = merging.roots.theirs;
  join_sources(merging.devices());
  const bool of_qemu = std::ranges::any_of(elements(root), [](auto child) {
    return std::string_view(child.name()).starts_with("qemu:");
  });
  if (of_qemu) declare_qemu(root);
  result.document = document_text(document);
}

}  // namespace

bool Merged::changes() const {
  return std::ranges::any_of(differences, [](const auto& one) { return one.kind == Kind::change; });
}

bool Merged::drifted() const {
  return std::ranges::any_of(differences, [](const auto& one) { return one.kind == Kind::drift; });
}

Merged merge(const Agreement* agreed, const std::string& theirs, const std::string& ours,
             Keep keep) {
  const bool nothing_happened = agreed != nullptr && agreed->defined &&
                                *agreed->defined == theirs && agreed->rendered == ours;
  if (nothing_happened) return {theirs, {}, {}};  // of most VMs, at most syncs
  Merging merging(agreed, theirs, ours, keep);
  if (text_of(merging.roots.theirs.child("uuid")) != text_of(merging.roots.ours.child("uuid"))) {
    merging.result.refusals.emplace_back("it is another domain, with another UUID");
    return std::move(merging.result);
  }
  const bool other_family = changes_family(merging);
  Walk(merging).element(merging.roots, "domain");
  if (other_family) follow_family(merging);
  follow(merging);
  settle_boot(merging);
  places(merging);
  empty_ports(merging);
  follow_cells(merging);
  if (!other_family) {
    slots_for_new(merging);
    ports_for_new(merging);
    seen_by_guest(merging);
  }
  finish(merging);
  return std::move(merging.result);
}

}  // namespace cluster::virt
