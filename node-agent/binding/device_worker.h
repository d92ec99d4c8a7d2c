#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/file.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// NodeDevices that act in a child process with a deadline, because an unbind can block in the
/// kernel for ever and a libvirt daemon may not answer. One child serves all acts. It opens the
/// real NodeDevices at the first act, and again after each failure, so a daemon that died does not
/// prevent us from putting things back. Once an act is past its deadline nothing more is tried:
/// each later call throws. A stuck child that writes to sysfs is left alone (it takes no further
/// step); a child that is only a client of libvirt is killed.
class DeviceWorker : public virt::NodeDevices {
 public:
  /// Opens the real NodeDevices; runs in the child.
  using Open = std::function<std::unique_ptr<virt::NodeDevices>(virt::StepListener)>;

  /// `deadline` is for one act from its request to its answer, and `vms_patience` for vm_devices().
  /// `on_step` is called in this process.
  DeviceWorker(Open open, std::chrono::milliseconds deadline, virt::StepListener on_step,
               std::chrono::milliseconds vms_patience = std::chrono::seconds(6));
  ~DeviceWorker() override;

  /// This also runs in the child, but with a patience of its own: the caller has other ways to
  /// know, and a missing answer does not mean that an act is stuck. Throws Error(unreachable) then.
  std::vector<virt::VmDevice> vm_devices() override;

  /// As vm_devices() heard it.
  std::optional<unsigned long> libvirt_version() override { return libvirt_version_; }

  /// Empty before the first act.
  std::string_view through() const override { return through_; }

  /// The step of a card that is past its deadline; empty when there is none. A connection to
  /// libvirt that does not open in time is not a step of a card.
  std::string stuck() const { return through_.empty() ? std::string() : stuck_; }

  /// The process that acts, or is stuck; 0 when there is none.
  pid_t child() const { return child_; }

  /// The function of the last request. When a step is stuck, it is the function of that step.
  const PciAddress& last_pci() const { return last_pci_; }

  /// All of them throw Error(io) with the child's reason, or with the step that did not end in
  /// time.
  void detach(const PciAddress& pci) override;
  void attach(const PciAddress& pci) override;
  void set_driver_override(const PciAddress& pci, const std::string& driver) override;

 private:
  void start();
  void request(char act, const PciAddress& pci, const std::string& driver = {});
  void ask(char letter, std::string_view text);
  std::optional<std::string> receive(std::chrono::steady_clock::time_point end);
  [[noreturn]] void give_up();
  void stop();

  Open open_;
  std::chrono::milliseconds deadline_;
  std::chrono::milliseconds vms_patience_;
  virt::StepListener on_step_;
  FileDescriptor socket_;
  pid_t child_ = 0;  // 0: none
  std::string through_;
  std::string last_step_;
  PciAddress last_pci_;
  std::optional<unsigned long> libvirt_version_;
  std::string stuck_;  // the step that is past its deadline; empty when none is
};

}  // namespace cluster::agent
