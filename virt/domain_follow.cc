#include "virt/domain_follow.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/text.h"
#include "virt/domain_firmware.h"
#include "virt/domain_identity.h"
#include "virt/domain_parts.h"
#include "virt/domain_places.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

long long number_of(pugi::xml_node element) { return parse_number(text_of(element)).value_or(0); }

bool has_cells(pugi::xml_node root) {
  return !root.child("cpu").child("numa").child("cell").empty();
}

std::string family(pugi::xml_node root) {
  const std::string machine(attribute(root.child("os").child("type"), "machine"));
  if (machine.find("q35") != std::string::npos) return "q35";
  return machine == "pc" || machine.find("i440fx") != std::string::npos ? "pc" : machine;
}

void follow_memory(Merging& merging) {
  const auto& [b, r, t, o] = merging.roots;
  const auto old = text_of(merging.before.child("memory"));
  const auto now = text_of(t.child("memory"));
  if (old == now) return;
  auto current = t.child("currentMemory");
  const bool equal = text_of(merging.before.child("currentMemory")) == old;
  const bool above = number_of(current) > number_of(t.child("memory"));
  if (!current.empty() && o.child("currentMemory").empty() && (equal || above)) {
    merging.follows("domain/currentMemory", text_if_any(current), std::string(now));
    current.text() = std::string(now).c_str();
  }
  if (has_cells(t) && !has_cells(o)) {
    merging.result.refusals.push_back(
        "memory cannot become " + std::string(now) +
        " KiB: the domain has NUMA cells of its own, whose sum libvirt takes");
  }
}

// Settings of CPUs that are no more.
void follow_pinning(Merging& merging, long long cpus) {
  const auto cputune = merging.roots.theirs.child("cputune");
  for (const auto element : elements(cputune)) {
    const std::string_view name = element.name();
    const auto path = "domain/cputune/" + label(element);
    if (name == "vcpupin" && number(attribute(element, "vcpu")) >= cpus) {
      merging.follows(path, std::string(attribute(element, "cpuset")), std::nullopt);
      merging.take(element);
      continue;
    }
    const auto of = numbers(attribute(element, "vcpus"));
    if (!of || of->empty() || of->back() < cpus) continue;
    if (name == "vcpusched") {
      merging.take_with(path, element);
      continue;
    }
    merging.result.refusals.push_back(
        "cpus cannot become " + std::to_string(cpus) + ": <" + element.name() + " vcpus='" +
        std::string(attribute(element, "vcpus")) + "'> of the domain speaks of more");
  }
}

void check_topology(Merging& merging, long long cpus) {
  const auto topology = merging.roots.theirs.child("cpu").child("topology");
  if (topology.empty() || !merging.roots.ours.child("cpu").child("topology").empty()) return;
  long long product = 1;
  for (const char* name : {"sockets", "dies", "clusters", "cores", "threads"}) {
    product *= std::max(1, number(attribute(topology, name), 1));
  }
  if (product == cpus) return;
  merging.result.refusals.push_back("cpus cannot become " + std::to_string(cpus) +
                                    ": <topology> of the domain makes " + std::to_string(product));
}

void follow_cpus(Merging& merging) {
  const auto& [b, r, t, o] = merging.roots;
  const auto was = merging.before.child("vcpu");
  auto now = t.child("vcpu");
  if (was.empty() || text_of(was) == text_of(now)) return;
  const auto cpus = number_of(now);
  const auto current = now.attribute("current");
  if (!current.empty() && o.child("vcpu").attribute("current").empty() &&
      number(current.value()) > cpus) {
    merging.follows("domain/vcpu@current", current.value(), std::nullopt);
    now.remove_attribute("current");
  }
  follow_pinning(merging, cpus);
  if (!t.child("vcpus").empty() && o.child("vcpus").empty()) {
    merging.take_with("domain/vcpus", t.child("vcpus"));
  }
  if (has_cells(t) && !has_cells(o)) {
    merging.result.refusals.push_back(
        "cpus cannot become " + std::to_string(cpus) +
        ": the domain has NUMA cells of its own, which share out its CPUs");
  }
  check_topology(merging, cpus);
}

