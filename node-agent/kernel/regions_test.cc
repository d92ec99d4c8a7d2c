#include "node-agent/kernel/regions.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Regions : public ::testing::Test {
 protected:
  Regions() { fake_.add_card("0000:02:00", 1, 13); }

  void write(const std::string& attribute, const std::string& text) {
    replace_file(fake_.sysfs().device_path(kVideo) / attribute, text);
  }

  // The head of configuration space, with these registers of base addresses.
  void registers(const std::vector<std::uint32_t>& bars, char header_type = '\0') {
    std::string config(64, '\0');
    config[0x06] = '\x10';
    config[0x0e] = header_type;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      for (std::size_t byte = 0; byte < 4; ++byte) {
        config[0x10 + 4 * i + byte] = static_cast<char>(bars[i] >> 8 * byte & 0xffU);
      }
    }
    write("config", config);
  }

  std::vector<Region> read() { return regions(fake_.sysfs(), kVideo); }

  FakeSysfs fake_;
};

const std::string kNoRegion = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";

TEST_F(Regions, AreThoseThatTheKernelPlaced) {
  write("resource",
        "0x00000000c0000000 0x00000000c0ffffff 0x0000000000040200\n"
        "0x0000380000000000 0x000038000fffffff 0x000000000014220c\n" +
            kNoRegion + kNoRegion + kNoRegion +
            "0x000000000000e000 0x000000000000e07f 0x0000000000040101\n"
            "0x00000000c1000000 0x00000000c107ffff 0x0000000000046200\n" +
            "0x1000 0x1fff 0x101\n");
  const auto all = read();
  EXPECT_THAT(all, ElementsAre(Region{0, 0xc0000000, 0xc0ffffff, 0x40200},
                               Region{1, 0x380000000000, 0x38000fffffff, 0x14220c},
                               Region{5, 0xe000, 0xe07f, 0x40101}));
  for (const auto& region : all) EXPECT_TRUE(region.placed());
  EXPECT_EQ(all[1].size(), 256U << 20U);
  EXPECT_TRUE(all[1].is_64bit() && all[1].prefetchable() && all[1].is_memory());
  EXPECT_FALSE(all[2].is_memory());
  const auto rom = rom_region(fake_.sysfs(), kVideo);
  ASSERT_TRUE(rom);
  EXPECT_EQ(rom->start, 0xc1000000U);
  EXPECT_FALSE(rom->is_shadow());
}

TEST_F(Regions, ThatGotNoAddressAreFoundByTheirRegisters) {
  write("resource",
        kNoRegion + kNoRegion + kNoRegion + kNoRegion + kNoRegion + kNoRegion + kNoRegion);
  registers({0, 0xc, 0, 0x1000000c, 0x40, 0x1});
  const auto all = read();
  ASSERT_EQ(all.size(), 3U);  // a 64-bit region takes two registers
  EXPECT_EQ(all[0].number, 1);
  EXPECT_TRUE(all[0].is_64bit() && all[0].prefetchable() && all[0].is_memory());
  EXPECT_EQ(all[1].number, 3);
  EXPECT_EQ(all[2].number, 5);
  EXPECT_FALSE(all[2].is_memory());
  for (const auto& region : all) {
    EXPECT_FALSE(region.placed());
    EXPECT_EQ(region.size(), std::nullopt);
  }
  EXPECT_EQ(rom_region(fake_.sysfs(), kVideo), std::nullopt);
}

// The upper register of a placed region holds the upper half of its address.
TEST_F(Regions, DoNotTakeAnAddressForARegion) {
  write("resource", "0x38000000000c 0x38000fffffff 0x14220c\n" + kNoRegion + kNoRegion);
  registers({0xc, 0x380c});
  EXPECT_EQ(read().size(), 1U);
}

TEST_F(Regions, ThatTheKernelCouldNotPlaceKeepTheirSize) {
  write("resource", kNoRegion + "0x0 0xfffffff 0x2014220c\n0xd0000000 0xdfffffff 0x20040200\n");
  const auto all = read();
  ASSERT_EQ(all.size(), 2U);
  for (const auto& region : all) {
    EXPECT_FALSE(region.placed());
    EXPECT_EQ(region.size(), 256U << 20U);
  }
}

TEST_F(Regions, AreNotReadFromWhatDoesNotAnswerNorFromABridge) {
  write("resource", kNoRegion + kNoRegion);
  EXPECT_THAT(read(), IsEmpty());
  write("config", std::string(64, '\xff'));
  EXPECT_THAT(read(), IsEmpty());
  registers({0xc, 0x1, 0x00020100}, '\x01');
  EXPECT_THAT(read(), IsEmpty());
  write("resource", "what\n\n0x1\n");
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(Regions, OfARomMayBeAShadow) {
  const auto rom = [&](const std::string& line) {
    write("resource", kNoRegion + kNoRegion + kNoRegion + kNoRegion + kNoRegion + kNoRegion + line);
    return rom_region(fake_.sysfs(), kVideo);
  };
  EXPECT_TRUE(rom("0xc0000 0xdffff 0x212\n")->is_shadow());
  EXPECT_FALSE(rom("0xf7e40000 0xf7e5ffff 0x46200\n")->is_shadow());
  EXPECT_FALSE(rom("0xf7e40000 0xf7e5ffff 0x46202\n")->is_shadow());
}

}  // namespace
}  // namespace cluster::agent
