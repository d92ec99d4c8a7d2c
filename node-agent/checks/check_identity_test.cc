#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

class CheckIdentity : public CheckedHost {};

TEST_F(CheckIdentity, CompareACardWithWhatItsNameWasGivenTo) {
  const auto noted = [this](const std::string& pci, const std::string& model,
                            const std::string& serial, const std::string& more = "") {
    set_host("names.json", R"({"version": 1, "boot": "x", "cards": {"gpupci1": {"pci": ")" + pci +
                               R"(", "model": ")" + model +
                               R"(", "subsystem": "1458:37c4", "serial": )" + serial +
                               R"(, "uuid": null, "missing": false)" + more + "}}}");
  };
  EXPECT_EQ(check("D2"),
            "UNKNOWN it is new: there is no record of it; gpupci -l, as root, makes one");
  noted("0000:02:00.0", "10de:1e07", "null");
  EXPECT_EQ(check("D2"), "PASS it is of the model that was named; it has no number of its own");
  noted("0000:02:00.0", "10de:1c03", "null");
  EXPECT_EQ(check("D2"),
            "FAIL its model is 10de:1e07, and gpupci1 was given to one with 10de:1c03; gpupci "
            "--restore, as root, names the cards anew");
  noted("0000:05:00.0", "10de:1e07", "null");
  EXPECT_THAT(check("D2"), StartsWith("WARN it was at 0000:05:00.0 and is at 0000:02:00.0; "));
  noted("0000:02:00.0", "10de:1e07", "\"00-48\"");
  EXPECT_THAT(check("D2"), StartsWith("UNKNOWN its serial number cannot be read"));
  set("0000:02:00.0/serial_number", "00-48\n");
  EXPECT_EQ(check("D2"), "PASS it is the card that was named (00-48)");
  set("0000:02:00.0/serial_number", "00-49\n");
  EXPECT_THAT(check("D2"), StartsWith("FAIL its serial number is 00-49, and gpupci1 was given to"));
  set("0000:02:00.0/subsystem_vendor", "0x1458\n");
  set("0000:02:00.0/subsystem_device", "0x3724\n");
  EXPECT_THAT(check("D2"), StartsWith("FAIL its subsystem is 1458:3724, and gpupci1 was given to"));
  const auto differs = [&](const std::string& more) {
    noted("0000:02:00.0", "10de:1e07", "null", ", " + more);
    return check("D2");
  };
  set("0000:02:00.0/subsystem_device", "0x37c4\n");
  set("0000:02:00.0/revision", "0xa1\n");
  set_host("bus/pci/slots/4/address", "0000:02:00\n");
  EXPECT_THAT(differs(R"("class": "0300", "revision": "a1", "slot": "4", "iommu_group": "13")"),
              StartsWith("PASS"));
  EXPECT_THAT(differs(R"("class": "0302")"),
              StartsWith("FAIL its class is 0300, and gpupci1 was given to one with 0302"));
  EXPECT_THAT(differs(R"("revision": "a2")"), StartsWith("FAIL its revision is a1, and gpupci1"));
  EXPECT_THAT(differs(R"("slot": "5")"), StartsWith("WARN it was in slot 5 and is in 4; gpupci"));
  EXPECT_THAT(differs(R"("iommu_group": "7")"),
              StartsWith("WARN it was in IOMMU group 7 and is in 13; gpupci"));
  set_host("names.json", "{");
  EXPECT_THAT(check("D2"), StartsWith("UNKNOWN not a record of names: "));
  EXPECT_THAT(check("D2"), EndsWith("; move it away, and the cards are numbered anew"));
}

}  // namespace
}  // namespace cluster::agent
