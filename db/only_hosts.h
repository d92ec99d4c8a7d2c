#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/names.h"
#include "db/engine.h"
#include "db/host.h"

// This is only for the files of db/.
namespace cluster::db {

/// Limits a query to the rows of some hosts. It becomes `host IN (:h0, :h1)`. For very many hosts
/// the query reads all rows, which is faster then, and has() tells which rows to leave out.
class OnlyThese {
 public:
  explicit OnlyThese(const OnlyHosts& hosts);

  /// "COLUMN IN (:h0, :h1)", or a condition that is always true.
  std::string in(std::string_view column) const;

  /// True if the query reads all rows.
  bool reads_all() const { return all_; }

  /// Binds the names; in() may stand in the statement several times.
  void bind(Statement& statement) const;

  /// True if the rows of `host` are wanted, among all rows that the query gives.
  bool has(std::string_view host) const { return !filter_ || filter_->contains(std::string(host)); }

 private:
  std::vector<std::string> bound_;
  bool all_ = false;
  std::optional<std::unordered_set<std::string>> filter_;
};

}  // namespace cluster::db
