#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "frontend/hosts/context.h"
#include "tests/support/fake_domains.h"
#include "tests/support/fake_transport.h"

namespace cluster {

/// A test of the frontend below its commands: an inventory in memory, and hosts and their libvirts
/// that are fakes.
class FrontendTest : public ::testing::Test {
 protected:
  Inventory& inventory() { return context.inventory(); }

  void add_host(const std::string& name) {
    inventory().add_host({HostName(name), "vm-container", {}, {}, {}, {}, {}, {}});
  }

  /// A VM of 1 GiB and one CPU, whose UUID is "uuid-NAME".
  Vm add_vm(const std::string& name, const std::string& container,
            const std::vector<VmDisk>& disks = {}) {
    const HostName vm(name);
    inventory().add_vm({vm, HostName(container), "uuid-" + name, 1024, 1, disks, {}});
    return inventory().require_vm(vm);
  }

  void give(const std::string& vm, const std::string& name, const std::string& card) {
    inventory().assign_gpu(HostName(vm), GpuName(name), SliceName::parse(card));
  }

  /// A domain of libvirt on `host` that is defined, and runs if `active`.
  virt::Domain& add_domain(const std::string& host, const std::string& name,
                           const std::string& devices = "", bool active = false) {
    virt::Domain domain;
    domain.name = name;
    domain.uuid = "uuid-" + name;
    domain.persistent = true;
    domain.active = active;
    if (active) domain.state = virt::DomainState::running;
    domain.xml = "<domain type='kvm'><name>" + name + "</name><uuid>" + domain.uuid +
                 "</uuid><devices>" + devices + "</devices></domain>";
    domains.hosts[host].domains.push_back(domain);
    return domains.hosts[host].domains.back();
  }

  FakeTransport transport;
  FakeDomains domains;
  frontend::Context context{[](Inventory::Open) {
                              return std::make_unique<Inventory>(":memory:",
                                                                 Inventory::Open::create);
                            },
                            transport, domains.opener()};
};

/// A card of one function with ids of NVIDIA's, as its host tells it.
inline GpuCard told_card(const std::string& name, const std::string& pci,
                         const std::string& device = "2330") {
  GpuCard card{GpuName(name), PciAddress::parse(pci), {}, {}, {}, {}, {}, false, {}};
  card.functions.push_back({card.pci, "0302", "10de", device, {}, {}, {}});
  return card;
}

}  // namespace cluster
