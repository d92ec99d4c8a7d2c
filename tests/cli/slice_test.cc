// Slices of cards go to VMs, with the commands that an operator types. gpupci itself answers, on a
// host made of files.

#include <gmock/gmock.h>

#include "core/file.h"
#include "core/text.h"
#include "tests/support/sliced_host.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";

class Slices : public SlicedStory {
 protected:
  void refused(const std::vector<std::string>& words, int status, const std::string& why) {
    const auto before = dump();
    EXPECT_EQ(cluster(words, status, why), "");
    EXPECT_EQ(dump(), before);
  }

  // Returns the columns of `list host gpu detail=yes` that are of use here.
  std::string details() {
    const auto list = cluster({"list", "host", "gpu", "n1", "detail=yes", "format=csv"});
    std::string all;
    for (const auto line : split(list, '\n')) {
      const auto cells = split(line, ',');
      if (cells.size() < 14 || cells[0] == "host") continue;
      // gpu, address, state, vm, model
      for (const auto i : {1U, 2U, 3U, 4U, 12U}) all += (i == 1 ? "" : "|") + std::string(cells[i]);
      all += "\n";
    }
    return all;
  }

  static std::string golden(const std::string& name) {
    return read_file(std::string(GOLDEN) + "/" + name).value_or("no " + name);
  }
};

TEST_F(Slices, AreLearntFromTheAgents) {
  const auto uuid = host.create();
  EXPECT_EQ(discover(),
            "host,gpu,change,pci_bus,details\n"
            "n1,gpupci1,new,pci_0000_01_00_0,\"10de:ffff, 1 function, 2 slices\"\n"
            "n1,gpupci2,new,pci_0000_02_00_0,\"10de:ffff, 1 function, 2 slices\"\n"
            "n1,mtty,new," +
                uuid + ",vGPU of type mtty-1\n");
  EXPECT_EQ(cluster({"discover", "host", "gpu"}), "");
  EXPECT_EQ(details(),
            "gpupci1|pci_0000_01_00_0|present||\n"
            "gpupci1.0|pci_0000_01_00_1|present||\n"
            "gpupci1.1|pci_0000_01_00_2|present||\n"
            "gpupci2|pci_0000_02_00_0|present||\n"
            "gpupci2.0|pci_0000_02_00_1|present||\n"
            "gpupci2.1|pci_0000_02_00_2|present||vGPU 1145\n"
            "mtty|" +
                uuid + "|present||vGPU mtty-1\n");
}

TEST_F(Slices, ADryRunTellsThemAndChangesNothing) {
  const auto uuid = host.create();
  transport.by_command["gpupci -l --json"] = host.run({"-l", "--json"});
  const auto told = cluster({"discover", "host", "gpu", "dryrun=yes", "format=csv"});
  EXPECT_THAT(told, HasSubstr(uuid));
  EXPECT_EQ(details(), "");
  EXPECT_EQ(discover(), told);
}

