#pragma once

#include <functional>
#include <map>
#include <vector>

#include "node-agent/state/names.h"

namespace cluster::agent {

/// Matches the cards that are there with the cards that are known, and names them, by the rules of
/// Names::give().
class Naming {
 public:
  Naming(std::map<GpuName, KnownCard> known, std::vector<Card>& cards, const Names::Look& look,
         const std::function<bool(const KnownCard&)>& is_there);

  /// All cards that have a name, as they are now or were seen last.
  const std::map<GpuName, KnownCard>& known() const { return known_; }
  const std::map<GpuName, KnownCard>& missing() const { return missing_; }

 private:
  struct Present {
    Card* card;
    KnownCard seen;
    bool named = false;
    bool sure = false;  // a number or a slot of its own told it
  };

  void doubt_shared_serials();
  void match_numbers(std::optional<std::string> Serial::*number);
  void match_slots();
  void match_places(bool strictly);
  void match_single_movers(bool strictly);
  void number_the_new();
  void find_doubts(const std::map<GpuName, KnownCard>& before);
  void name(Present& present, const GpuName& name);

  std::map<GpuName, KnownCard> known_;
  std::map<GpuName, KnownCard> missing_;
  std::vector<Present> present_;
};

}  // namespace cluster::agent
