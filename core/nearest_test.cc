// nearest() against the plainest way to count edits.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/text.h"

namespace cluster {
namespace {

// How many characters one inserts, takes out, replaces or swaps with their neighbour.
std::size_t edits_between(const std::string& from, const std::string& to) {
  if (from.empty() || to.empty()) return from.size() + to.size();
  const auto a = from.substr(1);
  const auto b = to.substr(1);
  if (from[0] == to[0]) return edits_between(a, b);
  auto least = std::min({edits_between(a, to), edits_between(from, b), edits_between(a, b)});
  if (!a.empty() && !b.empty() && from[0] == to[1] && from[1] == to[0]) {
    least = std::min(least, edits_between(from.substr(2), to.substr(2)));
  }
  return least + 1;
}

// The first of the words with the fewest edits, when no more than a third of the letters are wrong.
std::optional<std::string> meant(const std::string& typed, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  auto fewest = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const auto& word : known) {
    if (word == typed) return word;
    const auto edits = edits_between(typed, word);
    if (edits >= fewest) continue;
    fewest = edits;
    best = word;
  }
  return best;
}

TEST(NearestProperty, IsTheWordWithTheFewestEdits) {
  std::mt19937 random(83);
  const auto word = [&] {
    std::string text;
    for (auto size = 1 + random() % 6; size > 0; --size) text += "ab1"[random() % 3];
    return text;
  };
  int found = 0;
  for (int round = 0; round < 3'000; ++round) {
    const auto typed = word();
    const std::vector<std::string> known{word(), word(), word()};
    const auto expected = meant(typed, known);
    EXPECT_EQ(nearest(typed, known), expected)
        << typed << " of " << known[0] << " " << known[1] << " " << known[2];
    if (expected) ++found;
  }
  EXPECT_GT(found, 500);
}

TEST(NearestProperty, TellsNeighboursThatChangedPlaces) {
  EXPECT_EQ(nearest("abc", {"bac"}), "bac");
  EXPECT_EQ(nearest("abc", {"acb"}), "acb");
  EXPECT_EQ(nearest("abc", {"cba"}), std::nullopt);
  EXPECT_EQ(nearest("ab", {"ba"}), "ba");
  EXPECT_EQ(nearest("sttaus", {"status"}), "status");
}

}  // namespace
}  // namespace cluster