// Threads that a device still has stay, whoever said how many there are, and so do those that were
// agreed on beyond what was said.
void follow_iothreads(Merging& merging) {
  auto root = merging.roots.theirs;
  auto count = root.child("iothreads");
  const auto had = number_of(merging.before.child("iothreads"));
  const bool more = merging.known && had == number_of(merging.roots.defined.child("iothreads")) &&
                    had > number_of(merging.roots.rendered.child("iothreads"));
  const auto wanted = std::max<long long>(highest_iothread(merging.devices()), more ? had : 0);
  if (!root.child("iothreadids").empty() || wanted <= number_of(count)) return;
  if (wanted == had) {
    std::erase_if(merging.result.differences, [](const MergeDifference& one) {
      return one.kind == MergeDifference::Kind::change && one.path == "domain/iothreads";
    });
  } else {
    merging.follows("domain/iothreads", text_if_any(count), std::to_string(wanted));
  }
  if (count.empty()) count = root.insert_child_after("iothreads", root.child("vcpu"));
  count.text() = wanted;
}

void drop_address(Merging& merging, pugi::xml_node device) {
  const auto address = device.child("address");
  if (address.empty()) return;
  merging.follows(device_path(device) + "/address", guest_address(address), std::nullopt);
  merging.take(address);
}

void follow_disks(Merging& merging) {
  for (const auto disk : merging.devices().children("disk")) {
    const auto was = merging.origin(disk);
    if (was.empty()) continue;
    const auto chain = disk.child("backingStore");
    if (!chain.empty() &&
        attributes_of(was.child("source")) != attributes_of(disk.child("source"))) {
      merging.take_with(device_path(disk) + "/backingStore", chain);
    }
    if (attribute(was.child("target"), "bus") != attribute(disk.child("target"), "bus")) {
      drop_address(merging, disk);
    }
  }
}

// What a NIC was is asked of the element and not of its MAC, as two NICs may have one.
void follow_interfaces(Merging& merging) {
  for (const auto interface : merging.devices().children("interface")) {
    const auto was = merging.origin(interface);
    if (!was.empty() && wanted_slot(was) != wanted_slot(interface)) {
      drop_address(merging, interface);
    }
  }
}

bool has_spice(pugi::xml_node devices) {
  return !devices.find_child_by_attribute("graphics", "type", "spice").empty();
}

void follow_graphics(Merging& merging) {
  if (!has_spice(merging.before.child("devices")) || has_spice(merging.devices())) return;
  for (const auto device : elements(merging.devices())) {
    // libvirt chose it for the spice graphics, and chooses another.
    if (std::string_view(device.name()) == "audio" && attribute(device, "type") == "spice") {
      merging.take_with(device_path(device), device);
      continue;
    }
    if (attribute(device, "type") != "spicevmc") continue;
    merging.result.refusals.push_back(label(device) +
                                      " needs the spice graphics that the inventory takes away");
  }
}

std::set<std::string> overridden(pugi::xml_node root) {
  std::set<std::string> out;
  for (const auto device : root.child("qemu:override").children("qemu:device")) {
    out.emplace(attribute(device, "alias"));
  }
  return out;
}

// An override speaks of a device by its alias, which one that was made by hand has not.
void follow_overrides(Merging& merging) {
  const auto theirs = overridden(merging.roots.theirs);
  std::set<std::string> spoken;
  for (const auto& name : overridden(merging.roots.ours)) {
    if (theirs.contains(name)) spoken.insert(name);
  }
  for (const auto device : elements(merging.devices())) spoken.erase(std::string(alias(device)));
  if (spoken.empty()) return;
  for (const auto& quad :
       groups({merging.roots.rendered.child("devices"), merging.roots.defined.child("devices"),
               merging.devices(), merging.our_devices()})) {
    auto device = quad.theirs;
    const std::string name(alias(quad.ours));
    if (device.empty() || !spoken.contains(name) || !device.child("alias").empty()) continue;
    device.append_child("alias").append_attribute("name") = name.c_str();
    merging.follows(device_path(quad.ours) + "/alias", std::nullopt, name);
    spoken.erase(name);
  }
  for (const auto& name : spoken) {
    merging.result.refusals.push_back("qemu:override speaks of " + name + ", which no device is");
  }
}

