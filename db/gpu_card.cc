#include <SQLiteCpp/Statement.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/inventory.h"
#include "db/row.h"

namespace cluster {
namespace {

std::vector<GpuCard> read_cards(SQLite::Database& db, const HostName& host) {
  std::vector<GpuCard> cards;
  SQLite::Statement query(db, R"sql(
      SELECT name, pci, model, serial, uuid, physical_slot, numa_node, missing, failing
      FROM gpu WHERE host = :host)sql");
  query.bind(":host", host.str());
  while (query.executeStep()) {
    cards.push_back({GpuName(query.getColumn(0).getString()),
                     PciAddress::parse(query.getColumn(1).getString()),
                     row::text(query.getColumn(2)),
                     row::text(query.getColumn(3)),
                     row::text(query.getColumn(4)),
                     row::text(query.getColumn(5)),
                     row::number(query.getColumn(6)),
                     query.getColumn(7).getInt() != 0,
                     {},
                     row::text(query.getColumn(8)),
                     {}});
  }
  std::ranges::sort(cards, {}, &GpuCard::name);

  SQLite::Statement functions(db, R"sql(
      SELECT gpu, pci, class, vendor, device, subsystem_vendor, subsystem_device, iommu_group,
             bar_mib
      FROM gpu_function WHERE host = :host ORDER BY pci)sql");
  functions.bind(":host", host.str());
  while (functions.executeStep()) {
    const GpuName name(functions.getColumn(0).getString());
    std::ranges::find(cards, name, &GpuCard::name)
        ->functions.push_back(
            {PciAddress::parse(functions.getColumn(1).getString()),
             functions.getColumn(2).getString(), functions.getColumn(3).getString(),
             functions.getColumn(4).getString(), row::text(functions.getColumn(5)),
             row::text(functions.getColumn(6)), row::number(functions.getColumn(7)),
             row::number(functions.getColumn(8))});
  }

  SQLite::Statement slices(db, R"sql(
      SELECT gpu, number, pci, type FROM gpu_slice WHERE host = :host ORDER BY number)sql");
  slices.bind(":host", host.str());
  while (slices.executeStep()) {
    const GpuName name(slices.getColumn(0).getString());
    std::ranges::find(cards, name, &GpuCard::name)
        ->slices.push_back({slices.getColumn(1).getInt(),
                            PciAddress::parse(slices.getColumn(2).getString()),
                            row::text(slices.getColumn(3))});
  }
  return cards;
}

void insert_card(SQLite::Database& db, const HostName& host, const GpuCard& card) {
  SQLite::Statement insert(db, R"sql(
      INSERT INTO gpu (host, name, pci, model, serial, uuid, physical_slot, numa_node, missing,
                       failing)
      VALUES (:host, :name, :pci, :model, :serial, :uuid, :physical_slot, :numa_node, :missing,
              :failing))sql");
  insert.bind(":host", host.str());
  insert.bind(":name", card.name.str());
  insert.bind(":pci", card.pci.libvirt());
  row::bind(insert, ":model", card.model);
  row::bind(insert, ":serial", card.serial);
  row::bind(insert, ":uuid", card.uuid);
  row::bind(insert, ":physical_slot", card.physical_slot);
  row::bind(insert, ":numa_node", card.numa_node);
  insert.bind(":missing", card.missing ? 1 : 0);
  row::bind(insert, ":failing", card.failing);
  insert.exec();

  SQLite::Statement function(db, R"sql(
      INSERT INTO gpu_function (host, gpu, pci, class, vendor, device, subsystem_vendor,
                                subsystem_device, iommu_group, bar_mib)
      VALUES (:host, :gpu, :pci, :class, :vendor, :device, :subsystem_vendor, :subsystem_device,
              :iommu_group, :bar_mib))sql");
  for (const auto& one : card.functions) {
    function.bind(":host", host.str());
    function.bind(":gpu", card.name.str());
    function.bind(":pci", one.pci.libvirt());
    function.bind(":class", one.device_class);
    function.bind(":vendor", one.vendor);
    function.bind(":device", one.device);
    row::bind(function, ":subsystem_vendor", one.subsystem_vendor);
    row::bind(function, ":subsystem_device", one.subsystem_device);
    row::bind(function, ":iommu_group", one.iommu_group);
    row::bind(function, ":bar_mib", one.bar_mib);
    function.exec();
    function.reset();
  }

  SQLite::Statement slice(db, R"sql(
      INSERT INTO gpu_slice (host, gpu, number, pci, type)
      VALUES (:host, :gpu, :number, :pci, :type))sql");
  for (const auto& one : card.slices) {
    slice.bind(":host", host.str());
    slice.bind(":gpu", card.name.str());
    slice.bind(":number", one.number);
    slice.bind(":pci", one.pci.libvirt());
    row::bind(slice, ":type", one.type);
    slice.exec();
    slice.reset();
  }
}

void store_mdevs(SQLite::Database& db, const HostName& host, const std::vector<Mdev>& mdevs) {
  SQLite::Statement forget(db, "DELETE FROM mdev WHERE host = :host");
  forget.bind(":host", host.str());
  forget.exec();
  SQLite::Statement insert(db, R"sql(
      INSERT INTO mdev (host, uuid, parent, type) VALUES (:host, :uuid, :parent, :type))sql");
  for (const auto& mdev : mdevs) {
    insert.bind(":host", host.str());
    insert.bind(":uuid", mdev.uuid);
    insert.bind(":parent", mdev.parent);
    insert.bind(":type", mdev.type);
    insert.exec();
    insert.reset();
  }
}

// Names change in place of the old ones, two cards may even swap theirs: for the time of it VMs
// point nowhere, and the foreign keys are looked at when the transaction ends.
void rename_in_vms(SQLite::Database& db, const HostName& host,
                   const std::map<GpuName, GpuName>& renamed) {
  for (const auto& [old_name, new_name] : renamed) {
    SQLite::Statement update(db, R"sql(
        UPDATE vm_gpu SET gpu = '>' || :new WHERE container = :host AND gpu = :old)sql");
    update.bind(":new", new_name.str());
    update.bind(":host", host.str());
    update.bind(":old", old_name.str());
    update.exec();
  }
  SQLite::Statement finish(db, R"sql(
      UPDATE vm_gpu SET gpu = substr(gpu, 2) WHERE container = :host AND gpu LIKE '>%')sql");
  finish.bind(":host", host.str());
  finish.exec();
}

}  // namespace

std::vector<GpuCard> Inventory::gpu_cards(const HostName& host) {
  std::vector<GpuCard> cards;
  read("list host gpu", [&] { cards = read_cards(db_, host); });
  return cards;
}

void Inventory::replan_gpu_cards(const HostName& host,
                                 const std::function<CardPlan(const std::vector<GpuCard>&)>& plan) {
  write(
      "discover host gpu",
      [&] {
        const auto answer = plan(read_cards(db_, host));
        db_.exec("PRAGMA defer_foreign_keys = ON");
        rename_in_vms(db_, host, answer.renamed);
        SQLite::Statement remove(db_, "DELETE FROM gpu WHERE host = :host");
        remove.bind(":host", host.str());
        remove.exec();
        for (const auto& card : answer.cards) insert_card(db_, host, card);
        if (answer.mdevs) store_mdevs(db_, host, *answer.mdevs);
      },
      [&](int) {
        throw Error(Fault::refused, "the cards of host " + quote(host.str()) +
                                        " cannot be stored: a VM holds one that would go, or two "
                                        "would have one name, slot or address");
      });
}

std::vector<Mdev> Inventory::mdevs(const HostName& host) {
  std::vector<Mdev> mdevs;
  read("list host gpu", [&] {
    SQLite::Statement query(db_, R"sql(
        SELECT uuid, parent, type FROM mdev WHERE host = :host ORDER BY uuid)sql");
    query.bind(":host", host.str());
    while (query.executeStep()) {
      mdevs.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                       query.getColumn(2).getString()});
    }
  });
  return mdevs;
}

void Inventory::set_failing(const HostName& host, const std::optional<std::string>& host_failing,
                            const std::map<GpuName, std::string>& cards) {
  write("check host gpu", [&] {
    SQLite::Statement of_host(db_, "UPDATE host SET failing = :failing WHERE name = :host");
    of_host.bind(":host", host.str());
    row::bind(of_host, ":failing", host_failing);
    of_host.exec();
    SQLite::Statement forget(db_, "UPDATE gpu SET failing = NULL WHERE host = :host");
    forget.bind(":host", host.str());
    forget.exec();
    SQLite::Statement of_card(db_, R"sql(
        UPDATE gpu SET failing = :failing WHERE host = :host AND name = :name)sql");
    for (const auto& [name, failing] : cards) {
      of_card.bind(":host", host.str());
      of_card.bind(":name", name.str());
      of_card.bind(":failing", failing);
      of_card.exec();
      of_card.reset();
    }
  });
}

}  // namespace cluster
