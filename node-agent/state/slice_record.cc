#include "node-agent/state/slice_record.h"

#include "core/error.h"
#include "core/text.h"
#include "node-agent/json_line.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

LeasedVgpu parse_vgpu(const ordered_json& vgpu) {
  const auto interface = vgpu.at("interface").get<std::string>();
  if (interface != name(VgpuInterface::mdev) && interface != name(VgpuInterface::vendor_vfio)) {
    throw Error(Fault::io, "no interface of vGPUs: " + quote(interface));
  }
  return {.parent = vgpu.at("parent").get<std::string>(),
          .interface = interface == name(VgpuInterface::mdev) ? VgpuInterface::mdev
                                                              : VgpuInterface::vendor_vfio,
          .type = vgpu.at("type").get<std::string>(),
          .lease = vgpu.at("lease").get<std::string>(),
          .since = vgpu.at("since").get<std::string>(),
          .removing = vgpu.at("removing").get<bool>()};
}

}  // namespace

SliceRecord::SliceRecord(std::filesystem::path file, std::string machine)
    : file_(std::move(file), "a record of slices", "move it away", std::move(machine)) {
  file_.read([this](const ordered_json& document) {
    for (const auto& [name, count] : document.at("vfs").items()) {
      vfs_.emplace(GpuName(name), count.get<long long>());
    }
    for (const auto& [id, vgpu] : document.at("vgpus").items()) vgpus_[id] = parse_vgpu(vgpu);
  });
}

std::optional<LeasedVgpu> SliceRecord::find(const std::string& vgpu) const {
  const auto found = vgpus_.find(vgpu);
  return found == vgpus_.end() ? std::nullopt : std::optional(found->second);
}

void SliceRecord::set_vfs(const GpuName& card, long long count) {
  if (count == 0) {
    vfs_.erase(card);
  } else {
    vfs_[card] = count;
  }
  write();
}

void SliceRecord::set_vgpu(const std::string& vgpu, const LeasedVgpu& leased) {
  vgpus_[vgpu] = leased;
  write();
}

void SliceRecord::forget_vgpu(const std::string& vgpu) {
  if (vgpus_.erase(vgpu) != 0) write();
}

void SliceRecord::forget_slices(const GpuName& card) {
  const auto slices = card.str() + ".";
  const auto gone = std::erase_if(
      vgpus_, [&](const auto& entry) { return entry.second.parent.starts_with(slices); });
  if (gone != 0) write();
}

void SliceRecord::write() const {
  if (vfs_.empty() && vgpus_.empty()) {
    file_.remove();
    return;
  }
  auto vfs = ordered_json::object();
  auto vgpus = ordered_json::object();
  for (const auto& [card, count] : vfs_) vfs[card.str()] = count;
  for (const auto& [id, vgpu] : vgpus_) {
    vgpus[id] = {{"parent", vgpu.parent}, {"interface", name(vgpu.interface)},
                 {"type", vgpu.type},     {"lease", vgpu.lease},
                 {"since", vgpu.since},   {"removing", vgpu.removing}};
  }
  file_.write({{"vfs", vfs}, {"vgpus", vgpus}});
}

}  // namespace cluster::agent
