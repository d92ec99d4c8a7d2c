// Each attribute of VMs does what the operator expects. gpupci itself answers, on a host made of
// files.

#include <gmock/gmock.h>

#include "frontend/vms/vm_attributes.h"
#include "tests/support/sliced_host.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The place where an attribute is seen.
enum class Look { config, sync, placement, fixed_address, client };

struct Row {
  std::string_view attribute;
  const char* value;
  const char* shown;                                            // with it, and not without
  std::vector<std::pair<const char*, const char*>> given = {};  // others that it refines
  Look look = Look::config;
};

const std::vector<Row> kRows{
    {"vm_type", "qemu", "<domain type='qemu'>"},
    {"vm_emulator", "/opt/qemu", "<emulator>/opt/qemu</emulator>"},
    {"vm_machine", "pc-q35-7.2", "machine='pc-q35-7.2'"},
    {"vm_firmware", "efi", "<os firmware='efi'>"},
    {"vm_boot", "cdrom,network", "<boot dev='cdrom'/>\n    <boot dev='network'/>"},
    {"vm_hugepages", "1G", "<page size='1' unit='GiB'/>"},
    {"vm_cpu_mode", "EPYC", "<model fallback='forbid'>EPYC</model>"},
    {"vm_cpu_topology", "1,2,2", "<topology sockets='1' cores='2' threads='2'/>"},
    {"vm_maxphysaddr", "46", "<maxphysaddr mode='emulate' bits='46'/>"},
    {"vm_numa", "cards", "<memory mode='strict' nodeset='1'/>"},
    {"vm_numa_memory", "preferred", "<memory mode='preferred' nodeset='1'/>", {{"vm_numa", "1"}}},
    {"vm_numa_guest", "bus", "model='pcie-expander-bus'", {{"vm_numa", "cards"}}},
    {"vm_cpuset", "0-3", "<vcpu placement='static' cpuset='0-3'>", {{"vm_numa", "1"}}},
    {"vm_cpu_pin", "0-1:2 3:4", "<vcpupin vcpu='3' cpuset='4'/>"},
    {"vm_emulator_cpus", "0-1", "<emulatorpin cpuset='0-1'/>"},
    {"vm_clock", "localtime", "<clock offset='localtime'/>"},
    {"vm_on_poweroff", "restart", "<on_poweroff>restart</on_poweroff>"},
    {"vm_on_reboot", "destroy", "<on_reboot>destroy</on_reboot>"},
    {"vm_on_crash", "preserve", "<on_crash>preserve</on_crash>"},
    {"vm_guest_agent", "no", "</console>\n    <memballoon"},
    {"vm_serial", "/var/log/v1.console", "<source path='/var/log/v1.console'/>"},
    {"vm_graphics", "vnc", "<graphics type='vnc'"},
    {"vm_graphics_listen", "10.1.0.1", "address='10.1.0.1'", {{"vm_graphics", "vnc"}}},
    {"vm_autostart", "yes", "v1,n1,new,autostart on\n", {}, Look::sync},
    {"vm_placement", "spread", "n3: gpupci1\n", {}, Look::placement},
    {"vm_host_address_bits", "34", "a guest of 34 address bits has"},
    {"hostdev_managed", "no", "type='pci' managed='no'"},
    {"vm_card_tuning", "no", "<cpu mode='host-passthrough'/>"},
    {"hostdev_driver", "nvgrace_gpu_vfio_pci", "<driver model='nvgrace_gpu_vfio_pci'/>"},
    {"hostdev_iommufd", "yes", "<driver iommufd='yes'/>"},
    {"hostdev_acpi_nodeset", "2-9", "<acpi nodeset='2-9'/>"},
    {"gpudirect_clique", "3", "name='x-nv-gpudirect-clique' type='unsigned' value='3'/>"},
    {"rom_bar", "off", "<rom bar='off'/>"},
    {"rom_file", "/roms/card.rom", "<rom file='/roms/card.rom'/>"},
    {"pci_switch", "yes", "model='pcie-switch-upstream-port'"},
    {"pci_hole64", "64", "<pcihole64 unit='GiB'>64</pcihole64>"},
    {"hide_hypervisor", "yes", "<hidden state='on'/>"},
    {"hide_hypervisor_vendor",
     "GenuineIntel",
     "value='GenuineIntel'",
     {{"hide_hypervisor", "yes"}}},
    {"mdev_display", "ramfb", "display='on' ramfb='on'", {{"vm_graphics", "vnc"}}},
    {"vm_xml_domain", "<title>of mine</title>", "\n  <title>of mine</title>"},
    {"vm_xml_devices", "<watchdog model='i6300esb'/>", "\n    <watchdog model='i6300esb'/>"},
    {"vm_xml_features", "<pmu state='off'/>", "\n    <pmu state='off'/>"},
    {"vm_interface", "bridge=br7", "<source bridge='br7'/>"},
    {"ssh_client", "openssh", "by ssh", {}, Look::client},
    {"vm_seed", "yes", "startupPolicy='optional'"},
    {"vm_ssh_keys", "ssh-rsa AAAA", "startupPolicy='optional'"},
    {"vm_user_data", "#cloud-config", "startupPolicy='optional'"},
    {"vm_gateway",
     "10.9.0.1",
     "v1-seed-025ba4f30300ca9f.iso",
     {{"vm_seed", "yes"}},
     Look::fixed_address},
    {"vm_nameservers",
     "10.9.0.2",
     "v1-seed-f3fce8f9ef8d4546.iso",
     {{"vm_seed", "yes"}},
     Look::fixed_address},
};

