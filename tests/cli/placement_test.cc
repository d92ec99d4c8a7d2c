#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/natural_key.h"
#include "db/inventory.h"
#include "db/rows.h"
#include "frontend/cards/allocation.h"
#include "frontend/fleet/fleet.h"
#include "tests/support/story.h"

// A VM is placed by counts that triggers keep up, and what is free is asked of the schema. Both
// must say what a look at each card says, whoever wrote what.
namespace cluster {
namespace {

using frontend::CardHost;
using frontend::CardWish;
using frontend::Policy;

class Placement : public Story {
 protected:
  int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(random); }
  std::string one_of(const std::vector<std::string>& texts) {
    return texts[static_cast<std::size_t>(up_to(static_cast<int>(texts.size()) - 1))];
  }

  std::string host() { return one_of({"n1", "n2", "n3", "n10", "N4"}); }
  std::string card() { return "gpupci" + std::to_string(1 + up_to(3)); }
  static std::string text(const std::string& value) { return "'" + value + "'"; }
  // The address of function `number` of the card.
  static std::string pci(const std::string& name, int number) {
    return "pci_0000_0" + name.substr(6) + "_00_" + std::to_string(number);
  }
  std::string uuid() { return "00000000-0000-4000-8000-00000000000" + std::to_string(up_to(3)); }
  std::string maybe(const std::string& value) { return up_to(2) == 0 ? "NULL" : text(value); }
  std::string the_card(const std::string& column) {
    return " WHERE host = " + text(host()) + " AND " + column + " = " + text(card());
  }

  // Any statement of somebody who knows the tables; the schema refuses many.
  std::string change() {
    const auto one = card();
    switch (up_to(23)) {
      case 0:
        return "INSERT INTO host (name, appliance) VALUES (" + text(host()) + ", " +
               text(one_of({"vm-container", "vm-container", "vm-container", "compute"})) + ")";
      case 1:
        return "DELETE FROM host WHERE name = " + text(host());
      case 2:
        return "UPDATE host SET failing = " + maybe("H1: no IOMMU") +
               " WHERE name = " + text(host());
      case 3:
        return "UPDATE host SET maintenance = " + maybe("") + " WHERE name = " + text(host());
      case 4:
        return "UPDATE host SET appliance = " + text(one_of({"vm-container", "compute"})) +
               " WHERE name = " + text(host());
      case 5:
        return "UPDATE gpu SET failing = " + maybe("D1: gone") + the_card("name");
      case 6:
        return "UPDATE gpu SET missing = 1 - missing" + the_card("name");
      case 7:
        return "UPDATE gpu SET wish = " + maybe(one_of({"host", "detached"})) + the_card("name");
      case 8:
        return "UPDATE gpu SET numa_node = " + std::to_string(up_to(1)) +
               ", model = " + maybe(one_of({"GA100 [A100]", "TU104GL [Tesla T4]"})) +
               the_card("name");
      case 9:
        return "UPDATE gpu_function SET class = " + text(one_of({"0302", "0108", "0403"})) +
               ", device = " + text(one_of({"2235", "1eb8"})) + the_card("gpu");
      case 10:
        return "DELETE FROM gpu_function" + the_card("gpu");
      case 11:
        return "INSERT INTO gpu_slice (host, gpu, number, pci) VALUES (" + text(host()) + ", " +
               text(one) + ", 0, " + text(pci(one, 4)) + ")";
      case 12:
        return "DELETE FROM gpu_slice" + the_card("gpu");
      case 13:
        return "INSERT INTO mdev (host, uuid, parent, type) VALUES (" + text(host()) + ", " +
               text(uuid()) + ", " + text(one_of({one, one + ".0", "mtty"})) + ", 'nvidia-1')";
      case 14:
        return "DELETE FROM mdev WHERE host = " + text(host());
      case 15:
        return "INSERT INTO domain_device (container, uuid, domain, device, seen) VALUES (" +
               text(host()) + ", 'u', 'other', " +
               text(one_of({pci(one, 0), pci(one, 1), pci(one, 4), uuid()})) + ", 'now')";
      case 16:
        return "DELETE FROM domain_device WHERE container = " + text(host());
      case 17:
        return "DELETE FROM vm_gpu WHERE container = " + text(host());
      case 18:
        return "UPDATE vm_gpu SET gpu = " + text(card()) + " WHERE container = " + text(host());
      case 19:
        return "DELETE FROM gpu" + the_card("name");
      case 20:
      case 21:
        return "INSERT INTO vm_gpu (vm, name, container, gpu, slice, uuid) SELECT host, " +
               text(card()) + ", container, " +
               one_of({text(one) + ", NULL, NULL", text(one) + ", 0, NULL",
                       "NULL, NULL, " + text(uuid())}) +
               " FROM vm WHERE host = 'v" + std::to_string(up_to(5)) + "'";
      default:
        return "INSERT INTO gpu (host, name, pci, numa_node) VALUES (" + text(host()) + ", " +
               text(one) + ", " + text(pci(one, 0)) + ", " + one_of({"NULL", "0", "1"}) + ")";
    }
  }

  void run_sql(db::Connection& connection, const std::string& sql) {
    try {
      connection.run(sql);
      ++done;
    } catch (const db::Failure& failure) {
      if (connection.in_transaction()) connection.roll_back();
    }
  }

