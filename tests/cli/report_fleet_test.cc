// Tests `report fleet`: what it selects, and what it says of cards. report_fleet_test.sh has the
// formats.

#include <gmock/gmock.h>

#include "core/natural_key.h"
#include "core/text.h"
#include "frontend/fleet/fleet.h"
#include "frontend/fleet/fleet_format.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReportFleet : public Story {
 protected:
  void SetUp() override { cluster({"load", FLEET_DATA "/fleet.cluster"}); }

  frontend::Fleet fleet(const std::vector<std::string>& words = {}) {
    Inventory inventory(place, Inventory::Open::existing);
    return frontend::read_fleet(inventory, words);
  }

  // The names of hosts and VMs: "n1(1) v1", with the number of cards and slices of a host.
  static std::string who(const frontend::Fleet& fleet) {
    std::string names;
    for (const auto& host : fleet.hosts) {
      auto count = host.cards.size() + host.others.size();
      for (const auto& card : host.cards) count += card.slices.size();
      names += host.host.name.str() + (host.meant ? "(" : "?(") + std::to_string(count) + ") ";
    }
    for (const auto& vm : fleet.vms) names += vm.vm.name.str() + " ";
    return std::string(trim(names));
  }
};

TEST_F(ReportFleet, HasHostsWithTheirVmsAndVmsAlone) {
  EXPECT_EQ(who(fleet()), "c1(3) c2(1) head(0) n1(11) n2(1) n3(5) n10(1) v1 v2 v3 v4");
  EXPECT_EQ(who(fleet({"n1", "head"})), "head(0) n1(11) v1 v2");
  EXPECT_EQ(who(fleet({"v1"})), "n1?(1) v1");
  EXPECT_EQ(who(fleet({"v2"})), "n1?(5) v2");
  EXPECT_EQ(who(fleet({"v3", "c1"})), "c1(3) n2?(0) v3");
  EXPECT_EQ(who(fleet({"free"})), "n3(5) n10(1) v4");
}

TEST_F(ReportFleet, TellsAnsibleTheWayToAHost) {
  cluster({"set", "host", "head", "jump=you@gate:24,inner"});
  EXPECT_THAT(cluster({"report", "fleet", "head", "format=ansible"}),
              HasSubstr("    \"head\":\n      \"ansible_ssh_common_args\": "
                        "\"-o ProxyJump=you@gate:24,inner\"\n"));
}

TEST_F(ReportFleet, SaysWhatACardIsInOneWord) {
  const auto all = fleet();
  std::map<std::string, std::string> states;
  for (const auto& host : all.hosts) {
    for (const auto& card : host.cards) {
      states[host.host.name.str()] += std::string(name(card.state)) + " ";
    }
  }
  EXPECT_EQ(states["n1"], "in-vm failing in-slices in-slices missing in-domain ");
  EXPECT_EQ(states["n2"], "maintenance ");
  EXPECT_EQ(states["n3"], "free free in-vm in-vm free ");
  EXPECT_EQ(states["n10"], "free ");
  EXPECT_EQ(states["c1"], "host failing host ");
}

// The inventory chooses cards for VMs by the same facts.
TEST_F(ReportFleet, CallsFreeWhatCanBeGivenToAVm) {
  const auto free = [this] {
    std::vector<std::string> names;
    for (const auto& host : fleet().hosts) {
      for (const auto& card : host.cards) {
        if (card.state != frontend::CardState::free) continue;
        names.push_back(host.host.name.str() + " " + card.card.name.str());
      }
    }
    return names;
  };
  const auto chosen = [this] {
    std::vector<std::string> names;
    for (const auto& gpu : Inventory(place, Inventory::Open::existing).free_gpus({})) {
      names.push_back(gpu.host.str() + " " + gpu.name.str());
    }
    sort_naturally(names, [](const std::string& name) -> const std::string& { return name; });
    return names;
  };
  EXPECT_THAT(free(), ElementsAre("n3 gpupci1", "n3 gpupci2", "n3 gpupci5", "n10 gpupci1"));
  EXPECT_EQ(free(), chosen());
  cluster({"set", "host", "n2", "maintenance=no"});
  EXPECT_THAT(free(), Contains("n2 gpupci1"));
  EXPECT_EQ(free(), chosen());
  cluster({"remove", "host", "gpu", "v1", "gpupci1", "force=yes"});
  EXPECT_THAT(free(), Contains("n1 gpupci1"));
  EXPECT_EQ(free(), chosen());
  cluster({"set", "host", "gpu", "n2", "gpupci1", "wish=host"});
  EXPECT_EQ(free(), chosen());
}

