#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// A GPU instance of NVIDIA's MIG: a part of a card that the host's programs use, or that vGPUs are
/// made on. It is no vGPU itself, and no VM gets it.
struct MigInstance {
  std::string card;                    ///< "gpupci1"
  PciAddress pci;                      ///< of its GPU
  int number = 0;                      ///< of the GPU instance
  std::vector<int> compute_instances;  ///< those that are made in it

  std::string name() const;  ///< "gpupci1-gi2"
};

/// The instances of all cards, by /proc/driver/nvidia/capabilities/gpuN/mig/giN/ciN (NVIDIA
/// Multi-Instance GPU User Guide, device nodes and capabilities), where N is the GPU's minor
/// number (/proc/driver/nvidia/gpus/ADDRESS/information).
std::vector<MigInstance> mig_instances(const std::vector<Card>& cards,
                                       const std::filesystem::path& proc);

/// The device nodes of an instance and of the compute instances in it:
/// "/dev/nvidia-caps/nvidia-cap30".
std::set<std::string> mig_nodes(const MigInstance& instance, const std::filesystem::path& proc);

/// True for "1g.5gb", "3g.20gb+me": the name of a profile of MIG.
bool is_mig_profile(std::string_view type);

/// True for "gpupci1-gi2": the name of an instance.
bool is_mig_instance(std::string_view name);

}  // namespace cluster::agent
