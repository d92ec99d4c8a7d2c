// What a host tells of its cards is written as the difference to what is known: the history tells
// what changed, and of a card that is as it was nothing is written.
#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/gpu_rows.h"
#include "db/inventory.h"

namespace cluster {
namespace {

void forget_rows(db::Connection& db, const std::string& table, const HostName& host,
                 const GpuName& card) {
  const auto remove = db.prepare("DELETE FROM " + table + " WHERE host = :host AND " +
                                 (table == "gpu" ? "name" : "gpu") + " = :card");
  remove->bind(":host", host.str());
  remove->bind(":card", card.str());
  remove->execute();
}

// Stores what is known of a card that stays in its slot, its parts apart.
void update_card(db::Connection& db, const HostName& host, const GpuCard& card) {
  static const auto parameters = [] {
    std::vector<std::string> names;
    for (const auto& column : db::card_columns()) names.push_back(':' + column);
    return names;
  }();
  const auto update = db.prepare(R"sql(
      UPDATE gpu SET pci = :pci, model = :model, serial = :serial, uuid = :uuid,
                     physical_slot = :physical_slot, numa_node = :numa_node, missing = :missing,
                     failing = :failing, wish = :wish, driver = :driver,
                     driver_seen = :driver_seen, present_seen = :present_seen,
                     failing_seen = :failing_seen
      WHERE host = :host AND name = :name)sql");
  db::RowBinder bind(*update, parameters);
  db::bind_card(bind, host, card);
  update->execute();
}

bool have_same_parts(const GpuCard& one, const GpuCard& other) {
  return one.functions == other.functions && one.slices == other.slices;
}

// What is to go goes first: two cards may have changed their names, places or slices.
// Returns false when one went.
bool store_cards(db::Connection& db, const HostName& host, const std::vector<GpuCard>& known,
                 const std::vector<GpuCard>& cards) {
  const auto find = [](const std::vector<GpuCard>& all, const GpuCard& wanted) {
    const auto at = std::ranges::find_if(all, [&](const GpuCard& one) {
      return one.name == wanted.name && one.pci.same_slot(wanted.pci);
    });
    return at == all.end() ? nullptr : &*at;
  };
  bool all_stay = true;
  for (const auto& old : known) {
    const auto* card = find(cards, old);
    if (card == nullptr) {
      all_stay = false;
      forget_rows(db, "gpu", host, old.name);
    } else if (!have_same_parts(old, *card)) {
      for (const auto* table : {"gpu_function", "gpu_slice"}) {
        forget_rows(db, table, host, old.name);
      }
    }
  }
  db::GpuRows fresh;
  for (const auto& card : cards) {
    const auto* old = find(known, card);
    if (old == nullptr) fresh.add_card(host, card);
    if (old != nullptr && *old != card) update_card(db, host, card);
    if (old == nullptr || !have_same_parts(*old, card)) fresh.add_parts(host, card);
  }
  fresh.insert(db);
  return all_stay;
}

void store_mdevs(db::Connection& db, const HostName& host, const std::vector<Mdev>& known,
                 const std::vector<Mdev>& mdevs) {
  const auto forget = db.prepare("DELETE FROM mdev WHERE host = :host AND uuid = :uuid");
  for (const auto& mdev : known) {
    if (std::ranges::find(mdevs, mdev) != mdevs.end()) continue;
    forget->bind(":host", host.str());
    forget->bind(":uuid", mdev.uuid);
    forget->execute();
  }
  const auto insert = db.prepare(R"sql(
      INSERT INTO mdev (host, uuid, parent, type) VALUES (:host, :uuid, :parent, :type))sql");
  for (const auto& mdev : mdevs) {
    if (std::ranges::find(known, mdev) != known.end()) continue;
    insert->bind(":host", host.str());
    insert->bind(":uuid", mdev.uuid);
    insert->bind(":parent", mdev.parent);
    insert->bind(":type", mdev.type);
    insert->execute();
  }
}

// True if each card has a name of its own.
bool are_named_once(const std::vector<GpuCard>& cards) {
  std::set<int> numbers;
  return std::ranges::all_of(
      cards, [&](const GpuCard& card) { return numbers.insert(card.name.number()).second; });
}

// Names are changed in place, and two cards may even swap theirs. Meanwhile the rows of VMs point
// nowhere, and the foreign keys are checked when the transaction ends.
void rename_in_vms(db::Connection& db, const HostName& host,
                   const std::map<GpuName, GpuName>& renamed) {
  if (renamed.empty()) return;
  for (const auto& [old_name, new_name] : renamed) {
    const auto update = db.prepare(R"sql(
        UPDATE vm_gpu SET gpu = '>' || :new WHERE container = :host AND gpu = :old)sql");
    update->bind(":new", new_name.str());
    update->bind(":host", host.str());
    update->bind(":old", old_name.str());
    update->execute();
  }
  const auto finish = db.prepare(R"sql(
      UPDATE vm_gpu SET gpu = substr(gpu, 2) WHERE container = :host AND substr(gpu, 1, 1) = '>')sql");
  finish->bind(":host", host.str());
  finish->execute();
}

// True if a VM holds a card that its container does not have.
bool holds_what_is_gone(db::Connection& db, const HostName& host) {
  const auto query = db.prepare(R"sql(
      SELECT 1 FROM vm_gpu AS held
      WHERE container = :host AND gpu IS NOT NULL AND
            NOT EXISTS (SELECT 1 FROM gpu WHERE gpu.host = held.container AND
                                                gpu.name = held.gpu))sql");
  query->bind(":host", host.str());
  return query->step();
}

// Adds the cards of hosts that have none, and does what the triggers would do: they are not there.
void add_without_triggers(db::Connection& db, const std::vector<NewCards>& hosts) {
  const auto vm = db.prepare("SELECT 1 FROM host WHERE name = :host AND appliance = 'vm'");
  const auto recount = db.prepare(R"sql(
      INSERT INTO free_card_stale (host) VALUES (:host) ON CONFLICT DO NOTHING)sql");
  db::GpuRows rows;
  std::vector<std::string_view> names;
  for (const auto& [host, cards] : hosts) {
    names.push_back(host->str());
    vm->bind(":host", host->str());
    if (vm->step()) throw db::Failure(db::Why::rule, "gpu_is_not_of_a_vm", host->str());
    vm->reset();
    recount->bind(":host", host->str());
    recount->execute();
    for (const auto& card : *cards) {
      rows.add_card(*host, card);
      rows.add_parts(*host, card);
    }
  }
  rows.sort_by_host();
  db::AddedRows added;
  rows.insert(db, &added);
  added.write(db, names);
}

}  // namespace

bool Inventory::add_gpu_cards(const std::vector<NewCards>& hosts) {
  bool done = false;
  bool refused = false;
  try {
    write(
        "discover host gpu",
        [&] { done = db_->without_triggers([&] { add_without_triggers(*db_, hosts); }); },
        [&](const db::Failure&) { refused = true; });
  } catch (const Error&) {
    if (!refused) throw;
    return false;
  }
  return done;
}

void Inventory::store_gpu_cards(const HostName& host, const CardPlan& plan) {
  write("discover host gpu", [&] {
    store_gpu_cards(host, plan, gpu_cards(host), plan.mdevs ? mdevs(host) : std::vector<Mdev>());
  });
}

void Inventory::store_gpu_cards(const HostName& host, const CardPlan& plan,
                                const std::vector<GpuCard>& known_cards,
                                const std::vector<Mdev>& known_mdevs) {
  const auto refuse = [&] {
    throw Error(Fault::refused, "the cards of host " + quote(host.str()) +
                                    " cannot be stored: a VM holds one that would go, or two "
                                    "would have one name, slot or address");
  };
  write(
      "discover host gpu",
      [&] {
        db_->defer_foreign_keys();
        rename_in_vms(*db_, host, plan.renamed);
        if (!are_named_once(plan.cards)) refuse();
        const bool all_stay = store_cards(*db_, host, known_cards, plan.cards);
        if (plan.mdevs) store_mdevs(*db_, host, known_mdevs, *plan.mdevs);
        // This may be a part of a transaction. The keys are checked at the end of the whole, so not
        // here.
        if (all_stay && plan.renamed.empty()) return;
        if (holds_what_is_gone(*db_, host)) refuse();
      },
      [&](const db::Failure&) { refuse(); });
}

}  // namespace cluster
