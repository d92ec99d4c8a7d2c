#include "node-agent/cards/belonging.h"

#include <gtest/gtest.h>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/cards/cards.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

// A slot as people have it: "CLASS VENDOR:DEVICE SUBSYSTEM|-" of each function, and before it `+`
// when it belongs to the card, `-` when it is the machine's. A slot without `+` is no card.
struct KnownSlot {
  const char* name;
  std::vector<std::string> functions;
};

const std::vector<KnownSlot> kSlots{
    {"RTX 2080 Ti",
     {"+0300 10de:1e04 1458:37c4", "+0403 10de:10f7 1458:37c4", "+0c03 10de:1ad6 1458:37c4",
      "+0c80 10de:1ad7 1458:37c4"}},
    {"GTX 1060", {"+0300 10de:1c03 1458:3736", "+0403 10de:10f1 1458:3736"}},
    {"H200", {"+0302 10de:2335 10de:18be"}},
    {"Tesla K80", {"+0302 10de:102d 10de:106c"}},
    {"GT200 without subsystems", {"+0300 10de:05e1 -", "+0403 10de:0be3 -", "+0c03 10de:1ad6 -"}},
    {"Quadro with a serial controller of class 0700",
     {"+0300 10de:1eb0 103c:129f", "+0403 10de:10f8 103c:129f", "+0c03 10de:1ad8 103c:129f",
      "+0700 10de:1ad9 103c:129f"}},
    {"Radeon RX 6800 of four functions",
     {"+0300 1002:73bf 1da2:e437", "+0403 1002:ab28 1002:ab28", "+0c03 1002:73a6 1da2:e437",
      "+0c80 1002:73a4 1da2:e437"}},
    {"the same, its USB with ATI's own ids",
     {"+0300 1002:73bf 1043:04f2", "+0403 1002:ab28 1002:ab28", "+0c03 1002:73a6 1002:73a6",
      "+0c80 1002:73a4 1002:73a4"}},
    {"Radeon X1650 with a second display",
     {"+0300 1002:71c7 174b:0840", "+0380 1002:71e7 174b:0841"}},
    {"Instinct MI300X", {"+1200 1002:74a1 1002:74a1"}},
    {"RS480 of a chipset", {"+0300 1002:5974 103c:280a", "+0380 1002:5874 103c:280b"}},
    {"Kaveri", {"+0300 1002:1313 103c:805a", "+0403 1002:1308 103c:805a"}},
    {"ION", {"+0300 10de:087d 1025:0222"}},
    {"Phoenix",
     {"+0300 1002:15bf 1002:0124", "+0403 1002:1640 1002:1640", "-1080 1022:15c7 1022:15c7",
      "-0c03 1022:15b9 1022:15b9", "-0c03 1022:15ba 1022:15ba", "-0480 1022:15e2 1022:15e2",
      "-0403 1022:15e3 17aa:3825", "-1180 1022:164a 1022:164a"}},
    {"Van Gogh",
     {"+0300 1002:163f 1002:0123", "+0403 1002:1640 1002:1640", "-1080 1022:1649 1022:1649",
      "-0c03 1022:163a 1022:163a", "-0c03 1022:163b 1022:163b", "-0480 1022:15e2 1022:15e2"}},
    {"Raven with a network card",
     {"+0300 1002:15dd 1043:876b", "+0403 1002:15de 1043:876b", "-1080 1022:15df 1022:15df",
      "-0c03 1022:15e0 1043:876b", "-0c03 1022:15e1 1043:876b", "-0403 1022:15e3 1043:876b"}},
    {"an emulated display with a sound function of another vendor",
     {"+0380 1002:1111 1af4:1100", "+0403 8086:2668 1af4:1100"}},
    {"two sound functions, one of them of another vendor",
     {"+0300 1002:15bf 1002:0124", "+0403 1002:1640 1002:1640", "-0403 1022:15e3 17aa:3825"}},
    {"an APU that has disks in the same slot",
     {"+0300 1002:164e 1462:7d70", "-0106 1022:7901 1462:7d70"}},
    {"a SoC whose USB is of the same vendor",
     {"+0300 1002:9999 1043:0001", "-0c03 1002:9998 1043:0001", "-0c05 1002:9997 1043:0001"}},
    {"a SoC with a bridge, SMBus, memory, disks and network of the GPU's vendor",
     {"+0300 10de:0241 1462:7207", "-0604 10de:02fc -", "-0c05 10de:0264 1462:7207",
      "-0500 10de:0270 1462:7207", "-0101 10de:0265 1462:7207", "-0200 10de:0269 1462:7207",
      "-0c03 10de:026d 1462:7207", "-0403 10de:026c 1462:7207"}},
    {"USB of another board maker than the GPU's",
     {"+0300 10de:1e04 1458:37c4", "-0c03 10de:1ad6 1043:8694"}},
    {"ES1000", {"-0300 1002:515e 1028:01b3"}},
    {"ES1000 of 5969", {"-0300 1002:5969 1002:5969"}},
    {"Rage XL", {"-0300 1002:4752 1028:014a"}},
    {"Radeon 7000 on a server's board", {"-0300 1002:5159 1028:016d"}},
    {"Remote Supervisor Adapter II", {"-0300 1002:5159 1014:029a"}},
    {"Radeon 7000 that was bought", {"+0300 1002:5159 174b:7112"}},
    {"ASPEED", {"-0300 1a03:2000 1a03:2000"}},
    {"iLO",
     {"-0880 103c:3306 103c:3381", "-0300 102b:0533 103c:3381", "-0880 103c:3307 103c:3381",
      "-0c03 103c:3300 103c:3381"}},
    {"Intel's graphics", {"-0300 8086:46a6 17aa:22e7"}},
    {"a chipset's slot",
     {"-0c03 1022:43d5 1b21:1142", "-0106 1022:43c8 1b21:1062", "-0604 1022:43c6 -"}},
    {"NVSwitch", {"-0680 10de:22a3 10de:1796"}},
};

