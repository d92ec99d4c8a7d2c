#include "node-agent/output/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

const PciFunction kVideoFacts{{0, 2, 0, 0}, 0x0300, 0x10de, 0x1c03, "nvidia", 13};
const PciFunction kBare{{0x10000, 3, 0x1f, 7}, 0x0403, 0x10de, 0x00f1, std::nullopt, std::nullopt};

// The output is one line, and nothing follows it.
ordered_json read(const std::string& text) {
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  return ordered_json::parse(text);
}

CardFacts facts(const std::string& name, const PciFunction& function) {
  return {.card = {GpuName(name), {function}},
          .model = std::nullopt,
          .identity = {.serial = {},
                       .numa_node = std::nullopt,
                       .slot = std::nullopt,
                       .functions = {FunctionIdentity{}}},
          .wedge = std::nullopt,
          .sriov = std::nullopt,
          .slices = {}};
}

TEST(CardsJson, HasNullForWhatIsNotKnown) {
  const auto cards = read(cards_json({facts("gpupci1", kBare)}, {})).at("cards");
  ASSERT_EQ(cards.size(), 1U);
  EXPECT_EQ(cards[0], ordered_json::parse(R"({"name": "gpupci1", "pci": "pci_10000_03_1f_7",
      "functions": [{"pci": "pci_10000_03_1f_7", "kind": "audio", "class": "0403",
      "vendor": "10de", "device": "00f1", "driver": null, "iommu_group": null,
      "subsystem_vendor": null, "subsystem_device": null, "revision": null, "bars": [],
      "reset_methods": [], "link": {"speed": null, "width": null, "max_speed": null,
      "max_width": null}}], "state": "present", "model": null, "numa_node": null, "slot": null,
      "serial": null, "uuid": null, "wedged": null, "sriov": null, "slices": [],
      "left_out": []})"));
}

TEST(CardsJson, HasAllThatIsKnown) {
  auto card = facts("gpupci1", kVideoFacts);
  card.model = "GP106 [GeForce GTX 1060 6GB]";
  card.identity.serial = {"00-4b-1c-ff-ff-2d-b0-48", "GPU-6ab2"};
  card.identity.numa_node = 1;
  card.identity.slot = "4";
  card.identity.functions[0] = {.subsystem_vendor = "1458",
                                .subsystem_device = "3724",
                                .revision = "a1",
                                .bars = {{0, 0xc0000000, 0xc0ffffff, 0x200},
                                         {1, 0x8000000000, 0x8fffffffff, 0x102200},
                                         {3, 0, 0, 0x20102200}},
                                .reset_methods = {"flr", "bus"},
                                .link = {"2.5 GT/s PCIe", 8, "8.0 GT/s PCIe", 16}};
  card.wedge = {"2026-11-21T01:20:00Z", "echo \xff"};
  card.sriov = {{0, 2, 0, 0}, 4, 1};
  card.slices = {{GpuName("gpupci1"), {kBare}, 0}};
  card.card.left_out = {{kBare, "it is a bridge"}};
  const auto one = read(cards_json({card}, {})).at("cards").at(0);
  const auto& function = one.at("functions").at(0);
  EXPECT_EQ(function["driver"], "nvidia");
  EXPECT_EQ(function["iommu_group"], 13);
  EXPECT_EQ(function["subsystem_vendor"], "1458");
  EXPECT_EQ(function["revision"], "a1");
  EXPECT_EQ(function["bars"][1],
            ordered_json::parse(
                R"({"size": 68719476736, "64bit": true, "prefetchable": true, "placed": true})"));
  EXPECT_EQ(function["bars"][2],
            ordered_json::parse(
                R"({"size": null, "64bit": true, "prefetchable": true, "placed": false})"));
  EXPECT_EQ(function["reset_methods"], (ordered_json{"flr", "bus"}));
  EXPECT_EQ(function["link"]["max_width"], 16);
  EXPECT_EQ(one["model"], "GP106 [GeForce GTX 1060 6GB]");
  EXPECT_EQ(one["numa_node"], 1);
  EXPECT_EQ(one["slot"], "4");
  EXPECT_EQ(one["serial"], "00-4b-1c-ff-ff-2d-b0-48");
  EXPECT_EQ(one["uuid"], "GPU-6ab2");
  EXPECT_EQ(one["wedged"]["step"], "echo \xef\xbf\xbd");  // JSON holds UTF-8 only
  EXPECT_EQ(one["sriov"]["vfs"], 1);
  EXPECT_EQ(one["sriov"]["total"], 4);
  EXPECT_EQ(one["slices"][0]["name"], "gpupci1.0");
  EXPECT_EQ(one["slices"][0]["pci"], "pci_10000_03_1f_7");
  EXPECT_EQ(one["left_out"][0]["pci"], "pci_10000_03_1f_7");
  EXPECT_EQ(one["left_out"][0]["why"], "it is a bridge");
}

