#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CheckBus : public CheckedHost {
 protected:
  void set_link(const std::string& pci, const std::string& now, const std::string& most) {
    set(pci + "/current_link_width", now + "\n");
    set(pci + "/max_link_width", most + "\n");
  }

  // Puts the card behind the first of these bridges, that one behind the second, and so on.
  void put_behind(const std::vector<FakeSysfs::Function>& bridges) {
    for (auto bridge = bridges.rbegin(); bridge != bridges.rend(); ++bridge) {
      fake_.add(*bridge);
      if (bridge != bridges.rbegin()) fake_.put_below(bridge->pci, std::prev(bridge)->pci);
    }
    for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
      fake_.put_below(function, bridges.front().pci);
    }
  }
};

const FakeSysfs::Function kRootPort{"0000:00:01.0", "0604", "8086:1901", "pcieport", 1};

TEST_F(CheckBus, AsksWhetherEachFunctionAnswers) {
  EXPECT_THAT(check("D1"), StartsWith("UNKNOWN"));
  set("0000:02:00.0/config", std::string(64, '\0'));
  set("0000:02:00.1/config", std::string(64, '\0'));
  EXPECT_EQ(check("D1"), "PASS every function answers");
  set("0000:02:00.1/config", std::string(64, '\xff'));
  EXPECT_EQ(check("D1"), "FAIL 0000:02:00.1 has fallen off the bus; power the host off and on");
}

// What the kernel remembers of such a card, and ones, are no facts.
TEST_F(CheckBus, PassesNothingThatACardToldThatDoesNotAnswer) {
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::string(function) + "/config", std::string(4096, '\xff'));
    set(std::string(function) + "/resource", "0xf6000000 0xf6ffffff 0x40200\n");
    set(std::string(function) + "/reset_method", "flr bus\n");
    set(std::string(function) + "/aer_dev_fatal", "TOTAL_ERR_FATAL 0\n");
    set(std::string(function) + "/aer_dev_nonfatal", "TOTAL_ERR_NONFATAL 0\n");
    set(std::string(function) + "/power_state", "D0\n");
    set_link(function, "63", "63");
  }
  for (const auto* id : {"D14", "D15", "D16", "D17", "D18", "D19", "D20"}) {
    EXPECT_EQ(check(id),
              "UNKNOWN 0000:02:00.0 does not answer on the bus (D1); power the host off and on");
  }
}

TEST_F(CheckBus, SaysHowTheCardCanBeReset) {
  EXPECT_THAT(check("D14"), StartsWith("WARN 0000:02:00.0 cannot be reset: it is on no bus of"));
  set("0000:02:00.0/reset_method", "flr bus\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (flr bus)");
  set("0000:02:00.0/reset_method", "bus\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (bus)");
}

// The group says nothing of it: it holds what is behind other ports, too.
TEST_F(CheckBus, SaysWhatAResetOfTheBusHits) {
  put_behind({kRootPort});
  fake_.add({"0000:03:00.0", "0c03", "1b21:2142", "xhci_hcd", 13});
  fake_.add({"0000:00:01.1", "0604", "8086:1905", "pcieport", 13});
  fake_.put_below("0000:03:00.0", "0000:00:01.1");
  EXPECT_EQ(check("D14"), "PASS it can be reset (bus)") << "vfio resets the bus of a whole card";
  for (const auto* methods : {"bus\n", "\n"}) {
    set("0000:02:00.0/reset_method", methods);
    EXPECT_EQ(check("D14"), "PASS it can be reset (bus)");
  }
  fake_.add({"0000:02:01.0", "0200", "8086:100e", "e1000", 14});
  fake_.put_below("0000:02:01.0", "0000:00:01.0");
  EXPECT_THAT(check("D14"), StartsWith("WARN its reset (bus) resets 0000:02:01.0 as well; give"));
  EXPECT_THAT(check("D14"), Not(HasSubstr("0000:03:00.0")));
  set("0000:02:00.0/reset_method", "flr bus\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (flr bus)");
}

TEST_F(CheckBus, ComparesTheLinkWithWhatThePortAboveCanDo) {
  put_behind({kRootPort});
  set_link("0000:02:00.0", "8", "16");
  set_link("0000:00:01.0", "8", "8");
  EXPECT_EQ(check("D16"),
            "PASS its link has 8 of 16 lanes, all that the port above, 0000:00:01.0, has")
      << "soldered, or in a slot of eight";
  set_link("0000:00:01.0", "8", "16");
  EXPECT_EQ(check("D16"), "WARN its link has 8 of 16 lanes; reseat the card, check its riser");
  set_link("0000:00:01.0", "16", "16");
  EXPECT_THAT(check("D16"), StartsWith("PASS its link has 8 of 16 lanes, and the port above, "))
      << "the ends of a link have the same lanes";
  for (const auto* not_known : {"63", "255", "0"}) {
    set_link("0000:00:01.0", not_known, not_known);
    EXPECT_THAT(check("D16"), StartsWith("WARN its link has 8 of 16 lanes; reseat the card, or"));
  }
  set_link("0000:02:00.0", "63", "63");
  EXPECT_THAT(check("D16"), StartsWith("UNKNOWN link width '63' of '63'"));
}

