#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The file that says which kernel module is for which device, for the running kernel:
/// /lib/modules/6.12.0/modules.alias (depmod(8)).
std::filesystem::path modules_alias_file(const std::filesystem::path& modules,
                                         const std::filesystem::path& proc);

/// The modules that are built into the running kernel, with `_` for `-`, by modules.builtin beside
/// modules.alias. They read no file of /etc/modprobe.d, and have their devices before any module.
/// Empty where there is no such file.
std::set<std::string> builtin_modules(const std::filesystem::path& modules,
                                      const std::filesystem::path& proc);

/// The words by which the kernel asks for the module of a function:
/// "pci:v000010DEd00001C03sv00001458sd00003736bc03sc00i00" (scripts/mod/file2alias.c).
std::string modalias(const Sysfs& sysfs, const PciAddress& pci);

/// The lines of modules.alias about PCI functions. modprobe(8) loads by them, and libvirt chooses
/// by them a driver of vfio.
class ModulesAlias {
 public:
  /// A file that is missing or cannot be read has no lines.
  explicit ModulesAlias(const std::filesystem::path& file);

  /// True if the file was read.
  bool is_read() const { return !text_.empty(); }

  /// The modules that `modprobe MODALIAS` would load, each once: "nouveau", "nvidia".
  std::vector<std::string> modules(std::string_view modalias) const;

  /// The module whose driver holds such a function for VMs best: the one with the fewest `*` in its
  /// line, as libvirt chooses it. "vfio_pci" where no line matches.
  std::string vfio_module(std::string_view modalias) const;

 private:
  struct Line {
    std::string_view pattern;  ///< "pci:v000010DEd*sv*sd*bc03sc*i*"
    std::string_view module;
  };

  std::vector<Line> matching(std::string_view modalias) const;

  std::string text_;
  std::vector<Line> lines_;
};

}  // namespace cluster::agent
