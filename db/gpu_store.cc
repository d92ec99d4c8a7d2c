// What a host tells of its cards is written as the difference to what is known: the history tells
// what changed, and of a card that is as it was nothing is written.
#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "db/batch_insert.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

// A list of sizes as it is stored, "16 131072 32"; nothing when there are none.
std::optional<std::string> text_of(const std::vector<int>& sizes) {
  std::vector<std::string> words;
  for (const int size : sizes) words.push_back(std::to_string(size));
  return words.empty() ? std::nullopt : std::optional(joined(words, " "));
}

// The columns of a card, in the order of bind_card().
const std::vector<std::string> kCardColumns{
    "host", "name",          "pci",         "model",        "serial",
    "uuid", "physical_slot", "numa_node",   "missing",      "failing",
    "wish", "driver",        "driver_seen", "present_seen", "failing_seen"};

void bind_card(db::RowBinder& bind, const HostName& host, const GpuCard& card) {
  bind(host.str());
  bind(card.name.str());
  bind(card.pci.libvirt());
  bind(card.model);
  bind(card.serial);
  bind(card.uuid);
  bind(card.physical_slot);
  bind(card.numa_node);
  bind(card.missing ? 1 : 0);
  bind(card.failing);
  bind(card.wish ? std::optional(name(*card.wish)) : std::nullopt);
  bind(card.told.driver);
  bind(card.told.driver_seen);
  bind(card.told.seen);
  bind(card.told.failing_seen);
}

using Cards = std::vector<const GpuCard*>;

void insert_cards(db::Connection& db, const HostName& host, const Cards& cards) {
  static const db::BatchInsert insert("gpu", kCardColumns);
  insert.add(db, cards.size(),
             [&](db::RowBinder& bind, std::size_t i) { bind_card(bind, host, *cards[i]); });
}

void insert_functions(db::Connection& db, const HostName& host, const Cards& cards) {
  static const db::BatchInsert insert(
      "gpu_function", {"host", "gpu", "pci", "class", "vendor", "device", "subsystem_vendor",
                       "subsystem_device", "iommu_group", "bar_mib", "bars"});
  std::vector<std::pair<const GpuCard*, const GpuFunction*>> functions;
  for (const auto* card : cards) {
    for (const auto& function : card->functions) functions.emplace_back(card, &function);
  }
  insert.add(db, functions.size(), [&](db::RowBinder& bind, std::size_t i) {
    const auto& [card, one] = functions[i];
    bind(host.str());
    bind(card->name.str());
    bind(one->pci.libvirt());
    bind(one->device_class);
    bind(one->vendor);
    bind(one->device);
    bind(one->subsystem_vendor);
    bind(one->subsystem_device);
    bind(one->iommu_group);
    bind(one->bar_mib);
    bind(text_of(one->bars));
  });
}

void insert_slices(db::Connection& db, const HostName& host, const Cards& cards) {
  static const db::BatchInsert insert("gpu_slice", {"host", "gpu", "number", "pci", "type"});
  std::vector<std::pair<const GpuCard*, const GpuSlice*>> slices;
  for (const auto* card : cards) {
    for (const auto& slice : card->slices) slices.emplace_back(card, &slice);
  }
  insert.add(db, slices.size(), [&](db::RowBinder& bind, std::size_t i) {
    const auto& [card, one] = slices[i];
    bind(host.str());
    bind(card->name.str());
    bind(one->number);
    bind(one->pci.libvirt());
    bind(one->type);
  });
}

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
    for (const auto& column : kCardColumns) names.push_back(':' + column);
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
  bind_card(bind, host, card);
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
  Cards fresh;
  Cards with_fresh_parts;
  for (const auto& card : cards) {
    const auto* old = find(known, card);
    if (old == nullptr) fresh.push_back(&card);
    if (old != nullptr && *old != card) update_card(db, host, card);
    if (old == nullptr || !have_same_parts(*old, card)) with_fresh_parts.push_back(&card);
  }
  insert_cards(db, host, fresh);
  insert_functions(db, host, with_fresh_parts);
  insert_slices(db, host, with_fresh_parts);
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

}  // namespace

void Inventory::store_gpu_cards(const HostName& host, const CardPlan& plan) {
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
        const bool all_stay = store_cards(*db_, host, gpu_cards(host), plan.cards);
        if (plan.mdevs) store_mdevs(*db_, host, mdevs(host), *plan.mdevs);
        // This may be a part of a transaction. The keys are checked at the end of the whole, so not
        // here.
        if (all_stay && plan.renamed.empty()) return;
        if (holds_what_is_gone(*db_, host)) refuse();
      },
      [&](const db::Failure&) { refuse(); });
}

}  // namespace cluster
