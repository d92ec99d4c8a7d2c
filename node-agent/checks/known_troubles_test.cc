#include "node-agent/checks/known_troubles.h"

#include <set>

#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::string& text) {
  try {
    parse_known("k.yaml", text);
    return "read";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(KnownTroubles, OfOursAreWholeAndHaveASource) {
  const auto all = parse_known("known.yaml", std::string(known_text()));
  EXPECT_GE(all.size(), 8U);
  std::set<std::string_view> ids;
  for (const auto& check : card_checks()) ids.insert(check.id);
  for (const auto& one : all) {
    EXPECT_THAT(one.source, StartsWith("https://")) << one.name;
    EXPECT_TRUE(ids.contains(one.check)) << one.name << ": there is no check " << one.check;
    EXPECT_EQ(one.what.find(';'), std::string::npos) << one.name;
    for (const auto& text : {one.what, one.fix}) EXPECT_FALSE(text.ends_with('.')) << one.name;
  }
}

TEST(KnownTroubles, AreRefusedWithTheirPlace) {
  EXPECT_EQ(refusal("a: b\n"), "k.yaml:1: want a list of `- name:` entries");
  EXPECT_EQ(refusal("- check: D14\n"), "k.yaml:1: an entry without a name");
  EXPECT_EQ(refusal("- name: a\n  chek: D14\n"), "k.yaml:2: unknown key 'chek'");
  EXPECT_EQ(refusal("- name: a\n  off: true\n- name: a\n  off: true\n"),
            "k.yaml:3: 'a' is given twice");
  EXPECT_EQ(refusal("- name: a\n  check: D14\n  what: w\n  fix: f\n"),
            "k.yaml:1: 'a' has no 'source'");
  const std::string rest = "  check: D14\n  what: w\n  fix: f\n  source: s\n";
  EXPECT_EQ(refusal("- name: a\n" + rest),
            "k.yaml:1: 'a' says not of what: models, classes, drivers, host");
  for (const auto* bad : {"10de", "10de:1-2", "10de:2000-1000", "10de:1000-2000-3000"}) {
    EXPECT_EQ(refusal("- name: a\n" + rest + "  models: ['" + bad + "']\n"),
              "k.yaml:6: '" + std::string(bad) + "' in 'models' is not vendor:device (144d:a804)");
  }
  EXPECT_EQ(refusal("- name: a\n  classes: [300]\n"),
            "k.yaml:2: '300' in 'classes' is not four hex digits (0108)");
  EXPECT_EQ(refusal("- name: a\n  off: yes\n"), "k.yaml:2: 'off' wants true or false");
  EXPECT_EQ(refusal("- name: a\n  result: bad\n"), "k.yaml:2: 'result' wants WARN or FAIL");
  EXPECT_EQ(refusal("- name: a\n" + rest + "  models: ['10de:1e00-1eff']\n"), "read");
  EXPECT_EQ(refusal("# nothing\n"), "read");
}

class KnownCard : public CheckedHost {
 protected:
  void be(const std::string& vendor, const std::string& device) {
    set("0000:02:00.0/vendor", "0x" + vendor + "\n");
    set("0000:02:00.0/device", "0x" + device + "\n");
  }
  void own(const std::string& text) { set_host("known.yaml", text); }
};

TEST_F(KnownCard, IsWarnedOfUntilItsResetIsMended) {
  settings_.vendors = {0x1002};
  be("1002", "687f");
  set("0000:02:00.0/reset_method", "bus\n");
  EXPECT_THAT(check("D14"), StartsWith("WARN Vega cards often do not come back"));
  set("0000:02:00.0/reset_method", "device_specific bus\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (device_specific bus)");
}

TEST_F(KnownCard, IsWarnedOfByTheResetThatHarms) {
  be("10de", "2b85");
  set("0000:02:00.0/reset_method", "flr bus\n");
  EXPECT_THAT(check("D14"), StartsWith("WARN a function level reset can freeze this model"));
  set("0000:02:00.0/reset_method", "bus\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (bus)");
}

TEST_F(KnownCard, FailsWhereNoVmWorksWithIt) {
  settings_.devices.models = {{0x126f, 0x2263}};
  EXPECT_EQ(check("D24"), "PASS nothing is known against it");
  be("126f", "2263");
  EXPECT_THAT(check("D24"), StartsWith("FAIL QEMU refuses NVMe disks with this controller"));
}

TEST_F(KnownCard, IsBetterLeftDetachedThanGivenBack) {
  be("10de", "2330");
  EXPECT_THAT(check("D24"), HasSubstr("sets up NVLink; let it be detached since boot"));
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_EQ(check("D24"), "PASS nothing is known against it");
}

TEST_F(KnownCard, HasTheWayOutOfItsHost) {
  set_host("kernel/iommu_groups/13/reserved_regions",
           "0x00000000bf000000 0x00000000bf7fffff direct\n");
  EXPECT_THAT(check("H6"), HasSubstr("turn off RMRR for this slot in the firmware"));
  set_host("class/dmi/id/product_name", "ProLiant DL380p Gen8\n");
  EXPECT_THAT(check("H6"), StartsWith("WARN the firmware reserves memory of 0000:02:00.0"));
  EXPECT_THAT(check("H6"), HasSubstr("conrep"));
  set_host("kernel/iommu_groups/13/reserved_regions",
           "0x00000000fee00000 0x00000000feefffff msi\n");
  EXPECT_THAT(check("H6"), StartsWith("PASS"));
}

TEST_F(KnownCard, IsJudgedByTheFileOfTheHostToo) {
  be("10de", "2b85");
  set("0000:02:00.0/reset_method", "flr\n");
  own("- name: nvidia-blackwell-flr\n  off: true\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (flr)");
  own("- name: mine\n  check: D24\n  drivers: [nvidia]\n  classes: [0300]\n  what: w\n  fix: f\n"
      "  source: us\n");
  EXPECT_EQ(check("D24"), "WARN w; f");
  EXPECT_THAT(check("D14"), StartsWith("WARN a function level reset"));
}

}  // namespace
}  // namespace cluster::agent
