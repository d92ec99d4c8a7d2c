// Tests how the frontend uses the agents' answers to discover, check, detach and attach host gpu.

#include <gmock/gmock.h>

#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

constexpr const char* kTwoCards = R"({"cards": [
  {"name": "gpupci1", "pci": "pci_0000_02_00_0", "model": "GP106 [GeForce GTX 1060]", "numa_node": 0,
   "slot": "3", "serial": null, "uuid": null, "state": "present", "functions": [
     {"pci": "pci_0000_02_00_0", "kind": "video", "class": "0300", "vendor": "10de", "device": "1c03",
      "subsystem_vendor": "1458", "subsystem_device": "3716", "driver": "nvidia", "iommu_group": 13},
     {"pci": "pci_0000_02_00_1", "kind": "audio", "class": "0403", "vendor": "10de", "device": "10f1",
      "driver": "snd_hda_intel", "iommu_group": 13}]},
  {"name": "gpupci2", "pci": "pci_0000_03_00_0", "functions": [
     {"pci": "pci_0000_03_00_0", "kind": "video", "class": "0302", "vendor": "10de", "device": "1021",
      "driver": null, "iommu_group": null}]}]})";

class Fleet : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "n2"});
    say("n1", kTwoCards);
    say("n2", R"({"cards": []})");
  }

  void say(const std::string& host, const std::string& out, int status = 0,
           const std::string& err = "") {
    transport.answers[host] = {out, err, {ssh::End::exited, status, "", {}}};
  }
};

TEST_F(Fleet, DiscoverFillsTheInventoryAndIsQuietTheSecondTime) {
  expect_shape(cluster({"discover", "host", "gpu", "dryrun=yes", "format=json"}),
               "discover_host_gpu");
  EXPECT_EQ(
      cluster({"discover", "host", "gpu"}),
      "HOST GPU     CHANGE PCI_BUS          DETAILS\n"
      "n1:  gpupci1 new    pci_0000_02_00_0 10de:1c03, GP106 [GeForce GTX 1060], 2 functions\n"
      "n1:  gpupci2 new    pci_0000_03_00_0 10de:1021, 1 function\n");
  EXPECT_EQ(transport.asked_command, "gpupci -l --json");
  EXPECT_EQ(cluster({"dump", "host", "gpu"}),
            "cluster add host gpu n1 gpupci1 pci_0000_02_00_0\n"
            "cluster add host gpu n1 gpupci2 pci_0000_03_00_0\n");
  EXPECT_EQ(cluster({"discover", "host", "gpu"}), "");
  EXPECT_EQ(cluster({"discover", "host", "gpu", "format=json"}), "[]\n");
  EXPECT_EQ(cluster({"list", "host", "gpu", "detail=yes", "format=csv",
                     "columns=host,gpu,pci_bus,state,vm,id,functions,iommu_group,numa_node,slot,"
                     "serial,uuid,model,failing"}),
            "host,gpu,pci_bus,state,vm,id,functions,iommu_group,numa_node,slot,serial,uuid,model,"
            "failing\n"
            "n1,gpupci1,pci_0000_02_00_0,present,,10de:1c03,2,13,0,3,,,GP106 [GeForce GTX 1060],\n"
            "n1,gpupci2,pci_0000_03_00_0,present,,10de:1021,1,,,,,,,\n");
}

TEST_F(Fleet, DiscoverSaysOfANamedHostThatItHasNoCard) {
  EXPECT_EQ(cluster({"discover", "host", "gpu", "n2"}, 0, "n2: has no card"), "");
  cluster({"discover", "host", "gpu"});
}

