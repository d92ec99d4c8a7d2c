#include "virt/libvirt_node_devices.h"

#include <utility>

#include "core/error.h"
#include "virt/libvirt.h"
#include "virt/running_domains.h"

namespace cluster::virt {
namespace {

class LibvirtNodeDevices : public NodeDevices {
 public:
  LibvirtNodeDevices(std::unique_ptr<Libvirt> libvirt, LibvirtConnection connection,
                     std::string uri, Mode mode, StepListener on_step)
      : libvirt_(std::move(libvirt)),
        connection_(std::move(connection)),
        uri_(std::move(uri)),
        mode_(mode),
        on_step_(std::move(on_step)) {}

  std::string_view through() const override { return "libvirt"; }

  std::vector<VmDevice> vm_devices() override {
    return running_domains(*libvirt_, connection_.get());
  }

  std::optional<unsigned long> libvirt_version() override {
    unsigned long version = 0;
    const int failed = libvirt_->connect_get_lib_version(connection_.get(), &version);
    return failed != 0 ? std::nullopt : std::optional(version);
  }

  void detach(const PciAddress& pci) override {
    const auto device = look_up(pci);
    on_step_("virsh -c " + uri_ + " nodedev-detach " + pci.libvirt() + " --driver vfio");
    if (mode_ == Mode::dry_run) return;
    if (libvirt_->node_device_detach_flags(device.get(), "vfio", 0) != 0) {
      throw libvirt_->error("detach " + pci.sysfs());
    }
  }

  void attach(const PciAddress& pci) override {
    const auto device = look_up(pci);
    on_step_("virsh -c " + uri_ + " nodedev-reattach " + pci.libvirt());
    if (mode_ == Mode::dry_run) return;
    if (libvirt_->node_device_re_attach(device.get()) != 0) {
      throw libvirt_->error("attach " + pci.sysfs());
    }
  }

  void set_driver_override(const PciAddress& pci, const std::string& /*driver*/) override {
    throw Error(Fault::io, "libvirt sets no driver_override of " + pci.sysfs());
  }

 private:
  NodeDevice look_up(const PciAddress& pci) const {
    NodeDevice device(
        libvirt_->node_device_lookup_by_name(connection_.get(), pci.libvirt().c_str()),
        libvirt_->node_device_free);
    if (!device) {
      const bool missing = libvirt_->function_is_missing();
      const auto error = libvirt_->error("find " + pci.sysfs());
      throw Error(error.fault(), error.what() + way_to_node_devices(missing, error.what()));
    }
    return device;
  }

  std::unique_ptr<Libvirt> libvirt_;  // outlives the connection, which it closes
  LibvirtConnection connection_;
  std::string uri_;
  Mode mode_;
  StepListener on_step_;
};

// Returns nothing when the library is not installed, which is no failure here.
std::unique_ptr<Libvirt> load() {
  try {
    return std::make_unique<Libvirt>();
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace

std::unique_ptr<NodeDevices> open_libvirt_node_devices(const std::string& uri, Mode mode,
                                                       StepListener on_step) {
  auto libvirt = load();
  if (!libvirt) return nullptr;
  auto connection = connect(*libvirt, uri);
  if (!connection) return nullptr;
  return std::make_unique<LibvirtNodeDevices>(std::move(libvirt), std::move(connection), uri, mode,
                                              std::move(on_step));
}

std::string way_to_node_devices(bool function_is_missing, std::string_view message) {
  const std::string package = " (package libvirt-daemon-driver-nodedev)";
  if (function_is_missing) {
    return "; install libvirt's driver of node devices" + package + " and restart libvirtd";
  }
  if (message.find("virtnodedevd-sock") != std::string_view::npos) {
    return "; systemctl start virtnodedevd.socket" + package;
  }
  return "";
}

}  // namespace cluster::virt