void follow_balloon(Merging& merging) {
  const auto balloon = merging.devices().child("memballoon");
  if (attribute(balloon, "model") != "none") return;
  for (const auto element : elements(balloon)) merging.take(element);
}

}  // namespace

bool changes_family(const Merging& merging) {
  const auto& [b, r, t, o] = merging.roots;
  return !elements(b).empty() && family(o) != family(t) && family(b) != family(o);
}

void follow_family(Merging& merging) {
  const auto ours = elements(merging.our_devices());
  const auto partner = [&](pugi::xml_node device) {
    const auto found =
        std::ranges::find_if(ours, [&](auto our) { return same_identity(our, device); });
    return found == ours.end() ? pugi::xml_node() : *found;
  };
  static const std::set<std::string_view> of_chipset{"pci", "sata", "ide", "usb"};
  for (const auto device : elements(merging.devices())) {
    const std::string_view name = device.name();
    // libvirt 11 writes itco into each q35, and refuses it on pc.
    const bool goes = (name == "controller" && of_chipset.contains(attribute(device, "type"))) ||
                      (name == "watchdog" && attribute(device, "model") == "itco");
    if (goes && partner(device).empty()) merging.take_with(device_path(device), device);
  }
  if (!attribute(merging.before.child("os"), "firmware").empty()) {
    choose_firmware_anew(merging, FirmwareChange::other_image);
  }
  for (auto device : elements(merging.devices())) {
    const auto address = device.child("address");
    if (attribute(address, "type") != "pci") continue;
    const auto old = guest_address(address);
    merging.take(address);
    const auto mine = partner(device).child("address");
    if (!mine.empty()) device.append_copy(mine);
    merging.follows(device_path(device) + "/address", old, "anew");
  }
  merging.moving.clear();
}

void follow(Merging& merging) {
  follow_memory(merging);
  follow_cpus(merging);
  follow_iothreads(merging);
  follow_firmware(merging);
  follow_disks(merging);
  follow_interfaces(merging);
  follow_graphics(merging);
  follow_overrides(merging);
  follow_balloon(merging);
}

void follow_cells(Merging& merging) {
  const auto numa = merging.roots.theirs.child("cpu").child("numa");
  for (const auto controller : merging.devices().children("controller")) {
    const auto node = controller.child("target").child("node");
    if (node.empty()) continue;
    const auto is_its_cell = [&](pugi::xml_node cell) {
      return number(attribute(cell, "id"), -1) == number(text_of(node), -1);
    };
    if (std::ranges::any_of(elements(numa), is_its_cell)) continue;
    merging.follows(device_path(controller) + "/target/node", text_if_any(node), std::nullopt);
    merging.take(node);
  }
}

void settle_boot(Merging& merging) {
  const auto ordered = [](pugi::xml_node devices) {
    std::vector<pugi::xml_node> out;
    for (const auto device : elements(devices)) {
      if (!device.child("boot").empty()) out.push_back(device.child("boot"));
    }
    return out;
  };
  const auto theirs = ordered(merging.devices());
  const auto os = merging.roots.theirs.child("os");
  if (theirs.empty() || os.child("boot").empty()) return;
  if (!ordered(merging.our_devices()).empty()) {
    for (const auto element : elements(os)) {
      if (std::string_view(element.name()) == "boot") merging.take(element);
    }
  } else if (merging.keep == Keep::ours || merging.roots.ours.child("os").child("boot").empty()) {
    for (const auto element : theirs) merging.take(element);
  } else {
    merging.result.refusals.emplace_back(
        "the boot order is said twice: by <boot dev> of ours and by <boot order> of the host, "
        "which keep=ours takes away (or leave vm_boot as it was)");
  }
}

}  // namespace cluster::virt