TEST_F(Fleet, DiscoverLearnsTheSizeOfBars) {
  const auto with_bars = [](const std::string& bars) {
    return R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0", "functions": [
        {"pci": "pci_0000_02_00_0", "class": "0300", "vendor": "10de", "device": "1c03",
         "bars": )" +
           bars + "}]}]}";
  };
  const auto bar = [](const std::string& size, bool is_64bit, bool prefetchable) {
    return R"({"size": )" + size + R"(, "64bit": )" + (is_64bit ? "true" : "false") +
           R"(, "prefetchable": )" + (prefetchable ? "true" : "false") + "}";
  };
  // Only the second and the third are of the kind that counts.
  const auto bars = [&](const std::string& big) {
    return "[" + bar("16777216", false, false) + "," + bar(big, true, true) + "," +
           bar("33554432", true, true) + "," + bar("67108864", true, false) + "," +
           bar("67108864", false, true) + "," + bar("128", false, false) + "]";
  };
  say("n1", with_bars(bars("268435456")));
  cluster({"discover", "host", "gpu", "n1"});
  const auto cards = Inventory(place, Inventory::Open::existing).gpu_cards(HostName("n1"));
  EXPECT_EQ(cards.at(0).functions.at(0).bar_mib, 288);
  EXPECT_EQ(cards.at(0).functions.at(0).bars, (std::vector<int>{256, 32}));
  say("n1", with_bars(bars("8589934592")));
  EXPECT_EQ(cluster({"discover", "host", "gpu", "n1"}),
            "HOST GPU     CHANGE  PCI_BUS          DETAILS\n"
            "n1:  gpupci1 changed pci_0000_02_00_0 BARs 8224 MiB, had 288\n");
  // A region that the host found no room for has no size: what was known stays.
  say("n1", with_bars(bars("null")));
  cluster({"discover", "host", "gpu", "n1"});
  EXPECT_EQ(Inventory(place, Inventory::Open::existing)
                .gpu_cards(HostName("n1"))
                .at(0)
                .functions.at(0)
                .bar_mib,
            8224);
  for (const auto& bad :
       {"[" + bar("18446744073709551615", true, true) + "]", "[" + bar("\"a\"", true, true) + "]",
        std::string("[268435456]"), std::string("7")}) {
    say("n1", with_bars(bad));
    EXPECT_EQ(run({"discover", "host", "gpu", "n1"}).status, 1) << bad;
  }
}

TEST_F(Fleet, ADryRunChangesNothing) {
  const auto told = cluster({"discover", "host", "gpu", "n1", "dryrun=yes"});
  EXPECT_EQ(cluster({"list", "host", "gpu"}), "HOST GPU PCI_BUS\n");
  EXPECT_EQ(cluster({"discover", "host", "gpu", "n1"}), told);
}

TEST_F(Fleet, AVmKeepsItsCardWhenTheHostRenamesIt) {
  cluster({"add", "host", "gpu", "n1", "gpupci1", "03:00.0"});
  cluster({"add", "host", "gpu", "n1", "gpupci2", "02:00.0"});
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci2"});
  EXPECT_EQ(cluster({"discover", "host", "gpu", "n1", "format=csv"}),
            "host,gpu,change,pci_bus,details\n"
            "n1,gpupci1,renamed,pci_0000_02_00_0,was gpupci2\n"
            "n1,gpupci1,changed,pci_0000_02_00_0,\"model, slot, NUMA node, 2 functions, had 0\"\n"
            "n1,gpupci2,renamed,pci_0000_03_00_0,was gpupci1\n"
            "n1,gpupci2,changed,pci_0000_03_00_0,\"1 functions, had 0\"\n");
  EXPECT_EQ(
      cluster({"list", "host", "vm", "format=csv"}).find("gpupci=gpupci1") != std::string::npos,
      true);
  EXPECT_EQ(cluster({"report", "host", "gpu", "v1"}), "gpupci:pci_0000_02_00_0\n");
}

TEST_F(Fleet, ACardThatIsGoneStaysAsMissing) {
  cluster({"discover", "host", "gpu"});
  say("n1", R"({"cards": []})");
  EXPECT_EQ(cluster({"discover", "host", "gpu"}),
            "HOST GPU     CHANGE PCI_BUS          DETAILS\n"
            "n1:  gpupci1 gone   pci_0000_02_00_0 -\n"
            "n1:  gpupci2 gone   pci_0000_03_00_0 -\n");
  EXPECT_EQ(cluster({"list", "host", "gpu"}),
            "HOST GPU     PCI_BUS\n"
            "n1:  gpupci1 pci_0000_02_00_0\n"
            "n1:  gpupci2 pci_0000_03_00_0\n");
}

