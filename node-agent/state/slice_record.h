#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/names.h"
#include "node-agent/cards/vgpu_parents.h"
#include "node-agent/state/state_file.h"

namespace cluster::agent {

/// A vGPU that gpupci made.
struct LeasedVgpu {
  std::string parent{};  ///< "gpupci1.0", "gpupci1"; "mtty", which is no PCI device
  VgpuInterface interface = VgpuInterface::mdev;
  std::string type{};     ///< "nvidia-558"; "1145" with vendor-vfio
  std::string lease{};    ///< sixteen hex digits; its maker shows them to remove it
  std::string since{};    ///< "2026-11-21T01:20:00Z"
  bool removing = false;  ///< its removal was begun
};

/// The slices that are made again after a reboot: the number of virtual functions of each card, and
/// the vGPUs with the lease of each. The record is one file,
///   {"version": 1, "vfs": {"gpupci1": 4}, "vgpus": {"c2177883-f1bb-47f0-914d-32a22e3a8804":
///    {"parent": "gpupci1.0", "interface": "mdev", "type": "nvidia-558", "lease": "8f2c...",
///     "since": "2026-11-21T01:20:00Z", "removing": false}}}
/// and every change replaces it whole; it is gone when there is nothing to keep. Cards stand there
/// by their names, so the record is still right for a card that has moved. The key of a mediated
/// device is its UUID, that of a vendor-vfio vGPU the name of its slice. A caller that changes the
/// record holds the lock (lock.h).
class SliceRecord {
 public:
  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  /// A record of another machine than `machine` (Environment::machine()) counts as empty.
  explicit SliceRecord(std::filesystem::path file, std::string machine = {});

  const std::map<GpuName, long long>& vfs() const { return vfs_; }
  const std::map<std::string, LeasedVgpu>& vgpus() const { return vgpus_; }

  /// Returns nothing when gpupci has not made the vGPU, or has removed it.
  std::optional<LeasedVgpu> find(const std::string& vgpu) const;

  /// Each change is on disk when the method returns. Throws Error(io).
  void set_vfs(const GpuName& card, long long count);
  void set_vgpu(const std::string& vgpu, const LeasedVgpu& leased);
  void forget_vgpu(const std::string& vgpu);

  /// Forgets the vGPUs on the slices of a card. These slices no longer exist.
  void forget_slices(const GpuName& card);

 private:
  void write() const;

  StateFile file_;
  std::map<GpuName, long long> vfs_;
  std::map<std::string, LeasedVgpu> vgpus_;
};

}  // namespace cluster::agent
