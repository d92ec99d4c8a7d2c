#include "cmd/host_gpu_detail.h"

#include <limits>
#include <optional>
#include <set>

#include "core/owned_rows.h"
#include "core/utc_time.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/meant_cards.h"

namespace cluster::cmd {
namespace {

// The rows come in no order: they are put in order when all of them are there.
class CardDetails {
 public:
  explicit CardDetails(const frontend::MeantCards& meant) : meant_(meant) {}

  void add(const CardRow& card) {
    const bool was_seen = card.functions > 0;
    if (was_seen && asked_ != card.host) {
      asked_ = card.host;
      asked_hosts_.insert(asked_);
    }
    if (!is_meant(card.host, card.gpu)) return;
    owned_.add(card.host, number_in(card.gpu));
    rows.add(card.host);
    rows.add(card.gpu);
    rows.add(card.pci);
    rows.add(card.missing ? "missing" : (was_seen ? "present" : "unknown"));
    add_known(card.vm);
    add_known(card.ids);
    if (was_seen) {
      rows.add(static_cast<std::int64_t>(card.functions));
    } else {
      rows.add_unknown();
    }
    add_number(card.iommu_group);
    if (card.numa_node) {
      rows.add(static_cast<std::int64_t>(*card.numa_node));
    } else {
      rows.add_unknown();
    }
    for (const auto text : {card.slot, card.serial, card.uuid, card.model, card.failing}) {
      add_known(text);
    }
    for (const auto since : {card.seen, card.checked, card.synced}) add_age(since);
  }

  // After all cards: they tell whether their host was asked.
  void add(const SliceRow& slice) {
    constexpr auto kLast = std::numeric_limits<std::uint32_t>::max();
    constexpr std::uint32_t kMissing = 1U << 30U;
    if (slice.is_mdev) {
      if (!meant_.has_all()) return;
      owned_.add(slice.host, kLast, slice.present ? 0 : 1);
    } else {
      if (!is_meant(slice.host, slice.gpu)) return;
      owned_.add(slice.host, number_in(slice.gpu),
                 1 + static_cast<std::uint32_t>(*slice.number) + (slice.present ? 0 : kMissing));
    }
    rows.add(slice.host);
    add_known(slice.number ? std::string(slice.gpu) + "." + std::to_string(*slice.number)
                           : std::string(slice.gpu));
    add_known(slice.address);
    const bool was_asked = asked_hosts_.contains(std::string(slice.host));
    rows.add(slice.present ? "present" : (was_asked ? "missing" : "unknown"));
    add_known(slice.vm);
    for (int i = 0; i < 7; ++i) rows.add_unknown();
    add_known(slice.type.empty() ? "" : "vGPU " + std::string(slice.type));
    for (int i = 0; i < 4; ++i) rows.add_unknown();
  }

  void put_in_order() { rows.reorder(owned_.order()); }

  const std::vector<std::string> columns{"host",    "gpu",       "pci_bus",     "state",     "vm",
                                         "id",      "functions", "iommu_group", "numa_node", "slot",
                                         "serial",  "uuid",      "model",       "failing",   "seen",
                                         "checked", "synced"};
  TextRows rows{columns.size()};

 private:
  bool is_meant(std::string_view host, std::string_view gpu) const {
    return meant_.has_all() || meant_.has(HostName(std::string(host)), GpuName(std::string(gpu)));
  }

  // What is not there is unknown, and null in JSON.
  void add_known(std::string_view text) {
    if (!text.empty()) return rows.add(text);
    rows.add_unknown();
  }

  void add_number(std::string_view digits) {
    if (!digits.empty()) return rows.add(TextRows::Cell{TextRows::Kind::number, digits});
    rows.add_unknown();
  }

  // Most cards of a fleet were seen when one before them was.
  void add_age(std::string_view since) {
    if (since.empty()) return rows.add_unknown();
    if (since != since_) {
      since_ = since;
      age_ = frontend::age(since_, now_);
    }
    add_known(age_);
  }

  const frontend::MeantCards& meant_;
  OwnedRows owned_;
  std::set<std::string> asked_hosts_;
  std::string asked_;
  const std::string now_ = utc_now();
  std::string since_;
  std::string age_;
};

}  // namespace

int show_details(Context& context, const std::vector<std::string>& words) {
  auto& inventory = context.inventory();
  std::optional<frontend::MeantCards> meant;
  std::optional<CardDetails> details;
  inventory.look_together("list host gpu", [&] {
    meant.emplace(inventory, words);
    details.emplace(*meant);
    inventory.each_card(meant->hosts(), [&](const CardRow& card) { details->add(card); });
    inventory.each_slice(meant->hosts(), [&](const SliceRow& slice) { details->add(slice); });
  });
  details->put_in_order();
  context.output.table(details->columns, details->rows);
  return 0;
}

}  // namespace cluster::cmd
