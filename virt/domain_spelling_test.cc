#include "virt/domain_spelling.h"

#include <gtest/gtest.h>

#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

// What <domain> has inside once it is spelled.
std::string spelled(const std::string& inside) {
  pugi::xml_document document;
  read_domain(document, "<domain>" + inside + "</domain>");
  std::string out;
  for (const auto child : elements(document.child("domain"))) out += canonical(child);
  return out;
}

TEST(DomainSpelling, WritesSizesInKib) {
  EXPECT_EQ(spelled("<memory unit='GiB'>2</memory>"), spelled("<memory>2097152</memory>"));
  EXPECT_EQ(spelled("<memory unit='MB'>1024</memory>"), "<memory unit=\"KiB\">1000000</memory>");
  EXPECT_EQ(spelled("<memory> 8 </memory>"), "<memory unit=\"KiB\">8</memory>");
  EXPECT_EQ(spelled("<cpu><numa><cell id='0' memory='1' unit='GiB'/></numa></cpu>"),
            spelled("<cpu><numa><cell id='0' memory='1048576' unit='KiB'/></numa></cpu>"));
  EXPECT_EQ(spelled("<memoryBacking><hugepages><page size='1' unit='G'/></hugepages>"
                    "</memoryBacking>"),
            spelled("<memoryBacking><hugepages><page size='1048576' unit='KiB'/></hugepages>"
                    "</memoryBacking>"));
}

TEST(DomainSpelling, LeavesASizeThatItCannotRead) {
  for (const char* text : {"<memory unit='XiB'>2</memory>", "<memory unit='GiB'>many</memory>",
                           "<memory unit='TiB'>9223372036854775807</memory>"}) {
    EXPECT_EQ(spelled(text).find("KiB"), std::string::npos) << text;
  }
}

TEST(DomainSpelling, WritesAddressesAsLibvirtDoes) {
  EXPECT_EQ(spelled("<devices><disk><address type='pci' bus='10' slot='0x2'/></disk></devices>"),
            "<devices><disk><address bus=\"0x0a\" domain=\"0x0000\" function=\"0x0\" "
            "slot=\"0x02\" type=\"pci\"></address></disk></devices>");
  EXPECT_EQ(
      spelled("<devices><interface><mac address='52:54:00:AA:BB:01'/></interface></devices>"),
      spelled("<devices><interface><mac address='52:54:00:aa:bb:01'/></interface></devices>"));
  EXPECT_EQ(spelled("<uuid> 0000000A-0000-4000-8000-000000000001 </uuid>"),
            spelled("<uuid>0000000a-0000-4000-8000-000000000001</uuid>"));
  EXPECT_EQ(
      spelled("<devices><controller type='pci'><target port='17'/></controller></devices>"),
      spelled("<devices><controller type='pci'><target port='0x11'/></controller></devices>"));
  EXPECT_EQ(spelled("<devices><controller><target busNr='0xC8'/></controller></devices>"),
            spelled("<devices><controller><target busNr='200'/></controller></devices>"));
  for (const char* odd : {"x", "-1", "0x", "99999999999"}) {
    const auto address = " domain=\"0\" function=\"0\" slot=\"1\"></address>";
    const auto element = "<address bus=\"" + std::string(odd) + "\"" + address;
    EXPECT_EQ(spelled("<devices><disk>" + element + "</disk></devices>"),
              "<devices><disk>" + element + "</disk></devices>");
  }
  // A drive has no slot.
  EXPECT_EQ(spelled("<devices><disk><address type='drive' bus='0' unit='1'/></disk></devices>"),
            "<devices><disk><address bus=\"0\" type=\"drive\" unit=\"1\"></address></disk>"
            "</devices>");
}

TEST(DomainSpelling, WritesSetsOfCpusAsRanges) {
  EXPECT_EQ(spelled("<vcpu cpuset='3,0,1,^3'>2</vcpu>"), spelled("<vcpu cpuset='0-1'>2</vcpu>"));
  EXPECT_EQ(spelled("<numatune><memory nodeset='0,1'/></numatune>"),
            spelled("<numatune><memory nodeset='0-1'/></numatune>"));
  EXPECT_EQ(spelled("<cputune><vcpusched vcpus='0-1,3' scheduler='fifo' priority='1'/></cputune>"),
            spelled("<cputune><vcpusched vcpus='0' scheduler='fifo' priority='1'/>"
                    "<vcpusched vcpus='1' scheduler='fifo' priority='1'/>"
                    "<vcpusched vcpus='3' scheduler='fifo' priority='1'/></cputune>"));
  for (const char* odd : {"", "a", "1-", "-", "1--2", "0-99999999999"}) {
    EXPECT_FALSE(numbers(odd)) << odd;
  }
}

