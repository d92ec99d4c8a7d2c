// What a host tells of its cards is written as the difference to what is known: the history tells
// what changed, and of a card that is as it was nothing is written.
#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/text.h"
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

void bind_card(db::Statement& statement, const HostName& host, const GpuCard& card) {
  statement.bind(":host", host.str());
  statement.bind(":name", card.name.str());
  statement.bind(":pci", card.pci.libvirt());
  statement.bind(":model", card.model);
  statement.bind(":serial", card.serial);
  statement.bind(":uuid", card.uuid);
  statement.bind(":physical_slot", card.physical_slot);
  statement.bind(":numa_node", card.numa_node);
  statement.bind(":missing", card.missing ? 1 : 0);
  statement.bind(":failing", card.failing);
  statement.bind(":wish", card.wish ? std::optional(name(*card.wish)) : std::nullopt);
  statement.bind(":driver", card.told.driver);
  statement.bind(":driver_seen", card.told.driver_seen);
  statement.bind(":seen", card.told.seen);
  statement.bind(":failing_seen", card.told.failing_seen);
}

void insert_parts(db::Connection& db, const HostName& host, const GpuCard& card) {
  const auto function = db.prepare(R"sql(
      INSERT INTO gpu_function (host, gpu, pci, class, vendor, device, subsystem_vendor,
                                subsystem_device, iommu_group, bar_mib, bars)
      VALUES (:host, :gpu, :pci, :class, :vendor, :device, :subsystem_vendor, :subsystem_device,
              :iommu_group, :bar_mib, :bars))sql");
  for (const auto& one : card.functions) {
    function->bind(":host", host.str());
    function->bind(":gpu", card.name.str());
    function->bind(":pci", one.pci.libvirt());
    function->bind(":class", one.device_class);
    function->bind(":vendor", one.vendor);
    function->bind(":device", one.device);
    function->bind(":subsystem_vendor", one.subsystem_vendor);
    function->bind(":subsystem_device", one.subsystem_device);
    function->bind(":iommu_group", one.iommu_group);
    function->bind(":bar_mib", one.bar_mib);
    function->bind(":bars", text_of(one.bars));
    function->execute();
  }

  const auto slice = db.prepare(R"sql(
      INSERT INTO gpu_slice (host, gpu, number, pci, type)
      VALUES (:host, :gpu, :number, :pci, :type))sql");
  for (const auto& one : card.slices) {
    slice->bind(":host", host.str());
    slice->bind(":gpu", card.name.str());
    slice->bind(":number", one.number);
    slice->bind(":pci", one.pci.libvirt());
    slice->bind(":type", one.type);
    slice->execute();
  }
}

void insert_card(db::Connection& db, const HostName& host, const GpuCard& card) {
  const auto insert = db.prepare(R"sql(
      INSERT INTO gpu (host, name, pci, model, serial, uuid, physical_slot, numa_node, missing,
                       failing, wish, driver, driver_seen, present_seen,
                       failing_seen)
      VALUES (:host, :name, :pci, :model, :serial, :uuid, :physical_slot, :numa_node, :missing,
              :failing, :wish, :driver, :driver_seen, :seen, :failing_seen))sql");
  bind_card(*insert, host, card);
  insert->execute();
  insert_parts(db, host, card);
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
  const auto update = db.prepare(R"sql(
      UPDATE gpu SET pci = :pci, model = :model, serial = :serial, uuid = :uuid,
                     physical_slot = :physical_slot, numa_node = :numa_node, missing = :missing,
                     failing = :failing, wish = :wish, driver = :driver,
                     driver_seen = :driver_seen, present_seen = :seen,
                     failing_seen = :failing_seen
      WHERE host = :host AND name = :name)sql");
  bind_card(*update, host, card);
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
  for (const auto& card : cards) {
    const auto* old = find(known, card);
    if (old == nullptr) {
      insert_card(db, host, card);
      continue;
    }
    if (*old != card) update_card(db, host, card);
    if (!have_same_parts(*old, card)) insert_parts(db, host, card);
  }
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
