#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

std::vector<GpuCard> read_cards(db::Connection& db, const HostName& host) {
  std::vector<GpuCard> cards;
  const auto query = db.prepare(R"sql(
      SELECT name, pci, model, serial, uuid, physical_slot, numa_node, missing, failing
      FROM gpu WHERE host = :host)sql");
  query->bind(":host", host.str());
  while (query->step()) {
    cards.push_back({GpuName(query->text(0)),
                     PciAddress::parse(query->text(1)),
                     query->maybe_string(2),
                     query->maybe_string(3),
                     query->maybe_string(4),
                     query->maybe_string(5),
                     query->maybe_number(6),
                     query->number(7) != 0,
                     {},
                     query->maybe_string(8),
                     {}});
  }
  std::ranges::sort(cards, {}, &GpuCard::name);

  const auto functions = db.prepare(R"sql(
      SELECT gpu, pci, class, vendor, device, subsystem_vendor, subsystem_device, iommu_group,
             bar_mib
      FROM gpu_function WHERE host = :host ORDER BY pci)sql");
  functions->bind(":host", host.str());
  while (functions->step()) {
    const GpuName name(functions->string(0));
    std::ranges::find(cards, name, &GpuCard::name)
        ->functions.push_back({PciAddress::parse(functions->text(1)), functions->string(2),
                               functions->string(3), functions->string(4),
                               functions->maybe_string(5), functions->maybe_string(6),
                               functions->maybe_number(7), functions->maybe_number(8)});
  }

  const auto slices = db.prepare(R"sql(
      SELECT gpu, number, pci, type FROM gpu_slice WHERE host = :host ORDER BY number)sql");
  slices->bind(":host", host.str());
  while (slices->step()) {
    const GpuName name(slices->string(0));
    std::ranges::find(cards, name, &GpuCard::name)
        ->slices.push_back(
            {slices->number(1), PciAddress::parse(slices->text(2)), slices->maybe_string(3)});
  }
  return cards;
}

void insert_card(db::Connection& db, const HostName& host, const GpuCard& card) {
  const auto insert = db.prepare(R"sql(
      INSERT INTO gpu (host, name, pci, model, serial, uuid, physical_slot, numa_node, missing,
                       failing)
      VALUES (:host, :name, :pci, :model, :serial, :uuid, :physical_slot, :numa_node, :missing,
              :failing))sql");
  insert->bind(":host", host.str());
  insert->bind(":name", card.name.str());
  insert->bind(":pci", card.pci.libvirt());
  insert->bind(":model", card.model);
  insert->bind(":serial", card.serial);
  insert->bind(":uuid", card.uuid);
  insert->bind(":physical_slot", card.physical_slot);
  insert->bind(":numa_node", card.numa_node);
  insert->bind(":missing", card.missing ? 1 : 0);
  insert->bind(":failing", card.failing);
  insert->execute();

  const auto function = db.prepare(R"sql(
      INSERT INTO gpu_function (host, gpu, pci, class, vendor, device, subsystem_vendor,
                                subsystem_device, iommu_group, bar_mib)
      VALUES (:host, :gpu, :pci, :class, :vendor, :device, :subsystem_vendor, :subsystem_device,
              :iommu_group, :bar_mib))sql");
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

void store_mdevs(db::Connection& db, const HostName& host, const std::vector<Mdev>& mdevs) {
  const auto forget = db.prepare("DELETE FROM mdev WHERE host = :host");
  forget->bind(":host", host.str());
  forget->execute();
  const auto insert = db.prepare(R"sql(
      INSERT INTO mdev (host, uuid, parent, type) VALUES (:host, :uuid, :parent, :type))sql");
  for (const auto& mdev : mdevs) {
    insert->bind(":host", host.str());
    insert->bind(":uuid", mdev.uuid);
    insert->bind(":parent", mdev.parent);
    insert->bind(":type", mdev.type);
    insert->execute();
  }
}

// Names change in place of the old ones, two cards may even swap theirs: for the time of it VMs
// point nowhere, and the foreign keys are looked at when the transaction ends.
void rename_in_vms(db::Connection& db, const HostName& host,
                   const std::map<GpuName, GpuName>& renamed) {
  for (const auto& [old_name, new_name] : renamed) {
    const auto update = db.prepare(R"sql(
        UPDATE vm_gpu SET gpu = '>' || :new WHERE container = :host AND gpu = :old)sql");
    update->bind(":new", new_name.str());
    update->bind(":host", host.str());
    update->bind(":old", old_name.str());
    update->execute();
  }
  const auto finish = db.prepare(R"sql(
      UPDATE vm_gpu SET gpu = substr(gpu, 2) WHERE container = :host AND gpu LIKE '>%')sql");
  finish->bind(":host", host.str());
  finish->execute();
}

}  // namespace

std::vector<GpuCard> Inventory::gpu_cards(const HostName& host) {
  std::vector<GpuCard> cards;
  read("list host gpu", [&] { cards = read_cards(*db_, host); });
  return cards;
}

void Inventory::replan_gpu_cards(const HostName& host,
                                 const std::function<CardPlan(const std::vector<GpuCard>&)>& plan) {
  write(
      "discover host gpu",
      [&] {
        const auto answer = plan(read_cards(*db_, host));
        db_->defer_foreign_keys();
        rename_in_vms(*db_, host, answer.renamed);
        const auto remove = db_->prepare("DELETE FROM gpu WHERE host = :host");
        remove->bind(":host", host.str());
        remove->execute();
        for (const auto& card : answer.cards) insert_card(*db_, host, card);
        if (answer.mdevs) store_mdevs(*db_, host, *answer.mdevs);
      },
      [&](const db::Failure&) {
        throw Error(Fault::refused, "the cards of host " + quote(host.str()) +
                                        " cannot be stored: a VM holds one that would go, or two "
                                        "would have one name, slot or address");
      });
}

std::vector<Mdev> Inventory::mdevs(const HostName& host) {
  std::vector<Mdev> mdevs;
  read("list host gpu", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT uuid, parent, type FROM mdev WHERE host = :host ORDER BY uuid)sql");
    query->bind(":host", host.str());
    while (query->step()) {
      mdevs.push_back({query->string(0), query->string(1), query->string(2)});
    }
  });
  return mdevs;
}

void Inventory::set_failing(const HostName& host, const std::optional<std::string>& host_failing,
                            const std::map<GpuName, std::string>& cards) {
  write("check host gpu", [&] {
    const auto of_host = db_->prepare("UPDATE host SET failing = :failing WHERE name = :host");
    of_host->bind(":host", host.str());
    of_host->bind(":failing", host_failing);
    of_host->execute();
    const auto forget = db_->prepare("UPDATE gpu SET failing = NULL WHERE host = :host");
    forget->bind(":host", host.str());
    forget->execute();
    const auto of_card = db_->prepare(R"sql(
        UPDATE gpu SET failing = :failing WHERE host = :host AND name = :name)sql");
    for (const auto& [name, failing] : cards) {
      of_card->bind(":host", host.str());
      of_card->bind(":name", name.str());
      of_card->bind(":failing", failing);
      of_card->execute();
    }
  });
}

}  // namespace cluster
