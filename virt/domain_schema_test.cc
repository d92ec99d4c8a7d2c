#include "virt/domain_schema.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/example_domains.h"
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

TEST_F(Schema, SaysWhatTheSchemaSays) {
  EXPECT_EQ(refusal("4096", "much"),
            "libvirt's schema refuses <memory> in <domain>: Type unsignedLong doesn't allow value "
            "'much'");
  EXPECT_EQ(refusal("<name>rocks-33</name>", ""),
            "libvirt's schema refuses <domain>: Expecting an element name, got nothing");
  EXPECT_EQ(refusal("</domain>", ""),
            "libvirt's schema cannot be applied: it is no well-formed XML");
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
