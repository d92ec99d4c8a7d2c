#include <algorithm>

#include "node-agent/cards/slices.h"
#include "node-agent/cards/vgpu_hints.h"
#include "node-agent/cards/vgpu_parents.h"
#include "node-agent/checks/checks.h"
#include "node-agent/state/slice_record.h"

namespace cluster::agent {
namespace {

std::vector<VgpuParent> parents_of(const Subject& subject) {
  return pick_parents(vgpu_parents({subject.card}, subject.input.sysfs), subject.card.label());
}

// The vGPUs that the card should have, by the record.
std::map<std::string, LeasedVgpu> kept_vgpus(const Subject& subject) {
  auto vgpus = SliceRecord(subject.input.slices, subject.input.machine).vgpus();
  const auto card = subject.card.label();
  std::erase_if(vgpus, [&](const auto& entry) {
    return entry.second.parent != card && !entry.second.parent.starts_with(card + ".");
  });
  return vgpus;
}

long long kept_vfs(const Subject& subject) {
  if (subject.card.slice) return 0;
  const auto vfs = SliceRecord(subject.input.slices, subject.input.machine).vfs();
  const auto found = vfs.find(subject.card.name);
  return found == vfs.end() ? 0 : found->second;
}

CheckAnswer offers_vgpus(const Subject& subject) {
  const auto parents = parents_of(subject);
  if (!parents.empty()) {
    return passed("its vGPUs are " + std::string(name(parents.front().interface)));
  }
  const auto kept = kept_vgpus(subject).size();
  const auto why =
      subject.card.slice
          ? Reason{.what = "it is a slice", .fix = "gpupci --types"}
          : why_no_vgpus(subject.card, subject.input.sysfs, subject.input.settings).front();
  if (kept == 0) return passed("no vGPU is asked of it, and it offers none: " + why.what);
  return failed("it offers no vGPUs, and " + std::to_string(kept) + " are to be on it: " + why.what,
                why.fix + ", then gpupci --restore");
}

CheckAnswer has_its_vfs(const Subject& subject) {
  const auto wanted = kept_vfs(subject);
  if (wanted == 0) return passed("no virtual functions are asked of it");
  const auto sriov = read_sriov(subject.card, subject.input.sysfs);
  const auto there = sriov ? sriov->vfs : 0;
  if (there == wanted) {
    return passed("it has its virtual functions (" + std::to_string(wanted) + ")");
  }
  return failed(
      "it has " + std::to_string(there) + " virtual functions, want " + std::to_string(wanted),
      "gpupci --restore");
}

CheckAnswer vfs_keep_their_driver(const Subject& subject) {
  const auto& input = subject.input;
  const auto slices = slices_of(subject.card, input.sysfs);
  const auto kept = kept_vgpus(subject);
  const bool vendor = std::ranges::any_of(slices, [&](const Card& slice) {
    const auto leased = kept.find(slice.label());
    return is_vendor_vfio(input.sysfs, slice.pci()) ||
           (leased != kept.end() && leased->second.interface == VgpuInterface::vendor_vfio);
  });
  for (const auto& slice : slices) {
    const auto& driver = slice.functions.front().driver;
    if (!vendor || !driver || !input.settings.is_stub(*driver)) continue;
    return failed(slice.label() + " is on " + *driver + ", which cannot run its vGPUs",
                  "gpupci -a " + slice.label());
  }
  return passed("none of its slices has a driver that cannot run it");
}

CheckAnswer vgpus_last(const Subject& subject) {
  auto kept = kept_vgpus(subject);
  const bool none = kept.empty();
  std::string foreign;
  for (const auto& parent : parents_of(subject)) {
    for (const auto& vgpu : vgpus_of(parent)) {
      const auto found = kept.find(vgpu.id);
      if (found == kept.end()) {
        foreign = vgpu.id;
      } else if (found->second.type == vgpu.type) {
        kept.erase(found);
      }
    }
  }
  if (!kept.empty()) {
    return failed("vGPU " + kept.begin()->first + " is missing", "gpupci --restore");
  }
  if (!foreign.empty()) {
    return warned("vGPU " + foreign + " is not gpupci's: it does not come back after a reboot",
                  "make it by gpupci --create-vgpu, or let who made it make it again at each boot");
  }
  return passed(none ? "it has no vGPUs" : "its vGPUs are there, and come back after a reboot");
}

constexpr std::array kSlicesChecks{
    CardCheck{"G1", "which kind of vGPUs it makes", offers_vgpus},
    CardCheck{"G2", "it has the virtual functions that were asked for", has_its_vfs},
    CardCheck{"G5", "no slice has a driver that cannot run its vGPUs", vfs_keep_their_driver},
    CardCheck{"G7", "its vGPUs are there and come back after a reboot", vgpus_last},
};

}  // namespace

bool concerns_slices(const Subject& subject) {
  return read_sriov(subject.card, subject.input.sysfs) || !parents_of(subject).empty() ||
         kept_vfs(subject) != 0 || !kept_vgpus(subject).empty();
}

std::span<const CardCheck> slice_checks() { return kSlicesChecks; }

}  // namespace cluster::agent
