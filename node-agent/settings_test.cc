#include "node-agent/settings.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;

class SettingsFile : public ::testing::Test {
 protected:
  ~SettingsFile() override { std::filesystem::remove(path_); }

  Settings load(const std::string& text) {
    replace_file(path_, text);
    return load_settings(path_);
  }

  // The refusal of `text`, without the file's name: "LINE: why".
  std::string refusal(const std::string& text) {
    try {
      load(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(path_.native() + ":")) << message;
      return message.substr(path_.native().size() + 1);
    }
    return "accepted";
  }

  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("rollcall-gpupci-" + std::to_string(::getpid()) + ".yaml");
};

TEST_F(SettingsFile, ThatIsMissingOrEmptyIsTheDefaults) {
  for (const auto& settings : {load_settings("/nonexistent/gpupci.yaml"), load("# nothing\n")}) {
    EXPECT_THAT(settings.vendors, ElementsAre(0x10de, 0x1002));
    EXPECT_THAT(settings.classes, ElementsAre(0x0300, 0x0302, 0x0380, 0x1200));
    EXPECT_EQ(settings.stub_driver, "vfio-pci");
  }
}

TEST_F(SettingsFile, SaysWhatIsACard) {
  const auto settings =
      load("vendors: [\"1234\", 10DE]\nclasses:\n  - 0300\nstub_driver: pci-stub\n");
  EXPECT_THAT(settings.vendors, ElementsAre(0x1234, 0x10de));
  EXPECT_THAT(settings.classes, ElementsAre(0x0300));
  EXPECT_EQ(settings.stub_driver, "pci-stub");
}

TEST_F(SettingsFile, NamesDevicesByAddressAndByModel) {
  const auto settings =
      load("devices: [0000:03:00.0, 144d:a804, pci_0000_04_00_0]\nignore:\n  - \"10de:1c03\"\n");
  EXPECT_THAT(settings.devices.addresses,
              ElementsAre(PciAddress{0, 3, 0, 0}, PciAddress{0, 4, 0, 0}));
  EXPECT_THAT(settings.devices.models, ElementsAre(PciModel{0x144d, 0xa804}));
  EXPECT_TRUE(settings.ignore.addresses.empty());
  EXPECT_TRUE(settings.ignore.has({}, {0x10de, 0x1c03}));
  EXPECT_FALSE(settings.ignore.has({}, {0x10de, 0x1c04}));
  EXPECT_TRUE(load("devices: []\nignore:\n").devices.empty());
  EXPECT_TRUE(load("devices: ~\nignore: null\n").ignore.empty());
}

TEST_F(SettingsFile, SaysWhatBelongsToACard) {
  const auto settings = load(
      "functions:\n  \"1022:15e3\": card\n  10de:1ad8: host\n  0000:03:00.2: card\n"
      "  pci_0000_03_00_3: host\n");
  EXPECT_EQ(settings.belongs({}, {0x1022, 0x15e3}), true);
  EXPECT_EQ(settings.belongs({}, {0x10de, 0x1ad8}), false);
  EXPECT_EQ(settings.belongs({0, 3, 0, 2}, {0x10de, 0x1ad8}), true) << "an address counts more";
  EXPECT_EQ(settings.belongs({0, 3, 0, 3}, {0x1022, 0x15e3}), false);
  EXPECT_EQ(settings.belongs({0, 3, 0, 4}, {0x1022, 0x15e4}), std::nullopt);
  EXPECT_EQ(load("functions:\n").belongs({}, {}), std::nullopt);
  EXPECT_EQ(load("functions: {}\n").belongs({}, {}), std::nullopt);
}

TEST_F(SettingsFile, IsRefusedWithItsLine) {
  EXPECT_EQ(refusal("functions: [\"1022:15e3\"]\n"),
            "1: 'functions' wants `\"1022:15e3\": card` or `\"0000:03:00.2\": host` lines");
  EXPECT_EQ(refusal("functions:\n  \"1022:15e3\": gpu\n"),
            "2: 'gpu' of '1022:15e3' is neither card nor host");
  EXPECT_EQ(refusal("functions:\n  usb: host\n"),
            "2: 'usb' in 'functions' is neither an address (0000:03:00.0) nor vendor:device "
            "(144d:a804)");
  EXPECT_EQ(refusal("functions:\n  \"1022:15e3\":\n"), "2: '1022:15e3' wants a plain word");
  EXPECT_EQ(refusal("functions:\n  a: host\n  a: card\n"), "3: 'a' is given twice");
  EXPECT_EQ(refusal("devices: [nvme0]\n"),
            "1: 'nvme0' in 'devices' is neither an address (0000:03:00.0) nor vendor:device "
            "(144d:a804)");
  for (const std::string none : {"144d:", ":a804", "144d:x", "x:a804", "144d:x:a804", "144d"}) {
    EXPECT_EQ(refusal("devices: [\"" + none + "\"]\n"),
              "1: '" + none +
                  "' in 'devices' is neither an address (0000:03:00.0) nor vendor:device "
                  "(144d:a804)");
  }
  EXPECT_EQ(refusal("vendors: [\"10de\"]\nignore: 10de:1c03\n"),
            "2: 'ignore' wants a list, [\"0000:03:00.0\", \"144d:a804\"]");
  EXPECT_EQ(refusal("vendors: [\"10de\"]\nclases: []\n"),
            "2: unknown key 'clases' (did you mean 'classes'?)");
  EXPECT_EQ(refusal("vendors: 10de\n"),
            "1: 'vendors' wants a list of four hex digits each, [\"10de\"]");
  EXPECT_EQ(refusal("classes: []\n"),
            "1: 'classes' wants a list of four hex digits each, [\"10de\"]");
  EXPECT_EQ(refusal("\nvendors:\nstub_driver: pci-stub\n"),
            "2: 'vendors' wants a list of four hex digits each, [\"10de\"]");
  EXPECT_EQ(refusal("devices: []\nstub_driver:\n"), "2: 'stub_driver' wants a plain word");
  EXPECT_EQ(refusal("devices: [\"\"]\nvendors: [\"\xff\"]\n"), "2: invalid leading UTF-8 octet");
  EXPECT_EQ(refusal("vendors:\n  - 10de\n  - 0x1002\n"),
            "3: '0x1002' in 'vendors' is not four hex digits (10de)");
  EXPECT_EQ(refusal("vendors: [ [10de] ]\n"), "1: 'vendors' wants a plain word");
  EXPECT_EQ(refusal("stub_driver: [vfio-pci]\n"), "1: 'stub_driver' wants a plain word");
  EXPECT_EQ(refusal("stub_driver: ../nvidia\n"),
            "1: not a driver name: '../nvidia' (want vfio-pci)");
  EXPECT_EQ(refusal("vendors: [\"10de\"]\nvendors: [\"1002\"]\n"), "2: 'vendors' is given twice");
  EXPECT_EQ(refusal("- vendors\n"), "1: want `key: value` lines");
  EXPECT_EQ(refusal("just words\n"), "1: want `key: value` lines");
  EXPECT_TRUE(refusal("vendors: [\"10de\"\n").starts_with("2: "))
      << refusal("vendors: [\"10de\"\n");
}

