#include "virt/domain_schema.h"

#include <gmock/gmock.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <pugixml.hpp>
#include <random>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/example_domains.h"
#include "tests/support/generated_domains.h"
#include "tests/support/temp_dir.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

class Schema : public ::testing::Test {
 protected:
  // Takes the document of a card that is known by address, and replaces `old` by `changed`.
  std::optional<std::string> refusal(const std::string& old, const std::string& changed) const {
    auto xml = *read_file(GOLDEN "/one_card.xml");
    return schema_.refusal(xml.replace(xml.find(old), old.size(), changed));
  }

  DomainSchema schema_;
};

TEST_F(Schema, TakesTheExamples) {
  for (const auto& example : example_domains()) {
    EXPECT_EQ(schema_.refusal(domain_xml(example.spec)), std::nullopt) << example.name;
    EXPECT_EQ(schema_.refusal(for_define(domain_xml(example.spec))), std::nullopt) << example.name;
  }
}

TEST_F(Schema, NamesTheElementAtFault) {
  EXPECT_EQ(refusal("<apic/>", "<apicx/>"), "libvirt's schema refuses <apicx> in <features>");
  EXPECT_EQ(refusal("<source>", "<drivers/><source>"),
            "libvirt's schema refuses <drivers> in <hostdev>");
  EXPECT_EQ(refusal("managed='yes'", "managed='maybe'"),
            "libvirt's schema refuses managed='maybe' of <hostdev>");
  EXPECT_EQ(refusal("<target dev='vda' bus='virtio'/>", ""),
            "libvirt's schema refuses <disk> in <devices>");
}

// The schema takes any order, but libxml2, by which libvirt judges, does not.
TEST_F(Schema, TakesTheDriverOfACardBesideItsSourceAlone) {
  EXPECT_EQ(refusal("<source>", "<driver name='vfio'/><source>"), std::nullopt);
  EXPECT_NE(refusal("<source>", "<driver name='vfio'/><rom bar='off'/><source>"), std::nullopt);
}

TEST_F(Schema, SaysWhatTheSchemaSays) {
  EXPECT_EQ(refusal("4096", "much"),
            "libvirt's schema refuses <memory> in <domain>: Type unsignedLong doesn't allow value "
            "'much'");
  EXPECT_EQ(refusal("<name>rocks-33</name>", ""),
            "libvirt's schema refuses <domain>: Expecting an element name, got nothing");
  EXPECT_EQ(refusal("</domain>", ""),
            "libvirt's schema cannot be applied: it is no well-formed XML");
}

// Changes of a document where the part of the schema differs from the whole, some of which the
// schema refuses.
class Changes {
 public:
  explicit Changes(std::uint32_t seed) : random_(seed) {}

  std::string changed(const std::string& xml) {
    pugi::xml_document document;
    document.load_string(xml.c_str(), pugi::parse_full);
    add_controller(document.child("domain").child("devices"));
    const auto found = document.select_nodes(
        "//address | //hostdev | //hostdev/source | //controller | //controller/*");
    for (auto change = below(3); change > 0 && !found.empty(); --change) {
      change_one(found[below(static_cast<unsigned>(found.size()))].node());
    }
    std::ostringstream out;
    document.save(out);
    return out.str();
  }

 private:
  unsigned below(unsigned count) { return static_cast<unsigned>(random_() % count); }

  template <std::size_t N>
  const char* one_of(const std::array<const char*, N>& words) {
    return words[below(N)];
  }

  // One that a libvirt would write, or nearly.
  void add_controller(pugi::xml_node devices) {
    static constexpr std::array kControllers{
        "<controller type='pci' index='0' model='pcie-root'/>",
        "<controller type='pci' index='17' model='pcie-root-port'><model name='pcie-root-port'/>"
        "<target chassis='17' port='0x1f'/><alias name='pci.17'/></controller>",
        "<controller type='pci' index='3' model='pcie-expander-bus'><model name='pxb-pcie'/>"
        "<target busNr='254'><node>0</node></target></controller>",
        "<controller type='pci' index='4' model='pcie-to-pci-bridge'><model "
        "name='pcie-pci-bridge'/>"
        "<address type='pci' domain='0x0000' bus='0x00' slot='0x1e' function='0x0'/></controller>",
        "<controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/><address "
        "type='pci' domain='0x0000' bus='0x00' slot='0x1d' function='0x0'/></controller>",
        "<controller type='usb' index='1' model='qemu-xhci' ports='15'/>",
        "<controller type='scsi' index='0' model='virtio-scsi'/>",
        "<controller type='sata' index='0'/>",
        "<controller type='virtio-serial' index='0'/>",
    };
    const auto* controller = one_of(kControllers);
    devices.append_buffer(controller, std::strlen(controller));
  }

