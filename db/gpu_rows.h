#pragma once

#include <string>
#include <vector>

#include "core/names.h"
#include "db/added_rows.h"
#include "db/batch_insert.h"
#include "db/engine.h"
#include "db/gpu.h"

namespace cluster::db {

/// The rows of cards that are to be added. Hosts and cards are kept by reference.
class GpuRows {
 public:
  /// The row of the card itself.
  void add_card(const HostName& host, const GpuCard& card) { cards_.push_back({{&host, &card}}); }

  /// The rows of its functions and slices.
  void add_parts(const HostName& host, const GpuCard& card);

  /// Puts the rows into the order of the indexes: then they grow at one end alone, which takes an
  /// eighth less.
  void sort_by_host();

  /// Adds all rows, the cards first; `added` gets them for their history, where no trigger writes
  /// it. Throws Failure.
  void insert(Connection& db, AddedRows* added = nullptr) const;

 private:
  struct Owner {
    const HostName* host;
    const GpuCard* card;
  };
  struct Card {
    Owner of;
  };
  struct Function {
    Owner of;
    const GpuFunction* function;
  };
  struct Slice {
    Owner of;
    const GpuSlice* slice;
  };

  std::vector<Card> cards_;
  std::vector<Function> functions_;
  std::vector<Slice> slices_;
};

/// The columns of a card that a host tells of, in the order of bind_card().
const std::vector<std::string>& card_columns();

void bind_card(RowBinder& bind, const HostName& host, const GpuCard& card);

}  // namespace cluster::db