TEST_F(Slices, AreGivenListedDumpedAndTakenAway) {
  const auto uuid = host.create();
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1.0"});
  cluster({"add", "host", "gpu", "v1", "gpupci2", "0000:02:00.2"});
  cluster({"add", "host", "gpu", "v2", "gpupci1", uuid});
  cluster({"add", "host", "gpu", "v2", "gpupci2", "gpupci1.3"});
  EXPECT_EQ(cluster({"list", "host", "gpu", "v*"}),
            "HOST GPU     PCI_BUS\n"
            "v1:  gpupci1 pci_0000_01_00_1\n"
            "v1:  gpupci2 pci_0000_02_00_2\n"
            "v2:  gpupci1 " +
                uuid +
                "\n"
                "v2:  gpupci2 gpupci1.3\n");
  EXPECT_EQ(cluster({"report", "host", "gpu", "v2"}), "gpupci1:" + uuid + "\ngpupci2:gpupci1.3\n");
  EXPECT_THAT(cluster({"list", "host", "vm", "format=csv"}),
              HasSubstr("gpupci1=gpupci1.0 gpupci2=gpupci2.1"));
  EXPECT_THAT(details(), HasSubstr("gpupci1.0|pci_0000_01_00_1|present|v1|\n"));
  EXPECT_THAT(details(), HasSubstr("gpupci1.3||missing|v2|\n"));
  EXPECT_THAT(details(), HasSubstr("mtty|" + uuid + "|present|v2|vGPU mtty-1\n"));

  const auto before = dump();
  EXPECT_THAT(before, HasSubstr("cluster add host gpu v1 gpupci1 gpupci1.0\n"
                                "cluster add host gpu v1 gpupci2 gpupci2.1\n"
                                "cluster add host gpu v2 gpupci1 " +
                                uuid +
                                "\n"
                                "cluster add host gpu v2 gpupci2 gpupci1.3\n"));
  const auto first = std::exchange(place, places.make("other.db"));
  for (const auto line : split(before, '\n')) {
    std::vector<std::string> words;
    for (const auto word : split(line, ' ')) words.emplace_back(word);
    if (words.size() > 1) cluster({words.begin() + 1, words.end()});
  }
  EXPECT_EQ(dump(), before);
  discover();
  const auto details_again = details();
  place = first;
  EXPECT_EQ(details_again, details());

  cluster({"set", "host", "gpu", "v2", "gpupci2", "gpupci1.1"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "v2", "gpu=gpupci2"}), "pci_0000_01_00_2\n");
  cluster({"remove", "host", "gpu", "v1", "gpupci1"});
  cluster({"remove", "host", "gpu", "v2", "gpupci1"});
  EXPECT_EQ(cluster({"list", "host", "gpu", "v*"}),
            "HOST GPU     PCI_BUS\n"
            "v1:  gpupci2 pci_0000_02_00_2\n"
            "v2:  gpupci2 pci_0000_01_00_2\n");
}

TEST_F(Slices, WhatCannotBeIsRefused) {
  discover();
  const auto add = [this](const std::string& owner, const std::string& card, int status,
                          const std::string& why) {
    refused({"add", "host", "gpu", owner, "gpupci9", card}, status, why);
  };
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1.0"});
  add("v2", "gpupci1.0", 1, "slice gpupci1.0 of host 'n1' is in VM 'v1' already, as gpupci");
  add("v2", "gpupci1", 1,
      "card gpupci1 of host 'n1' cannot be given: slice gpupci1.0 is in VM 'v1', as gpupci");
  add("v2", "gpupci3.0", 1,
      "host 'n1' has no card gpupci3 in the inventory (it has gpupci1 pci_0000_01_00_0, gpupci2 "
      "pci_0000_02_00_0)");
  add("v2", "01:00.3", 1,
      "host 'n1' has no card pci_0000_01_00_3 in the inventory (it has gpupci1 pci_0000_01_00_0, "
      "gpupci2 pci_0000_02_00_0)");
  for (const std::string bad :
       {"gpupci1.", "gpupci1.x", "gpupci1.-1", "gpupci1.00", "gpupci1.65535"}) {
    add("v2", bad, 2,
        "not a card's or slice's name: '" + bad +
            "' (want gpupci1, or gpupci1.0 for its first slice)");
  }
  add("v2", "C2177883-F1BB-47F0-914D-32A22E3A8804", 2,
      "not a PCI address: 'C2177883-F1BB-47F0-914D-32A22E3A8804' (want pci_0000_02_00_0, "
      "0000:02:00.0 or 02:00.0)");
  add("n1", "gpupci1.0", 2,
      "not a PCI address: 'gpupci1.0' (want pci_0000_02_00_0, 0000:02:00.0 or 02:00.0)");
  add("n1", kUuid, 2,
      std::string("not a PCI address: '") + kUuid +
          "' (want pci_0000_02_00_0, 0000:02:00.0 or 02:00.0)");
  for (const std::string verb : {"add", "set"}) {
    const std::string name = verb == "add" ? "gpupci9" : "gpupci2";
    refused({verb, "host", "gpu", "n1", name, "01:00.2"}, 1,
            "pci_0000_01_00_2 of host 'n1' is slice gpupci1.1 already");
  }
  refused({"remove", "host", "gpu", "n1", "gpupci1"}, 1,
          "slice gpupci1.0 of host 'n1' is in VM 'v1': first `cluster remove host gpu v1 gpupci`");
  refused({"remove", "host", "vm", "v1"}, 1,
          "VM 'v1' still holds gpupci1.0 of host 'n1': first `cluster remove host gpu v1 gpupci`");
  cluster({"add", "host", "n2"});
  refused({"set", "host", "vm", "v1", "container=n2"}, 1,
          "VM 'v1' holds gpupci1.0 of host 'n1', and a slice is not chosen elsewhere: first "
          "`cluster remove host gpu v1 gpupci`");
}