TEST_F(Fleet, AVmIsNotHandedAnotherCard) {
  cluster({"discover", "host", "gpu"});
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci2"});
  const auto before = dump();
  say("n1", R"({"cards": [{"name": "gpupci2", "pci": "pci_0000_03_00_0", "functions": [
      {"pci": "pci_0000_03_00_0", "class": "0300", "vendor": "10de", "device": "1e07"}]}]})");
  EXPECT_EQ(
      cluster({"discover", "host", "gpu", "n1"}, 1,
              "n1: a VM holds gpupci2 pci_0000_03_00_0, 10de:1021, which is not there; gpupci2 "
              "pci_0000_03_00_0 in its place is another card: take it from the VM first"),
      "");
  EXPECT_EQ(dump(), before);
}

TEST_F(Fleet, AHostThatDoesNotAnswerChangesNothing) {
  cluster({"discover", "host", "gpu"});
  const auto before = dump();
  transport.answers["n1"] = {"", "", {ssh::End::unreachable, -1, "connection refused", {}}};
  cluster({"discover", "host", "gpu"}, 3, "n1: connection refused");
  say("n1", "", 127, "bash: gpupci: command not found\n");
  cluster({"discover", "host", "gpu"}, 1,
          "n1: there is no gpupci: cluster sync host agent puts it there");
  say("n1", "", 2, "gpupci: /etc/gpupci/gpupci.yaml:3: unknown key\n");
  cluster({"discover", "host", "gpu"}, 1,
          "n1: gpupci ended with status 2 and no answer: gpupci: /etc/gpupci/gpupci.yaml:3: "
          "unknown key (is it of this version? cluster sync host agent)");
  for (const std::string garbage :
       {"gpupci1 pci_0000_02_00_0", "{\"cards\": 3}", "[]", "{\"cards\": [{}]}",
        R"({"cards": [{"name": "x", "pci": "02:00.0", "functions": []}]})"}) {
    say("n1", garbage);
    const auto [out, err, status] = run({"discover", "host", "gpu"});
    EXPECT_EQ(status, 1);
    EXPECT_EQ(err.find("cluster: n1: cannot understand what gpupci says there"), 0U) << err;
  }
  EXPECT_EQ(dump(), before);
}

// Each of these would take the stack, the inventory or a number that is another one then.
TEST_F(Fleet, AHostThatSaysTooMuchChangesNothing) {
  cluster({"discover", "host", "gpu"});
  const auto before = dump();
  const auto nested = std::string(100'000, '[') + std::string(100'000, ']');
  const auto function = [](const std::string& rest) {
    return R"({"pci": "0000:02:00.0", "class": "0300", "vendor": "10de", "device": "1e07")" + rest +
           "}";
  };
  const auto card = [](const std::string& functions, const std::string& rest = "") {
    return R"({"name": "gpupci1", "pci": "0000:02:00.0", "functions": [)" + functions + "]" + rest +
           "}";
  };
  std::string many;
  for (int i = 0; i < 5000; ++i) many += (i == 0 ? "" : ",") + card("");
  for (const auto& cards :
       {card(function(R"(, "bars": )" + nested)), card("", R"(, "slices": )" + nested),
        card(nested), card("", R"(, "model": ")" + std::string(100'000, 'x') + '"'),
        card("", R"(, "model": "a\u0000b")"), card("", R"(, "numa_node": 9223372036854775807)"),
        card("", R"(, "numa_node": 1e300)"), card(function(R"(, "iommu_group": -4294967296)")),
        card(function(R"(, "iommu_group": 18446744073709551615)")), many}) {
    say("n1", R"({"cards": [)" + cards + "]}");
    const auto [out, err, status] = run({"discover", "host", "gpu"});
    EXPECT_EQ(status, 1) << cards.substr(0, 200);
    EXPECT_EQ(err.find("cluster: n1: cannot understand what gpupci says there"), 0U) << err;
  }
  say("n1", R"({"cards": [], "vgpus": )" + nested + "}");
  EXPECT_EQ(run({"discover", "host", "gpu"}).status, 1);
  EXPECT_EQ(dump(), before);
}

// Answers the checks with one document and the list of cards with another.
class Checked : public Fleet {
 protected:
  void SetUp() override {
    Fleet::SetUp();
    cluster({"discover", "host", "gpu"});
    transport.by_command["gpupci -l --json"] = kTwoCards;
    transport.by_command["gpupci --check all --json"] = R"({"checks": [
        {"id": "H2", "card": null, "result": "PASS", "reason": "13 IOMMU groups", "fix": null},
        {"id": "D9", "card": "gpupci1", "result": "FAIL", "reason": "pid 4711 has it open", "fix": "stop it"},
        {"id": "D21", "card": "gpupci2", "result": "UNKNOWN", "reason": "NUMA node -1", "fix": ""}]})";
  }
};