class Belonging : public ::testing::Test {
 protected:
  // Adds the slot at 0000:02:00 and gives the addresses that should belong to its card.
  static std::string add(FakeSysfs& fake, const KnownSlot& slot) {
    std::vector<std::string> belong;
    for (std::size_t i = 0; i < slot.functions.size(); ++i) {
      const auto words = split(std::string_view(slot.functions[i]).substr(1), ' ');
      const auto pci = "0000:02:00." + std::to_string(i);
      fake.add({pci, std::string(words[0]), std::string(words[1]), std::nullopt, 1});
      if (words[2] != "-") {
        const auto folder = fake.root() / "bus/pci/devices" / pci;
        const auto ids = split(words[2], ':');
        replace_file(folder / "subsystem_vendor", "0x" + std::string(ids[0]) + "\n");
        replace_file(folder / "subsystem_device", "0x" + std::string(ids[1]) + "\n");
      }
      if (slot.functions[i].front() == '+') belong.push_back(pci);
    }
    return joined(belong, " ");
  }

  static std::string addresses(const Card& card) {
    std::vector<std::string> all;
    for (const auto& function : card.functions) all.push_back(function.pci.sysfs());
    return joined(all, " ");
  }

  static std::string found(const FakeSysfs& fake, const Settings& settings = {}) {
    std::vector<std::string> all;
    for (const auto& card : find_cards(fake.sysfs(), settings)) all.push_back(addresses(card));
    return joined(all, ", ");
  }
};

TEST_F(Belonging, OfTheSlotsThatPeopleHave) {
  for (const auto& slot : kSlots) {
    FakeSysfs fake;
    const auto belong = add(fake, slot);
    EXPECT_EQ(found(fake), belong) << slot.name;
  }
}

// What is true of every slot, whatever the settings name.
TEST_F(Belonging, NeverTakesABridgeOrWhatIsIgnored) {
  for (const auto& slot : kSlots) {
    FakeSysfs fake;
    add(fake, slot);
    for (const auto& pci : fake.sysfs().functions()) {
      const auto function = fake.sysfs().read(pci);
      const PciModel model{function.vendor, function.device};
      for (const bool by_address : {true, false}) {
        const NamedDevices one = by_address ? NamedDevices{{pci}, {}} : NamedDevices{{}, {model}};
        Settings settings;
        settings.devices = one;
        auto cards = find_cards(fake.sysfs(), settings);
        const bool bridge = function.device_class >> 8U == 0x06;
        EXPECT_EQ(!cards.empty() && has(cards.front(), pci), !bridge) << slot.name << pci.sysfs();
        settings.of_card = one;
        for (const auto& card : find_cards(fake.sysfs(), settings)) {
          for (const auto& member : card.functions) {
            EXPECT_NE(member.device_class >> 8U, 0x06) << slot.name;
          }
          EXPECT_EQ(card.functions.size() + card.left_out.size(), slot.functions.size());
        }
        settings.ignore = one;
        for (const auto& card : find_cards(fake.sysfs(), settings)) {
          EXPECT_FALSE(has(card, pci)) << slot.name << pci.sysfs();
        }
      }
    }
  }
}

// A device that is no GPU comes alone, whatever else its slot has.
TEST_F(Belonging, OfANamedDeviceIsThatDevice) {
  for (const auto& slot : kSlots) {
    FakeSysfs fake;
    add(fake, slot);
    for (const auto& pci : fake.sysfs().functions()) {
      const auto function = fake.sysfs().read(pci);
      if (is_gpu(function) || function.device_class >> 8U == 0x06) continue;
      Settings settings;
      settings.vendors = {0xffff};
      settings.devices = {{pci}, {}};
      EXPECT_EQ(found(fake, settings), pci.sysfs()) << slot.name;
    }
  }
  FakeSysfs fake;
  const auto intel = add(fake, {"Arc with its sound", {"+0300 8086:56a0 -", "+0403 8086:4f90 -"}});
  Settings settings;
  settings.devices = {{}, {{0x8086, 0x56a0}}};
  EXPECT_EQ(found(fake, settings), intel) << "a display brings what belongs to it";
}

