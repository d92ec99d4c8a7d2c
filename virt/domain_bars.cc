#include "virt/domain_bars.h"

#include <algorithm>

namespace cluster::virt {
namespace {

constexpr std::uint64_t kGib = 1024;  // in MiB

std::uint64_t up(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

// What is left of a card's BARs, the biggest one first.
struct Left {
  std::size_t card = 0;
  std::vector<int> bars;
  int biggest() const { return bars.empty() ? 0 : bars.front(); }
};

std::uint64_t end_of(const MmioWindow& window, const std::vector<Left>& cards) {
  auto to = window.first;
  for (const auto& card : cards) {
    if (!card.bars.empty()) to = up(to, static_cast<std::uint64_t>(card.biggest()));
    for (const int bar : card.bars) {
      const auto size = static_cast<std::uint64_t>(bar);
      to = up(to, size) + size;
    }
  }
  return to;
}

}  // namespace

MmioWindow ovmf_window(int bits, bool gib_pages, std::optional<std::uint64_t> asked_mib,
                       Edk2 edk2) {
  const bool later = edk2 == Edk2::since_2025;
  bits = std::min(bits, later ? 46 : 47);
  if (!gib_pages) bits = std::min(bits, 40);
  MmioWindow window{32 * kGib, 64 * kGib};
  if (bits == 40 && later) {  // the last GiBs below 1 TiB are left alone
    window = {768 * kGib, 896 * kGib};
  } else if (bits >= 40) {
    const auto all = std::uint64_t{1} << (bits - 20);
    window = {all - all / 8, all};
  }
  // The older one takes what is asked for only when it is more.
  if (asked_mib && *asked_mib > 0 && (later || *asked_mib > window.end - window.first)) {
    window = {*asked_mib, 2 * *asked_mib};
  }
  return window;
}

MmioWindow seabios_window(int bits, std::uint64_t memory_mib) {
  return {4 * kGib + memory_mib, std::max(std::uint64_t{1} << (bits - 20), 4 * kGib + memory_mib)};
}

bool BarPlaces::all() const { return std::ranges::find(complete, false) == complete.end(); }

BarPlaces place_bars(const MmioWindow& window, const std::vector<std::vector<int>>& cards) {
  BarPlaces places{std::vector<bool>(cards.size(), true), 0};
  std::vector<Left> left;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    std::vector<int> bars;
    std::ranges::copy_if(cards[i], std::back_inserter(bars), [](int bar) { return bar > 0; });
    std::ranges::sort(bars, std::greater());
    left.push_back({i, std::move(bars)});
  }
  for (;;) {
    std::ranges::stable_sort(left, std::greater(), &Left::biggest);
    const auto end = end_of(window, left);
    // Small devices follow behind the cards, so the last MiB is never theirs.
    if (end < window.end || left.empty() || left.front().bars.empty()) {
      places.spare_mib = end < window.end ? window.end - end : 0;
      return places;
    }
    const int biggest = left.front().biggest();
    const auto last = std::find_if(left.rbegin(), left.rend(),
                                   [&](const Left& card) { return card.biggest() == biggest; });
    places.complete[last->card] = false;
    last->bars.erase(last->bars.begin());
  }
}

}  // namespace cluster::virt