// v1 has two cards of node 1, one with big BARs, and a vGPU; n2 has a free card, and n3 has two.
class VmAttributes : public SlicedStory {
 protected:
  void SetUp() override {
    SlicedStory::SetUp();
    host.cut(0);
    host.add({"0000:03:00.0", "0302", "10de:26b9", "nvidia", 15});
    for (const std::string pci : {"0000:01:00.0", "0000:03:00.0"}) {
      host.set(pci, "numa_node", "1\n");
    }
    // 16 GiB, 64 bits, prefetchable.
    host.set("0000:01:00.0", "resource",
             "0x0000004000000000 0x00000043ffffffff 0x000000000014220c\n");
    const auto uuid = host.create();
    discover();
    cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1"});
    cluster({"add", "host", "gpu", "v1", "gpupci3", "gpupci3"});
    cluster({"add", "host", "gpu", "v1", "gpupci4", uuid});
    for (const std::string name : {"n2", "n3"}) {
      cluster({"add", "host", name, "appliance=vm-container"});
      cluster({"add", "host", "gpu", name, "gpupci1", "01:00.0"});
    }
    cluster({"add", "host", "gpu", "n3", "gpupci2", "02:00.0"});
  }

  std::string look(Look at) {
    if (at == Look::config) return said({"report", "vm", "config", "v1"});
    if (at == Look::sync) {
      return said({"sync", "vm", "config", "v1", "dryrun=yes", "format=csv"});
    }
    if (at == Look::client) {
      cluster({"run", "host", "n2", "true"});
      return transport.asked_targets.at(0).through_openssh ? "by ssh" : "by libssh";
    }
    if (at == Look::fixed_address) {
      cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0", "address=10.9.0.5/24"});
      auto config = said({"report", "vm", "config", "v1"});
      cluster({"remove", "host", "interface", "v1", "eth0"});
      return config;
    }
    auto where = cluster({"add", "host", "vm", "v3", "gpus=1"});
    cluster({"remove", "host", "gpu", "v3", "gpupci"});
    cluster({"remove", "host", "vm", "v3"});
    return where;
  }

 private:
  // Returns the answer, or the reason why there is none.
  std::string said(const std::vector<std::string>& words) {
    const auto [out, err, status] = run(words);
    return out + err;
  }
};

TEST_F(VmAttributes, EachHasItsEffect) {
  for (const auto& row : kRows) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, std::string(row.attribute));
    for (const auto& [name, value] : row.given) cluster({"add", "attr", name, value});
    EXPECT_THAT(look(row.look), Not(HasSubstr(row.shown)));
    const std::string name(row.attribute);
    cluster({"add", "attr", name, row.value});
    EXPECT_THAT(look(row.look), HasSubstr(row.shown));
    cluster({"remove", "attr", name});
    for (const auto& one : row.given) cluster({"remove", "attr", one.first});
  }
}

TEST(VmAttributeRows, AreAllThatThereAre) {
  std::vector<std::string_view> names;
  for (const auto& row : kRows) names.push_back(row.attribute);
  std::vector<std::string_view> all;
  for (const auto& attribute : frontend::vm_attributes()) all.push_back(attribute.name);
  EXPECT_EQ(names, all);
}

}  // namespace
}  // namespace cluster
