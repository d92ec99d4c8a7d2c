#include <gmock/gmock.h>

#include <algorithm>

#include "core/hex.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

class HostGpu : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "vm-container-0-15"});
    cluster({"add", "host", "vm-container-0-2"});
    cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15"});
    cluster({"add", "host", "vm", "rocks-34", "vm-container-0-15"});
  }

  void add_two() {
    cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci1", "pci_0000_02_00_0"});
    cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci2", "pci_0000_03_00_0"});
  }
};

TEST_F(HostGpu, TheAncestorsSession) {
  add_two();
  EXPECT_EQ(cluster({"list", "host", "gpu"}),
            "HOST               GPU     PCI_BUS\n"
            "vm-container-0-15: gpupci1 pci_0000_02_00_0\n"
            "vm-container-0-15: gpupci2 pci_0000_03_00_0\n");
  EXPECT_EQ(cluster({"dump", "host", "gpu"}),
            "cluster add host gpu vm-container-0-15 gpupci1 pci_0000_02_00_0\n"
            "cluster add host gpu vm-container-0-15 gpupci2 pci_0000_03_00_0\n");
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container-0-15"}),
            "gpupci1:pci_0000_02_00_0\n"
            "gpupci2:pci_0000_03_00_0\n");
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container-0-15", "gpu=gpupci1"}),
            "pci_0000_02_00_0\n");
}