  std::vector<CardHost> looked_at() {
    auto hosts = frontend::card_hosts(*inventory, "");
    sort_naturally(hosts, [](const CardHost& one) -> const std::string& { return one.name.str(); });
    return hosts;
  }

  std::string counted(const CardWish& wish, Policy policy) {
    const auto container = frontend::find_container(*inventory, wish, policy);
    if (!container) return "nowhere";
    return words(
        frontend::find_allocation({frontend::free_host(*inventory, *container)}, wish, policy));
  }

  static std::string words(const std::optional<frontend::Allocation>& found) {
    if (!found) return "nowhere";
    auto words = found->container.str() + ":";
    for (const auto& card : found->cards) words += " " + card.str();
    return words;
  }

  // The cards that can be given, by each of those who say so.
  std::set<std::string> free_by_cards(const std::vector<CardHost>& hosts) {
    std::set<std::string> free;
    for (const auto& one : hosts) {
      for (const auto& card : one.free) {
        if (card.is_gpu) free.insert(one.name.str() + " " + card.name.str());
      }
    }
    return free;
  }
  std::set<std::string> free_by_schema() {
    std::set<std::string> free;
    for (const auto& card : inventory->free_gpus({})) {
      free.insert(card.host.str() + " " + card.name.str());
    }
    return free;
  }

  std::mt19937 random;  // NOLINT(cert-msc51-cpp): each run is the same
  int done = 0;
  std::unique_ptr<Inventory> inventory;
};

TEST_F(Placement, TheCountsChooseWhatALookAtEachCardChooses) {
  int placed = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    random.seed(seed);
    place = places.make("random" + std::to_string(seed) + ".db");
    cluster({"add", "host", "N4"});
    inventory = std::make_unique<Inventory>(place, Inventory::Open::existing);
    const auto somebody = Places::connect(place);
    for (const auto* name : {"n1", "n2", "n3", "n10"}) {
      run_sql(*somebody,
              "INSERT INTO host (name, appliance) VALUES (" + text(name) + ", 'vm-container')");
    }
    for (int i = 0; i < 30; ++i) {
      const auto one = card();
      const auto there = host();
      run_sql(*somebody, "INSERT INTO gpu (host, name, pci, model, numa_node) VALUES (" +
                             text(there) + ", " + text(one) + ", " + text(pci(one, 0)) + ", " +
                             maybe("GA100 [A100]") + ", " + one_of({"NULL", "0", "1"}) + ")");
      for (int function = 0; function <= 1; ++function) {
        run_sql(*somebody,
                "INSERT INTO gpu_function (host, gpu, pci, class, vendor, device) VALUES (" +
                    text(there) + ", " + text(one) + ", " + text(pci(one, function)) + ", " +
                    text(one_of({"0302", "0302", "0302", "0403"})) + ", '10de', '2235')");
      }
    }
    for (int i = 0; i <= 5; ++i) {
      const auto vm = "v" + std::to_string(i);
      run_sql(*somebody, "INSERT INTO host (name, appliance) VALUES (" + text(vm) +
                             ", 'vm'); INSERT INTO vm (host, container, uuid, memory_mib, cpus) "
                             "VALUES (" +
                             text(vm) + ", " + text(one_of({"n1", "n2", "n10"})) + ", " + text(vm) +
                             ", 1, 1)");
    }
    for (int step = 0; step < 60; ++step) {
      const auto sql = change();
      run_sql(*somebody, sql);
      const auto hosts = looked_at();
      ASSERT_EQ(free_by_schema(), free_by_cards(hosts)) << "seed " << seed << ", after " << sql;
      if (up_to(2) > 0) continue;  // several hosts are to be counted anew at once
      for (const auto& wish : {CardWish{1, ""}, CardWish{2, ""}, CardWish{3, ""},
                               CardWish{1, "a100"}, CardWish{2, "10DE:2235"}}) {
        for (const auto policy : {Policy::pack, Policy::spread}) {
          const auto want = words(frontend::find_allocation(hosts, wish, policy));
          ASSERT_EQ(counted(wish, policy), want)
              << wish.cards << " " << wish.model << ", seed " << seed << ", after " << sql;
          placed += want == "nowhere" ? 0 : 1;
        }
      }
      for (const auto& fault : InventoryRows(*inventory).faults()) {
        ASSERT_EQ(fault.find("than were counted"), std::string::npos) << fault;
      }
    }
  }
  EXPECT_GT(placed, 1000);
  EXPECT_GT(done, 500);
}

// Where the triggers were switched off, somebody else's database was put together by parts, ...
TEST_F(Placement, CountsThatAreWrongAreAFault) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  EXPECT_EQ(cluster({"add", "host", "vm", "v1", "gpus=1"}), "n1: gpupci1\n");
  EXPECT_EQ(run({"check", "database"}).out, "");
  cluster({"add", "host", "gpu", "n1", "gpupci2", "03:00.0"});
  cluster({"add", "host", "gpu", "n1", "gpupci3", "04:00.0"});
  Places::connect(place)->run("DELETE FROM free_card_stale");
  const auto result = run({"check", "database"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE((result.out + result.err).find("n1 has other free cards than were counted"),
            std::string::npos)
      << result.out << result.err;
}

}  // namespace
}  // namespace cluster
