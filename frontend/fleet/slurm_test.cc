// Nodes of Slurm and their gres.conf: whose a card is, and which number its driver gives it.

#include <gmock/gmock.h>

#include <algorithm>

#include "core/text.h"
#include "frontend/fleet/fleet_format.h"
#include "tests/support/small_fleet.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

// The lines of a report without its head.
std::vector<std::string> slurm_lines(FleetReport (*write)(const Fleet&), const Fleet& fleet) {
  const auto head = write({}).text;
  const auto text = write(fleet).text;
  EXPECT_TRUE(text.starts_with(head));
  std::vector<std::string> lines;
  for (const auto line : split(std::string_view(text).substr(head.size()), '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

std::vector<std::string> slurm_nodes(const Fleet& fleet) {
  return slurm_lines(fleet_as_slurm, fleet);
}

std::vector<std::string> slurm_gres(const Fleet& fleet) {
  return slurm_lines(fleet_as_slurm_gres, fleet);
}

// A host of its own cards, which NVIDIA's driver has.
FleetHost slurm_host(int cards) {
  FleetHost host{small_host("n1", "compute")};
  for (int i = 1; i <= cards; ++i) {
    auto card = small_card(i);
    card.state = CardState::host;
    card.binding = Binding::host;
    card.card.told.driver = "nvidia snd_hda_intel";
    host.cards.push_back(card);
  }
  return host;
}

TEST(SlurmNodes, HaveWhatIsKnownOfThem) {
  auto host = slurm_host(2);
  EXPECT_THAT(slurm_nodes(fleet_with(host)), ElementsAre("NodeName=n1 Gres=gpu:a100:2"));
  host.host.address = "10.0.0.1";
  host.host.cpus = 64;
  host.cards.push_back(slurm_host(3).cards[2]);
  host.cards[2].card.functions[0].device = "26b9";
  host.cards[2].card.model = "AD102GL [L40S]";
  EXPECT_THAT(slurm_nodes(fleet_with(host)),
              ElementsAre("NodeName=n1 NodeAddr=10.0.0.1 CPUs=64 Gres=gpu:a100:2,gpu:l40s:1"));
}

TEST(SlurmNodes, AreNoneWithoutCardsOrWhereNobodyMeansThem) {
  EXPECT_THAT(slurm_nodes(fleet_with(slurm_host(0))), ElementsAre());
  auto host = slurm_host(1);
  host.cards[0].kind = DeviceKind::nvme;
  EXPECT_THAT(slurm_nodes(fleet_with(host)), ElementsAre());
  host = slurm_host(1);
  host.meant = false;
  EXPECT_THAT(slurm_nodes(fleet_with(host)), ElementsAre());
}

TEST(SlurmNodes, AreDrainedForTheReasonOfTheHost) {
  const auto reason = [](const std::optional<std::string>& maintenance,
                         const std::optional<std::string>& failing) {
    auto host = slurm_host(1);
    host.host.maintenance = maintenance;
    host.host.failing = failing;
    return slurm_nodes(fleet_with(host))
        .at(0)
        .substr(std::string("NodeName=n1 Gres=gpu:a100:1").size());
  };
  EXPECT_EQ(reason({}, {}), "");
  EXPECT_EQ(reason("a fan", {}), " State=DRAIN Reason=\"a fan\"");
  EXPECT_EQ(reason("", "H2: no IOMMU"), " State=DRAIN Reason=\"maintenance\"");
  EXPECT_EQ(reason({}, "H2: no IOMMU"), " State=DRAIN Reason=\"H2: no IOMMU\"");
  EXPECT_EQ(reason("a \"fan\" #2\n\\ü", {}), " State=DRAIN Reason=\"a _fan_ _2__ü\"");
}

TEST(SlurmNodes, SayOfACardWhyItIsNotThere) {
  const auto why = [](const auto& change) {
    auto host = slurm_host(1);
    change(host);
    const auto lines = slurm_nodes(fleet_with(host));
    EXPECT_EQ(lines.size(), 1U);
    return lines.at(0);
  };
  EXPECT_EQ(why([](FleetHost& host) { host.cards[0].failing = "D7"; }),
            "# left out: gpupci1 of n1: it failed its check: D7");
  EXPECT_EQ(why([](FleetHost& host) { host.cards[0].card.told.driver.reset(); }),
            "# left out: gpupci1 of n1: no driver of its host is known to have it");
  EXPECT_EQ(why([](FleetHost& host) { host.cards[0].card.told.driver = "- snd_hda_intel"; }),
            "# left out: gpupci1 of n1: no driver of its host is known to have it");
  EXPECT_EQ(why([](FleetHost& host) { host.cards[0].binding = Binding::partly; }),
            "# left out: gpupci1 of n1: no driver of its host is known to have it");
  EXPECT_EQ(why([](FleetHost& host) {
              host.host.appliance = "vm-container";
              host.cards[0].state = CardState::free;
            }),
            "# left out: gpupci1 of n1: it is for VMs (`set host gpu` wish=host keeps it for its "
            "host)");
}

TEST(SlurmGres, NumbersCardsInTheOrderOfTheirAddresses) {
  auto host = slurm_host(2);
  std::swap(host.cards[0].card.pci, host.cards[1].card.pci);
  host.cards[0].card.functions[0].device = "26b9";
  host.cards[0].card.model = "L40S";
  EXPECT_THAT(slurm_gres(fleet_with(host)),
              ElementsAre("NodeName=n1 Name=gpu Type=a100 File=/dev/nvidia0",
                          "NodeName=n1 Name=gpu Type=l40s File=/dev/nvidia1"));
}

TEST(SlurmGres, KnowsNoFileOfAnothersCards) {
  auto host = slurm_host(3);
  host.cards[2].card.functions[0].vendor = "1002";
  host.cards[2].card.told.driver = "amdgpu";
  host.cards[2].card.model = "MI210";
  EXPECT_THAT(slurm_gres(fleet_with(host)),
              ElementsAre("# File is not known: NodeName=n1 Name=gpu Type=a100 Count=2",
                          "# File is not known: NodeName=n1 Name=gpu Type=mi210 Count=1"));
}

// A VM with three cards of n1, of which the second is of another model.
struct SlurmVm {
  FleetHost host = slurm_host(3);
  FleetVm vm = small_vm("v1", "n1");

  SlurmVm() {
    host.meant = false;
    host.cards[1].card.functions[0].device = "26b9";
    host.cards[1].card.model = "L40S";
  }

  Fleet fleet() const {
    auto fleet = fleet_with(host);
    fleet.vms = {vm};
    return fleet;
  }
};

TEST(SlurmGres, NumbersCardsOfAVmInTheOrderThatItHasThem) {
  SlurmVm one;
  give(one.vm, one.host.cards[0], 9);
  give(one.vm, one.host.cards[1], 5);
  EXPECT_THAT(slurm_gres(one.fleet()),
              ElementsAre("NodeName=v1 Name=gpu Type=l40s File=/dev/nvidia0",
                          "NodeName=v1 Name=gpu Type=a100 File=/dev/nvidia1"));
  give(one.vm, one.host.cards[2], 0);
  EXPECT_THAT(slurm_gres(one.fleet()),
              ElementsAre("# File is not known: NodeName=v1 Name=gpu Type=a100 Count=2",
                          "# File is not known: NodeName=v1 Name=gpu Type=l40s Count=1"))
      << "one of them may be anywhere";
}

TEST(SlurmGres, NumbersTheOnlyCardOfAVmWhereverItIs) {
  SlurmVm one;
  give(one.vm, one.host.cards[0], 0);
  EXPECT_THAT(slurm_gres(one.fleet()),
              ElementsAre("NodeName=v1 Name=gpu Type=a100 File=/dev/nvidia0"));
}

TEST(SlurmNodes, OfVmsHaveWholeGpusAlone) {
  SlurmVm one;
  one.host.cards[0].failing = "D7";
  one.host.cards[1].kind = DeviceKind::nvme;
  one.host.cards[2].card.missing = true;
  for (auto& card : one.host.cards) give(one.vm, card, 5);
  one.vm.devices.push_back({GpuName("gpupci4"), "gpupci1.0", false, GpuName("gpupci1"), {}});
  auto lines = slurm_nodes(one.fleet());
  std::ranges::sort(lines);
  EXPECT_THAT(lines,
              ElementsAre("# left out: gpupci1 of v1: it failed its check: D7",
                          "# left out: gpupci3 of v1: it is no whole card of which all is known",
                          "# left out: gpupci4 of v1: it is no whole card of which all is known"))
      << "a disk is no card that is left out";
}

}  // namespace
}  // namespace cluster::frontend
