#include "node-agent/state/slice_record.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/fixable_error.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

constexpr int kVersion = 1;

LeasedVgpu parse_vgpu(const ordered_json& vgpu) {
  const auto interface = vgpu.at("interface").get<std::string>();
  if (interface != word(VgpuInterface::mdev) && interface != word(VgpuInterface::vendor_vfio)) {
    throw Error(Fault::io, "no interface of vGPUs: " + quote(interface));
  }
  return {.parent = vgpu.at("parent").get<std::string>(),
          .interface = interface == word(VgpuInterface::mdev) ? VgpuInterface::mdev
                                                              : VgpuInterface::vendor_vfio,
          .type = vgpu.at("type").get<std::string>(),
          .lease = vgpu.at("lease").get<std::string>(),
          .since = vgpu.at("since").get<std::string>(),
          .removing = vgpu.at("removing").get<bool>()};
}

}  // namespace

std::string_view word(VgpuInterface interface) {
  return interface == VgpuInterface::mdev ? "mdev" : "vendor-vfio";
}

SliceRecord::SliceRecord(std::filesystem::path file) : file_(std::move(file)) {
  const auto text = read_file(file_);
  if (!text) return;
  try {
    const auto document = ordered_json::parse(*text);
    if (document.at("version") != kVersion) throw Error(Fault::io, "it is of another version");
    for (const auto& [name, count] : document.at("vfs").items()) {
      vfs_.emplace(GpuName(name), count.get<long long>());
    }
    for (const auto& [id, vgpu] : document.at("vgpus").items()) vgpus_[id] = parse_vgpu(vgpu);
  } catch (const std::exception& error) {  // of nlohmann, or of a value
    throw FixableError(
        Fault::io, "not a record of slices: " + quote(file_.native()) + " (" + error.what() + ")",
        "move it away");
  }
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
    std::filesystem::remove(file_);
    return;
  }
  auto vfs = ordered_json::object();
  auto vgpus = ordered_json::object();
  for (const auto& [card, count] : vfs_) vfs[card.str()] = count;
  for (const auto& [id, vgpu] : vgpus_) {
    vgpus[id] = {{"parent", vgpu.parent}, {"interface", word(vgpu.interface)},
                 {"type", vgpu.type},     {"lease", vgpu.lease},
                 {"since", vgpu.since},   {"removing", vgpu.removing}};
  }
  const ordered_json document{{"version", kVersion}, {"vfs", vfs}, {"vgpus", vgpus}};
  replace_file(file_, document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace cluster::agent