TEST_F(Checked, ShowsWhatDidNotPass) {
  const auto [out, err, status] = run({"check", "host", "gpu", "n1"});
  EXPECT_EQ(out,
            "HOST GPU     CHECK RESULT  REASON               FIX\n"
            "n1:  gpupci1 D9    FAIL    pid 4711 has it open stop it\n"
            "n1:  gpupci2 D21   UNKNOWN NUMA node -1         -\n");
  EXPECT_EQ(err, "");
  EXPECT_EQ(status, 1);
  EXPECT_NE(run({"check", "host", "gpu", "n1", "all=yes"}).out.find("H2    PASS"),
            std::string::npos);
  expect_shape(run({"check", "host", "gpu", "n1", "all=yes", "format=json"}).out, "check_host_gpu");
}

TEST_F(Checked, RemembersWhatFailsUntilItPasses) {
  const auto failing = [this] {
    Inventory inventory(place, Inventory::Open::existing);
    std::vector<std::optional<std::string>> words;
    for (const auto& host : inventory.hosts()) {
      words.push_back(host.failing);
      for (const auto& card : inventory.gpu_cards(host.name)) words.push_back(card.failing);
    }
    return words;
  };
  using Words = std::vector<std::optional<std::string>>;
  run({"check", "host", "gpu", "n1"});
  EXPECT_EQ(failing(), (Words{{}, "D9: pid 4711 has it open", {}, {}}));
  cluster({"discover", "host", "gpu", "n1"});
  transport.by_command["gpupci --check all --json"] = R"({"checks": [
      {"id": "H1", "card": null, "result": "WARN", "reason": "old kernel"},
      {"id": "H2", "card": null, "result": "FAIL", "reason": "no IOMMU"},
      {"id": "H3", "card": null, "result": "FAIL", "reason": "second"},
      {"id": "D1", "card": "gpupci2", "result": "FAIL", "reason": "fallen off the bus"},
      {"id": "D9", "card": "gpupci2", "result": "FAIL", "reason": "second"},
      {"id": "D9", "card": "gpupci7", "result": "FAIL", "reason": "not in the inventory"}]})";
  run({"check", "host", "gpu", "n1"});
  const Words both{"H2: no IOMMU", {}, "D1: fallen off the bus", {}};
  EXPECT_EQ(failing(), both);
  const auto list = cluster({"list", "host", "gpu", "n1", "detail=yes", "format=csv"});
  EXPECT_NE(list.find(",GP106 [GeForce GTX 1060],H2: no IOMMU,"), std::string::npos) << list;
  EXPECT_NE(list.find(",D1: fallen off the bus,"), std::string::npos) << list;
  EXPECT_THAT(cluster({"list", "host", "gpu", "failing", "detail=yes", "format=csv",
                       "columns=host,gpu,checked"}),
              ::testing::MatchesRegex("host,gpu,checked\n(n1,gpupci[12],[0-9]+ s\n)+"));
  transport.answers["n1"] = {"", "", {ssh::End::unreachable, -1, "connection refused", {}}};
  const auto by_command = std::exchange(transport.by_command, {});
  run({"check", "host", "gpu", "n1"});
  EXPECT_EQ(failing(), both);
  say("n1", "");
  transport.by_command = by_command;
  transport.by_command["gpupci --check all --json"] = R"({"checks": []})";
  run({"check", "host", "gpu", "n1"});
  EXPECT_EQ(failing(), (Words{{}, {}, {}, {}}));
}

