#include "virt/domain_xml.h"

#include <gmock/gmock.h>

namespace cluster::virt {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

CardSpec address_only(const PciAddress& pci) {
  CardSpec card;
  card.name = "gpupci";
  card.functions = {pci};
  card.known = false;
  return card;
}

DomainSpec rocks_33() {
  DomainSpec domain;
  domain.name = "rocks-33";
  domain.uuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
  domain.memory_mib = 4096;
  domain.cpus = 4;
  domain.cards.push_back(address_only({0, 2, 0, 0}));
  return domain;
}

TEST(DomainXml, ACardKnownByAddressIsTheAncestorsHostdev) {
  EXPECT_THAT(domain_xml(rocks_33()),
              EndsWith("    <hostdev mode='subsystem' type='pci' managed='yes'>\n"
                       "      <source>\n"
                       "        <address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>\n"
                       "      </source>\n"
                       "    </hostdev>\n"
                       "  </devices>\n"
                       "</domain>\n"));
}

TEST(DomainXml, KeepsLongDomains) {
  auto domain = rocks_33();
  domain.cards = {address_only(PciAddress::parse("10000:e1:1f.7"))};
  EXPECT_THAT(domain_xml(domain),
              HasSubstr("<address domain='0x10000' bus='0xe1' slot='0x1f' function='0x7'/>"));
}

TEST(DomainXml, EscapesWhatXmlWouldRead) {
  auto domain = rocks_33();
  domain.disks = {{DiskSource::file, "/vm/a'b<&\" />\n.img", "raw", "vda", "virtio", {}}};
  EXPECT_THAT(domain_xml(domain), HasSubstr("<source file='/vm/a&apos;b&lt;&amp;\" />&#10;.img'/>"));
}

TEST(DomainXml, PinsMemoryOnlyWithACard) {
  auto domain = rocks_33();
  EXPECT_THAT(domain_xml(domain), HasSubstr("<memballoon model='none'/>"));
  domain.cards.clear();
  EXPECT_THAT(domain_xml(domain), Not(HasSubstr("memballoon")));
}

TEST(DomainXml, IsStable) { EXPECT_EQ(domain_xml(rocks_33()), domain_xml(rocks_33())); }

}  // namespace
}  // namespace cluster::virt
