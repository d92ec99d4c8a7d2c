// These tests make values and texts at random: a printed value parses back, and a parsed text
// prints the same.

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/mac_address.h"
#include "core/names.h"
#include "core/pci_address.h"
#include "core/text.h"

namespace cluster {
namespace {

constexpr int kTimes = 2'000;

// It gives the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t number() { return static_cast<std::uint32_t>(engine_()); }
  std::size_t below(std::size_t count) { return engine_() % count; }
  std::string text(const std::string& letters, std::size_t longest) {
    std::string out;
    for (auto length = below(longest + 1); length > 0; --length)
      out += letters[below(letters.size())];
    return out;
  }

 private:
  std::mt19937 engine_;
};

template <typename Parse>
bool is_refused(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return true;
  }
  return false;
}

PciAddress some_address(Random& random) {
  return {random.below(2) == 0 ? 0 : random.number() >> random.below(32),
          static_cast<std::uint8_t>(random.below(256)), static_cast<std::uint8_t>(random.below(32)),
          static_cast<std::uint8_t>(random.below(8))};
}

TEST(PciAddressProperty, EachSpellingReadsBack) {
  Random random(51);
  for (int i = 0; i < kTimes; ++i) {
    const auto address = some_address(random);
    EXPECT_EQ(PciAddress::parse(address.sysfs()), address);
    EXPECT_EQ(PciAddress::parse(address.libvirt()), address);
  }
}

TEST(PciAddressProperty, AnyTextIsRefusedOrHasOneSpelling) {
  Random random(52);
  for (int i = 0; i < kTimes; ++i) {
    auto text = some_address(random).sysfs();
    text[random.below(text.size())] = "0189afgAF:._ -"[random.below(14)];
    PciAddress address;
    if (is_refused([&] { address = PciAddress::parse(text); })) continue;
    EXPECT_EQ(PciAddress::parse(address.sysfs()), address) << text;
  }
}

TEST(PciAddressProperty, OneSlotIsOneSlotFromBothSides) {
  Random random(53);
  for (int i = 0; i < kTimes; ++i) {
    const auto left = some_address(random);
    auto right = random.below(2) == 0 ? left : some_address(random);
    right.function = static_cast<std::uint8_t>(random.below(8));
    EXPECT_EQ(left.same_slot(right), right.same_slot(left));
    auto moved = left;
    moved.function = right.function;
    EXPECT_TRUE(left.same_slot(moved));
    ++moved.bus;
    EXPECT_FALSE(left.same_slot(moved));
    moved = left;
    ++moved.domain;
    EXPECT_FALSE(left.same_slot(moved));
    moved = left;
    moved.slot ^= 1U;
    EXPECT_FALSE(left.same_slot(moved));
    EXPECT_TRUE(left.same_slot(left));
  }
}