TEST_F(Checked, ShowsWhereInventoryAndHostDisagree) {
  transport.by_command["gpupci --check all --json"] = R"({"checks": []})";
  EXPECT_EQ(cluster({"check", "host", "gpu", "n1"}), "");
  transport.by_command["gpupci -l --json"] = R"({"cards": []})";
  const auto [out, err, status] = run({"check", "host", "gpu", "n1", "format=csv"});
  EXPECT_EQ(out,
            "host,gpu,check,result,reason,fix\n"
            "n1,gpupci1,drift,FAIL,gone,cluster discover host gpu n1\n"
            "n1,gpupci2,drift,FAIL,gone,cluster discover host gpu n1\n");
  EXPECT_EQ(status, 1);
}

TEST_F(Checked, AHostThatIsNotReachedIsSaidOnce) {
  transport.answers["n1"] = {"", "", {ssh::End::unreachable, -1, "connection refused", {}}};
  transport.by_command.clear();
  cluster({"check", "host", "gpu", "n1"}, 3, "n1: connection refused");
}

TEST_F(Fleet, DetachTellsWhatBecameOfEachCard) {
  say("n1", R"({"action": "detach", "cards": [
      {"name": "gpupci1", "pci": "pci_0000_02_00_0", "error": null, "functions": [
        {"outcome": "detached"}, {"outcome": "detached"}]},
      {"name": "gpupci2", "pci": "pci_0000_03_00_0", "error": "pid 4711 has it open", "functions": [
        {"outcome": "untouched"}]}]})",
      1);
  const auto [out, err, status] = run({"detach", "host", "gpu", "n1"});
  EXPECT_EQ(out,
            "HOST GPU     PCI_BUS          OUTCOME\n"
            "n1:  gpupci1 pci_0000_02_00_0 detached\n"
            "n1:  gpupci2 pci_0000_03_00_0 untouched\n");
  EXPECT_EQ(err, "cluster: n1 gpupci2: pid 4711 has it open\n");
  EXPECT_EQ(status, 1);
  EXPECT_EQ(transport.asked_command, "gpupci -d all --json");
}

TEST_F(Fleet, AttachOneCardOnly) {
  say("n1", R"({"action": "attach", "cards": [
      {"name": "gpupci1", "pci": "pci_0000_02_00_0", "error": null, "functions": [{"outcome": "attached"}]}]})");
  EXPECT_EQ(cluster({"attach", "host", "gpu", "n1", "gpupci1", "dryrun=yes"}),
            "HOST GPU     PCI_BUS          OUTCOME\n"
            "n1:  gpupci1 pci_0000_02_00_0 attached\n");
  EXPECT_EQ(transport.asked_command, "gpupci -a gpupci1 --json --dry-run");
  cluster({"attach", "host", "gpu", "gpupci1"}, 2, "want a host: HOST... [CARD]");
  cluster({"attach", "host", "gpu", "n1", "gpupci1;id"}, 2,
          "not a card name: 'gpupci1;id' (want gpupci1, gpupci2, ...)");
  cluster({"detach", "host", "gpu"}, 2,
          "detach host gpu: HOST... [CARD] is required (see `cluster detach host gpu --help`)");
}

}  // namespace
}  // namespace cluster
