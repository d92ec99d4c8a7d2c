// How many cards each vm-container can give: what the tables free_card and free_card_stale are for.
#include "db/free_card.h"

#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {
namespace {

constexpr std::size_t kMany = 100;  // hosts

// The names are bound: a server that has no statistics of a new table would take them for many.
void count_stale(db::Connection& db) {
  OnlyHosts stale{std::in_place};
  const auto query = db.prepare("SELECT host FROM free_card_stale");
  while (query->step()) stale->emplace_back(query->text(0));
  if (stale->empty()) return;
  const db::OnlyThese these(stale);
  const auto forget = db.prepare("DELETE FROM free_card WHERE " + these.in("host"));
  these.bind(*forget);
  forget->execute();
  const bool are_many = stale->size() > kMany;
  if (are_many) db.expect_many(true);
  const auto count = db.prepare("INSERT INTO free_card (host, model, numa_node, cards)" +
                                std::string(db::kFreeCardsNow) + "WHERE " +
                                these.in("free_gpu.host") + " GROUP BY 1, 2, 3");
  these.bind(*count);
  count->execute();
  if (are_many) db.expect_many(false);
  db.run("DELETE FROM free_card_stale");
}

}  // namespace

void Inventory::each_free_count(const std::function<void(const FreeCount&)>& with) {
  write("list host gpu", [&] {
    count_stale(*db_);
    const auto query =
        db_->prepare("SELECT host, model, numa_node, cards FROM free_card ORDER BY host");
    while (query->step()) {
      const int node = query->number(2);
      with({query->text(0), query->text(1), node < 0 ? std::nullopt : std::optional(node),
            query->number(3)});
    }
  });
}

}  // namespace cluster
