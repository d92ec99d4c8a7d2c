// VMs as other tools make them, on a real libvirtd (tests/support/libvirtd.sh): the inventory takes
// them in, and a change of one thing changes that thing alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "tests/virt/real_domains.h"

namespace cluster::virt {
namespace {

struct Tool {
  std::string name;
  std::string head;     // of the document, behind <uuid>
  std::string devices;  // in <devices>
};

std::string root_ports(int count) {
  std::string out = "<controller type='pci' index='0' model='pcie-root'/>";
  for (int i = 1; i <= count; ++i) {
    out += "<controller type='pci' index='" + std::to_string(i) +
           "' model='pcie-root-port'><model name='pcie-root-port'/></controller>";
  }
  return out;
}

std::string mac(const std::string& last) { return "<mac address='52:54:00:ae:00:" + last + "'/>"; }

const std::vector<Tool> kTools{
    {"virt-install",
     "<metadata><libosinfo:libosinfo "
     "xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'><libosinfo:os "
     "id='http://debian.org/debian/12'/></libosinfo:libosinfo></metadata>"
     "<memory>262144</memory><currentMemory>262144</currentMemory><vcpu>2</vcpu>"
     "<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>"
     "<features><acpi/><apic/><vmport state='off'/></features><cpu mode='maximum'/>"
     "<clock offset='utc'><timer name='rtc' tickpolicy='catchup'/><timer name='pit' "
     "tickpolicy='delay'/><timer name='hpet' present='no'/></clock>"
     "<pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>",
     "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
     "<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source "
     "file='/var/lib/libvirt/images/debian12.qcow2'/><target dev='vda' bus='virtio'/></disk>"
     "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>"
     "<controller type='usb' model='qemu-xhci' ports='15'/>" +
         root_ports(14) + "<interface type='network'><source network='default'/>" + mac("01") +
         "<model type='virtio'/></interface><console type='pty'/>"
         "<channel type='unix'><source mode='bind'/><target type='virtio' "
         "name='org.qemu.guest_agent.0'/></channel>"
         "<input type='tablet' bus='usb'/><graphics type='vnc' port='-1' autoport='yes'/>"
         "<sound model='ich9'/><video><model type='virtio' vram='32768'/></video>"
         "<memballoon model='virtio'/><rng model='virtio'><backend "
         "model='random'>/dev/urandom</backend></rng>"},
    {"instance-0000001a",
     "<metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>"
     "<nova:name>a &amp; b</nova:name><nova:flavor name='m1'><nova:memory>512</nova:memory>"
     "</nova:flavor></nova:instance></metadata>"
     "<memory unit='KiB'>524288</memory><currentMemory unit='KiB'>524288</currentMemory>"
     "<vcpu placement='static'>2</vcpu><cputune><shares>2048</shares></cputune>"
     "<resource><partition>/machine</partition></resource>"
     "<sysinfo type='smbios'><system><entry name='manufacturer'>OpenStack Foundation</entry>"
     "<entry name='uuid'>UUID</entry></system></sysinfo>"
     "<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/><smbios mode='sysinfo'/></os>"
     "<features><acpi/><apic/><vmcoreinfo state='on'/></features>"
     "<cpu mode='custom' match='exact' check='partial'><model fallback='allow'>qemu64</model>"
     "<topology sockets='2' dies='1' cores='1' threads='1'/></cpu>"
     "<clock offset='utc'><timer name='pit' tickpolicy='delay'/></clock>",
     "<disk type='network' device='disk'><driver name='qemu' type='raw' cache='writeback' "
     "discard='unmap'/><auth username='cinder'><secret type='ceph' "
     "uuid='457eb676-33da-42ec-9a8c-9293d545c337'/></auth><source protocol='rbd' "
     "name='vms/1a_disk'><host name='10.0.0.1' port='6789'/><host name='10.0.0.2' "
     "port='6789'/></source><target dev='vda' bus='virtio'/></disk>"
     "<disk type='network' device='cdrom'><driver name='qemu' type='raw'/><source protocol='rbd' "
     "name='vms/1a_disk.config'><host name='10.0.0.1' port='6789'/></source><target dev='hda' "
     "bus='ide'/><readonly/></disk>"
     "<interface type='bridge'>" +
         mac("02") +
         "<source bridge='br-int'/><virtualport type='openvswitch'><parameters "
         "interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport><target "
         "dev='tap09b11c53-8b'/><model type='virtio'/><driver name='vhost' queues='2'/><mtu "
         "size='1450'/></interface>"
         "<serial type='pty'><log file='/var/lib/nova/console.log' append='off'/><target "
         "port='0'/></serial><input type='tablet' bus='usb'/><graphics type='vnc' port='-1' "
         "autoport='yes' listen='0.0.0.0'/><video><model type='cirrus'/></video>"
         "<memballoon model='virtio'><stats period='10'/></memballoon>"},
    {"terraform",
     "<memory unit='MiB'>256</memory><vcpu>2</vcpu><os><type arch='x86_64' "
     "machine='pc'>hvm</type></os><features><acpi/><apic/><pae/></features><cpu mode='maximum'/>",
     "<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='default' "
     "volume='a.qcow2'/><target dev='vda' bus='virtio'/></disk>"
     "<disk type='volume' device='cdrom'><driver name='qemu' type='raw'/><source pool='default' "
     "volume='commoninit.iso'/><target dev='hdd' bus='ide'/><readonly/></disk>"
     "<interface type='network'>" +
         mac("03") +
         "<source network='default' portgroup='vlan7'/><model type='virtio'/></interface>"
         "<console type='pty'><target type='serial' port='0'/></console><console type='pty'>"
         "<target type='virtio' port='1'/></console><graphics type='spice' autoport='yes'/>"
         "<filesystem type='mount' accessmode='mapped'><source dir='/srv'/><target dir='t'/>"
         "</filesystem><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"},
    {"101",
     "<memory unit='MiB'>512</memory><vcpu current='1'>4</vcpu><iothreads>2</iothreads>"
     "<os><type arch='x86_64' machine='pc'>hvm</type><bootmenu enable='yes' timeout='3000'/></os>"
     "<features><acpi/><apic/></features><cpu mode='custom'><model>kvm64</model></cpu>",
     "<controller type='scsi' index='0' model='virtio-scsi'><driver iothread='1'/></controller>"
     "<controller type='scsi' index='1' model='lsilogic'/>"
     "<disk type='block' device='disk'><driver name='qemu' type='raw' cache='none' io='native'/>"
     "<source dev='/dev/pve/vm-101-disk-0'/><target dev='sda' bus='scsi'/><boot order='1'/>"
     "<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>"
     "<disk type='block' device='disk'><driver name='qemu' type='raw'/>"
     "<source dev='/dev/pve/vm-101-disk-1'/><target dev='sdb' bus='scsi'/>"
     "<address type='drive' controller='1' bus='0' target='0' unit='3'/></disk>"
     "<disk type='file' device='cdrom'><source file='/srv/iso/a.iso'/><target dev='hdc' "
     "bus='ide'/><readonly/><boot order='3'/></disk>"
     "<interface type='bridge'>" +
         mac("04") +
         "<source bridge='vmbr0'/><vlan><tag id='12'/></vlan><virtualport "
         "type='openvswitch'/><model type='e1000'/><boot "
         "order='2'/><link state='down'/></interface>"
         "<interface type='bridge'>" +
         mac("05") + "<source bridge='vmbr1'/><model type='vmxnet3'/></interface>"},
    {"ovirt",
     "<memory unit='KiB'>1048576</memory><currentMemory unit='KiB'>1048576</currentMemory>"
     "<maxMemory slots='16' unit='KiB'>4194304</maxMemory><vcpu placement='static' "
     "current='2'>16</vcpu><iothreads>1</iothreads><os><type arch='x86_64' "
     "machine='q35'>hvm</type></os><features><acpi/></features>"
     "<cpu mode='custom' match='exact'><model>qemu64</model><topology sockets='16' cores='1' "
     "threads='1'/><numa><cell id='0' cpus='0-15' memory='1048576' unit='KiB'/></numa></cpu>"
     "<clock offset='variable' adjustment='0' basis='utc'/>",
     "<controller type='virtio-serial' index='0' ports='16'><alias "
     "name='ua-3e9e0c29-0000-4000-8000-000000000001'/></controller>"
     "<controller type='scsi' index='0' model='virtio-scsi'><driver iothread='1'/><alias "
     "name='ua-3e9e0c29-0000-4000-8000-000000000002'/></controller>"
     "<disk type='block' device='disk' snapshot='no'><driver name='qemu' type='qcow2' "
     "cache='none' error_policy='stop' io='native' iothread='1'/><source "
     "dev='/rhev/data-center/a/b'/><target dev='vda' "
     "bus='virtio'/><serial>3e9e0c29-0000-4000-8000-000000000003</serial><boot order='1'/><alias "
     "name='ua-3e9e0c29-0000-4000-8000-000000000003'/></disk>"
     "<disk type='file' device='cdrom'><driver name='qemu' error_policy='report'/><source "
     "startupPolicy='optional'/><target dev='sdc' bus='sata'/><readonly/><alias "
     "name='ua-3e9e0c29-0000-4000-8000-000000000004'/></disk>"
     "<interface type='bridge'>" +
         mac("06") +
         "<source bridge='ovirtmgmt'/><model type='virtio'/><driver name='vhost' queues='2'/>"
         "<filterref filter='vdsm-no-mac-spoofing'/><link state='up'/><mtu size='1500'/><alias "
         "name='ua-3e9e0c29-0000-4000-8000-000000000005'/></interface>"},
    {"win11",
     "<memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type arch='x86_64' "
     "machine='q35'>hvm</type></os>"
     "<features><acpi/><apic/><hyperv mode='custom'><relaxed state='on'/><vapic "
     "state='on'/><spinlocks state='on' retries='8191'/></hyperv><vmport state='off'/></features>"
     "<cpu mode='maximum'/><clock offset='localtime'><timer name='rtc' "
     "tickpolicy='catchup'/><timer name='hypervclock' present='yes'/></clock>",
     "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source "
     "file='/srv/w 11, final.qcow2'/><target dev='sda' bus='sata'/></disk>"
     "<disk type='file' device='cdrom'><source file='/srv/win.iso'/><target dev='sdb' "
     "bus='sata'/><readonly/></disk><disk type='file' device='cdrom'><source "
     "file='/srv/virtio-win.iso'/><target dev='sdc' bus='sata'/><readonly/></disk>"
     "<interface type='network'>" +
         mac("07") +
         "<source network='default'/><model type='e1000e'/></interface><interface type='direct'>" +
         mac("08") + "<source dev='eno1' mode='passthrough'/><model type='virtio'/></interface>" +
         "<interface type='direct'>" + mac("09") +
         "<source dev='eno2' mode='bridge'/><model type='virtio'/></interface>"
         "<graphics type='vnc' port='5907'/><video><model type='vga'/></video>"},
    {"snapshots",
     "<memory unit='MiB'>256</memory><vcpu>1</vcpu><os><type arch='x86_64' "
     "machine='q35'>hvm</type></os><cpu mode='maximum'/>",
     "<disk type='file' device='disk' snapshot='external'><driver name='qemu' "
     "type='qcow2'/><source file='/srv/a.snap2'/><backingStore type='file'><format "
     "type='qcow2'/><source file='/srv/a.snap1'/><backingStore type='file'><format "
     "type='raw'/><source file='/srv/a.img'/><backingStore/></backingStore></backingStore><target "
     "dev='vda' bus='virtio'/></disk>"
     "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source "
     "file='/srv/shared.img'/><target dev='vdb' bus='virtio'/><shareable/></disk>"
     "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source "
     "file='/srv/ro.img'/><target dev='vdc' bus='virtio'/><readonly/><iotune>"
     "<total_bytes_sec>10000000</total_bytes_sec></iotune></disk>"},
    {"memory-devices",
     "<maxMemory slots='4' unit='MiB'>2048</maxMemory><memory unit='MiB'>512</memory><vcpu>2</vcpu>"
     "<os><type arch='x86_64' machine='q35'>hvm</type></os><cpu mode='maximum'><numa><cell id='0' "
     "cpus='0-1' memory='256' unit='MiB'/></numa></cpu>",
     "<disk type='file' device='disk'><source file='/srv/a.img'/><target dev='vda' "
     "bus='virtio'/></disk><memory model='dimm'><target><size "
     "unit='MiB'>256</size><node>0</node></target></memory>"},
    {"intel-iommu",
     "<memory unit='MiB'>256</memory><vcpu>2</vcpu><os><type arch='x86_64' "
     "machine='q35'>hvm</type></os><features><acpi/><ioapic driver='qemu'/></features><cpu "
     "mode='maximum'/>",
     "<iommu model='intel'><driver intremap='on' caching_mode='on' iotlb='on'/></iommu>"
     "<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source type='pci' "
     "managed='yes' namespace='1'><address domain='0x0000' bus='0xe4' slot='0x00' "
     "function='0x0'/></source><target dev='vda' bus='virtio'/></disk>"
     "<interface type='hostdev' managed='yes'>" +
         mac("0a") +
         "<source><address type='pci' domain='0x0000' bus='0xe5' slot='0x00' function='0x2'/>"
         "</source></interface><hostdev mode='subsystem' type='usb'><source "
         "startupPolicy='optional'><vendor id='0x1234'/><product id='0xbeef'/></source></hostdev>"
         "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/><address "
         "bus='0' target='0' unit='0'/></source></hostdev>"},
};

std::string uuid_of(std::size_t number) {
  return "7c1e0000-0000-4000-8000-0000000000" + std::to_string(10 + number);
}

class ToolsDomains : public RealDomains {
 protected:
  void SetUp() override {
    expect({"add", "host", "n1", "appliance=vm-container"});
    expect({"add", "host", "gpu", "n1", "gpupci1", "0000:e1:00.0"});
    for (std::size_t i = 0; i < kTools.size(); ++i) {
      auto head = kTools[i].head;
      if (const auto at = head.find("UUID"); at != std::string::npos)
        head.replace(at, 4, uuid_of(i));
      try {
        libvirt->define("<domain type='qemu'><name>" + kTools[i].name + "</name><uuid>" +
                            uuid_of(i) + "</uuid>" + head + "<devices>" + kTools[i].devices +
                            "</devices></domain>",
                        Validation::none);
      } catch (const Error& error) {
        std::cout << kTools[i].name << " left out: " << error.what() << "\n";
      }
    }
  }
};

// A change of the inventory, its way back, and what may be different in libvirt's document.
struct Change {
  std::vector<std::string> there;
  std::vector<std::string> back;
  std::vector<std::string> paths;
};

std::vector<Change> changes_of(const Vm& vm) {
  const auto name = vm.name.str();
  const auto set = [&](const std::string& words) {
    return std::vector<std::string>{"set", "host", "vm", name, words};
  };
  const auto attribute = [&](const std::string& key, const std::string& value) {
    return std::vector<std::string>{"set", "host", "attr", name, key, value};
  };
  const auto unset = [&](const std::string& key) {
    return std::vector<std::string>{"remove", "host", "attr", name, key};
  };
  return {
      {set("mem=" + std::to_string(2 * vm.memory_mib)),
       set("mem=" + std::to_string(vm.memory_mib)),
       {"/domain/memory", "/domain/currentMemory"}},
      {set("cpus=" + std::to_string(2 * vm.cpus)),
       set("cpus=" + std::to_string(vm.cpus)),
       {"/domain/vcpu"}},
      {{"add", "host", "interface", name, "ethx", "bridge=br9"},
       {"remove", "host", "interface", name, "ethx"},
       {"/domain/devices/interface"}},
      {{"add", "host", "gpu", name, "gpupci9", "0000:e1:00.0"},
       {"remove", "host", "gpu", name, "gpupci9"},
       {}},
      {attribute("vm_boot", "network,hd"), unset("vm_boot"), {"/domain/os/boot"}},
      {attribute("vm_firmware", "efi"),
       unset("vm_firmware"),
       // From libvirt 10 on it writes in what it has chosen for that.
       {"/domain/os/firmware", "/domain/os@firmware", "/domain/os/loader", "/domain/os/nvram",
        "/domain/features/smm"}},
  };
}

// The first line of `lines` that is about something else; "" = none.
std::string astray(const std::string& lines, const std::vector<std::string>& paths) {
  for (const auto line : split(lines, '\n')) {
    if (line.empty()) continue;
    const auto what = line.substr(line.find(' ') + 1);
    const bool is_meant =
        std::ranges::any_of(paths, [&](const std::string& path) { return what.starts_with(path); });
    if (!is_meant) return std::string(line);
  }
  return "";
}

// What a VM has of its own may stand against a change, which is said before anything is done.
bool is_known_refusal(const std::string& words) {
  for (const char* known : {"NUMA cells of its own", "<topology> of the domain makes",
                            "the boot order is said twice", "UEFI requires ACPI"}) {
    if (words.find(known) != std::string::npos) return true;
  }
  return false;
}

TEST_F(ToolsDomains, AreTakenInAsTheyAre) {
  const auto made = documents();
  ASSERT_GE(made.size() + 2, kTools.size());
  expect({"discover", "host", "vm", "n1", "import=yes"});
  EXPECT_EQ(expect({"sync", "vm", "config", "diff=yes"}).err, "cluster: nothing to do\n");
  EXPECT_EQ(documents(), made);
}

TEST_F(ToolsDomains, OneThingChangesAndGoesBack) {
  expect({"discover", "host", "vm", "n1", "import=yes"});
  Inventory inventory(folder.path() / "cluster.db", Inventory::Open::existing);
  for (const auto& vm : inventory.vms()) {
    const auto name = vm.name.str();
    for (const auto& change : changes_of(vm)) {
      SCOPED_TRACE(joined(change.there, " "));
      const auto before = documents().at(vm.uuid);
      expect(change.there);
      const auto sync = run({"sync", "vm", "config", name});
      const auto now = documents().at(vm.uuid);
      if (sync.status == 0) {
        EXPECT_EQ(astray(differences(before, now), change.paths), "");
      } else {
        EXPECT_TRUE(is_known_refusal(sync.err)) << sync.err;
        EXPECT_EQ(now, before);
      }
      expect(change.back);
      expect({"sync", "vm", "config", name});
      EXPECT_EQ(differences(before, documents().at(vm.uuid)), "");
    }
  }
}

}  // namespace
}  // namespace cluster::virt