TEST(DomainSpelling, SaysTheListenAddressOfGraphicsOnce) {
  EXPECT_EQ(spelled("<devices><graphics type='vnc' listen='0.0.0.0'/></devices>"),
            spelled("<devices><graphics type='vnc'><listen type='address' address='0.0.0.0'/>"
                    "</graphics></devices>"));
  EXPECT_EQ(spelled("<devices><graphics type='vnc' listen='0.0.0.0'><listen type='address' "
                    "address='127.0.0.1'/></graphics></devices>"),
            spelled("<devices><graphics type='vnc'><listen type='address' address='127.0.0.1'/>"
                    "</graphics></devices>"));
}

std::string hostdev(const std::string& source) {
  return spelled("<devices><hostdev><source>" + source + "</source></hostdev></devices>");
}

TEST(DomainSpelling, WritesDevicesOfTheHostAsLibvirtDoes) {
  EXPECT_EQ(hostdev("<vendor id='0x1'/><product id='0xBEEF'/>"),
            hostdev("<vendor id='0x0001'/><product id='0xbeef'/>"));
  EXPECT_EQ(hostdev("<address bus='001' device='0x0A'/>"),
            hostdev("<address bus='1' device='10'/>"));
  EXPECT_EQ(hostdev("<address bus='0' target='00' unit='7'/>"),
            hostdev("<address bus='0' target='0' unit='7'/>"));
  EXPECT_EQ(hostdev("<address uuid='AB'/>"), hostdev("<address uuid='ab'/>"));
  EXPECT_NE(hostdev("<vendor id='x'/>"), hostdev("<vendor id='0x0000'/>"));
}

TEST(DomainSpelling, SaysWhatLibvirtWillSay) {
  const auto devices = [](const std::string& inside) {
    return spelled("<devices>" + inside + "</devices>");
  };
  EXPECT_EQ(devices("<console/><console><target type='virtio'/></console><serial/>"),
            devices("<console><target port='0'/></console><console><target type='virtio' "
                    "port='1'/></console><serial><target port='0'/></serial>"));
  EXPECT_EQ(devices("<console><target port='4'/></console><console/>"),
            devices("<console><target port='4'/></console><console><target port='5'/></console>"));
  EXPECT_EQ(devices("<input type='tablet'/><panic/>"),
            devices("<input type='tablet' bus='usb'/><panic model='isa'/>"));
  EXPECT_EQ(spelled("<cpu><numa><cell memory='1'/><cell memory='2'/></numa></cpu>"),
            spelled("<cpu><numa><cell id='0' memory='1'/><cell id='1' memory='2'/></numa></cpu>"));
  EXPECT_EQ(spelled("<seclabel type='none'/>"), spelled("<seclabel type='none' model='none'/>"));
}

TEST(DomainSpelling, LeavesTheMetadataOfOthersAlone) {
  EXPECT_EQ(spelled("<metadata><a xmlns='urn:a'><memory unit='GiB'>1</memory></a></metadata>"),
            "<metadata><a xmlns=\"urn:a\"><memory unit=\"GiB\">1</memory></a></metadata>");
}

TEST(DomainSpelling, KnowsWhatLibvirtMakesOfAValue) {
  EXPECT_TRUE(same("domain/os/type", "machine", "q35", "pc-q35-6.2"));
  EXPECT_TRUE(same("domain/os/type", "machine", "pc-i440fx-8.1", "pc"));
  EXPECT_FALSE(same("domain/os/type", "machine", "pc-q35-7.2", "pc-q35-6.2"));
  EXPECT_FALSE(same("domain/os/type", "machine", "pc", "pc-q35-6.2"));
  EXPECT_FALSE(same("domain/name", "", "q35", "pc-q35-6.2"));
  EXPECT_TRUE(same("domain/devices/hostdev/source/address", "uuid", "AB", "ab"));
  EXPECT_FALSE(same("domain/name", "", "VM", "vm"));
  EXPECT_FALSE(same("domain/name", "", std::nullopt, "vm"));
  EXPECT_TRUE(same("domain/name", "", std::nullopt, std::nullopt));
}

TEST(DomainSpelling, ReadsNumbersOfAddresses) {
  EXPECT_EQ(number("0x1F"), 31);
  EXPECT_EQ(number(" 10 "), 10);
  EXPECT_EQ(number("", -1), -1);
  EXPECT_EQ(number("0x", 7), 7);
  EXPECT_EQ(number("12a", 7), 7);
  EXPECT_EQ(hexadecimal(17, 2), "0x11");
  EXPECT_EQ(hexadecimal(4096, 2), "0x1000");
}

}  // namespace
}  // namespace cluster::virt
