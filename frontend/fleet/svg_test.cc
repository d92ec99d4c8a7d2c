// The picture of a fleet: signs of cards, and a place for each of them.

#include <gmock/gmock.h>

#include <regex>

#include "frontend/fleet/fleet_format.h"
#include "tests/support/small_fleet.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;

struct DrawnAt {
  int x = 0;
  int y = 0;

  bool operator==(const DrawnAt&) const = default;
};

// Where the picture has each element that `pattern` finds, which ends before its x.
std::vector<DrawnAt> drawn(const std::string& picture, const std::string& pattern) {
  const std::regex place(pattern + R"re( x="(\d+)" y="(\d+)")re");
  std::vector<DrawnAt> places;
  for (std::sregex_iterator at(picture.begin(), picture.end(), place), end; at != end; ++at) {
    places.push_back({std::stoi((*at)[1]), std::stoi((*at)[2])});
  }
  return places;
}

FleetHost drawn_host(const std::string& name, int cards) {
  FleetHost host{small_host(name)};
  for (int i = 1; i <= cards; ++i) host.cards.push_back(small_card(i));
  return host;
}

TEST(FleetSvg, HasASignForEachState) {
  for (const auto& [state, sign] : {std::pair(CardState::free, "free"),
                                    {CardState::in_vm, "used"},
                                    {CardState::in_domain, "used"},
                                    {CardState::in_slices, "used"},
                                    {CardState::failing, "trouble"},
                                    {CardState::missing, "trouble"},
                                    {CardState::maintenance, "other"},
                                    {CardState::host, "other"}}) {
    auto fleet = fleet_with(drawn_host("n1", 1));
    fleet.hosts[0].cards[0].state = state;
    const auto picture = fleet_as_svg(fleet).text;
    for (const std::string one : {"free", "used", "trouble", "other"}) {
      const std::size_t in_legend = 1;
      EXPECT_EQ(drawn(picture, "<use href=\"#" + one + "\"").size(),
                in_legend + (one == sign ? 1 : 0))
          << name(state) << ", " << one;
    }
  }
}

TEST(FleetSvg, HasTenCardsOfAHostInALine) {
  auto squares = drawn(fleet_as_svg(fleet_with(drawn_host("n1", 21))).text, "<use href=\"#free\"");
  squares.erase(squares.begin());  // the legend's
  ASSERT_EQ(squares.size(), 21U);
  for (std::size_t i = 0; i < 21; ++i) {
    const auto& first = squares[i % 10];
    EXPECT_EQ(squares[i], (DrawnAt{first.x, squares[0].y + 18 * static_cast<int>(i / 10)})) << i;
    if (i % 10 > 0) {
      EXPECT_EQ(squares[i].x, squares[i - 1].x + 15) << i;
    }
  }
}

TEST(FleetSvg, PutsARackIntoTheColumnThatEndsFirst) {
  Fleet fleet;
  for (int rack = 1; rack <= 5; ++rack) {
    for (int i = 0; i < (rack == 1 ? 9 : rack); ++i) {
      auto host = drawn_host("n" + std::to_string(fleet.hosts.size()), 1);
      host.host.rack = rack;
      fleet.hosts.push_back(host);
    }
  }
  const auto picture = fleet_as_svg(fleet).text;
  const auto column_of = [&](int rack) {
    const std::regex place("x=\"(\\d+)\" y=\"\\d+\" class=\"rack\">Rack " + std::to_string(rack));
    std::smatch found;
    return std::regex_search(picture, found, place) ? std::stoi(found[1]) : -1;
  };
  EXPECT_EQ(column_of(1), 20);
  EXPECT_EQ(column_of(2), 340);
  EXPECT_EQ(column_of(3), 660);
  EXPECT_EQ(column_of(4), 340) << "rack 2 is the shortest";
  EXPECT_EQ(column_of(5), 660);
}

TEST(FleetSvg, HasEverythingWithinItsFrame) {
  for (const int hosts : {0, 1, 4, 40}) {
    Fleet fleet;
    for (int i = 0; i < hosts; ++i) {
      fleet.hosts.push_back(drawn_host("n" + std::to_string(i), 12));
      if (i % 3 > 0) fleet.hosts.back().host.rack = i % 5;
      fleet.hosts.back().cards[0].card.model = "model " + std::to_string(i);
    }
    const auto picture = fleet_as_svg(fleet).text;
    std::smatch size;
    ASSERT_TRUE(std::regex_search(picture, size, std::regex("width=\"(\\d+)\" height=\"(\\d+)\"")));
    for (const auto& [x, y] : drawn(picture, "<(?:text|use href=\"#[a-z]+\")")) {
      EXPECT_LE(x, std::stoi(size[1]) - 20);
      EXPECT_LE(y, std::stoi(size[2]) - 11);
    }
  }
}

TEST(FleetSvg, TellsAReaderWhatTheSignsAre) {
  auto host = drawn_host("n1", 2);
  auto vm = small_vm("v1", "n1");
  give(vm, host.cards[0], 0);
  EXPECT_THAT(fleet_as_svg(fleet_with(host)).text,
              HasSubstr("<g><title>n1: gpupci1 in-vm v1, gpupci2 free</title>"));
}

TEST(FleetSvg, SaysOfWhatWordsItIs) {
  auto fleet = fleet_with(drawn_host("n1", 0));
  fleet.made = "2026-11-21T01:20:00Z";
  EXPECT_THAT(fleet_as_svg(fleet).text,
              HasSubstr(">As the inventory had it at 2026-11-21T01:20:00Z</text>"));
  fleet.words = {"rack1&free", "<n1>"};
  EXPECT_THAT(fleet_as_svg(fleet).text,
              HasSubstr("2026-11-21T01:20:00Z, of rack1&amp;free &lt;n1&gt;</text>"));
}

}  // namespace
}  // namespace cluster::frontend
