#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/names.h"
#include "db/engine.h"
#include "db/host.h"

// For the files of db/ alone.
namespace cluster::db {

/// Makes a query read the rows of some hosts alone. It becomes `host IN (:h0, :h1)`; of very many
/// hosts it reads all rows, which is faster then, and has() leaves out the others.
class OnlyThese {
 public:
  explicit OnlyThese(const OnlyHosts& hosts);

  /// "COLUMN IN (:h0, :h1)", or a condition that is always true.
  std::string in(std::string_view column) const;

  /// Whether the query reads all rows.
  bool reads_all() const { return all_; }

  /// Binds the names; in() may stand in the statement several times.
  void bind(Statement& statement) const;

  /// Whether rows of `host` are wanted, of all that the query answers.
  bool has(std::string_view host) const { return !filter_ || filter_->contains(std::string(host)); }

 private:
  std::vector<std::string> bound_;
  bool all_ = false;
  std::optional<std::unordered_set<std::string>> filter_;
};

}  // namespace cluster::db
