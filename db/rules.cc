#include <array>

#include "db/engine.h"
#include "db/free_card.h"
#include "db/rows.h"

namespace cluster {
namespace {

// A rule that the schema holds by a trigger when a row is added, and that a program which switched
// triggers off could break. The query finds the rows that do.
struct Rule {
  const char* query;  // answers one text for each row
  const char* words;
};

constexpr std::array kRules{
    Rule{"SELECT vm.host FROM vm JOIN host ON host.name = vm.container "
         "WHERE host.appliance = 'vm'",
         "runs on a VM"},
    Rule{"SELECT gpu.host || ' ' || gpu.name FROM gpu JOIN host ON host.name = gpu.host "
         "WHERE host.appliance = 'vm'",
         "is a card of a VM, not of a physical host"},
    Rule{"SELECT host.name FROM host LEFT JOIN vm ON vm.host = host.name "
         "WHERE host.appliance = 'vm' AND vm.host IS NULL",
         "is a VM without a container"},
    Rule{"SELECT one.vm || ' ' || one.name FROM gpu_in_vm AS one JOIN gpu_in_vm AS other "
         "ON one.container = other.container AND one.gpu = other.gpu "
         "WHERE (other.vm <> one.vm OR other.name <> one.name) "
         "AND one.slice IS NULL AND one.uuid IS NULL",
         "is a whole card that is given a second time"},
    Rule{"SELECT vm_gpu.vm || ' ' || vm_gpu.name FROM vm_gpu JOIN mdev ON mdev.uuid = vm_gpu.uuid "
         "WHERE mdev.host <> vm_gpu.container AND NOT EXISTS (SELECT 1 FROM mdev AS own "
         "WHERE own.uuid = vm_gpu.uuid AND own.host = vm_gpu.container)",
         "is a mediated device of another host"},
};

constexpr const char* kCounted = " NOT IN (SELECT host FROM free_card_stale)";

// The hosts whose cards are counted otherwise than they are.
std::string wrong_counts() {
  const std::string counted = "SELECT host, model, numa_node, cards FROM free_card";
  const auto now = db::kFreeCardsNow + std::string(" GROUP BY 1, 2, 3");
  return "SELECT host FROM (" + counted + " EXCEPT" + now + ") AS too_much WHERE host" + kCounted +
         " UNION SELECT host FROM (" + now + " EXCEPT " + counted + ") AS not_enough WHERE host" +
         kCounted;
}

}  // namespace

std::vector<std::string> InventoryRows::faults() {
  std::vector<std::string> faults;
  inventory_.read("check database", [&] {
    faults = inventory_.db_->faults();
    if (!faults.empty()) return;  // what is asked of damaged tables says nothing
    for (const auto& rule : kRules) {
      const auto query = inventory_.db_->prepare(rule.query);
      while (query->step()) faults.push_back(query->string(0) + " " + rule.words);
    }
    inventory_.db_->expect_many(true);
    const auto counts = inventory_.db_->prepare(wrong_counts());
    while (counts->step()) {
      faults.push_back(counts->string(0) + " has other free cards than were counted");
    }
  });
  return faults;
}

std::vector<std::string> InventoryRows::remarks() {
  std::vector<std::string> remarks;
  inventory_.read("check database", [&] { remarks = inventory_.db_->remarks(); });
  return remarks;
}

}  // namespace cluster
