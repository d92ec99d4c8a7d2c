#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/environment.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// The steps of an action on slices. Each step is reported as the shell line that does the same,
/// and runs in a child with the host's deadline. In a dry run the steps are only reported. A caller
/// that acts holds the lock.
class SliceSteps {
 public:
  SliceSteps(const Environment& environment, virt::Mode mode)
      : environment_(environment), mode_(mode) {}

  bool acts() const { return mode_ == virt::Mode::act; }

  /// Says which card or slice the steps are for, by its first function. A card that is wedged is
  /// refused, and a card whose step does not return is marked as wedged. Throws Error(refused).
  void concern(const PciAddress& pci);

  /// Writes an attribute of sysfs. The first step is not taken after a signal. Throws Error(io)
  /// with the kernel's reason, or when the write does not end.
  void write(const std::filesystem::path& attribute, const std::string& value);

  /// Runs a program and throws its output away. Throws Error(io) when it fails, or does not end.
  void run(const std::vector<std::string>& words);

  /// Adds a line that is no write to the steps: "# save that ...", "cat FILE  # 4".
  void note(std::string step) { all_.push_back(std::move(step)); }

  const std::vector<std::string>& all() const { return all_; }

  /// The step that did not end; empty when all steps did. No other step is taken after it.
  const std::string& stuck() const { return stuck_; }

 private:
  void take(const std::string& step, const std::function<void()>& act);

  const Environment& environment_;
  virt::Mode mode_;
  std::optional<PciAddress> pci_;
  std::vector<std::string> all_;
  std::string stuck_;
  bool begun_ = false;
};

}  // namespace cluster::agent