TEST_F(ReportFleet, KnowsWhereAVmHasItsCards) {
  const auto all = fleet({"v1", "v2"});
  const auto config = cluster({"report", "vm", "config", "v1"});
  ASSERT_EQ(all.vms.size(), 2U);
  ASSERT_EQ(all.vms[0].devices.size(), 1U);
  const auto guest = all.vms[0].devices[0].guest;
  ASSERT_TRUE(guest);
  EXPECT_THAT(config, HasSubstr("bus='0x0" + std::to_string(guest->bus) +
                                "' slot='0x00' "
                                "function='0x0' multifunction='on'/>"));
  // v2 holds a slice that is not there, so nobody knows what it would be.
  EXPECT_EQ(all.vms[1].devices.at(0).guest, std::nullopt);
  ASSERT_EQ(all.notes.size(), 1U);
  EXPECT_THAT(all.notes[0], HasSubstr("gpupci3.7"));
  cluster({"remove", "host", "gpu", "v2", "gpupci3", "force=yes"});
  const auto now = fleet({"v2"});
  EXPECT_THAT(now.notes, IsEmpty());
  for (const auto& device : now.vms.at(0).devices) EXPECT_TRUE(device.guest) << device.device;
}

TEST_F(ReportFleet, HasNoSecrets) {
  for (const auto& host : fleet().hosts) EXPECT_FALSE(host.attributes.contains("bmc_password"));
  for (const auto& vm : fleet().vms) EXPECT_FALSE(vm.attributes.contains("root_passwd"));
  EXPECT_EQ(fleet({"n1"}).hosts.at(0).attributes.at("groups"), "gpu,new");
}

TEST_F(ReportFleet, LooksAtWhatATimeIsOf) {
  const auto all = fleet({"n1", "n2", "n10"});
  EXPECT_EQ(all.hosts.at(0).seen, "2026-11-22T00:00:00Z");  // of its agent
  EXPECT_EQ(all.hosts.at(1).seen, "2026-11-20T00:00:00Z");  // of its card
  EXPECT_EQ(all.hosts.at(2).seen, std::nullopt);
}

// fleet_page_test.py has the rest of what a page and a picture are.
TEST_F(ReportFleet, APageAndAPictureStandAnyBytes) {
  auto all = fleet({"n2"});
  auto& model = all.hosts.at(0).cards.at(0).card.model;
  model = "a\x1b<&>\xef\xbf\xbe</script>";
  EXPECT_THAT(frontend::fleet_as_svg(all).text,
              HasSubstr("a?&lt;&amp;&gt;?&lt;/script&gt;: 0 of 1"));
  EXPECT_THAT(frontend::fleet_as_html(all).text, HasSubstr("a\\u001b\\u003c&>"));
  model = "a\xff\xc3";
  EXPECT_THAT(frontend::fleet_as_svg(all).text, HasSubstr("a??: 0 of 1"));
  EXPECT_TRUE(is_utf8_text(frontend::fleet_as_html(all).text));
}

TEST_F(ReportFleet, TellsMetricsWhatVmsDoWhenItIsAsked) {
  virt::Domain running;
  running.name = "v1";
  running.uuid = fleet().vms.at(0).vm.uuid;
  running.state = virt::DomainState::running;
  domains.hosts["n1"].domains.push_back(running);
  domains.hosts["n3"].failure.emplace(Fault::unreachable, "no route to host");
  EXPECT_THAT(run({"report", "fleet", "format=prometheus"}).out, Not(HasSubstr("_vm_state")));
  EXPECT_THAT(domains.hosts["n1"].calls, IsEmpty());
  const auto told = run({"report", "fleet", "format=prometheus", "status=yes"});
  EXPECT_THAT(told.out,
              HasSubstr("\nrollcall_vm_state{vm=\"v1\",host=\"n1\",state=\"active\"} 1\n"
                        "rollcall_vm_state{vm=\"v2\",host=\"n1\",state=\"not defined\"} 1\n"));
  EXPECT_THAT(told.out, Not(HasSubstr("rollcall_vm_state{vm=\"v4\"")));
  EXPECT_THAT(told.out, HasSubstr("\nrollcall_vm_info{vm=\"v4\",host=\"n3\"} 1\n"));
  EXPECT_THAT(told.err, HasSubstr("cluster: n3: no route to host\n"));
  EXPECT_EQ(told.status, 3);
  cluster({"report", "fleet", "status=yes"}, 2,
          "status=yes: format=csv does not tell what VMs do: want format=prometheus");
}

TEST_F(ReportFleet, RefusesAFormatThatIsNone) {
  cluster({"report", "fleet", "format=xml"}, 2,
          "format='xml': want " + frontend::fleet_format_names());
  const auto help = cluster({"help", "fleet"});
  for (const auto& format : frontend::fleet_formats()) {
    EXPECT_THAT(help, HasSubstr("  " + std::string(format.name) + " "));
  }
  cluster({"report", "fleet", "n7"}, 1, "host 'n7' is not in the inventory (did you mean 'n1'?)");
}

}  // namespace
}  // namespace cluster
