#include "node-agent/cards/identity.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "core/file.h"
#include "node-agent/kernel/pci_ids.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Identity : public ::testing::Test {
 protected:
  Identity() { fake_.add_card("0000:02:00", 2, 13); }

  void write(const std::string& attribute, const std::string& text) {
    replace_file(fake_.sysfs().device_path(kVideo) / attribute, text);
  }
  CardIdentity read() {
    const auto sysfs = fake_.sysfs();
    return read_identity(sysfs, fake_.root() / "proc", find_cards(sysfs, Settings{}).front());
  }

  FakeSysfs fake_;
};

// The configuration space of a card: 4096 bytes, with the capabilities 0002 at 100 and 0003 at 148.
std::string config_space(const std::string& serial) {
  std::string config(4096, '\0');
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) config[at + i] = static_cast<char>(value >> 8U * i & 0xffU);
  };
  put(0x100, 0x14810002);
  put(0x148, 0x00010003);
  for (std::size_t i = 0; i < 8; ++i) config[0x14c + i] = serial[i];
  return config;
}

TEST_F(Identity, IsWhatSysfsSays) {
  write("subsystem_vendor", "0x1458\n");
  write("subsystem_device", "0x3724\n");
  write("revision", "0xa1\n");
  write("resource",
        "0x00000000c0000000 0x00000000c0ffffff 0x0000000000040200\n"
        "0x0000380000000000 0x000038000fffffff 0x000000000014220c\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x0000380010000000 0x0000380011ffffff 0x000000000014220c\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x000000000000e000 0x000000000000e07f 0x0000000000040101\n"
        "0x00000000c1000000 0x00000000c107ffff 0x0000000000046200\n");
  write("reset_method", "flr bus\n");
  write("current_link_speed", "2.5 GT/s PCIe\n");
  write("current_link_width", "8\n");
  write("max_link_speed", "8.0 GT/s PCIe\n");
  write("max_link_width", "16\n");
  write("numa_node", "1\n");
  replace_file(fake_.root() / "bus/pci/slots/3/address", "0000:03:00\n");
  replace_file(fake_.root() / "bus/pci/slots/4-1/address", "0000:02:00\n");

  const auto identity = read();
  EXPECT_EQ(identity.numa_node, 1);
  EXPECT_EQ(identity.slot, "4-1");
  const auto& video = identity.functions.at(0);
  EXPECT_EQ(video.subsystem_vendor, "1458");
  EXPECT_EQ(video.subsystem_device, "3724");
  EXPECT_EQ(video.revision, "a1");
  EXPECT_THAT(video.bars, ElementsAre(Region{0, 0xc0000000, 0xc0ffffff, 0x40200},
                                      Region{1, 0x380000000000, 0x38000fffffff, 0x14220c},
                                      Region{3, 0x380010000000, 0x380011ffffff, 0x14220c},
                                      Region{5, 0xe000, 0xe07f, 0x40101}));
  EXPECT_THAT(video.reset_methods, ElementsAre("flr", "bus"));
  EXPECT_EQ(video.link.speed, "2.5 GT/s PCIe");
  EXPECT_EQ(video.link.width, 8);
  EXPECT_EQ(video.link.max_speed, "8.0 GT/s PCIe");
  EXPECT_EQ(video.link.max_width, 16);
}

TEST_F(Identity, IsUnknownWhereSysfsSaysNothing) {
  write("numa_node", "-1\n");
  const auto identity = read();
  EXPECT_EQ(identity.numa_node, std::nullopt);
  EXPECT_EQ(identity.slot, std::nullopt);
  EXPECT_EQ(identity.serial.serial, std::nullopt);
  EXPECT_EQ(identity.serial.uuid, std::nullopt);
  EXPECT_THAT(identity.functions.at(1).bars, IsEmpty());
  EXPECT_THAT(identity.functions.at(1).reset_methods, IsEmpty());
  EXPECT_EQ(identity.functions.at(1).link.width, std::nullopt);
}

TEST_F(Identity, HasTheSerialNumberOfTheConfigurationSpace) {
  const std::string serial{'\x48', '\xb0', '\x2d', '\xff', '\xff', '\x1c', '\x4b', '\x00'};
  write("config", config_space(serial));
  EXPECT_EQ(read().serial.serial, "00-4b-1c-ff-ff-2d-b0-48");
  write("config", config_space(serial).substr(0, 64));  // what no root reads
  EXPECT_EQ(read().serial.serial, std::nullopt);
  write("config", config_space(std::string(8, '\0')));
  EXPECT_EQ(read().serial.serial, std::nullopt);
  auto circle = config_space(serial);
  circle[0x103] = '\x10';  // the next one is itself
  circle[0x102] = '\x01';
  write("config", circle);
  EXPECT_EQ(read().serial.serial, std::nullopt);
  write("serial_number", "00-11-22-33-44-55-66-77\n");
  EXPECT_EQ(read().serial.serial, "00-11-22-33-44-55-66-77");
  write("serial_number", "00-00-00-00-00-00-00-00\n");
  EXPECT_EQ(read().serial.serial, std::nullopt);
}

TEST_F(Identity, HasTheUuidOfTheDriver) {
  const auto file = fake_.root() / "proc/driver/nvidia/gpus/0000:02:00.0/information";
  replace_file(file, "Model: \t\t Tesla T20\nGPU UUID: \t GPU-6ab2ad21-95a1\nBus Type: \t PCIe\n");
  EXPECT_EQ(read().serial.uuid, "GPU-6ab2ad21-95a1");
  replace_file(file, "GPU UUID: \t GPU-" + std::string(8, 0x3f) + "\n");
  EXPECT_EQ(read().serial.uuid, std::nullopt);
}

TEST(Models, HaveTheNamesOfPciIdsWhereItIsInstalled) {
  const PciIds ids;
  EXPECT_EQ(ids.model(0x10de, 0xffff), std::nullopt);
  if (!std::filesystem::exists("/usr/share/misc/pci.ids")) GTEST_SKIP() << "no pci.ids here";
  const auto name = ids.model(0x10de, 0x1c03);
  if (!name) GTEST_SKIP() << "no libpci3 here";
  EXPECT_EQ(name, "GP106 [GeForce GTX 1060 6GB]");
}

}  // namespace
}  // namespace cluster::agent
