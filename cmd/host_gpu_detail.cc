#include "cmd/host_gpu_detail.h"

#include <iterator>
#include <limits>
#include <optional>
#include <set>

#include "core/owned_rows.h"
#include "core/utc_time.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/meant_cards.h"

namespace cluster::cmd {
namespace {

// The cells of a row, one after the other. What is not there is unknown, and null in JSON.
class RowCells {
 public:
  explicit RowCells(std::size_t columns) : rows(columns) {}

  void add(std::string_view text) {
    if (!text.empty()) return rows.add(text);
    rows.add_unknown();
  }

  void add(std::optional<int> number) {
    if (number) return rows.add(static_cast<std::int64_t>(*number));
    rows.add_unknown();
  }

  void add_digits(std::string_view digits) {
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
    add(age_);
  }

  TextRows rows;

 private:
  const std::string now_ = utc_now();
  std::string since_;
  std::string age_;
};

bool was_seen(const CardRow& card) { return card.functions > 0; }

std::string_view state_of(const CardRow& card) {
  if (card.missing) return "missing";
  return was_seen(card) ? "present" : "unknown";
}

std::optional<int> functions_of(const CardRow& card) {
  return was_seen(card) ? std::optional(card.functions) : std::nullopt;
}

struct DetailSlice {
  const SliceRow& row;
  bool was_asked;  // its host, by what its cards say
};

std::string name_of(const SliceRow& slice) {
  return std::string(slice.gpu) + (slice.number ? "." + std::to_string(*slice.number) : "");
}

std::string_view state_of(const DetailSlice& slice) {
  if (slice.row.present) return "present";
  return slice.was_asked ? "missing" : "unknown";
}

std::string model_of(const SliceRow& slice) {
  return slice.type.empty() ? "" : "vGPU " + std::string(slice.type);
}

// A column, and its cell of a card and of a slice or mediated device.
struct DetailColumn {
  const char* name;
  void (*add_card)(RowCells& cells, const CardRow& card);
  void (*add_slice)(RowCells& cells, const DetailSlice& slice) = nullptr;  // null: unknown
};

constexpr DetailColumn kDetailColumns[] = {
    {"host", [](RowCells& to, const CardRow& card) { to.add(card.host); },
     [](RowCells& to, const DetailSlice& slice) { to.add(slice.row.host); }},
    {"gpu", [](RowCells& to, const CardRow& card) { to.add(card.gpu); },
     [](RowCells& to, const DetailSlice& slice) { to.add(name_of(slice.row)); }},
    {"pci_bus", [](RowCells& to, const CardRow& card) { to.add(card.pci); },
     [](RowCells& to, const DetailSlice& slice) { to.add(slice.row.address); }},
    {"state", [](RowCells& to, const CardRow& card) { to.add(state_of(card)); },
     [](RowCells& to, const DetailSlice& slice) { to.add(state_of(slice)); }},
    {"vm", [](RowCells& to, const CardRow& card) { to.add(card.vm); },
     [](RowCells& to, const DetailSlice& slice) { to.add(slice.row.vm); }},
    {"id", [](RowCells& to, const CardRow& card) { to.add(card.ids); }},
    {"functions", [](RowCells& to, const CardRow& card) { to.add(functions_of(card)); }},
    {"iommu_group", [](RowCells& to, const CardRow& card) { to.add_digits(card.iommu_group); }},
    {"numa_node", [](RowCells& to, const CardRow& card) { to.add(card.numa_node); }},
    {"slot", [](RowCells& to, const CardRow& card) { to.add(card.slot); }},
    {"serial", [](RowCells& to, const CardRow& card) { to.add(card.serial); }},
    {"uuid", [](RowCells& to, const CardRow& card) { to.add(card.uuid); }},
    {"model", [](RowCells& to, const CardRow& card) { to.add(card.model); },
     [](RowCells& to, const DetailSlice& slice) { to.add(model_of(slice.row)); }},
    {"failing", [](RowCells& to, const CardRow& card) { to.add(card.failing); }},
    {"seen", [](RowCells& to, const CardRow& card) { to.add_age(card.seen); }},
    {"checked", [](RowCells& to, const CardRow& card) { to.add_age(card.checked); }},
    {"synced", [](RowCells& to, const CardRow& card) { to.add_age(card.synced); }},
};

// The rows come in no order: they are put in order when all of them are there.
class CardDetails {
 public:
  explicit CardDetails(const frontend::MeantCards& meant) : meant_(meant) {}

  void add(const CardRow& card) {
    if (was_seen(card) && asked_ != card.host) {
      asked_ = card.host;
      asked_hosts_.insert(asked_);
    }
    if (!is_meant(card.host, card.gpu)) return;
    owned_.add(card.host, number_in(card.gpu));
    for (const auto& column : kDetailColumns) column.add_card(cells_, card);
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
    const DetailSlice seen{slice, asked_hosts_.contains(std::string(slice.host))};
    for (const auto& column : kDetailColumns) {
      if (column.add_slice != nullptr) {
        column.add_slice(cells_, seen);
      } else {
        cells_.rows.add_unknown();
      }
    }
  }

  void print(Output& output) {
    cells_.rows.reorder(owned_.order());
    std::vector<std::string> names;
    for (const auto& column : kDetailColumns) names.emplace_back(column.name);
    output.table(names, cells_.rows);
  }

 private:
  bool is_meant(std::string_view host, std::string_view gpu) const {
    return meant_.has_all() || meant_.has(HostName(std::string(host)), GpuName(std::string(gpu)));
  }

  const frontend::MeantCards& meant_;
  RowCells cells_{std::size(kDetailColumns)};
  OwnedRows owned_;
  std::set<std::string> asked_hosts_;
  std::string asked_;
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
  details->print(context.output);
  return 0;
}

}  // namespace cluster::cmd
