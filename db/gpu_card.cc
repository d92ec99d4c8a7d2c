#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {
namespace {

// Collects the devices of hosts while their rows are read.
class Devices {
 public:
  explicit Devices(const std::vector<HostName>& hosts) : all_(hosts.size()) {
    for (std::size_t i = 0; i < hosts.size(); ++i) places_.emplace(hosts[i].str(), i);
  }

  // Returns nullptr when the host is not wanted.
  HostDevices* of(std::string_view host) {
    const auto at = places_.find(std::string(host));
    return at == places_.end() ? nullptr : &all_[at->second];
  }

  // Returns nullptr when the host is not wanted. A function or a slice always has its card.
  GpuCard* card(std::string_view host, std::string_view name) {
    auto* devices = of(host);
    if (devices == nullptr) return nullptr;
    return &*std::ranges::find(devices->cards, GpuName(name), &GpuCard::name);
  }

  std::vector<HostDevices>& all() { return all_; }

 private:
  std::vector<HostDevices> all_;
  std::unordered_map<std::string, std::size_t> places_;
};

// Of a list of sizes as it is stored, "16 131072 32".
std::vector<int> sizes_of(const std::optional<std::string>& text) {
  std::vector<int> sizes;
  if (!text) return sizes;
  for (const auto word : split(*text, ' ')) {
    if (const auto size = parse_number(word)) sizes.push_back(static_cast<int>(*size));
  }
  return sizes;
}

void read_cards(db::Connection& db, const db::OnlyThese& these, Devices& devices) {
  const auto query = db.prepare(R"sql(
      SELECT host, name, pci, model, serial, uuid, physical_slot, numa_node, missing, failing, wish,
             driver, driver_seen, present_seen, failing_seen
      FROM gpu WHERE )sql" + these.in("host"));
  these.bind(*query);
  while (query->step()) {
    auto* host = devices.of(query->text(0));
    if (host == nullptr) continue;
    host->cards.push_back(
        {GpuName(query->text(1)),
         PciAddress::parse(query->text(2)),
         query->maybe_string(3),
         query->maybe_string(4),
         query->maybe_string(5),
         query->maybe_string(6),
         query->maybe_number(7),
         query->number(8) != 0,
         {},
         query->maybe_string(9),
         {},
         query->is_null(10) ? std::nullopt : std::optional(parse_gpu_wish(query->string(10))),
         {query->maybe_string(11), query->maybe_string(12), query->maybe_string(13),
          query->maybe_string(14)}});
  }
  for (auto& host : devices.all()) std::ranges::sort(host.cards, {}, &GpuCard::name);

  const auto functions = db.prepare(R"sql(
      SELECT host, gpu, pci, class, vendor, device, subsystem_vendor, subsystem_device, iommu_group,
             bar_mib, bars
      FROM gpu_function WHERE )sql" +
                                    these.in("host") + " ORDER BY host, gpu, pci");
  these.bind(*functions);
  while (functions->step()) {
    auto* card = devices.card(functions->text(0), functions->text(1));
    if (card == nullptr) continue;
    card->functions.push_back({PciAddress::parse(functions->text(2)), functions->string(3),
                               functions->string(4), functions->string(5),
                               functions->maybe_string(6), functions->maybe_string(7),
                               functions->maybe_number(8), functions->maybe_number(9),
                               sizes_of(functions->maybe_string(10))});
  }

  const auto slices = db.prepare("SELECT host, gpu, number, pci, type FROM gpu_slice WHERE " +
                                 these.in("host") + " ORDER BY host, gpu, number");
  these.bind(*slices);
  while (slices->step()) {
    auto* card = devices.card(slices->text(0), slices->text(1));
    if (card == nullptr) continue;
    card->slices.push_back(
        {slices->number(2), PciAddress::parse(slices->text(3)), slices->maybe_string(4)});
  }
}

void read_mdevs(db::Connection& db, const db::OnlyThese& these, Devices& devices) {
  const auto query = db.prepare("SELECT host, uuid, parent, type FROM mdev WHERE " +
                                these.in("host") + " ORDER BY host, uuid");
  these.bind(*query);
  while (query->step()) {
    auto* host = devices.of(query->text(0));
    if (host == nullptr) continue;
    host->mdevs.push_back({query->string(1), query->string(2), query->string(3)});
  }
}