// Any file that follows the rules of settings.h is read back, in each spelling of a list.
TEST_F(SettingsFile, IsReadBackAsItWasWritten) {
  unsigned random = 42;
  const auto next = [&](unsigned below) {
    random = random * 1103515245U + 12345U;
    return (random >> 16U) % below;
  };
  for (int round = 0; round < 100; ++round) {
    Settings written;
    const auto id = [&] { return static_cast<std::uint16_t>(next(0x10000)); };
    written.vendors.assign(1 + next(3), 0);
    for (auto& vendor : written.vendors) vendor = id();
    written.classes.assign(1 + next(3), 0);
    for (auto& one : written.classes) one = id();
    for (auto* named : {&written.devices, &written.ignore}) {
      for (unsigned i = next(3); i > 0; --i) named->models.push_back({id(), id()});
      for (unsigned i = next(3); i > 0; --i) {
        named->addresses.push_back({next(0x20000), static_cast<std::uint8_t>(next(256)),
                                    static_cast<std::uint8_t>(next(32)),
                                    static_cast<std::uint8_t>(next(8))});
      }
    }
    written.stub_driver = next(2) == 0 ? "vfio-pci" : "nvgrace_gpu-vfio";
    const bool flow = next(2) == 0;
    const auto list = [&](const std::string& key, const std::vector<std::string>& values) {
      if (flow || values.empty()) return key + ": [" + joined(values, ", ") + "]\n";
      return key + ":\n  - " + joined(values, "\n  - ") + "\n";
    };
    const auto ids = [](const std::vector<std::uint16_t>& numbers) {
      std::vector<std::string> all;
      for (const auto number : numbers) all.push_back('"' + hex4(number) + '"');
      return all;
    };
    const auto names = [&](const NamedDevices& devices) {
      std::vector<std::string> all;
      for (const auto& pci : devices.addresses) {
        all.push_back('"' + (next(2) == 0 ? pci.sysfs() : pci.libvirt()) + '"');
      }
      for (const auto& model : devices.models) {
        all.push_back('"' + hex4(model.vendor) + ":" + hex4(model.device) + '"');
      }
      return all;
    };
    const auto text =
        "# comment\n" + list("ignore", names(written.ignore)) +
        list("vendors", ids(written.vendors)) + "stub_driver: " + written.stub_driver + "\n" +
        list("classes", ids(written.classes)) + list("devices", names(written.devices));
    const auto read = load(text);
    EXPECT_EQ(read.vendors, written.vendors) << text;
    EXPECT_EQ(read.classes, written.classes) << text;
    EXPECT_EQ(read.devices.addresses, written.devices.addresses) << text;
    EXPECT_EQ(read.devices.models, written.devices.models) << text;
    EXPECT_EQ(read.ignore.addresses, written.ignore.addresses) << text;
    EXPECT_EQ(read.ignore.models, written.ignore.models) << text;
    EXPECT_EQ(read.stub_driver, written.stub_driver) << text;
  }
}

TEST(Settings, OfTheExampleAreThoseWithoutAFile) {
  const auto example = load_settings(DOCS "/../packaging/gpupci.yaml");
  const Settings settings;
  EXPECT_EQ(example.vendors, settings.vendors);
  EXPECT_EQ(example.classes, settings.classes);
  EXPECT_EQ(example.stub_driver, settings.stub_driver);
  EXPECT_TRUE(example.devices.empty() && example.ignore.empty());
  EXPECT_TRUE(example.of_card.empty() && example.of_host.empty());
}

TEST_F(SettingsFile, ThatCannotBeReadIsAnError) {
  EXPECT_THROW(load_settings(std::filesystem::temp_directory_path()), Error);
}

TEST(Settings, KnowTheDriversThatHoldForVms) {
  const Settings settings;
  for (const auto* stub : {"vfio-pci", "pci-stub", "nvgrace-gpu-vfio-pci", "mlx5_vfio_pci"}) {
    EXPECT_TRUE(settings.is_stub(stub)) << stub;
  }
  for (const auto* host : {"nvidia", "snd_hda_intel", ""}) EXPECT_FALSE(settings.is_stub(host));
}

}  // namespace
}  // namespace cluster::agent