TEST_F(Slices, ACardInSlicesIsNotChosenForAVm) {
  discover();
  host.cut(0);
  discover();
  refused({"add", "host", "vm", "v3", "gpus=2"}, 1,
          "no host has 2 cards free: n1 has 1 (gpupci2 is in slices)");
  cluster({"add", "host", "gpu", "v2", "gpupci", "gpupci2.0"});
  refused({"add", "host", "vm", "v3", "gpus=2"}, 1,
          "no host has 2 cards free: n1 has 1 (gpupci2 is in v2)");
  cluster({"add", "host", "vm", "v3", "gpus=1"});
  EXPECT_EQ(cluster({"report", "host", "gpu", "v3"}), "gpupci:pci_0000_01_00_0\n");
}

TEST_F(Slices, AreRenderedEachInItsWay) {
  const auto uuid = host.create();
  discover();
  const auto config = [&](const std::string& card) {
    cluster({"add", "host", "gpu", "v1", "gpupci", card});
    auto text = cluster({"report", "vm", "config", "v1"});
    cluster({"remove", "host", "gpu", "v1", "gpupci"});
    if (const auto at = text.find(uuid); at != std::string::npos) {
      text.replace(at, uuid.size(), kUuid);
    }
    return text;
  };
  EXPECT_EQ(config("gpupci1.0"), golden("slice_virtual_function.xml"));
  EXPECT_EQ(config("gpupci2.1"), golden("slice_vendor_vgpu.xml"));
  EXPECT_EQ(config(uuid), golden("slice_mdev.xml"));
  // The fragment of roll vgpu makes the vGPU the only screen of the guest.
  for (const std::string roll : {"gpupt", "vgpu"}) {
    cluster({"add", "roll", GOLDEN "/../../../rolls/" + roll});
    cluster({"enable", "roll", roll});
  }
  EXPECT_EQ(config(uuid), golden("slice_mdev.xml"));
  cluster({"set", "host", "attr", "v1", "mdev_display", "ramfb"});
  cluster({"set", "host", "attr", "v1", "vgpu_console", "yes"});
  EXPECT_EQ(config(uuid), golden("vgpu_console.xml"));
}

TEST_F(Slices, AndCardsComeInTheOrderOfTheirNames) {
  host.cut(0);
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci10", "gpupci1"});
  cluster({"add", "host", "gpu", "v1", "gpupci9", "gpupci2.0"});
  const auto config = cluster({"report", "vm", "config", "v1"});
  EXPECT_LT(config.find("<address domain='0x0000' bus='0x02'"),
            config.find("<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>\n      "
                        "</source>"));
}