void read_held(db::Connection& db, const db::OnlyThese& these, Devices& devices) {
  const auto query = db.prepare(R"sql(
      SELECT container, vm, device, gpu, slice, uuid, present, name FROM gpu_in_vm
      WHERE )sql" + these.in("container"));
  these.bind(*query);
  while (query->step()) {
    auto* host = devices.of(query->text(0));
    if (host == nullptr) continue;
    auto& held = host->held.emplace_back(HeldDevice{HostName(query->text(1)),
                                                    query->string(2),
                                                    {},
                                                    query->maybe_number(4),
                                                    query->is_null(4) && query->is_null(5),
                                                    query->number(6) != 0,
                                                    GpuName(query->text(7))});
    if (!query->is_null(3)) held.gpu.emplace(query->text(3));
  }
  for (auto& host : devices.all()) {
    std::ranges::sort(host.held, [](const HeldDevice& left, const HeldDevice& right) {
      return left.vm == right.vm ? left.name < right.name
                                 : natural_less(left.vm.str(), right.vm.str());
    });
  }
}

void read_elsewhere(db::Connection& db, const db::OnlyThese& these, Devices& devices) {
  const auto query = db.prepare(R"sql(
      SELECT container, gpu, slice, uuid, domain, device, seen FROM gpu_in_domain
      WHERE )sql" + these.in("container"));
  these.bind(*query);
  while (query->step()) {
    auto* host = devices.of(query->text(0));
    if (host == nullptr) continue;
    host->elsewhere.push_back({GpuName(query->text(1)), query->maybe_number(2), query->string(3),
                               query->string(4), query->string(5), query->string(6)});
  }
  for (auto& host : devices.all()) {
    std::ranges::sort(host.elsewhere, [](const CardElsewhere& left, const CardElsewhere& right) {
      return left.gpu == right.gpu ? left.device < right.device : left.gpu < right.gpu;
    });
  }
}

}  // namespace

std::vector<GpuCard> Inventory::gpu_cards(const HostName& host) {
  Devices devices({host});
  read("list host gpu", [&] { read_cards(*db_, db::OnlyThese(OnlyHosts{{host}}), devices); });
  return std::move(devices.all()[0].cards);
}

std::vector<Mdev> Inventory::mdevs(const HostName& host) {
  Devices devices({host});
  read("list host gpu", [&] { read_mdevs(*db_, db::OnlyThese(OnlyHosts{{host}}), devices); });
  return std::move(devices.all()[0].mdevs);
}

std::vector<HostDevices> Inventory::devices(const std::vector<HostName>& hosts) {
  Devices devices(hosts);
  const db::OnlyThese these{OnlyHosts(hosts)};
  read("list host gpu", [&] {
    read_cards(*db_, these, devices);
    read_mdevs(*db_, these, devices);
    read_held(*db_, these, devices);
    read_elsewhere(*db_, these, devices);
  });
  return std::move(devices.all());
}

void Inventory::store_told(const HostName& host, const std::vector<GpuCard>& cards) {
  write("list host gpu", [&] {
    const auto update = db_->prepare(R"sql(
        UPDATE gpu SET driver = :driver, driver_seen = :driver_seen, present_seen = :seen
        WHERE host = :host AND name = :name)sql");
    for (const auto& card : cards) {
      update->bind(":host", host.str());
      update->bind(":name", card.name.str());
      update->bind(":driver", card.told.driver);
      update->bind(":driver_seen", card.told.driver_seen);
      update->bind(":seen", card.told.seen);
      update->execute();
    }
  });
}

void Inventory::set_failing(const HostName& host, const std::optional<std::string>& host_failing,
                            const std::map<GpuName, std::string>& cards, const std::string& seen) {
  const auto when = seen.empty() ? std::nullopt : std::optional<std::string_view>(seen);
  write("check host gpu", [&] {
    const auto of_host =
        db_->prepare("UPDATE host SET failing = :failing, failing_seen = :seen WHERE name = :host");
    of_host->bind(":host", host.str());
    of_host->bind(":failing", host_failing);
    of_host->bind(":seen", when);
    of_host->execute();
    const auto forget =
        db_->prepare("UPDATE gpu SET failing = NULL, failing_seen = :seen WHERE host = :host");
    forget->bind(":host", host.str());
    forget->bind(":seen", when);
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