  void change_one(pugi::xml_node node) {
    static constexpr std::array kNames{
        "domain", "bus",       "slot", "function", "type",  "index", "multifunction", "chassis",
        "port",   "chassisNr", "mode", "managed",  "busNr", "model", "writeFiltering"};
    static constexpr std::array kValues{"0x0000",
                                        "0x00",
                                        "0x0",
                                        "0",
                                        "7",
                                        "8",
                                        "0x8",
                                        "0x1f",
                                        "0x20",
                                        "31",
                                        "255",
                                        "256",
                                        "0x100",
                                        "+1",
                                        "0X1",
                                        " 0x00 ",
                                        "0x000000001",
                                        "-1",
                                        "on",
                                        "off",
                                        "pci",
                                        "drive",
                                        "usb",
                                        "scsi",
                                        "isa",
                                        "virtio-serial",
                                        "",
                                        "sata",
                                        "pcie-root",
                                        "pcie-root-port",
                                        "pci-bridge",
                                        "subsystem",
                                        "yes",
                                        "16"};
    static constexpr std::array kChildren{"driver", "teaming", "zpci",      "acpi",   "source",
                                          "target", "model",   "pcihole64", "master", "node"};
    static constexpr std::array kDrivers{"vfio", "kvm", "xen", "qemu"};
    if (below(4) == 0) {
      auto child = node.append_child(one_of(kChildren));
      if (below(2) == 0) child.append_attribute("name") = one_of(kDrivers);
      return;
    }
    const char* name = one_of(kNames);
    if (below(3) == 0) {
      node.remove_attribute(name);
    } else if (auto attribute = node.attribute(name)) {
      attribute = one_of(kValues);
    } else {
      node.append_attribute(name) = one_of(kValues);
    }
  }

  std::mt19937 random_;
};

// Controllers, devices of the host and addresses are judged by a part of the schema first. Whatever
// they are, the answer is that of the whole, which xmllint (Debian package libxml2-utils) reads.
TEST_F(Schema, JudgesAnyDeviceAsTheWholeSchemaDoes) {
  constexpr int kDocuments = 120;
  const TempDir dir;
  GeneratedDomains generated(1);
  Changes changes(2);
  std::vector<bool> taken;
  for (int i = 0; i < kDocuments; ++i) {
    const auto xml = changes.changed(domain_xml(generated.next()));
    taken.push_back(!schema_.refusal(xml));
    replace_file(dir.path() / (std::to_string(i) + ".xml"), xml);
  }
  const auto command = "cd " + dir.path().string() + " && xmllint --noout --relaxng " +
                       DomainSchema::kFile + " *.xml 2>judged";
  ASSERT_NE(std::system(command.c_str()), -1);
  int fits = 0;
  int refused = 0;
  std::istringstream judged(*read_file(dir.path() / "judged"));
  for (std::string line; std::getline(judged, line);) {
    const auto end = line.find(".xml ");
    if (end == std::string::npos || line.find(':') != std::string::npos) continue;
    const bool fit = line.ends_with(" validates");
    ASSERT_TRUE(fit || line.ends_with(" fails to validate")) << line;
    const auto number = line.substr(0, end);
    EXPECT_EQ(taken.at(std::stoul(number)), fit) << *read_file(dir.path() / (number + ".xml"));
    ++(fit ? fits : refused);
  }
  EXPECT_EQ(fits + refused, kDocuments);
  EXPECT_GT(fits, kDocuments / 10);
  EXPECT_GT(refused, kDocuments / 10);
}

TEST(SchemaFile, SaysWhoHasIt) {
  try {
    const DomainSchema schema("/nonexistent/domain.rng");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    EXPECT_STREQ(error.what(),
                 "libvirt's schema '/nonexistent/domain.rng' is not there (Debian package libvirt0 "
                 "has it)");
  }
}

TEST(SchemaFile, SaysWhatIsWrongWithIt) {
  const TempDir dir;
  replace_file(dir.path() / "domain.rng", "<grammar>");
  EXPECT_THROW(DomainSchema(dir.path() / "domain.rng"), Error);
}

}  // namespace
}  // namespace cluster::virt
