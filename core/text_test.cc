#include "core/text.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace cluster {
namespace {

using ::testing::ElementsAre;

// The pieces view into the text, so it has to outlive them.
template <typename Text>
concept CanSplit = requires(Text&& text) {
  split(std::forward<Text>(text), ',');
};
static_assert(CanSplit<std::string&> && CanSplit<std::string_view> && CanSplit<const char*>);
static_assert(!CanSplit<std::string>);

TEST(Split, KeepsEmptyPieces) {
  EXPECT_THAT(split("a::b", ':'), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ':'), ElementsAre(""));
}

TEST(Trim, TakesBlanksFromBothSides) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Lower, LeavesOtherLettersAlone) { EXPECT_EQ(lower("HostName\xc3\x89"), "hostname\xc3\x89"); }

TEST(Upper, LeavesOtherLettersAlone) { EXPECT_EQ(upper("a-Bz{\xc3\xa9"), "A-BZ{\xc3\xa9"); }

TEST(Quote, StaysOneLine) {
  EXPECT_EQ(quote("a b"), "'a b'");
  EXPECT_EQ(quote("a\nb\x1b[2J"), "'a\\x0ab\\x1b[2J'");
  EXPECT_EQ(quote(std::string(1000, 'a')), "'" + std::string(1000, 'a') + "'");
  EXPECT_EQ(quote(std::string(1001, 'a')), "'" + std::string(1000, 'a') + "...'");
}

TEST(Utf8, IsToldFromOtherBytes) {
  for (const auto* good : {"", "plain\n\ttext\x7f", "\xc2\x80 \xc3\xa9", "\xe0\xa0\x80\xed\x9f\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8_text(good)) << printable(good);
  }
  for (const auto* bad :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(is_utf8_text(bad)) << bad;
  }
  EXPECT_FALSE(is_utf8_text(std::string_view("a\0b", 3)));
}

TEST(ShellWord, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_word("disk=file:/a/b.img,vda,virtio"), "disk=file:/a/b.img,vda,virtio");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("~root"), "'~root'");
}

TEST(ParseNumber, TakesDecimalDigitsOnly) {
  EXPECT_EQ(parse_number("0"), 0);
  EXPECT_EQ(parse_number("4096"), 4096);
  for (const auto* bad :
       {"", "01", "-1", "+1", " 1", "1 ", "0x10", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
  }
}

TEST(IsUuid, TakesLowerCaseHexInFiveGroups) {
  EXPECT_TRUE(is_uuid("c2177883-f1bb-47f0-914d-32a22e3a8804"));
  for (const auto* bad :
       {"", "c2177883-f1bb-47f0-914d-32a22e3a880", "c2177883f1bb47f0914d32a22e3a8804",
        "C2177883-F1BB-47F0-914D-32A22E3A8804", "c2177883-f1bb-47f0-914d-32a22e3a88045",
        "g2177883-f1bb-47f0-914d-32a22e3a8804"}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
  }
}

TEST(NaturalLess, ComparesRunsOfDigitsAsNumbers) {
  std::vector<std::string> names{"vm-0-15", "vm-0-2", "vm-0-02", "vm", "vm-10-1", "a"};
  std::ranges::sort(names, natural_less);
  EXPECT_THAT(names, ElementsAre("a", "vm", "vm-0-02", "vm-0-2", "vm-0-15", "vm-10-1"));
  EXPECT_FALSE(natural_less("vm-0-2", "vm-0-2"));
}

TEST(Nearest, NamesWhatWasProbablyMeant) {
  const std::vector<std::string> known{"vm-container-0-15", "compute-0-0"};
  EXPECT_EQ(nearest("vm-contaner-0-15", known), "vm-container-0-15");
  EXPECT_EQ(nearest("frontend", known), std::nullopt);
  EXPECT_EQ(did_you_mean("compute-0-1", known), " (did you mean 'compute-0-0'?)");
  EXPECT_EQ(nearest("n51", {"n2", "n15"}), "n15");
  EXPECT_EQ(nearest("SOLO", {"SOL", "solo"}), "solo");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace cluster
