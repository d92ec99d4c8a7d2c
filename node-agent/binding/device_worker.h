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
/// kernel for ever and a libvirt daemon may not answer. One child serves all acts; it opens the
/// real NodeDevices at the first, and anew after each failure, so a daemon that died does not stand
/// in the way of putting things back. Once an act is past its deadline nothing more is tried: each
/// later call throws. The stuck child is left alone where it writes sysfs (it takes no further
/// step); a mere client of libvirt is killed.
class DeviceWorker : public virt::NodeDevices {
 public:
  /// Opens the real NodeDevices; runs in the child.
  using Open = std::function<std::unique_ptr<virt::NodeDevices>(virt::StepListener)>;

  /// `deadline` is for one act from its request to its answer. `on_step` is called in this process.
  DeviceWorker(Open open, std::chrono::milliseconds deadline, virt::StepListener on_step);
  ~DeviceWorker() override;

  /// Also in the child, but given up after a tenth of the deadline: whoever asks has other ways to
  /// know, and an answer that does not come is no act that is stuck. Throws Error(unreachable)
  /// then.
  std::vector<virt::VmDevice> vm_devices() override;

  /// Empty before the first act.
  std::string_view through() const override { return through_; }

  /// The step of a card that is past its deadline; empty when none is. To wait in vain for libvirt
  /// to let us in is none of a card.
  std::string stuck() const { return through_.empty() ? std::string() : stuck_; }

  /// The function that was asked for last: of the step that is stuck, when one is.
  const PciAddress& last_pci() const { return last_pci_; }

  /// Both throw Error(io) with the child's reason, or with the step that did not end in time.
  void detach(const PciAddress& pci) override;
  void attach(const PciAddress& pci) override;

 private:
  void start();
  void request(char act, const PciAddress& pci);
  void ask(char letter, std::string_view text);
  std::optional<std::string> receive(std::chrono::steady_clock::time_point end);
  [[noreturn]] void give_up();
  void stop();

  Open open_;
  std::chrono::milliseconds deadline_;
  virt::StepListener on_step_;
  FileDescriptor socket_;
  pid_t child_ = 0;  // 0: none
  std::string through_;
  std::string last_step_;
  PciAddress last_pci_;
  std::string stuck_;  // the step that is past its deadline; empty when none is
};

}  // namespace cluster::agent