TEST_F(Belonging, IsAsTheSettingsSay) {
  FakeSysfs fake;
  add(fake, kSlots[13]);
  ASSERT_STREQ(kSlots[13].name, "Phoenix");
  Settings settings;
  settings.of_card = {{}, {{0x1022, 0x15b9}, {0x1022, 0x15e3}}};
  settings.of_host = {{{0, 2, 0, 6}, {0, 2, 0, 1}}, {}};
  EXPECT_EQ(found(fake, settings), "0000:02:00.0 0000:02:00.3") << "an address counts more";
  const auto card = find_cards(fake.sysfs(), settings).front();
  EXPECT_EQ(card.left_out.front().why, "'functions' of the settings says so");
  EXPECT_EQ(card.left_out[1].why, "it is of another vendor (1022)");
  settings = {};
  settings.ignore = {{}, {{0x1022, 0x15c7}, {0x1002, 0x1640}}};
  EXPECT_EQ(found(fake, settings), "0000:02:00.0") << "the rest of the card stays one";
  settings.ignore = {{}, {{0x1002, 0x15bf}}};
  EXPECT_EQ(found(fake, settings), "") << "no GPU, no card";
  settings.ignore = {{{0, 2, 0, 0}}, {}};
  EXPECT_EQ(found(fake, settings), "");
}

TEST_F(Belonging, OfADisplayOfAManagementControllerIsForThoseWhoNameIt) {
  FakeSysfs fake;
  add(fake, {"ES1000", {"+0300 1002:515e 1028:01b3"}});
  Settings settings;
  settings.devices = {{{0, 2, 0, 0}}, {}};
  EXPECT_EQ(found(fake, settings), "0000:02:00.0");
}

TEST_F(Belonging, RefusesBridgesInWords) {
  FakeSysfs fake;
  add(fake, {"", {"+0300 10de:1c03 -", "-0604 10de:02fc -", "-0604 10de:02fd -"}});
  Settings settings;
  settings.devices = {{{0, 2, 0, 1}}, {}};
  settings.of_card = {{}, {{0x10de, 0x02fd}}};
  std::vector<std::string> troubles;
  const auto cards = find_cards(fake.sysfs(), settings, troubles);
  ASSERT_EQ(cards.size(), 1U);
  EXPECT_EQ(addresses(cards[0]), "0000:02:00.0");
  EXPECT_EQ(joined(troubles, "\n"),
            "0000:02:00.1 is a bridge (class 0604), which no VM can have; it is in no card, "
            "whatever the settings say\n"
            "0000:02:00.2 is a bridge (class 0604), which no VM can have; it is in no card, "
            "whatever the settings say");
}

// An NVSwitch is of a class of bridges and has an ordinary header. What has the header of a bridge
// is one, whatever its class.
TEST_F(Belonging, TellsBridgesByTheirHeader) {
  FakeSysfs fake;
  fake.add({"0000:05:00.0", "0680", "10de:22a3", "nvidia-nvswitch", 1});
  Settings settings;
  settings.devices = {{}, {{0x10de, 0x22a3}}};
  const auto with_header = [&](char type) {
    std::string config(64, '\0');
    config[0x0e] = type;
    replace_file(fake.root() / "bus/pci/devices/0000:05:00.0/config", config);
    return found(fake, settings);
  };
  EXPECT_EQ(found(fake, settings), "") << "nobody knows";
  EXPECT_EQ(with_header('\0'), "0000:05:00.0");
  EXPECT_EQ(with_header('\x80'), "0000:05:00.0") << "of several functions";
  EXPECT_EQ(with_header('\x01'), "");
  EXPECT_EQ(with_header('\x81'), "");
  EXPECT_EQ(with_header('\x02'), "");
  replace_file(fake.root() / "bus/pci/devices/0000:05:00.0/class", "0x020000\n");
  EXPECT_EQ(with_header('\x01'), "");
  EXPECT_EQ(with_header('\xff'), "0000:05:00.0") << "it answers no more";
}

TEST_F(Belonging, LeavesOutWhatCannotBeRead) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 4, 1).add_card("0000:03:00", 1, 2).add_card("0000:04:00", 2, 3);
  const auto devices = fake.root() / "bus/pci/devices";
  std::filesystem::remove(devices / "0000:02:00.1/vendor");
  std::filesystem::remove(devices / "0000:03:00.0/vendor");
  replace_file(devices / "0000:04:00.1/class", "nonsense\n");
  std::vector<std::string> troubles;
  std::vector<std::string> cards;
  for (const auto& card : find_cards(fake.sysfs(), {}, troubles)) cards.push_back(addresses(card));
  EXPECT_EQ(joined(cards, ", "), "0000:02:00.0, 0000:04:00.0")
      << "of a slot that is not known whole only what is sure to be the card's";
  EXPECT_EQ(joined(troubles, "\n"),
            "sysfs has no vendor of 0000:03:00.0; it is in no card\n"
            "sysfs says 'nonsense' of 0000:04:00.1, want 0x10de; it is in no card\n"
            "sysfs has no vendor of 0000:02:00.1; it is in no card");
}

}  // namespace
}  // namespace cluster::agent
