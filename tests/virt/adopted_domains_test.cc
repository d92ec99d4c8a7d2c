// VMs of many kinds, made by hand on a real libvirtd (tests/support/libvirtd.sh), become the
// inventory's as they are: a sync has nothing to do, and a card comes and goes and changes nothing
// else.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "tests/virt/real_domains.h"

namespace cluster::virt {
namespace {

struct Made {
  std::string name;
  std::string rest;          // of the document, behind <memory>
  std::string devices = {};  // in <devices>
};

std::string os(const std::string& machine, const std::string& more = "") {
  return "<vcpu>2</vcpu><os><type arch='x86_64' machine='" + machine + "'>hvm</type>" + more +
         "</os><features><acpi/></features>";
}

std::string disk(const std::string& target, const std::string& bus, const std::string& more = "") {
  return "<disk type='file' device='disk'><driver name='qemu' type='qcow2'" + more +
         "/><source file='/srv/a.img'/><target dev='" + target + "' bus='" + bus + "'/></disk>";
}

std::string hostdev(const std::string& bus, const std::string& function,
                    const std::string& guest = "") {
  return "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' "
         "bus='" +
         bus + "' slot='0x00' function='" + function + "'/></source>" + guest + "</hostdev>";
}

// The address in the guest.
std::string at(const std::string& bus, int slot, int function = 0) {
  return "<address type='pci' bus='" + bus + "' slot='" + std::to_string(slot) + "' function='" +
         std::to_string(function) + "'" + (function == 0 ? "" : " multifunction='off'") + "/>";
}

std::string eight_functions(const std::string& bus) {
  std::string all;
  for (int i = 0; i < 8; ++i) {
    all += hostdev(bus, "0x" + std::to_string(i), at("0x05", 0, i));
  }
  return all;
}

// An expander and a port behind it, whose index is that of the expander and 3.
std::string expander(const std::string& index, const std::string& bus, const std::string& node) {
  return "<controller type='pci' index='" + index + "' model='pcie-expander-bus'><target busNr='" +
         bus + "'>" + (node.empty() ? "" : "<node>" + node + "</node>") + "</target></controller>" +
         "<controller type='pci' index='" + std::to_string(std::stoi(index) + 3) +
         "' model='pcie-root-port'>" + at("0x0" + index, 0) + "</controller>";
}

std::string nic(const std::string& mac, const std::string& model) {
  return "<interface type='network'><mac address='52:54:00:ad:00:" + mac +
         "'/><source network='default'/><model type='" + model + "'/></interface>";
}

const std::vector<Made> kMade{
    {"plain", os("q35"), disk("vda", "virtio")},
    {"nothing at all", os("q35")},
    {"old.machine", os("pc"), disk("hda", "ide") + nic("01", "rtl8139") + nic("02", "e1000")},
    {"Loader_and.nvram",
     os("pc-q35-6.2",
        "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd"
        "</loader><nvram>/srv/VARS.fd</nvram><boot dev='network'/><boot dev='hd'/>") +
         "<cpu mode='maximum'/>",
     disk("vda", "virtio", " cache='none' io='native' discard='unmap'") + nic("03", "e1000e")},
    {"b\xc3\xbcro", os("q35") + "<clock offset='localtime'/><on_crash>preserve</on_crash>",
     disk("sda", "scsi") +
         "<controller type='scsi' model='virtio-scsi'><driver queues='4'/></controller>"},
    {"many-nics", os("q35"),
     disk("vda", "virtio") + nic("04", "virtio") + nic("05", "e1000e") + nic("06", "virtio") +
         "<interface type='user'><mac address='52:54:00:ad:00:07'/><model type='virtio'/>"
         "</interface>"},
    {"tpm", os("q35"),
     disk("vda", "virtio") + "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"},
    {"with-cards", os("q35"),
     disk("vda", "virtio") + hostdev("0xe2", "0x0") + hostdev("0xe3", "0x1")},
    {"cdroms", os("q35"),
     "<disk type='file' device='cdrom'><source file='/srv/a.iso'/><target dev='sda' bus='sata'/>"
     "<readonly/></disk><disk type='file' device='cdrom'><target dev='sdb' bus='sata'/><readonly/>"
     "</disk>"},
    {"network-disk", os("q35"),
     "<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='rbd' "
     "name='p/i'><host name='ceph' port='6789'/></source><target dev='vda' bus='virtio'/></disk>"},
    {"block", os("q35") + "<iothreads>4</iothreads>",
     "<disk type='block' device='disk'><driver name='qemu' type='raw' cache='none' "
     "iothread='2'/><source "
     "dev='/dev/vg/a'/><target dev='vda' bus='virtio'/><serial>A 1</serial></disk>"},
    {"tuned",
     os("q35") + "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune><cpu mode='custom'><model "
                 "fallback='allow'>qemu64</model><topology sockets='1' cores='2' threads='1'/>"
                 "</cpu>",
     disk("vda", "virtio") +
         "<graphics type='vnc' passwd='sesame' autoport='yes'/><video><model type='vga'/></video>"
         "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
         "<watchdog model='i6300esb' action='reset'/><memballoon model='virtio'/>"},
    {"switch", os("q35"),
     "<controller type='pci' index='1' model='pcie-root-port'/>"
     "<controller type='pci' index='2' model='pcie-switch-upstream-port'>" +
         at("0x01", 0) + "</controller>" +
         "<controller type='pci' index='3' model='pcie-switch-downstream-port'>" + at("0x02", 3) +
         "</controller>" + hostdev("0xe4", "0x0", at("0x03", 0)) + disk("vda", "virtio")},
    {"expanders",
     os("q35") + "<cpu mode='maximum'><numa><cell id='0' cpus='0' memory='65536'/><cell id='1' "
                 "cpus='1' memory='65536'/></numa></cpu>",
     expander("1", "64", "0") + expander("2", "128", "1") + expander("3", "192", "") +
         hostdev("0xe5", "0x0", at("0x04", 0)) + hostdev("0xe6", "0x0", at("0x05", 0)) +
         disk("vda", "virtio")},
    {"notes",
     os("q35") +
         "<description> of\n <![CDATA[<others>]]> &amp; us\n</description>"
         "<metadata><o:a xmlns:o='urn:o' o:id='7'><o:b><![CDATA[x < y & z]]></o:b><!-- kept "
         "--><o:c>&lt;t&gt; &#233;</o:c></o:a><b xmlns='urn:b' k='1'/></metadata>"
         "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg "
         "value='-fw_cfg'/><q:arg value='name=opt/x,string=a=b'/><q:env name='X' "
         "value='1'/></q:commandline>",
     disk("vda", "virtio") + nic("10", "virtio")},
    {"shared",
     os("q35") + "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>",
     "<filesystem type='mount' accessmode='passthrough'><driver type='virtiofs' queue='1024'/>"
     "<source dir='/srv'/><target dir='share'/></filesystem><interface type='vhostuser'><mac "
     "address='52:54:00:ad:00:11'/><source type='unix' path='/tmp/v' mode='client'/><model "
     "type='virtio'/></interface>" +
         disk("vda", "virtio")},
    {"eight-functions", os("q35"), eight_functions("0xe7") + disk("sda", "sata")},
    {"usb-and-sound", os("q35"),
     "<controller type='usb' index='0' model='ich9-ehci1'/><controller type='usb' index='0' "
     "model='ich9-uhci1'><master startport='0'/></controller><sound model='ich9'/><sound "
     "model='ac97'/><input type='tablet' bus='usb'/>" +
         disk("sda", "usb") + disk("sdb", "sata") + nic("12", "rtl8139")},
    {"kernel",
     os("q35",
        "<kernel>/boot/a &amp; b</kernel><initrd>/boot/i</initrd><cmdline>root=/dev/vda "
        "&quot;x&quot; &lt;y&gt;</cmdline>") +
         "<sysinfo type='smbios'><oemStrings><entry>b</entry><entry>a</entry></oemStrings>"
         "</sysinfo>",
     disk("vda", "virtio")},
    {"no-rom", os("q35"),  // the schema of the libvirt that has it refuses it
     disk("vda", "virtio") +
         "<interface type='user'><mac address='52:54:00:ad:00:13'/><model type='virtio'/><rom "
         "file=''/></interface>"},
    {"no-vlan", os("q35"),  // 4095 is none
     disk("vda", "virtio") +
         "<interface type='bridge'><mac address='52:54:00:ad:00:14'/><source bridge='br0'/><vlan>"
         "<tag id='4095'/></vlan><virtualport type='openvswitch'/><model type='virtio'/>"
         "</interface>"},
    {"ordered", os("q35"),
     "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/b.img'/>"
     "<target dev='vda' bus='virtio'/><boot order='1'/></disk>"},
};

std::string uuid_of(std::size_t number) {
  return "7c1d0000-0000-4000-8000-0000000000" + std::to_string(10 + number);
}

class AdoptedDomains : public RealDomains {
 protected:
  void SetUp() override {
    expect({"add", "host", "n1", "appliance=vm-container"});
    expect({"add", "host", "gpu", "n1", "gpupci1", "0000:e1:00.0"});
    expect({"add", "host", "gpu", "n1", "gpupci2", "0000:e2:00.0"});
    for (std::size_t i = 0; i < kMade.size(); ++i) {
      const auto& made = kMade[i];
      try {
        libvirt->define("<domain type='qemu'><name>" + made.name + "</name><uuid>" + uuid_of(i) +
                            "</uuid><title>made by hand</title><memory unit='MiB'>128</memory>" +
                            made.rest + "<devices>" + made.devices + "</devices></domain>",
                        Validation::none);
      } catch (const Error& error) {  // no swtpm or no OVMF here
        std::cout << made.name << " left out: " << error.what() << "\n";
      }
    }
  }

