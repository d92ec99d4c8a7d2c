// Metrics by the rules of the text format, and which of them a fact that is not known has.

#include <gmock/gmock.h>

#include <set>

#include "core/text.h"
#include "frontend/fleet/fleet_format.h"
#include "tests/support/small_fleet.h"

namespace cluster::frontend {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// The samples of a metric, or those of all of them for "".
std::vector<std::string> samples_of(const std::string& metric, const Fleet& fleet) {
  const auto text = fleet_as_prometheus(fleet).text;
  std::vector<std::string> samples;
  for (const auto line : split(text, '\n')) {
    const bool is_of_it = metric.empty() || line.starts_with(metric + "{");
    if (!line.empty() && line.front() != '#' && is_of_it) samples.emplace_back(line);
  }
  return samples;
}

// One of which everything is known.
Fleet measured_fleet() {
  FleetHost host{small_host("n1")};
  host.host.rack = 1;
  host.host.failing = "H2";
  host.seen = "2026-11-22T00:00:00Z";
  for (int i = 1; i <= 3; ++i) host.cards.push_back(small_card(i));
  for (auto& card : host.cards) {
    card.failing = "D7";
    card.card.serial = "1";
    card.card.told = {"nvidia", host.seen, host.seen, host.seen};
    card.slices = {{card.card.name.str() + ".0", false, card.card.name.str()}};
  }
  host.others = {{"c2177883-f1bb-47f0-914d-32a22e3a8804", true, "mtty"}};
  auto vm = small_vm("v1", "n1");
  vm.status = "active";
  give(vm, host.cards[2], 7);
  auto fleet = fleet_with(host);
  fleet.vms = {vm, small_vm("v2", "n1")};
  return fleet;
}

TEST(FleetMetrics, HaveTheirHeadOnceAndTheirSamplesBehindIt) {
  const auto text = fleet_as_prometheus(measured_fleet()).text;
  std::set<std::string> heads;
  std::string help;
  std::string current;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const std::string name(split(line, ' ').at(line.front() == '#' ? 2 : 0));
    if (line.starts_with("# HELP ")) {
      help = name;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_EQ(name, help);
      EXPECT_TRUE(line.ends_with(" gauge")) << line;
      EXPECT_TRUE(heads.insert(name).second) << line;
      current = name;
    } else {
      EXPECT_EQ(name.substr(0, name.find('{')), current) << line;
    }
  }
  EXPECT_EQ(heads.size(), 15U);
}

TEST(FleetMetrics, HaveEachSampleOnceAndEachLabelOfItOnce) {
  std::set<std::string> seen;
  for (const auto& sample : samples_of("", measured_fleet())) {
    EXPECT_THAT(sample, MatchesRegex("rollcall_[a-z_]+[{].+[}] -?[0-9]+"));
    const auto series = sample.substr(0, sample.rfind(' '));
    EXPECT_TRUE(seen.insert(series).second) << series;
    std::set<std::string> labels;
    for (const auto label : split(std::string_view(series).substr(series.find('{') + 1), ',')) {
      EXPECT_TRUE(labels.emplace(label.substr(0, label.find('='))).second) << series;
    }
  }
}

TEST(FleetMetrics, AreNoneOfNothing) { EXPECT_EQ(fleet_as_prometheus({}).text, ""); }

TEST(FleetMetrics, NameWhoSeesACardAndByWhichAddress) {
  FleetHost host{small_host("n1")};
  host.cards = {small_card(1), small_card(2), small_card(3)};
  auto vm = small_vm("v1", "n1");
  give(vm, host.cards[1], 7);
  give(vm, host.cards[2], 0);
  auto fleet = fleet_with(host);
  fleet.vms = {vm};
  EXPECT_THAT(samples_of("rollcall_gpu_info", fleet),
              ElementsAre(HasSubstr("gpu=\"gpupci1\",Hostname=\"n1\",hostname=\"n1\","
                                    "pci_bus_id=\"00000000:01:00.0\",host_pci_bus_id="),
                          HasSubstr("gpu=\"gpupci2\",Hostname=\"v1\",hostname=\"v1\","
                                    "pci_bus_id=\"00000000:07:00.0\",vm=\"v1\",vm_gpu=\"gpupci1\","
                                    "host_pci_bus_id=\"00000000:02:00.0\""),
                          HasSubstr("gpu=\"gpupci3\",Hostname=\"v1\",hostname=\"v1\",vm=\"v1\","
                                    "vm_gpu=\"gpupci2\",host_pci_bus_id=\"00000000:03:00.0\"")))
      << "of the last one nobody knows where it is";
}

// What `metric` says of the only card of n1 after a change of it.
template <typename Change>
std::vector<std::string> measured_card(const std::string& metric, const Change& change) {
  FleetHost host{small_host("n1")};
  host.cards = {small_card(1)};
  change(host.cards[0]);
  auto values = samples_of(metric, fleet_with(host));
  for (auto& value : values) value.erase(0, value.rfind(' ') + 1);
  return values;
}

TEST(FleetMetrics, SayOfACardThatItFailsOnlyWhenItWasChecked) {
  const std::string metric = "rollcall_gpu_failing";
  EXPECT_THAT(measured_card(metric, [](FleetCard&) {}), ElementsAre());
  EXPECT_THAT(
      measured_card(metric, [](FleetCard& card) { card.card.told.failing_seen = "yesterday"; }),
      ElementsAre("0"));
  EXPECT_THAT(measured_card(metric, [](FleetCard& card) { card.failing = "D7"; }),
              ElementsAre("1"));
}

TEST(FleetMetrics, SayOfACardWhetherItIsThereOnlyWhenItsHostTold) {
  const std::string metric = "rollcall_gpu_present";
  EXPECT_THAT(measured_card(metric, [](FleetCard&) {}), ElementsAre("1"));
  EXPECT_THAT(measured_card(metric, [](FleetCard& card) { card.card.functions.clear(); }),
              ElementsAre());
  EXPECT_THAT(measured_card(metric,
                            [](FleetCard& card) {
                              card.card.functions.clear();
                              card.card.missing = true;
                            }),
              ElementsAre("0"));
}

TEST(FleetMetrics, HaveTimesInSecondsAndNoneOfWhatIsNoTime) {
  const auto at = [](const std::string& time) {
    return measured_card("rollcall_gpu_seen_timestamp_seconds",
                         [&](FleetCard& card) { card.card.told.seen = time; });
  };
  EXPECT_THAT(at("1970-01-01T00:01:00Z"), ElementsAre("60"));
  EXPECT_THAT(at("2026-11-21T01:20:00Z"), ElementsAre("1795224000"));
  EXPECT_THAT(at(""), ElementsAre());
  EXPECT_THAT(at("yesterday"), ElementsAre());
}

TEST(FleetMetrics, OfAHostThatIsNotMeantAreThoseOfItsCards) {
  auto fleet = measured_fleet();
  fleet.hosts[0].meant = false;
  for (const auto* metric : {"rollcall_host_info", "rollcall_host_maintenance",
                             "rollcall_host_failing", "rollcall_host_seen_timestamp_seconds"}) {
    EXPECT_THAT(samples_of(metric, fleet), ElementsAre()) << metric;
  }
  EXPECT_EQ(samples_of("rollcall_gpu_info", fleet).size(), 3U);
}

}  // namespace
}  // namespace cluster::frontend
