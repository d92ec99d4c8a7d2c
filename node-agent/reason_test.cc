#include "node-agent/reason.h"

#include <gmock/gmock.h>

#include <random>

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;

TEST(Reason, IsOneSentence) {
  EXPECT_EQ(message(Reason{.id = "holder", .what = "x has y open", .fix = "stop it"}),
            "holder: x has y open; stop it");
  EXPECT_EQ(message(Reason{.what = "it is still on nvidia"}), "it is still on nvidia");
  EXPECT_EQ(message(Reason{.what = {}, .fix = "reboot the host"}), "reboot the host");
  EXPECT_EQ(message(Reason{.what = "not known", .fix = "no", .needs_root = true}),
            "not known; run gpupci as root");
}

TEST(Reason, OfManyTheFirstFourAreShown) {
  const Reasons many(6, {.id = "holder", .what = "x"});
  EXPECT_EQ(message(many), "holder: x; holder: x; holder: x; holder: x; and 2 reasons more");
  EXPECT_EQ(message(Reasons(4, {.what = "x"})), "x; x; x; x");
  EXPECT_EQ(message(Reasons()), "");
}

TEST(Reason, NamesWhoRefusesOnceEach) {
  const Reasons reasons{
      {.id = "disk", .what = "a"}, {.id = "holder", .what = "b"}, {.id = "disk", .what = "c"}};
  EXPECT_THAT(ids(reasons), ElementsAre("disk", "holder"));
}

TEST(Reason, IsTheMessageOfARefusal) {
  const Refused refused({{.id = "vm", .what = "VM 'x' runs with it", .fix = "virsh shutdown x"}});
  EXPECT_STREQ(refused.what(), "vm: VM 'x' runs with it; virsh shutdown x");
  EXPECT_EQ(refused.fault(), Fault::refused);
  EXPECT_EQ(refused.reasons().size(), 1U);
}

TEST(Reason, IsTheMessageOfAnErrorThatCanBeMended) {
  const FixableError error(Fault::io, {.what = "not a record", .fix = "move it away"});
  EXPECT_STREQ(error.what(), "not a record; move it away");
  EXPECT_EQ(error.fault(), Fault::io);
  EXPECT_EQ(error.reason().what, "not a record");
  EXPECT_EQ(error.reason().fix, "move it away");
}

TEST(QuotedName, EndsWhereItsQuotesEnd) {
  EXPECT_EQ(quoted_name("Xorg"), "'Xorg'");
  EXPECT_EQ(quoted_name(""), "''");
  EXPECT_EQ(quoted_name("x'; rm -rf /; '"), R"('x\x27; rm -rf /; \x27')");
  EXPECT_EQ(quoted_name("a\nb\x1b[2J"), R"('a\x0ab\x1b[2J')");
  EXPECT_EQ(name_as_word("web server"), "'web server'");
  EXPECT_EQ(name_as_word("a\x1b"), R"('a\x1b')");
}

// Every name gives one pair of quotes on one line, and nothing that controls a terminal.
TEST(QuotedName, HoldsForEveryName) {
  std::mt19937 random(10);
  for (int round = 0; round < 2000; ++round) {
    std::string name;
    for (auto left = random() % 16; left > 0; --left) name += static_cast<char>(random() % 128);
    const auto quoted = quoted_name(name);
    ASSERT_GE(quoted.size(), 2U);
    EXPECT_EQ(quoted.find('\''), 0U) << quoted;
    EXPECT_EQ(quoted.find('\'', 1), quoted.size() - 1) << quoted;
    for (const char c : quoted) EXPECT_TRUE(c >= 0x20 && c != 0x7f) << quoted;
    for (const char c : name_as_word(name)) EXPECT_TRUE(c >= 0x20 && c != 0x7f);
  }
}

}  // namespace
}  // namespace cluster::agent