TEST(NameProperty, SlicesReadBack) {
  Random random(54);
  for (int i = 0; i < kTimes; ++i) {
    const GpuName card("gpupci" + std::to_string(1 + random.below(99'999)));
    const SliceName slice{card, static_cast<int>(random.below(65'535))};
    const auto read = SliceName::parse(slice.str());
    EXPECT_EQ(read.card, card);
    EXPECT_EQ(read.slice, slice.slice);
    EXPECT_EQ(SliceName::parse(card.str()).slice, std::nullopt);
  }
}

TEST(NameProperty, AHostNameIsKeptAsTypedAndIsOneShellWord) {
  Random random(55);
  int taken = 0;
  for (int i = 0; i < kTimes; ++i) {
    const auto text = random.text("ab9-.Z'$;/_ ", 6);
    if (is_refused([&] { HostName{text}; })) continue;
    ++taken;
    EXPECT_EQ(HostName(text).str(), text);
    EXPECT_EQ(shell_word(text), text);
  }
  EXPECT_GT(taken, 50);
}

TEST(MacAddressProperty, ReadsBackInLowerCase) {
  Random random(56);
  for (int i = 0; i < kTimes; ++i) {
    std::string text = "02";
    for (int k = 0; k < 5; ++k) {
      text += {':', "09afAF"[random.below(6)], "09afAF"[random.below(6)]};
    }
    const auto address = MacAddress::parse(text);
    EXPECT_EQ(MacAddress::parse(address.str()), address);
    EXPECT_EQ(address.str(), MacAddress::parse(address.str()).str());
  }
}

TEST(MacAddressProperty, IsMadeBelowQemusPrefixAndAnotherAttemptIsAnother) {
  Random random(57);
  int same = 0;
  for (int i = 0; i < kTimes; ++i) {
    const auto uuid = random.text("0123456789abcdef-", 36);
    const auto first = MacAddress::made_of(uuid, "eth0", 0);
    EXPECT_TRUE(first.str().starts_with("52:54:00:"));
    EXPECT_EQ(MacAddress::made_of(uuid, "eth0", 0), first);
    EXPECT_EQ(MacAddress::parse(first.str()), first);
    if (MacAddress::made_of(uuid, "eth0", 1) == first) ++same;
  }
  EXPECT_LE(same, 1);  // one of 16 million by chance
}

TEST(TextProperty, PiecesJoinedAreTheTextAgain) {
  Random random(58);
  for (int i = 0; i < kTimes; ++i) {
    const auto text = random.text("ab,", 8);
    std::vector<std::string> pieces;
    for (const auto piece : split(text, ',')) pieces.emplace_back(piece);
    EXPECT_EQ(pieces.size(), 1 + static_cast<std::size_t>(std::ranges::count(text, ',')));
    EXPECT_EQ(joined(pieces, ","), text);
  }
}

TEST(TextProperty, ATrimmedTextStaysAndHasNoBlankAtItsEnds) {
  Random random(59);
  for (int i = 0; i < kTimes; ++i) {
    const auto text = random.text(" \t\r\nab", 8);
    const auto trimmed = trim(text);
    EXPECT_EQ(trim(trimmed), trimmed);
    EXPECT_NE(text.find(trimmed), std::string::npos);
    const bool has_letter = text.find_first_of("ab") != std::string::npos;
    EXPECT_EQ(trimmed.empty(), !has_letter);
  }
}

TEST(TextProperty, APrintableTextHasNoControlCharacter) {
  Random random(60);
  for (int i = 0; i < kTimes; ++i) {
    std::string text;
    for (auto length = random.below(8); length > 0; --length) {
      text += static_cast<char>(random.below(256));
    }
    EXPECT_TRUE(std::ranges::none_of(printable(text), is_control));
    EXPECT_EQ(printable(printable(text)), printable(text));
  }
}

TEST(TextProperty, AShellReadsBackEachWord) {
  Random random(61);
  std::vector<std::string> words;
  std::string command = "printf '%s\\0'";
  for (int i = 0; i < 500; ++i) {
    words.push_back(random.text("aZ0 '\"\\$`*?~#;&|<>(){}[]!=%\n\t-", 8));
    command += " " + shell_word(words.back());
  }
  const std::unique_ptr<FILE, int (*)(FILE*)> shell(popen(command.c_str(), "r"), pclose);
  ASSERT_NE(shell, nullptr);
  std::string answer;
  std::array<char, 4096> buffer{};
  while (const auto size = fread(buffer.data(), 1, buffer.size(), shell.get())) {
    answer.append(buffer.data(), size);
  }
  std::string expected;
  for (const auto& word : words) expected.append(word).push_back('\0');
  EXPECT_EQ(answer, expected);
}

TEST(TextProperty, NumbersReadBackAndNothingElseIsOne) {
  Random random(62);
  for (int i = 0; i < kTimes; ++i) {
    const auto number = static_cast<long long>(random.number()) << random.below(31);
    EXPECT_EQ(parse_number(std::to_string(number)), number);
    const auto text = random.text("0189-+ x.", 5);
    EXPECT_EQ(std::to_string(parse_number(text).value_or(0)), parse_number(text) ? text : "0");
  }
  const auto most = std::numeric_limits<long long>::max();
  EXPECT_EQ(parse_number(std::to_string(most)), most);
}

TEST(TextProperty, NaturalOrderIsAnOrder) {
  Random random(63);
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back(random.text("a0129-", 5));
  for (const auto& a : names) {
    EXPECT_FALSE(natural_less(a, a));
    for (const auto& b : names) {
      EXPECT_EQ(natural_less(a, b) || natural_less(b, a), a != b) << a << " " << b;
      EXPECT_FALSE(natural_less(a, b) && natural_less(b, a)) << a << " " << b;
      for (const auto& c : names) {
        if (natural_less(a, b) && natural_less(b, c)) {
          EXPECT_TRUE(natural_less(a, c)) << a << " " << b << " " << c;
        }
      }
    }
  }
}

TEST(TextProperty, NaturalOrderIsThatOfTheNumbers) {
  Random random(64);
  for (int i = 0; i < kTimes; ++i) {
    const auto left = random.number() >> random.below(32);
    const auto right = random.number() >> random.below(32);
    EXPECT_EQ(natural_less("n" + std::to_string(left), "n" + std::to_string(right)), left < right);
  }
}

TEST(TextProperty, ACodePointIsUtf8AndItsPiecesAreNot) {
  Random random(65);
  for (int i = 0; i < kTimes; ++i) {
    const auto code = 0x80 + random.below(0x110000 - 0x80);
    std::string text;
    const auto tail = [&](unsigned shift) {
      text += static_cast<char>(0x80U | (code >> shift & 0x3fU));
    };
    if (code < 0x800) {
      text += static_cast<char>(0xc0U | code >> 6U);
      tail(0);
    } else if (code < 0x10000) {
      text += static_cast<char>(0xe0U | code >> 12U);
      tail(6);
      tail(0);
    } else {
      text += static_cast<char>(0xf0U | code >> 18U);
      tail(12);
      tail(6);
      tail(0);
    }
    const bool is_surrogate = code >= 0xd800 && code < 0xe000;
    EXPECT_EQ(is_utf8_text("a" + text + "b"), !is_surrogate) << code;
    EXPECT_FALSE(is_utf8_text(text.substr(0, text.size() - 1))) << code;
    EXPECT_FALSE(is_utf8_text(text.substr(1))) << code;
  }
}

TEST(TextProperty, TheNearestWordIsOneOfTheKnownAndAWordIsNearestToItself) {
  Random random(66);
  for (int i = 0; i < kTimes / 10; ++i) {
    std::vector<std::string> known;
    for (int k = 0; k < 5; ++k) known.push_back("vm-" + random.text("abc-012", 8));
    const auto& word = known[random.below(known.size())];
    EXPECT_EQ(nearest(word, known), word);
    auto typed = word;
    typed.insert(random.below(typed.size() + 1), "x");
    const auto found = nearest(typed, known);
    ASSERT_TRUE(found.has_value()) << typed;
    EXPECT_THAT(known, ::testing::Contains(*found));
  }
}

}  // namespace
}  // namespace cluster
