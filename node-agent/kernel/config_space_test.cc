#include "node-agent/kernel/config_space.h"

#include <gtest/gtest.h>

#include <array>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

void put(std::string& config, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) config[at + i] = static_cast<char>(value >> 8U * i & 0xffU);
}

// A PCI Express function: its capability 10 at 78 comes after another one at 60. The extended
// capabilities 0001, 0003 and 0015 follow each other at 100, 148 and 200.
std::string express() {
  std::string config(4096, '\0');
  put(config, 0x04, 0x00100007);
  put(config, 0x34, 0x60);
  put(config, 0x60, 0x00007801);
  put(config, 0x78, 0x00000010);
  put(config, 0x100, 0x14820001);
  put(config, 0x148, 0x20010003);
  put(config, 0x200, 0x00010015);
  return config;
}

class ConfigSpace : public ::testing::Test {
 protected:
  ConfigSpace() { fake_.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13}); }

  void write(const std::string& config) {
    replace_file(fake_.sysfs().device_path(kVideo) / "config", config);
  }
  std::optional<bool> has(ExtendedCapability wanted) {
    return has_capability(fake_.sysfs(), kVideo, wanted);
  }

  FakeSysfs fake_;
};

TEST_F(ConfigSpace, ShowsPciExpressAndItsCapabilities) {
  write(express());
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), true);
  for (const auto capability :
       {ExtendedCapability::error_reporting, ExtendedCapability::serial_number,
        ExtendedCapability::resizable_bar}) {
    EXPECT_EQ(has(capability), true);
  }
  auto config = express();
  put(config, 0x148, 0x00010003);  // the chain ends before 0015
  write(config);
  EXPECT_EQ(has(ExtendedCapability::resizable_bar), false);
}

TEST_F(ConfigSpace, OfPlainPciHasNoExtendedCapability) {
  auto config = express();
  put(config, 0x60, 0x00000001);  // nothing after it
  write(config.substr(0, 256));
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), false);
  EXPECT_EQ(has(ExtendedCapability::serial_number), false);
  put(config, 0x04, 0x00000007);  // the status names no list, whatever byte 34 holds
  write(config);
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), false);
}

TEST_F(ConfigSpace, OfPlainPciHasNoListWhateverIsThere) {
  auto config = express();
  put(config, 0x04, 0x00000007);
  write(config);
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), false);
  EXPECT_EQ(has(ExtendedCapability::serial_number), false);
}

// The first 64 bytes are the header, and no capability is in it.
TEST_F(ConfigSpace, HasNoCapabilityInItsHeader) {
  for (const std::uint32_t at : {0x10U, 0x38U, 0x3cU}) {
    auto config = express();
    put(config, 0x34, at);
    put(config, at, 0x00000010);
    write(config);
    EXPECT_EQ(is_express(fake_.sysfs(), kVideo), false) << at;
  }
}

TEST_F(ConfigSpace, HasSixBaseAddresses) {
  auto config = express();
  for (std::uint32_t i = 0; i < 8; ++i) put(config, 0x0c + std::size_t{i} * 4, i);
  put(config, 0x0c, 0);  // the type of the header is in it
  const std::vector<std::uint32_t> six{1, 2, 3, 4, 5, 6};
  write(config.substr(0, 0x28));
  EXPECT_EQ(base_addresses(fake_.sysfs(), kVideo), six);
  write(config);
  EXPECT_EQ(base_addresses(fake_.sysfs(), kVideo), six);
  write(config.substr(0, 0x27));
  EXPECT_TRUE(base_addresses(fake_.sysfs(), kVideo).empty());
  config[0x0e] = '\x80';  // several functions
  write(config);
  EXPECT_EQ(base_addresses(fake_.sysfs(), kVideo), six);
  config[0x0e] = '\x01';  // a bridge has two
  write(config);
  EXPECT_TRUE(base_addresses(fake_.sysfs(), kVideo).empty());
}

TEST_F(ConfigSpace, IsNotKnownWhereItCannotBeRead) {
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), std::nullopt);  // there is no `config`
  write(express().substr(0, 64));                              // a user other than root sees this
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), std::nullopt);
  write(express().substr(0, 256));  // the kernel shows no extended part of it
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), true);
  EXPECT_EQ(has(ExtendedCapability::serial_number), std::nullopt);
  write(std::string(4096, '\xff'));  // the device does not answer
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), std::nullopt);
  EXPECT_EQ(has(ExtendedCapability::serial_number), std::nullopt);
}

TEST_F(ConfigSpace, EndsWhenAChainRunsInACircle) {
  auto config = express();
  put(config, 0x60, 0x00006001);
  write(config);
  EXPECT_EQ(is_express(fake_.sysfs(), kVideo), false);
  config = express();
  put(config, 0x148, 0x10010004);  // back to 100
  write(config);
  EXPECT_EQ(has(ExtendedCapability::resizable_bar), false);
}

TEST(FindCapability, GivesThePlaceOfEachInTheChain) {
  const auto config = express();
  EXPECT_EQ(find_capability(config, ExtendedCapability::error_reporting), 0x100U);
  EXPECT_EQ(find_capability(config, ExtendedCapability::serial_number), 0x148U);
  EXPECT_EQ(find_capability(config, ExtendedCapability::resizable_bar), 0x200U);
}

TEST(FindCapability, LooksNowhereOutsideOfTheText) {
  const auto whole = express();
  for (std::size_t size = 0; size <= 0x204; ++size) {
    const auto found = find_capability(whole.substr(0, size), ExtendedCapability::resizable_bar);
    EXPECT_EQ(found.has_value(), size >= 0x204) << size;
  }
  auto config = whole;
  put(config, 0x148, 0xffc10003);  // the next one is said to lie in the last four bytes
  EXPECT_EQ(find_capability(config, ExtendedCapability::resizable_bar), std::nullopt);
  put(config, 0x148, 0x08010003);  // or below the extended ones
  put(config, 0x80, 0x00010015);
  EXPECT_EQ(find_capability(config, ExtendedCapability::resizable_bar), std::nullopt);
}

TEST(Dword, HasItsLowestByteFirst) {
  constexpr std::array kBytes{'\x01', '\x02', '\x03', '\x80', '\xff'};
  const std::string_view config(kBytes.data(), kBytes.size());
  EXPECT_EQ(dword(config, 0), 0x80030201U);
  EXPECT_EQ(dword(config, 1), 0xff800302U);
}

}  // namespace
}  // namespace cluster::agent