TEST_F(HostGpu, AnAddressHasThreeSpellingsAndIsShownInOne) {
  cluster({"add", "host", "gpu", "vm-container-0-2", "gpupci1", "0000:02:00.0"});
  cluster({"add", "host", "gpu", "vm-container-0-2", "gpupci2", "03:00.0"});
  cluster({"add", "host", "gpu", "vm-container-0-2", "gpupci10", "10000:E1:00.0"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container-0-2"}),
            "gpupci1:pci_0000_02_00_0\n"
            "gpupci2:pci_0000_03_00_0\n"
            "gpupci10:pci_10000_e1_00_0\n");
}

TEST_F(HostGpu, VagrantsLinesHaveEveryFunction) {
  const auto report = [this](const std::string& host) {
    return cluster({"report", "host", "gpu", "format=vagrant", host});
  };
  add_two();
  EXPECT_EQ(report("vm-container-0-15"),
            "# gpupci1 of vm-container-0-15: never discovered, so only the address that was typed\n"
            "v.pci :domain => '0x0000', :bus => '0x02', :slot => '0x00', :function => '0x0'\n"
            "# gpupci2 of vm-container-0-15: never discovered, so only the address that was typed\n"
            "v.pci :domain => '0x0000', :bus => '0x03', :slot => '0x00', :function => '0x0'\n");
  const std::string function = R"("class": "0300", "vendor": "10de", "device": "1cb1"})";
  transport.answers["vm-container-0-15"].out =
      R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0", "model": "Quadro\u001b P1000",)"
      R"( "functions": [{"pci": "pci_0000_02_00_0", )" +
      function + R"(, {"pci": "pci_0000_02_00_1", )" + function + "]}]}";
  cluster({"discover", "host", "gpu", "vm-container-0-15"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  const std::string both =
      "v.pci :domain => '0x0000', :bus => '0x02', :slot => '0x00', :function => '0x0'\n"
      "v.pci :domain => '0x0000', :bus => '0x02', :slot => '0x00', :function => '0x1'\n";
  EXPECT_EQ(report("rocks-33"),
            "# gpupci of rocks-33: gpupci1 of vm-container-0-15, Quadro\\x1b P1000\n" + both);
  EXPECT_EQ(report("rocks-34"), "");
  EXPECT_EQ(cluster({"report", "host", "gpu", "format=vagrant", "gpu=gpupci1"}),
            "# gpupci1 of vm-container-0-15, Quadro\\x1b P1000\n" + both);
  EXPECT_EQ(cluster({"report", "host", "gpu", "format=vagrant", "gpu=gpupci2"}),
            "# gpupci2 of vm-container-0-15: missing when the host was asked last\n");
  cluster({"report", "host", "gpu", "rocks-33", "format=ruby"}, 2,
          "format='ruby': want names or topology or vagrant");
  cluster({"add", "host", "gpu", "vm-container-0-2", "gpupci1", "10000:e1:1f.7"});
  EXPECT_THAT(
      report("vm-container-0-2"),
      ::testing::EndsWith(
          "v.pci :domain => '0x10000', :bus => '0xe1', :slot => '0x1f', :function => '0x7'\n"));
}

TEST_F(HostGpu, AReportOfSeveralHostsSaysWhoseEachCardIs) {
  cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "vm-container-0-2", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container-0-%"}),
            "vm-container-0-2: gpupci1:pci_0000_02_00_0\n"
            "vm-container-0-15: gpupci1:pci_0000_02_00_0\n");
  EXPECT_EQ(cluster({"report", "host", "gpu"}),
            "rocks-33: gpupci:pci_0000_02_00_0\n"
            "vm-container-0-2: gpupci1:pci_0000_02_00_0\n"
            "vm-container-0-15: gpupci1:pci_0000_02_00_0\n");
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container", "gpu=gpupci1"}),
            "vm-container-0-2: pci_0000_02_00_0\n"
            "vm-container-0-15: pci_0000_02_00_0\n");
}

TEST_F(HostGpu, KeysMayStandForTheArguments) {
  cluster({"add", "host", "gpu", "vm-container-0-15", "gpu=gpupci1", "value=02:00.0"});
  cluster({"set", "host", "gpu", "vm-container-0-15", "--gpu", "gpupci1", "--value=04:00.0"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container-0-15"}), "gpupci1:pci_0000_04_00_0\n");
  cluster({"remove", "host", "gpu", "vm-container-0-15", "gpu=gpupci1"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container-0-15"}), "");
}

TEST_F(HostGpu, AVmHoldsACardByAddressOrByItsContainersName) {
  add_two();
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "pci_0000_02_00_0"});
  cluster({"add", "host", "gpu", "rocks-34", "gpupci", "gpupci2"});
  EXPECT_EQ(cluster({"list", "host", "gpu", "rocks-*"}),
            "HOST      GPU    PCI_BUS\n"
            "rocks-33: gpupci pci_0000_02_00_0\n"
            "rocks-34: gpupci pci_0000_03_00_0\n");
  EXPECT_EQ(cluster({"dump", "host", "gpu"}),
            "cluster add host gpu vm-container-0-15 gpupci1 pci_0000_02_00_0\n"
            "cluster add host gpu vm-container-0-15 gpupci2 pci_0000_03_00_0\n"
            "cluster add host gpu rocks-33 gpupci pci_0000_02_00_0\n"
            "cluster add host gpu rocks-34 gpupci pci_0000_03_00_0\n");
}

TEST_F(HostGpu, AMovedCardTakesItsVmAlong) {
  add_two();
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  cluster({"set", "host", "gpu", "vm-container-0-15", "gpupci1", "0a:00.0"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "rocks-33", "gpu=gpupci"}), "pci_0000_0a_00_0\n");
}

TEST_F(HostGpu, AVmCanBeGivenAnotherCard) {
  add_two();
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  cluster({"set", "host", "gpu", "rocks-33", "gpupci", "gpupci2"});
  cluster({"add", "host", "gpu", "rocks-34", "gpupci", "gpupci1"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "rocks-33"}), "gpupci:pci_0000_03_00_0\n");
  cluster({"set", "host", "gpu", "rocks-33", "gpupci", "gpupci1"}, 1,
          "card gpupci1 of host 'vm-container-0-15' is in VM 'rocks-34' already, as gpupci");
  cluster({"set", "host", "gpu", "rocks-33", "gpupci7", "gpupci2"}, 1,
          "VM 'rocks-33' has no card gpupci7");
}

TEST_F(HostGpu, OneCardOneNameOneVm) {
  add_two();
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  const auto before = dump();
  cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci3", "02:00.0"}, 1,
          "card pci_0000_02_00_0 of host 'vm-container-0-15' is gpupci1 already");
  cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci3", "02:00.1"}, 1,
          "card pci_0000_02_00_1 of host 'vm-container-0-15' is gpupci1 already");
  cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci1", "04:00.0"}, 1,
          "host 'vm-container-0-15' has a gpupci1 already, pci_0000_02_00_0 (`cluster set host "
          "gpu` changes it)");
  cluster({"set", "host", "gpu", "vm-container-0-15", "gpupci1", "03:00.0"}, 1,
          "card pci_0000_03_00_0 of host 'vm-container-0-15' is gpupci2 already");
  cluster({"add", "host", "gpu", "rocks-34", "gpupci", "02:00.0"}, 1,
          "card gpupci1 of host 'vm-container-0-15' is in VM 'rocks-33' already, as gpupci");
  cluster({"add", "host", "gpu", "rocks-33", "gpupci1", "02:00.0"}, 1,
          "card gpupci1 of host 'vm-container-0-15' is in VM 'rocks-33' already, as gpupci");
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci2"}, 1,
          "VM 'rocks-33' has a gpupci already, gpupci1 of host 'vm-container-0-15'");
  cluster({"remove", "host", "gpu", "vm-container-0-15", "gpupci1"}, 1,
          "card gpupci1 of host 'vm-container-0-15' is in VM 'rocks-33': first "
          "`cluster remove host gpu rocks-33 gpupci`");
  EXPECT_EQ(dump(), before);
}

