#include "tests/support/fake_node_devices.h"

#include <unistd.h>

#include "core/error.h"

namespace cluster::agent {

std::vector<virt::VmDevice> FakeNodeDevices::vm_devices() {
  const auto found = plot_.find("ask for VMs");
  if (found == plot_.end()) return vm_devices_;
  while (found->second == Fate::hang) ::pause();
  throw Error(Fault::io, "the fake does not tell of VMs");
}

void FakeNodeDevices::set_driver_override(const PciAddress& pci, const std::string& driver) {
  on_step_("override " + pci.sysfs() + " " + driver);
  if (mode_ == virt::Mode::act) sysfs_.set_driver_override(pci, driver);
}

void FakeNodeDevices::act(const std::string& verb, const PciAddress& pci, const std::string& only) {
  const auto name = verb + " " + pci.sysfs();
  on_step_(name);
  if (mode_ == virt::Mode::dry_run) return;
  const auto found = plot_.find(name);
  const auto goes_wrong = [&](Fate fate) { return found != plot_.end() && found->second == fate; };
  if (goes_wrong(Fate::lie)) return;
  if (goes_wrong(Fate::refuse)) throw Error(Fault::io, "the fake does not " + name);
  if (goes_wrong(Fate::die)) ::_exit(1);
  if (goes_wrong(Fate::hang)) sysfs_.set_driver(pci, std::nullopt);
  while (goes_wrong(Fate::hang) || goes_wrong(Fate::wait)) ::pause();
  const auto of_another = [&] {
    const auto text = sysfs_.sysfs().driver_override(pci);
    return !text.empty() && text != "vfio-pci";
  };
  if (!goes_wrong(Fate::leftover) && (verb == "detach" || !of_another())) {
    sysfs_.set_driver_override(pci, only);
  }
  const auto driver = sysfs_.sysfs().driver(pci);
  if (verb == "attach" && driver && driver != "vfio-pci") return;
  sysfs_.set_driver(pci, std::nullopt);
  if (goes_wrong(Fate::half)) throw Error(Fault::io, "the fake stops amid " + name);
  sysfs_.probe(pci);
}

}  // namespace cluster::agent