  std::string dump() {
    std::string all;
    for (const char* noun : {"vm", "gpu", "interface", "attr"}) {
      all += expect({"dump", "host", noun}).out;
    }
    return all;
  }
};

TEST_F(AdoptedDomains, AreAsTheyWere) {
  const auto made = documents();
  ASSERT_GE(made.size() + 2, kMade.size());
  expect({"discover", "host", "vm", "n1", "import=yes"});
  const auto kept = dump();
  expect({"discover", "host", "vm", "n1", "import=yes"});
  EXPECT_EQ(dump(), kept);
  const auto quiet = expect({"sync", "vm", "config", "diff=yes"});
  EXPECT_EQ(quiet.out, "");
  EXPECT_EQ(quiet.err, "cluster: nothing to do\n");
  EXPECT_EQ(documents(), made);

  Inventory inventory(folder.path() / "cluster.db", Inventory::Open::existing);
  for (const auto& vm : inventory.vms()) {
    SCOPED_TRACE(vm.domain());
    EXPECT_EQ(inventory.vm_agreements().at(vm.name).defined, without_passwords(made.at(vm.uuid)));
    const bool has_some = !vm.gpus.empty();
    const auto* const name = has_some ? "gpupci2" : "gpupci1";
    expect({"add", "host", "gpu", vm.name.str(), name, "0000:e1:00.0"});
    expect({"sync", "vm", "config", vm.name.str()});
    const auto given = documents().at(vm.uuid);
    EXPECT_NE(given.find("bus='0xe1'"), std::string::npos);
    EXPECT_EQ(differences(made.at(vm.uuid), given), "");
    EXPECT_EQ(expect({"sync", "vm", "config", vm.name.str()}).err, "cluster: nothing to do\n");
    expect({"remove", "host", "gpu", vm.name.str(), name});
    expect({"sync", "vm", "config", vm.name.str()});
    EXPECT_EQ(differences(made.at(vm.uuid), documents().at(vm.uuid)), "");
  }
  EXPECT_EQ(dump(), kept);
}

}  // namespace
}  // namespace cluster::virt
