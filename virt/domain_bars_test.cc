#include "virt/domain_bars.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace cluster::virt {
namespace {

using Cards = std::vector<std::vector<int>>;

constexpr int kGib = 1024;

// Some cards of one kind: big BARs in GiB, and one of 32 MiB.
Cards cards(std::size_t count, std::vector<int> big_gib, bool small = true) {
  for (auto& bar : big_gib) bar *= kGib;
  if (small) big_gib.push_back(32);
  Cards all(count, big_gib);
  return all;
}

Cards operator+(Cards left, const Cards& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

BarPlaces ovmf_places(int bits, bool gib_pages, std::optional<std::uint64_t> asked_mib,
                      const Cards& cards, Edk2 edk2) {
  return place_bars(ovmf_window(bits, gib_pages, asked_mib, edk2), cards);
}

long complete(int bits, const Cards& all, Edk2 edk2, std::optional<std::uint64_t> asked = {},
              bool gib_pages = true) {
  return std::ranges::count(ovmf_places(bits, gib_pages, asked, all, edk2).complete, true);
}

// Placements seen under QEMU with OVMF of that age. Each card was behind a root port of its own,
// and a virtio NIC was there besides.
struct Seen {
  int bits;
  Cards all;
  long complete;
};

TEST(DomainBars, AsEdk2Of2022PlacesThem) {
  const std::array seen{
      Seen{42, cards(2, {128}), 2},
      Seen{42, cards(3, {128}), 2},
      Seen{42, cards(3, {128}, false), 3},
      Seen{42, cards(4, {128}, false), 3},
      Seen{43, cards(3, {128}), 3},
      Seen{43, cards(4, {128}), 4},
      Seen{43, cards(5, {128}), 4},
      Seen{42, cards(2, {64, 64}), 2},
      Seen{42, cards(3, {64, 64}), 2},
      Seen{42, cards(3, {64}), 3},
      Seen{42, cards(4, {64}), 4},
      Seen{40, cards(1, {64}, false), 1},
      Seen{40, cards(1, {64}), 1},
      Seen{40, cards(1, {32}), 1},
      Seen{40, cards(2, {32}), 2},
      Seen{39, cards(1, {16}), 1},
      Seen{39, cards(1, {32}), 0},
      Seen{44, cards(7, {128}), 7},
      Seen{44, cards(8, {128}), 8},
      Seen{44, cards(4, {256}), 4},
      Seen{41, cards(2, {64}), 2},
      Seen{41, cards(3, {64}), 2},
      Seen{46, cards(8, {128}), 8},
      Seen{42, cards(1, {128}) + cards(1, {64}), 2},
      Seen{42, cards(1, {128}) + cards(2, {64}), 3},
      Seen{42, cards(4, {64}) + cards(1, {16}, false), 5},
      Seen{42, cards(4, {64}) + cards(1, {32}, false), 4},
      Seen{39, cards(1, {16}) + cards(1, {8}, false), 1},
  };
  for (const auto& one : seen) {
    EXPECT_EQ(complete(one.bits, one.all, Edk2::until_2022), one.complete)
        << one.bits << " bits, " << one.all.size() << " cards";
  }
}

TEST(DomainBars, AsEdk2Since2025PlacesThem) {
  const std::array seen{
      Seen{42, cards(2, {128}), 2}, Seen{42, cards(3, {128}), 2},
      Seen{43, cards(5, {128}), 4}, Seen{42, cards(3, {128}, false), 3},
      Seen{39, cards(1, {32}), 0},  Seen{44, cards(4, {256}), 4},
      Seen{40, cards(2, {32}), 2},  Seen{40, cards(1, {64}), 1},
      Seen{40, cards(2, {64}), 1},  Seen{40, cards(1, {128}), 0},
      Seen{41, cards(3, {64}), 2},  Seen{47, cards(1, {128}), 1},
      Seen{52, cards(1, {128}), 1}, Seen{47, cards(1, {16384}), 0},
  };
  for (const auto& one : seen) {
    EXPECT_EQ(complete(one.bits, one.all, Edk2::since_2025), one.complete)
        << one.bits << " bits, " << one.all.size() << " cards";
  }
}

TEST(DomainBars, TheWindowMovesWithBitsPagesAndFwCfg) {
  const auto first = [](int bits, bool pages, std::optional<std::uint64_t> asked, Edk2 edk2) {
    return ovmf_window(bits, pages, asked, edk2).first / kGib;
  };
  EXPECT_EQ(first(39, true, {}, Edk2::until_2022), 32);
  EXPECT_EQ(first(40, true, {}, Edk2::until_2022), 896);
  EXPECT_EQ(first(40, true, {}, Edk2::since_2025), 768);
  EXPECT_EQ(first(52, true, {}, Edk2::since_2025), 57344);
  EXPECT_EQ(first(48, false, {}, Edk2::until_2022), 896);
  const auto three = cards(3, {128});
  EXPECT_EQ(complete(42, three, Edk2::until_2022, 1024 * kGib), 3);
  EXPECT_EQ(complete(42, three, Edk2::since_2025, 1024 * kGib), 3);
  EXPECT_EQ(complete(42, cards(2, {64}), Edk2::until_2022, 64 * kGib), 2);
  EXPECT_EQ(complete(42, cards(2, {64}), Edk2::since_2025, 64 * kGib), 0);
  EXPECT_EQ(complete(44, cards(2, {128}), Edk2::until_2022, {}, false), 0);
}

TEST(DomainBars, SeaBiosGoesToTheEndOfTheAddressSpace) {
  EXPECT_TRUE(place_bars(seabios_window(42, 8ULL * kGib), cards(2, {128})).all());
  EXPECT_TRUE(place_bars(seabios_window(40, 8ULL * kGib), cards(2, {32})).all());
  EXPECT_FALSE(place_bars(seabios_window(36, 8ULL * kGib), cards(1, {64})).all());
}

TEST(DomainBars, MoreBitsAndFewerCardsNeverPlaceLess) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    Cards all;
    const auto count = std::uniform_int_distribution(0, 9)(random);
    for (int i = 0; i < count; ++i) {
      auto& card = all.emplace_back();
      for (int bar = std::uniform_int_distribution(0, 3)(random); bar > 0; --bar) {
        card.push_back(1 << std::uniform_int_distribution(0, 18)(random));
      }
    }
    for (const auto edk2 : {Edk2::until_2022, Edk2::since_2025}) {
      const int bits = std::uniform_int_distribution(40, 45)(random);
      const auto places = ovmf_places(bits, true, {}, all, edk2);
      ASSERT_EQ(places.complete.size(), all.size());
      if (places.all()) {
        EXPECT_TRUE(ovmf_places(bits + 1, true, {}, all, edk2).all());
        if (!all.empty()) {
          EXPECT_TRUE(ovmf_places(bits, true, {}, Cards(all.begin() + 1, all.end()), edk2).all());
        }
      }
    }
  }
}

}  // namespace
}  // namespace cluster::virt