TEST_F(Slices, OneThatIsNotThereIsNotRendered) {
  const auto uuid = host.create();
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1.2"});
  cluster({"add", "host", "gpu", "v2", "gpupci", uuid});
  refused(
      {"report", "vm", "config", "v1"}, 1,
      "VM 'v1' holds slice gpupci1.2 of host 'n1', which is not there as far as the inventory "
      "knows: `cluster run host n1 \"gpupci --vfs gpupci1 3\"`, then `cluster discover host gpu "
      "n1`");
  EXPECT_THAT(cluster({"report", "vm", "config", "v2"}), HasSubstr(uuid));
  host.remove(uuid);
  EXPECT_EQ(discover(),
            "host,gpu,change,pci_bus,details\n"
            "n1,mtty,gone," +
                uuid + ",a VM holds it\n");
  refused({"sync", "vm", "config", "v2"}, 1,
          "v2: VM 'v2' holds vGPU " + uuid +
              " of host 'n1', which is not there as far as the inventory knows: `cluster run host "
              "n1 \"gpupci --restore\"`, then `cluster discover host gpu n1`");
}

TEST_F(Slices, ArePrintedForVagrantWhereTheyHaveAnAddress) {
  const auto uuid = host.create();
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1.0"});
  cluster({"add", "host", "gpu", "v1", "gpupci2", "gpupci1.3"});
  cluster({"add", "host", "gpu", "v1", "gpupci3", uuid});
  EXPECT_EQ(cluster({"report", "host", "gpu", "v1", "format=vagrant"}),
            "# gpupci1 of v1: gpupci1.0 of n1\n"
            "v.pci :domain => '0x0000', :bus => '0x01', :slot => '0x00', :function => '0x1'\n"
            "# gpupci2 of v1: gpupci1.3 of n1: not there when the host was asked last\n"
            "# gpupci3 of v1: " +
                uuid + " of n1: it has no PCI address of its own\n");
}

TEST_F(Slices, OneOfACardThatIsMissingIsNotRendered) {
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1.0"});
  transport.by_command["gpupci -l --json"] = R"({"cards": []})";
  cluster({"discover", "host", "gpu"});
  refused({"report", "vm", "config", "v1"}, 1,
          "VM 'v1' holds gpupci1.0 of host 'n1', which was missing when the host was asked last: "
          "`cluster discover host gpu n1`, or give it another");
  discover();
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), HasSubstr("bus='0x01'"));
}

TEST_F(Slices, OneThatVanishedIsDriftAndStaysWithItsVm) {
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1.1"});
  const auto before = dump();
  host.cut(1);
  transport.by_command["gpupci -l --json"] = host.run({"-l", "--json"});
  transport.by_command["gpupci --check all --json"] = R"({"checks": []})";
  EXPECT_EQ(run({"check", "host", "gpu", "format=csv"}).out,
            "host,gpu,check,result,reason,fix\n"
            "n1,gpupci1,drift,WARN,\"changed: 1 slices, had 2\",cluster discover host gpu n1\n"
            "n1,gpupci1,drift,FAIL,\"slice gone: gpupci1.1, a VM holds it\",cluster discover host "
            "gpu n1\n");
  EXPECT_EQ(discover(),
            "host,gpu,change,pci_bus,details\n"
            "n1,gpupci1,changed,pci_0000_01_00_0,\"1 slices, had 2\"\n"
            "n1,gpupci1,slice gone,pci_0000_01_00_0,\"gpupci1.1, a VM holds it\"\n");
  EXPECT_EQ(dump(), before);
  EXPECT_THAT(details(), HasSubstr("gpupci1.1||missing|v1|\n"));
}

TEST_F(Slices, AreDetachedByName) {
  transport.answers["n1"].out =
      R"({"action": "detach", "cards": [{"name": "gpupci1.1", "pci": "pci_0000_01_00_2",
          "error": null, "functions": [{"outcome": "detached"}]}]})";
  EXPECT_EQ(cluster({"detach", "host", "gpu", "n1", "gpupci1.1"}),
            "HOST GPU       PCI_BUS          OUTCOME\n"
            "n1:  gpupci1.1 pci_0000_01_00_2 detached\n");
  EXPECT_EQ(transport.asked_command, "gpupci -d gpupci1.1 --json");
}

}  // namespace
}  // namespace cluster
