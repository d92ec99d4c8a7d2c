// Mounts at random, in the table as the kernel prints it (show_mountinfo() of fs/proc_namespace.c).

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/text.h"
#include "node-agent/kernel/mounts.h"

namespace cluster::agent {
namespace {

constexpr int kTables = 500;

// mangle() of the kernel: blanks, line ends, backslashes and # as three octal digits.
std::string mangled(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::string_view(" \t\n\\#").find(c) == std::string_view::npos) {
      text += c;
      continue;
    }
    text += '\\';
    for (unsigned shift = 9; shift > 0; shift -= 3) {
      text += static_cast<char>('0' + (static_cast<unsigned char>(c) >> (shift - 3) & 7U));
    }
  }
  return text;
}

std::string some_path(std::mt19937& random) {
  std::string path;
  for (auto parts = random() % 4; parts > 0; --parts) {
    path += "/";
    for (auto size = 1 + random() % 2; size > 0; --size) path += "ab \t\n\\#0-"[random() % 9];
  }
  return path.empty() ? "/" : path;
}

std::vector<Mount> some_mounts(std::mt19937& random) {
  std::vector<Mount> mounts;
  for (auto count = random() % 6; count > 0; --count) {
    mounts.push_back({std::to_string(random() % 300) + ":" + std::to_string(random() % 20),
                      some_path(random), random() % 2 == 0 ? "ext4" : "xfs",
                      random() % 4 == 0 ? "tmpfs" : "/dev" + some_path(random),
                      random() % 2 == 0 ? "rw" : "ro,logdev=/dev/sdb", 7});
  }
  return mounts;
}

std::string table_of(const std::vector<Mount>& mounts, std::mt19937& random) {
  std::string table;
  for (const auto& one : mounts) {
    table += "36 35 " + one.number + " / " + mangled(one.point) + " rw,noatime ";
    if (random() % 2 == 0) table += "shared:1 master:2 ";
    table += "- " + one.type + " " + mangled(one.source) + " " + one.options + "\n";
  }
  return table;
}

TEST(MountsProperty, ReadBack) {
  std::mt19937 random(91);
  for (int round = 0; round < kTables; ++round) {
    const auto mounts = some_mounts(random);
    const auto table = table_of(mounts, random);
    const auto read = mounts_in(table, 7);
    ASSERT_EQ(read.size(), mounts.size()) << table;
    for (std::size_t i = 0; i < read.size(); ++i) {
      EXPECT_EQ(read[i].number, mounts[i].number) << table;
      EXPECT_EQ(read[i].point, mounts[i].point) << table;
      EXPECT_EQ(read[i].type, mounts[i].type) << table;
      EXPECT_EQ(read[i].source, mounts[i].source) << table;
      EXPECT_EQ(read[i].options, mounts[i].options) << table;
      EXPECT_EQ(read[i].pid, 7) << table;
    }
  }
}

TEST(MountsProperty, AnyBytesAreReadBack) {
  std::mt19937 random(92);
  for (int round = 0; round < kTables; ++round) {
    std::string name;
    for (auto size = random() % 6; size > 0; --size) name += static_cast<char>(random() % 256);
    EXPECT_EQ(unescaped(mangled(name)), name);
  }
  for (const auto* plain : {"\\04", "\\048", "\\a40", "\\", "a\\", "040", "\\x20"}) {
    EXPECT_EQ(unescaped(plain), plain);
  }
  EXPECT_EQ(unescaped("\\134040"), "\\040");
  EXPECT_EQ(unescaped("\\200"), "\x80");
}

// The last of the mounts whose place is the file or a folder above it, of those the deepest.
TEST(MountsProperty, AFileLiesOnTheDeepestMountAboveIt) {
  std::mt19937 random(93);
  int found = 0;
  for (int round = 0; round < kTables; ++round) {
    auto mounts = some_mounts(random);
    for (auto& one : mounts) one.pid = random() % 4 == 0 ? 9 : 7;
    const auto file = some_path(random);
    const Mount* expected = nullptr;
    auto above = file;
    while (expected == nullptr) {
      for (const auto& one : mounts) {
        if (one.pid == 7 && one.point == above) expected = &one;
      }
      if (above == "/") break;
      above = above.substr(0, above.rfind('/'));
      if (above.empty()) above = "/";
    }
    EXPECT_EQ(mount_of(mounts, file, 7), expected) << file;
    if (expected != nullptr) ++found;
  }
  EXPECT_GT(found, kTables / 4);
}

TEST(MountsProperty, ALineThatIsCutIsNoMountOrHasNoMoreThanIsThere) {
  const std::string line = "36 35 259:1 / /data rw - ext4 /dev/sdb1 rw,quota";
  for (std::size_t size = 0; size <= line.size(); ++size) {
    const auto mounts = mounts_in(line.substr(0, size));
    ASSERT_EQ(mounts.size(), size >= line.find(" - ") + 3 ? 1U : 0U) << size;
    if (mounts.empty()) continue;
    EXPECT_EQ(mounts[0].number, "259:1");
    EXPECT_EQ(mounts[0].point, "/data");
    EXPECT_TRUE(std::string("/dev/sdb1").starts_with(mounts[0].source));
    EXPECT_TRUE(std::string("rw,quota").starts_with(mounts[0].options));
  }
  EXPECT_TRUE(mounts_in("1 2 3 - 5").empty() || mounts_in("1 2 3 - 5")[0].point == "5");
}

}  // namespace
}  // namespace cluster::agent
