#include "frontend/hosts/meant_cards.h"

#include <algorithm>

#include "frontend/hosts/host_facts.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/host_words.h"

namespace cluster::frontend {
namespace {

// What would be known if the card in question were the only one of every host.
class SupposedFacts : public InventoryFacts {
 public:
  SupposedFacts(Inventory& inventory, bool free, bool failing)
      : InventoryFacts(inventory), free_(free), failing_(failing) {
    for (const auto& host : inventory.host_groups()) all_.insert(host.name.str());
  }

  std::set<std::string> with_free_card() override { return free_ ? all_ : none_; }
  std::set<std::string> with_failing_card() override { return failing_ ? all_ : none_; }
  bool may_mean_nobody() const override { return true; }

 private:
  bool free_;
  bool failing_;
  std::set<std::string> all_;
  const std::set<std::string> none_;
};

// True if the word may have `free` or `failing` in it, or in the file or the group that it names.
bool may_ask_for_cards(const std::string& word) {
  return word == "-" || word.find_first_of("^@") != std::string::npos ||
         word.find("free") != std::string::npos || word.find("failing") != std::string::npos;
}

std::set<HostName> meant_by(const std::vector<std::string>& words,
                            const std::vector<HostGroups>& hosts, HostFacts& facts) {
  HostWords reader(hosts, &facts);
  const auto chosen = reader.chosen(words, HostWords::Hosts(hosts.size(), true));
  std::set<HostName> meant;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (chosen[i]) meant.insert(hosts[i].name);
  }
  return meant;
}

}  // namespace

MeantCards::MeantCards(Inventory& inventory, const std::vector<std::string>& words)
    : asks_for_cards_(std::ranges::any_of(words, may_ask_for_cards)) {
  if (!asks_for_cards_) {
    hosts_ = select_only(inventory, words);
    return;
  }
  const auto hosts = inventory.host_groups();
  std::set<HostName> all;
  for (const bool free : {false, true}) {
    for (const bool failing : {false, true}) {
      SupposedFacts facts(inventory, free, failing);
      auto& meant = meant_[free ? 1 : 0][failing ? 1 : 0];
      meant = meant_by(words, hosts, facts);
      all.insert(meant.begin(), meant.end());
    }
  }
  hosts_.emplace(all.begin(), all.end());
  for (const auto& card : inventory.free_gpus({})) free_.emplace(card.host, card.name);
  std::set<HostName> with_failing;
  for (const auto& card : inventory.card_traits()) {
    if (card.failing) with_failing.insert(card.host);
  }
  for (const auto& host : inventory.hosts(std::vector(with_failing.begin(), with_failing.end()))) {
    for (const auto& card : inventory.gpu_cards(host.name)) {
      if (host.failing || (card.failing && !card.missing)) failing_.emplace(host.name, card.name);
    }
  }
  const auto is_meant = [this](const auto& card) { return has(card.first, card.second); };
  if (meant_[0][0].empty() && std::ranges::none_of(free_, is_meant) &&
      std::ranges::none_of(failing_, is_meant)) {
    static_cast<void>(select_only(inventory, words));  // it says why
  }
}

bool MeantCards::has(const HostName& host, const GpuName& gpu) const {
  if (!asks_for_cards_) return true;
  const bool free = free_.contains({host, gpu});
  const bool failing = failing_.contains({host, gpu});
  return meant_[free ? 1 : 0][failing ? 1 : 0].contains(host);
}

}  // namespace cluster::frontend
