#include "db/only_hosts.h"

#include <gtest/gtest.h>

#include "tests/support/engines.h"

namespace cluster::db {
namespace {

OnlyHosts first_hosts(int count) {
  OnlyHosts hosts{std::in_place};
  for (int i = 0; i < count; ++i) hosts->emplace_back("n" + std::to_string(i));
  return hosts;
}

TEST(OnlyThese, ConditionNamesAParameterForEachHost) {
  EXPECT_EQ(OnlyThese(first_hosts(1)).in("host"), "host IN (:h0)");
  EXPECT_EQ(OnlyThese(first_hosts(3)).in("gpu.host"), "gpu.host IN (:h0, :h1, :h2)");
}

TEST(OnlyThese, OfNoHostNothingIsReadAndOfAllEverything) {
  EXPECT_EQ(OnlyThese(first_hosts(0)).in("host"), "1 = 0");
  EXPECT_FALSE(OnlyThese(first_hosts(0)).reads_all());
  EXPECT_EQ(OnlyThese(std::nullopt).in("host"), "1 = 1");
  EXPECT_TRUE(OnlyThese(std::nullopt).reads_all());
  EXPECT_TRUE(OnlyThese(std::nullopt).has("whoever"));
}

TEST(OnlyThese, OfVeryManyHostsAllRowsAreReadAndTheOthersLeftOut) {
  const OnlyThese these(first_hosts(1001));
  EXPECT_TRUE(these.reads_all());
  EXPECT_TRUE(these.has("n1000"));
  EXPECT_FALSE(these.has("n1001"));
  EXPECT_FALSE(OnlyThese(first_hosts(1000)).reads_all());
}

class OnlyTheseRows : public EachEngine {};
INSTANTIATE_TEST_SUITE_P(Engines, OnlyTheseRows, ::testing::ValuesIn(engines()), name_of_engine);

// The same rows come, however many hosts are named.
TEST_P(OnlyTheseRows, AreThoseOfTheHostsThatAreNamed) {
  const auto insert =
      connection_->prepare("INSERT INTO host (name, appliance) VALUES (:name, 'compute')");
  for (int i = 0; i < 1200; ++i) {
    insert->bind(":name", "n" + std::to_string(i));
    insert->execute();
  }
  for (const int count : {0, 1, 2, 999, 1000, 1001, 1100}) {
    const OnlyThese these(first_hosts(count));
    const auto query = connection_->prepare("SELECT name FROM host WHERE " + these.in("name") +
                                            " OR " + these.in("appliance"));
    these.bind(*query);
    int found = 0;
    while (query->step()) found += these.has(query->text(0)) ? 1 : 0;
    EXPECT_EQ(found, count);
  }
}

}  // namespace
}  // namespace cluster::db