TEST_F(HostGpu, TheSameNameOnAnotherHostIsAnotherCard) {
  add_two();
  cluster({"add", "host", "gpu", "vm-container-0-2", "gpupci1", "02:00.0"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "vm-container-0-2", "gpu=gpupci1"}),
            "pci_0000_02_00_0\n");
}

TEST_F(HostGpu, AVmHoldsOnlyCardsOfItsContainer) {
  add_two();
  cluster({"add", "host", "gpu", "vm-container-0-2", "gpupci1", "05:00.0"});
  cluster({"add", "host", "vm", "rocks-40", "vm-container-0-2"});
  const auto before = dump();
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "05:00.0"}, 1,
          "host 'vm-container-0-15' has no card pci_0000_05_00_0 in the inventory (it has gpupci1 "
          "pci_0000_02_00_0, gpupci2 pci_0000_03_00_0)");
  cluster({"add", "host", "gpu", "rocks-40", "gpupci", "gpupci2"}, 1,
          "host 'vm-container-0-2' has no card gpupci2 in the inventory (it has gpupci1 "
          "pci_0000_05_00_0)");
  EXPECT_EQ(dump(), before);
  cluster({"remove", "host", "gpu", "vm-container-0-2", "gpupci1"});
  cluster({"add", "host", "gpu", "rocks-40", "gpupci", "gpupci1"}, 1,
          "host 'vm-container-0-2' has no card gpupci1 in the inventory (it has none: `cluster add "
          "host gpu`)");
}

