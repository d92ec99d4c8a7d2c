// Which of the 256 bytes may stand where: each is tried at the beginning, inside and at the end.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/attribute_name.h"
#include "core/base64.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/names.h"
#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster {
namespace {

const std::string kSmall = "abcdefghijklmnopqrstuvwxyz";
const std::string kLarge = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const std::string kDigits = "0123456789";

template <typename Make>
bool is_made(const Make& make) {
  try {
    make();
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return false;
  }
}

std::string byte(int number) { return {static_cast<char>(number)}; }

struct KindOfText {
  const char* name;
  std::function<bool(const std::string&)> takes;
  std::string before;  // what a text of it may have before and after the byte
  std::string after;
  std::string letters;  // those that it takes there
};

TEST(Characters, OfEachKindOfText) {
  const std::string letters = kSmall + kLarge;
  const auto attribute = [](const std::string& text) { return is_attribute_name(text); };
  const auto host = [](const std::string& text) {
    return is_made([&] { EXPECT_EQ(HostName(text).str(), text); });
  };
  const auto user = [](const std::string& text) {
    return is_made([&] { EXPECT_EQ(parse_user(text), text); });
  };
  const auto uuid = [](const std::string& text) { return is_uuid(text); };
  const std::vector<KindOfText> kinds{
      {"an attribute begins", attribute, "", "a", letters + "_"},
      {"an attribute of one letter", attribute, "", "", letters + "_"},
      {"an attribute", attribute, "a", "a", letters + kDigits + "_-."},
      {"an attribute ends", attribute, "a", "", letters + kDigits + "_-."},
      {"a host begins", host, "", "a", letters + kDigits + "_"},
      {"a host", host, "a", "a", letters + kDigits + "_-."},
      {"a host ends", host, "a", "", letters + kDigits + "_"},
      {"a user begins", user, "", "a", letters + kDigits + "_.@"},
      {"a user", user, "a", "a", letters + kDigits + "_.@-"},
      {"a user ends", user, "a", "", letters + kDigits + "_.@-"},
      {"a UUID begins", uuid, "", "2177883-f1bb-47f0-914d-32a22e3a8804", kDigits + "abcdef"},
      {"a UUID's fifth group", uuid, "c2177883-f1bb-47f0-914d-", "2a22e3a8804", kDigits + "abcdef"},
      {"a UUID's dash", uuid, "c2177883", "f1bb-47f0-914d-32a22e3a8804", "-"},
      {"a UUID ends", uuid, "c2177883-f1bb-47f0-914d-32a22e3a880", "", kDigits + "abcdef"}};
  for (const auto& kind : kinds) {
    for (int number = 0; number < 256; ++number) {
      const bool expected = kind.letters.find(byte(number)) != std::string::npos;
      EXPECT_EQ(kind.takes(kind.before + byte(number) + kind.after), expected)
          << kind.name << " with byte " << number;
    }
  }
}

TEST(Characters, LettersHaveTwoCasesAndNothingElseHas) {
  for (int number = 0; number < 256; ++number) {
    const auto small = kSmall.find(byte(number));
    const auto large = kLarge.find(byte(number));
    const auto as_small = large == std::string::npos ? byte(number) : byte(kSmall[large]);
    const auto as_large = small == std::string::npos ? byte(number) : byte(kLarge[small]);
    EXPECT_EQ(lower(byte(number)), as_small) << number;
    EXPECT_EQ(upper(byte(number)), as_large) << number;
  }
}

TEST(Characters, DigitsAndLettersAreThoseOfAscii) {
  for (int number = 0; number < 256; ++number) {
    const char c = byte(number)[0];
    EXPECT_EQ(is_digit(c), kDigits.find(c) != std::string::npos) << number;
    EXPECT_EQ(is_letter_or_digit(c), (kDigits + kSmall + kLarge).find(c) != std::string::npos)
        << number;
  }
}

// Two bytes that are no base64 do not become it with the ones beside them.
TEST(Characters, OfBase64) {
  const auto letters = kLarge + kSmall + kDigits + "+/";
  for (int number = 0; number < 256; ++number) {
    const auto value = letters.find(byte(number));
    const auto read = parse_base64("AA" + byte(number) + "A");
    const bool expected = value != std::string::npos;
    EXPECT_EQ(read.has_value(), expected) << number;
    if (!read || !expected) continue;
    EXPECT_EQ(static_cast<unsigned char>(read->at(1)), value >> 2U) << number;
  }
}

TEST(Characters, ThatATerminalIsShown) {
  for (int number = 0; number < 256; ++number) {
    const bool is_shown = number >= 0x20 && number < 0x7f;
    EXPECT_EQ(escaped(byte(number), false) == byte(number), is_shown) << number;
    EXPECT_EQ(escaped(byte(number), true) == byte(number), is_shown || number == '\t') << number;
    // After 0xc2 it is a character of Unicode from 0x80 on, and one that controls up to 0x9f.
    const bool is_unicode = number >= 0xa0 && number < 0xc0;
    EXPECT_EQ(escaped("\xc2" + byte(number), false) == "\xc2" + byte(number), is_unicode) << number;
  }
}

}  // namespace
}  // namespace cluster
