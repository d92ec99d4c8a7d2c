#include "db/only_hosts.h"

#include "core/text.h"

namespace cluster::db {
namespace {

constexpr std::size_t kMostBound = 1000;  // above it one look at each row is cheaper

std::string parameter(std::size_t number) { return ":h" + std::to_string(number); }

}  // namespace

OnlyThese::OnlyThese(const OnlyHosts& hosts) : all_(!hosts || hosts->size() > kMostBound) {
  if (!hosts) return;
  if (all_) filter_.emplace();
  for (const auto& host : *hosts) {
    if (all_) {
      filter_->insert(host.str());
    } else {
      bound_.push_back(host.str());
    }
  }
}

std::string OnlyThese::in(std::string_view column) const {
  if (all_) return "1 = 1";
  if (bound_.empty()) return "1 = 0";
  std::vector<std::string> names;
  for (std::size_t i = 0; i < bound_.size(); ++i) names.push_back(parameter(i));
  return std::string(column) + " IN (" + joined(names, ", ") + ")";
}

void OnlyThese::bind(Statement& statement) const {
  for (std::size_t i = 0; i < bound_.size(); ++i) {
    statement.bind(parameter(i).c_str(), bound_[i]);
  }
}

}  // namespace cluster::db
