// The data of the page: each fact under its name, and what is not known nowhere.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "frontend/fleet/fleet_format.h"
#include "tests/support/small_fleet.h"

namespace cluster::frontend {
namespace {

using nlohmann::json;

json data_of_page(const Fleet& fleet) {
  const auto text = fleet_as_html(fleet).text;
  const auto begin = text.find("{\"made\"");
  return json::parse(text.substr(begin, text.find("</script>", begin) - begin));
}

TEST(FleetHtml, HasTheFactsOfACard) {
  FleetHost host{small_host("n1")};
  auto card = small_card(1);
  const auto of_card = [&] {
    host.cards = {card};
    return data_of_page(fleet_with(host))["hosts"][0]["cards"][0];
  };
  card.card.model.reset();
  card.card.functions.clear();
  EXPECT_EQ(of_card(), json({{"name", "gpupci1"}, {"state", "free"}, {"pci", "0000:01:00.0"}}));
  card = small_card(1);
  card.state = CardState::in_vm;
  card.place = FleetPlace{HostName("v1"), GpuName("gpupci")};
  card.domain = "by hand";
  card.failing = "D7";
  card.card.told = {"vfio-pci", "then", "now", {}};
  card.slices = {{"gpupci1.0", false, "gpupci1", PciAddress{0, 1, 0, 4}, "1145"}};
  EXPECT_EQ(of_card(), json::parse(R"({"name": "gpupci1", "state": "in-vm", "pci": "0000:01:00.0",
      "model": "GA100 [A100]", "ids": "10de:20f1", "vm": "v1", "domain": "by hand",
      "failing": "D7", "driver": "vfio-pci", "seen": "now", "slices":
      [{"name": "gpupci1.0", "state": "missing", "pci": "0000:01:00.4", "type": "1145"}]})"));
}

TEST(FleetHtml, HasWhoHoldsASliceOfNoCard) {
  FleetHost host{small_host("n1")};
  host.others = {{"c2177883-f1bb-47f0-914d-32a22e3a8804", true, "mtty"}};
  host.others[0].state = CardState::in_vm;
  host.others[0].place = FleetPlace{HostName("v1"), GpuName("gpupci")};
  EXPECT_EQ(data_of_page(fleet_with(host))["hosts"][0]["others"],
            json::parse(R"([{"name": "c2177883-f1bb-47f0-914d-32a22e3a8804", "state": "in-vm",
      "vm": "v1"}])"));
}

TEST(FleetHtml, SaysOfAHostThatItIsNotMeant) {
  FleetHost host{small_host("n1")};
  EXPECT_FALSE(data_of_page(fleet_with(host))["hosts"][0].contains("meant"));
  host.meant = false;
  EXPECT_EQ(data_of_page(fleet_with(host))["hosts"][0]["meant"], false);
}

TEST(FleetHtml, SaysWhatItIsOfAndWhatCouldNotBeFoundOut) {
  Fleet fleet;
  fleet.made = "now";
  fleet.notes = {"a", "b \"c\""};
  EXPECT_EQ(data_of_page(fleet), json::parse(R"({"made": "now", "common": {}, "hosts": [],
      "notes": ["a", "b \"c\""], "vms": []})"));
  fleet.words = {"n1", "!n2"};
  EXPECT_EQ(data_of_page(fleet)["words"], "n1 !n2");
}

// The places of the page's own text are marked so.
TEST(FleetHtml, TakesNoTextForAPlaceOfItsOwn) {
  FleetHost host{small_host("n1")};
  host.attributes = {{"note", "[[data]] [[style]] [[view]] </script><!-- <script>"}};
  auto fleet = fleet_with(host);
  fleet.vms = {small_vm("v1", "n1")};
  EXPECT_EQ(data_of_page(fleet)["hosts"][0]["attributes"]["note"], host.attributes["note"]);
}

}  // namespace
}  // namespace cluster::frontend
