// Volumes of files at random are read back by a reader of the standard's own words (ECMA-119, and
// Joliet's names), whatever readers the machine has.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/text.h"
#include "frontend/vms/iso_volume.h"

namespace cluster::frontend {
namespace {

constexpr std::size_t kSectorSize = 2048;

class VolumeReader {
 public:
  // The descriptor of this type, 1 for the primary one and 2 for Joliet's, ECMA-119 8.4 and 8.5.
  VolumeReader(const std::string& volume, char type) : volume_(volume), is_wide_(type == 2) {
    for (at_ = 16 * kSectorSize; at_ < volume.size(); at_ += kSectorSize) {
      EXPECT_EQ(volume.substr(at_ + 1, 6), "CD001\1");
      if (volume[at_] == type) break;
      EXPECT_NE(volume[at_], '\xff') << "no such descriptor";
    }
    EXPECT_EQ(volume.substr(at_ + 88, 3), is_wide_ ? "%/E" : std::string(3, '\0'));
    EXPECT_EQ(both(80, 4) * kSectorSize, volume.size());
    EXPECT_EQ(both(120, 2), 1U);
    EXPECT_EQ(both(124, 2), 1U);
    EXPECT_EQ(both(128, 2), kSectorSize);
    EXPECT_EQ(volume[at_ + 881], '\1');
    // The table of paths has the root alone, in the order of bytes of either kind of machine.
    const auto size = both(132, 4);
    EXPECT_EQ(size, 10U);
    root_ = both(156 + 2, 4);
    const auto little_table = little(140, 4) * kSectorSize;
    const auto big_table = big(148, 4) * kSectorSize;
    EXPECT_EQ(volume.substr(little_table, 2), std::string("\1\0", 2));
    EXPECT_EQ(number(little_table + 2, 4, false), root_);
    EXPECT_EQ(number(little_table + 6, 2, false), 1U);
    EXPECT_EQ(volume.substr(big_table, 2), std::string("\1\0", 2));
    EXPECT_EQ(number(big_table + 2, 4, true), root_);
    EXPECT_EQ(number(big_table + 6, 2, true), 1U);
  }

  std::string label() const { return text(at_ + 40, 32); }

  // The files of the root, ECMA-119 9.1, by their names as they stand there.
  std::map<std::string, std::string> files() {
    std::map<std::string, std::string> found;
    std::string last;
    int entry = 0;
    for (auto at = root_ * kSectorSize; volume_[at] != '\0'; ++entry) {
      const auto length = static_cast<unsigned char>(volume_[at]);
      const auto size = static_cast<unsigned char>(volume_[at + 32]);
      EXPECT_EQ(length, 33U + size + (size % 2 == 0 ? 1U : 0U));
      EXPECT_EQ(both_at(at + 28, 2), 1U);
      const auto extent = both_at(at + 2, 4) * kSectorSize;
      const auto bytes = both_at(at + 10, 4);
      const auto flags = volume_[at + 25];
      const auto name = volume_.substr(at + 33, size);
      at += length;
      if (entry < 2) {  // itself, and the folder above it, which is itself
        EXPECT_EQ(name, std::string(1, static_cast<char>(entry)));
        EXPECT_EQ(flags, 2);
        EXPECT_EQ(extent, root_ * kSectorSize);
        EXPECT_EQ(bytes, kSectorSize);
        continue;
      }
      EXPECT_EQ(flags, 0);
      EXPECT_LT(last, name) << "9.3: names are in order";
      last = name;
      EXPECT_LE(extent + bytes, volume_.size());
      found[is_wide_ ? narrow(name) : name] = volume_.substr(extent, bytes);
    }
    return found;
  }

 private:
  std::uint32_t number(std::size_t at, unsigned bytes, bool is_big) const {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
      const auto place = is_big ? at + i : at + bytes - 1 - i;
      value = value << 8U | static_cast<unsigned char>(volume_.at(place));
    }
    return value;
  }
  std::uint32_t little(std::size_t at, unsigned bytes) const {
    return number(at_ + at, bytes, false);
  }
  std::uint32_t big(std::size_t at, unsigned bytes) const { return number(at_ + at, bytes, true); }
  // 7.2.3 and 7.3.3: both orders of bytes, one after the other.
  std::uint32_t both_at(std::size_t at, unsigned bytes) const {
    EXPECT_EQ(number(at, bytes, false), number(at + bytes, bytes, true)) << at;
    return number(at, bytes, false);
  }
  std::uint32_t both(std::size_t at, unsigned bytes) const { return both_at(at_ + at, bytes); }

  static std::string narrow(const std::string& wide) {
    std::string text;
    for (std::size_t i = 0; i + 1 < wide.size(); i += 2) {
      EXPECT_EQ(wide[i], '\0');
      text += wide[i + 1];
    }
    return text;
  }
  std::string text(std::size_t at, std::size_t size) const {
    const auto field = volume_.substr(at, size);
    return std::string(trim(is_wide_ ? narrow(field) : field));
  }

  const std::string& volume_;
  bool is_wide_;
  std::size_t at_ = 0;
  std::size_t root_ = 0;
};

TEST(IsoVolumeProperty, FilesReadBackByEitherKindOfNames) {
  std::mt19937 random(97);
  for (int round = 0; round < 40; ++round) {
    std::map<std::string, std::string> files;
    for (auto count = random() % 5; count > 0; --count) {
      std::string name;
      for (auto size = 1 + random() % 12; size > 0; --size) name += "abcxyz-"[random() % 7];
      const auto edge = kSectorSize * (random() % 3);
      const auto size = random() % 2 == 0 ? random() % 50 : edge + random() % 3;
      files[name] = std::string(size, static_cast<char>('a' + random() % 26));
    }
    std::vector<IsoFile> given;
    std::map<std::string, std::string> plain;
    std::map<std::string, std::string> wide;
    for (const auto& [name, text] : files) {
      given.emplace_back(name, text);
      plain[upper(name) + ".;1"] = text;
      wide[name + ";1"] = text;
    }
    std::ranges::shuffle(given, random);
    const auto volume = iso_volume("cidata", given);
    ASSERT_EQ(volume.size() % kSectorSize, 0U);
    EXPECT_EQ(VolumeReader(volume, 1).label(), "cidata");
    EXPECT_EQ(VolumeReader(volume, 2).label(), "cidata");
    EXPECT_EQ(VolumeReader(volume, 1).files(), plain);
    EXPECT_EQ(VolumeReader(volume, 2).files(), wide);
  }
}

}  // namespace
}  // namespace cluster::frontend