// From the card to its own switch the link is always whole.
TEST_F(CheckBus, LooksAtTheLinkOfTheSwitchOnTheCard) {
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::string(function) + "/vendor", "0x1002\n");
  }
  put_behind({{"0000:06:00.0", "0604", "1002:1479", "pcieport", 2},
              {"0000:05:00.0", "0604", "1022:1470", "pcieport", 3},
              {"0000:04:01.0", "0604", "8086:15ef", "pcieport", 4},
              kRootPort});
  set_link("0000:02:00.0", "16", "16");
  set_link("0000:06:00.0", "16", "16");
  set_link("0000:05:00.0", "16", "16");
  set_link("0000:04:01.0", "16", "16");
  EXPECT_EQ(check("D16"), "PASS the link of its switch 0000:05:00.0 has 16 of 16 lanes");
  set_link("0000:05:00.0", "4", "16");
  set_link("0000:04:01.0", "4", "4");
  EXPECT_THAT(check("D16"),
              StartsWith("WARN the link of its switch 0000:05:00.0 has 4 of 16 lanes, "
                         "all that the port above, 0000:04:01.0, has; use a slot"));
  set_link("0000:04:01.0", "4", "16");
  EXPECT_THAT(check("D16"),
              StartsWith("WARN the link of its switch 0000:05:00.0 has 4 of 16 lanes; "
                         "reseat"));
}

TEST_F(CheckBus, OfPcie) {
  constexpr char kErrors = 0x01;
  const auto set_both = [&](std::optional<char> extended) {
    for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) set_config(function, extended);
  };
  const auto all_start_with = [&](const std::string& word) {
    for (const auto* id : {"D16", "D17"}) EXPECT_THAT(check(id), StartsWith(word)) << id;
  };
  // A user other than root reads 64 bytes.
  set("0000:02:00.0/config", std::string(64, '\0'));
  all_start_with("UNKNOWN it is not known whether ");
  set_both(std::nullopt);
  EXPECT_EQ(check("D16"), "PASS it is no PCIe device, and has no link");
  EXPECT_EQ(check("D17"), "PASS it is not made to report PCIe errors");

  set_both(kErrors);
  EXPECT_THAT(check("D16"),
              StartsWith("UNKNOWN the kernel shows no current_link_width of 0000:02:00.0"));
  EXPECT_THAT(check("D17"), StartsWith("UNKNOWN the kernel counts no PCIe errors of 0000:02:00.0"));
  set("0000:02:00.0/current_link_width", "16\n");
  set("0000:02:00.0/max_link_width", "16\n");
  EXPECT_EQ(check("D16"), "PASS its link has 16 of 16 lanes");
  set("0000:02:00.0/current_link_width", "8\n");
  EXPECT_THAT(check("D16"), StartsWith("WARN its link has 8 of 16 lanes"));
  set("0000:02:00.0/current_link_width", "many\n");
  EXPECT_THAT(check("D16"), StartsWith("UNKNOWN link width 'many' of '16'"));
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::filesystem::path(function) / "aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 0\n");
    EXPECT_THAT(check("D17"), StartsWith("UNKNOWN"));
    set(std::filesystem::path(function) / "aer_dev_nonfatal", "TOTAL_ERR_NONFATAL 0\n");
  }
  EXPECT_EQ(check("D17"), "PASS no PCIe error was reported");
  set("0000:02:00.1/aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 3\n");
  EXPECT_THAT(check("D17"), StartsWith("WARN 0000:02:00.1 had 3 PCIe errors since boot"));
}

TEST_F(CheckBus, TakesAnOldKernelsWordForAReset) {
  set("0000:02:00.0/reset", "");
  EXPECT_EQ(check("D14"), "PASS it can be reset") << "there is no list of methods before 5.15";
  set("0000:02:00.0/reset_method", "\n");
  EXPECT_THAT(check("D14"), StartsWith("WARN 0000:02:00.0 cannot be reset: "));
}

TEST_F(CheckBus, PassesALinkThatIsNotTheCardsOwn) {
  for (const auto* most : {"0\n", "255\n"}) {
    set("0000:02:00.0/current_link_width", "0\n");
    set("0000:02:00.0/max_link_width", most);
    EXPECT_EQ(check("D16"), "PASS it has no PCIe link of its own");
  }
}

}  // namespace
}  // namespace cluster::agent