TEST(CardsJson, HasMissingCardsAmongTheOthersByNumber) {
  KnownCard gone;
  gone.pci = {0, 9, 0, 0};
  gone.serial.serial = "a";
  const auto cards =
      read(cards_json({facts("gpupci10", kVideoFacts), facts("gpupci1", kVideoFacts)},
                      {{GpuName("gpupci2"), gone}}))
          .at("cards");
  ASSERT_EQ(cards.size(), 3U);
  EXPECT_EQ(cards[0]["name"], "gpupci1");
  EXPECT_EQ(cards[1]["name"], "gpupci2");
  EXPECT_EQ(cards[2]["name"], "gpupci10");
  EXPECT_EQ(cards[1]["state"], "missing");
  EXPECT_EQ(cards[1]["pci"], "pci_0000_09_00_0");
  EXPECT_EQ(cards[1]["serial"], "a");
  EXPECT_EQ(cards[1]["uuid"], nullptr);
  EXPECT_TRUE(cards[1]["functions"].empty());
}

// A program that reads one card may rely on the same keys for another card.
TEST(CardsJson, HasTheSameKeysForEachCard) {
  const auto cards =
      read(cards_json({facts("gpupci1", kVideoFacts)}, {{GpuName("gpupci2"), {}}})).at("cards");
  const auto keys = [](const ordered_json& card) {
    std::vector<std::string> all;
    for (const auto& [key, value] : card.items()) all.push_back(key);
    return all;
  };
  EXPECT_EQ(keys(cards[0]), keys(cards[1]));
}

TEST(CardsJson, HasVgpusOnlyWhereTheyWereAskedFor) {
  EXPECT_FALSE(read(cards_json({}, {})).contains("vgpus"));
  EXPECT_EQ(read(cards_json({}, {}, std::vector<ListedVgpu>{})).at("vgpus"), ordered_json::array());
  const ListedVgpu foreign{"c2177883",
                           {.parent = "mtty", .interface = VgpuInterface::mdev, .type = "mtty-1"},
                           "foreign"};
  EXPECT_EQ(read(cards_json({}, {}, std::vector{foreign})).at("vgpus").at(0),
            ordered_json::parse(R"({"id": "c2177883", "parent": "mtty", "interface": "mdev",
                "type": "mtty-1", "lease": null, "since": null, "state": "foreign"})"));
}

TEST(OutcomeJson, SaysWhatBecameOfEachFunction) {
  auto report = untouched({GpuName("gpupci1"), {kVideoFacts}});
  report.functions[0].outcome = Outcome::already_attached;
  report.steps = {"echo \"a\" > 'b'"};
  const auto document = read(outcome_json("attach", virt::Mode::dry_run, "libvirt", {report}));
  EXPECT_EQ(document["action"], "attach");
  EXPECT_EQ(document["dry_run"], true);
  EXPECT_EQ(document["through"], "libvirt");
  const auto& card = document.at("cards").at(0);
  EXPECT_EQ(card["name"], "gpupci1");
  EXPECT_EQ(card["pci"], "pci_0000_02_00_0");
  EXPECT_EQ(card["error"], nullptr);
  EXPECT_EQ(card["steps"], ordered_json{"echo \"a\" > 'b'"});
  EXPECT_EQ(card["functions"][0]["outcome"], "already attached");
  EXPECT_EQ(card["functions"][0]["device"], "1c03");
}

