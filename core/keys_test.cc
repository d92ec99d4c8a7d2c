#include "core/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace cluster {
namespace {

std::string refusal_of(auto&& parse) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "";
}

TEST(Keys, NumbersKeepTheirBounds) {
  EXPECT_EQ(parse_int("cpus", "1", 1, 8), 1);
  EXPECT_EQ(parse_int("cpus", "8", 1, 8), 8);
  for (const char* wrong :
       {"0", "9", "-1", "", " 1", "1 ", "01", "1.0", "0x1", "99999999999999999999"}) {
    EXPECT_EQ(refusal_of([&] { parse_int("cpus", wrong, 1, 8); }),
              "cpus='" + std::string(wrong) + "': want a whole number from 1 to 8");
  }
}

TEST(Keys, EveryNumberBetweenTheBoundsParsesBack) {
  for (int number = -3; number <= 300; ++number) {
    const auto text = std::to_string(number);
    if (number < 0) {
      EXPECT_NE(refusal_of([&] { parse_int("n", text, -3, 300); }), "") << text;
    } else {
      EXPECT_EQ(parse_int("n", text, -3, 300), number);
    }
  }
}

TEST(Keys, AnEmptiedNumberIsNone) {
  EXPECT_EQ(parse_optional_int("rack", "", 0, 9), std::nullopt);
  EXPECT_EQ(parse_optional_int("rack", "9", 0, 9), 9);
  EXPECT_EQ(refusal_of([] { parse_optional_int("rack", "10", 0, 9); }),
            "rack='10': want a whole number from 0 to 9");
}

TEST(Keys, SizesHaveUnits) {
  EXPECT_EQ(parse_size("mem", "4096", 'M', 1, 1 << 30), 4096);
  for (const char* four : {"4G", "4g", "4GiB", "4gib", "4 GiB", "4096M", "4194304K"}) {
    EXPECT_EQ(parse_size("mem", four, 'M', 1, 1 << 30), 4096) << four;
  }
  EXPECT_EQ(parse_size("disksize", "40GiB", 'G', 1, 1 << 20), 40);
  EXPECT_EQ(parse_size("disksize", "2T", 'G', 1, 1 << 20), 2048);
  EXPECT_EQ(parse_size("disksize", "2048M", 'G', 1, 1 << 20), 2);
  for (const char* wrong : {"4GB", "4X", "G", "-4G", "1.5G", "0G", "4Gi", "99999999999T", "1K",
                            "04G", "2147483647T", "4G x"}) {
    EXPECT_NE(refusal_of([&] { parse_size("mem", wrong, 'M', 1, 1 << 30); }), "") << wrong;
  }
  EXPECT_EQ(refusal_of([] { parse_size("disksize", "100M", 'G', 1, 99); }),
            "disksize='100M': want a number of GiB from 1 to 99, or with its unit, 1024 of the one "
            "before: 512M, 4G, 40GiB, 1T");
}

TEST(Keys, YesAndNoHaveFiveWordsEach) {
  for (const char* yes : {"yes", "true", "on", "1", "Y", "YES", "True"})
    EXPECT_TRUE(parse_yes_no("all", yes)) << yes;
  for (const char* no : {"no", "false", "off", "0", "n", "No", "OFF"})
    EXPECT_FALSE(parse_yes_no("all", no)) << no;
  for (const char* wrong : {"", "ye", "nay", "yes ", "2"}) {
    EXPECT_EQ(refusal_of([&] { parse_yes_no("all", wrong); }),
              "all='" + std::string(wrong) + "': want yes or no");
  }
}

TEST(Keys, AnAddressIsOneOfAMachineOrADnsName) {
  const std::vector<std::pair<const char*, const char*>> taken{
      {"10.1.0.5", "10.1.0.5"},
      {"FE80:0:0::1", "fe80::1"},
      {"::ffff:10.1.0.5", "::ffff:10.1.0.5"},
      {"n1", "n1"},
      {"3com.example.org", "3com.example.org"},
      {"1a", "1a"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
  };
  for (const auto& [typed, kept] : taken) {
    EXPECT_EQ(parse_address(typed), kept);
    EXPECT_EQ(parse_address(kept), kept) << "what is kept parses back";
  }
  for (const char* wrong :
       {"", "10.1.0", "10.1.0.256", "10.1.0.5/24", "10.1.0.5 ", "1.2.3.4.5", "n1:22", "-n1",
        "n1..example", "fe80::1%eth0", "[fe80::1]", "a b", "*"}) {
    EXPECT_EQ(refusal_of([&] { parse_address(wrong); }),
              "address='" + std::string(wrong) + "': want an IP address or a DNS name");
  }
}

TEST(Keys, JumpHostsAreThoseOfSsh) {
  for (const char* right : {"gate", "you@gate:24", "a,b,c", "[fd00::1]", "you@[fd00::1]:24",
                            "10.1.0.1:1", "gate:65535", "you@EXAMPLE.ORG@gate"}) {
    EXPECT_EQ(parse_jump(right), right);
  }
  for (const char* wrong :
       {"",           "none",      "None",       ",gate",       "gate,",      "a,,b",
        "gate:",      "gate:0",    "gate:65536", "gate:ssh",    "@gate",      "-oX@gate",
        "you@",       "fd00::1",   "[fd00::1",   "[fd00::1]24", "[fd00::1]:", "[]",
        "ssh://gate", "xfd00::1]", "a b",        "gate;reboot"}) {
    EXPECT_EQ(refusal_of([&] { parse_jump(wrong); }),
              "jump='" + std::string(wrong) +
                  "': want jump hosts as ssh has them: gate, you@gate:24, several with commas");
  }
}

TEST(Keys, AUserIsALoginNameAndNoOption) {
  const std::vector<std::string> taken{"root", "rocks@EXAMPLE.ORG", "a.b-c_9",
                                       std::string(256, 'a')};
  for (const auto& right : taken) EXPECT_EQ(parse_user(right), right);
  const std::vector<std::string> refused{
      "",    "-oProxyCommand=x",   "a b", "a;b", "$(a)", "a\nb", "m\xc3\xbcller",
      "a/b", std::string(257, 'a')};
  for (const auto& wrong : refused) {
    EXPECT_NE(refusal_of([&] { parse_user(wrong); }).find(": want a login name"), std::string::npos)
        << wrong;
  }
}

TEST(Keys, AReasonIsOneShortLine) {
  const std::vector<std::string> taken{"", "a fan's noise",
                                       "L\xc3\xbc"
                                       "fter",
                                       std::string(200, 'x')};
  for (const auto& right : taken) EXPECT_EQ(parse_reason(right), right);
  const std::vector<std::string> refused{"two\nlines", "\x1b[2J", "\xff", "a\tb",
                                         std::string(201, 'x')};
  for (const auto& wrong : refused) {
    const auto refusal = refusal_of([&] { parse_reason(wrong); });
    EXPECT_NE(refusal.find(": want a line of 200 bytes at the most"), std::string::npos);
    EXPECT_EQ(refusal.find_first_of("\n\x1b\t"), std::string::npos);
  }
}

}  // namespace
}  // namespace cluster
