#include "core/owned_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "core/text.h"

namespace cluster {
namespace {

struct OwnedRow {
  std::string owner;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

// The rows in order, one compared with the other.
std::vector<std::uint32_t> compared(const std::vector<OwnedRow>& rows) {
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](std::uint32_t left, std::uint32_t right) {
    const auto& a = rows[left];
    const auto& b = rows[right];
    if (a.owner != b.owner) return natural_less(a.owner, b.owner);
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  return order;
}

TEST(OwnedRows, AreInTheOrderOfTheirNamesAndNumbers) {
  std::mt19937 random(82);
  for (int round = 0; round < 500; ++round) {
    OwnedRows sorted;
    std::vector<OwnedRow> rows;
    for (auto count = random() % 30; count > 0; --count) {
      // Some come right after another of their owner, as rows of a table do.
      const bool same = !rows.empty() && random() % 2 == 0;
      const auto owner = same ? rows.back().owner
                              : (random() % 2 == 0 ? "n" : "vm-") + std::string(random() % 2, '0') +
                                    std::to_string(random() % 12);
      rows.push_back({owner, static_cast<std::uint32_t>(random() % 3),
                      static_cast<std::uint32_t>(random() % 3)});
      sorted.add(rows.back().owner, rows.back().first, rows.back().second);
    }
    EXPECT_EQ(sorted.order(), compared(rows));
    EXPECT_EQ(sorted.order(), compared(rows)) << "asked twice";
  }
}

TEST(OwnedRows, AnOwnerWithoutANameIsAnOwner) {
  OwnedRows rows;
  rows.add("", 2);
  rows.add("n1", 0);
  rows.add("", 1);
  EXPECT_EQ(rows.order(), (std::vector<std::uint32_t>{2, 0, 1}));
}

TEST(NumberIn, IsThatOfACard) {
  EXPECT_EQ(number_in("gpupci"), 0U);
  EXPECT_EQ(number_in(""), 0U);
  EXPECT_EQ(number_in("gpupci12"), 12U);
  EXPECT_EQ(number_in("gpupci12.3"), 12U);
  for (std::uint32_t number = 0; number < 110; ++number) {
    EXPECT_EQ(number_in("gpupci" + std::to_string(number)), number);
  }
}

}  // namespace
}  // namespace cluster