TEST(OutcomeJson, BeginsACardAsTheSelftestLooksForIt) {
  const auto text = outcome_json("detach", virt::Mode::dry_run, "sysfs",
                                 {untouched({GpuName("gpupci1"), {kVideoFacts}})});
  EXPECT_NE(text.find(R"({"name":"gpupci1","pci":"pci_0000_02_00_0","error":null,)"),
            std::string::npos)
      << text;
}

TEST(OutcomeJson, HasNoWayWhereNothingWasDone) {
  const auto document = read(outcome_json("detach", virt::Mode::act, "", {}));
  EXPECT_EQ(document["through"], nullptr);
  EXPECT_EQ(document["dry_run"], false);
  EXPECT_EQ(document["cards"], ordered_json::array());
}

TEST(OutcomeJson, SaysWhoRefused) {
  auto report = untouched({GpuName("gpupci1"), {kVideoFacts}});
  report.refused = {{.id = "disk", .what = "a", .fix = "b"},
                    {.id = "holder", .what = "c"},
                    {.id = "disk", .what = "d"}};
  report.errors = {{.what = "e"}};
  report.notes = {"n1", "n2"};
  const auto card = read(outcome_json("detach", virt::Mode::act, "sysfs", {report})).at("cards")[0];
  EXPECT_EQ(card["error"], "disk: a; b; holder: c; disk: d; e");
  EXPECT_EQ(card["refused_by"], (ordered_json{"disk", "holder"}));
  EXPECT_EQ(card["notes"], (ordered_json{"n1", "n2"}));
  EXPECT_EQ(card["steps"], ordered_json::array());
}

TEST(OutcomeJson, HasTheWordOfEachOutcome) {
  for (int i = 0; i <= static_cast<int>(Outcome::untouched); ++i) {
    auto report = untouched({GpuName("gpupci1"), {kVideoFacts}});
    report.functions[0].outcome = static_cast<Outcome>(i);
    const auto document = read(outcome_json("restore", virt::Mode::act, "libvirt", {report}));
    EXPECT_EQ(document["cards"][0]["functions"][0]["outcome"], word(static_cast<Outcome>(i)));
  }
}

TEST(OutcomeJson, HasTheCardsInTheOrderOfTheCall) {
  const auto document = read(outcome_json(
      "detach", virt::Mode::act, "libvirt",
      {untouched({GpuName("gpupci9"), {kVideoFacts}}), untouched({GpuName("gpupci1"), {kBare}})}));
  EXPECT_EQ(document["cards"][0]["name"], "gpupci9");
  EXPECT_EQ(document["cards"][1]["name"], "gpupci1");
  EXPECT_EQ(document["cards"][1]["pci"], "pci_10000_03_1f_7");
}

TEST(CardsJson, HasTheStubOfTheSettingsWhereItIsTold) {
  EXPECT_FALSE(read(cards_json({}, {})).contains("stub_driver"));
  EXPECT_EQ(read(cards_json({}, {}, {}, "pci-stub"))["stub_driver"], "pci-stub");
}

TEST(FunctionJson, HasFourDigitsForEachId) {
  const PciFunction small{{0, 0, 0, 0}, 0x0003, 0x1, 0x0, "x", 0};
  const auto json = function_json(small);
  EXPECT_EQ(json["class"], "0003");
  EXPECT_EQ(json["vendor"], "0001");
  EXPECT_EQ(json["device"], "0000");
  EXPECT_EQ(json["iommu_group"], 0) << "group 0 is a group";
}

}  // namespace
}  // namespace cluster::agent