TEST_F(HostGpu, RefusesWhatIsWrong) {
  add_two();
  cluster({"add", "row", "host", "name=rocks-50", "appliance=vm"});
  const auto before = dump();
  const std::vector<std::string> add{"add", "host", "gpu", "vm-container-0-15"};
  const auto refused = [&](std::vector<std::string> words, int status, const std::string& error) {
    words.insert(words.begin(), add.begin(), add.end());
    cluster(words, status, error);
  };
  refused({"gpupci3", "0000:100:00.0"}, 2,
          "not a PCI address: '0000:100:00.0' (bus 100 is past ff)");
  refused({"gpupci3", "02:20.0"}, 2, "not a PCI address: '02:20.0' (slot 20 is past 1f)");
  refused({"gpupci3", "02:00.8"}, 2, "not a PCI address: '02:00.8' (function 8 is past 7)");
  refused({"gpupci3", "2-0-0"}, 2,
          "not a PCI address: '2-0-0' (want pci_0000_02_00_0, 0000:02:00.0 or 02:00.0)");
  refused({"gpupci3", "gpupci1"}, 2,
          "not a PCI address: 'gpupci1' (want pci_0000_02_00_0, 0000:02:00.0 or 02:00.0)");
  refused({"card3", "04:00.0"}, 2, "not a card name: 'card3' (want gpupci1, gpupci2, ...)");
  refused({"gpupci", "04:00.0"}, 2,
          "not a card name for host 'vm-container-0-15': 'gpupci' is a VM's (want gpupci1, "
          "gpupci2, ...)");
  refused({"gpupci3"}, 2, "add host gpu: CARD is required (see `cluster add host gpu --help`)");
  cluster({"add", "host", "gpu", "vm-container-0-51", "gpupci1", "02:00.0"}, 1,
          "host 'vm-container-0-51' is not in the inventory (did you mean 'vm-container-0-15'?)");
  cluster({"add", "host", "gpu", "rocks-50", "gpupci", "02:00.0"}, 2,
          "host 'rocks-50' is a VM without a container: `cluster add host vm`");
  cluster({"remove", "host", "gpu", "vm-container-0-15", "gpupci9"}, 1,
          "host 'vm-container-0-15' has no card gpupci9 in the inventory (it has gpupci1 "
          "pci_0000_02_00_0, "
          "gpupci2 pci_0000_03_00_0)");
  cluster({"report", "host", "gpu", "vm-container-0-15", "gpu=gpupci9"}, 1,
          "no card gpupci9 on vm-container-0-15");
  EXPECT_EQ(dump(), before);
}

TEST_F(HostGpu, DumpRebuildsEverything) {
  add_two();
  cluster({"set", "host", "rocks-33", "address=10.1.1.33"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci1", "gpupci2"});
  const auto before = dump();
  place = places.make("other.db");
  std::istringstream lines(before);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::vector<std::string> argv;
    std::string word;
    words >> word;  // "cluster"
    while (words >> word) argv.push_back(word);
    cluster(argv);
  }
  EXPECT_EQ(dump(), before);
}

// As many as a host may tell of.
TEST_F(HostGpu, ThousandsOfCardsComeAndGo) {
  constexpr int kCards = 4096;
  constexpr int kSlots = 32;
  std::string cards;
  for (int i = 0; i < kCards; ++i) {
    const auto hex = [](int number) { return to_hex(static_cast<unsigned>(number), 2); };
    const auto slot = "0000:" + hex(1 + i / kSlots) + ":" + hex(i % kSlots);
    const std::string ids = R"(", "class": "0300", "vendor": "10de", "device": "1cb1"})";
    cards += (cards.empty() ? "" : ",") + (R"({"name": "gpupci)" + std::to_string(i + 1)) +
             R"(", "pci": ")" + slot + R"(.0", "functions": [{"pci": ")" + slot + ".0" + ids +
             R"(, {"pci": ")" + slot + ".1" + ids + "]}";
  }
  transport.answers["vm-container-0-2"].out = R"({"cards": [)" + cards + "]}";
  cluster({"discover", "host", "gpu", "vm-container-0-2"});
  const auto names = cluster({"report", "host", "gpu", "vm-container-0-2"});
  EXPECT_EQ(std::ranges::count(names, '\n'), kCards);
  cluster({"remove", "host", "vm-container-0-2"}, 0,
          "removed 1 host with " + std::to_string(kCards) + " cards");
  EXPECT_EQ(cluster({"list", "host", "gpu"}), "HOST GPU PCI_BUS\n");
}

}  // namespace
}  // namespace cluster
