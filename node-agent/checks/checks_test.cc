#include "node-agent/checks/checks.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Checks : public ::testing::Test {
 protected:
  Checks() {
    fake_.add_card("0000:02:00", 2, 13);
    proc_.file("cpuinfo", "processor\t: 0\nflags\t\t: fpu vmx sse\n");
    proc_.file("sys/kernel/osrelease", "6.1.0-test\n");
  }

  // Of the host and of the first card.
  std::vector<CheckResult> results() {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    Environment environment;
    environment.proc = proc_.root();
    environment.modules = fake_.root() / "modules";
    environment.keep_state_in(fake_.root());
    const auto input = guard_input(environment, sysfs, settings_, [this] {
      if (vm_devices_) return *vm_devices_;
      throw Error(Fault::io, "libvirt does not answer");
    });
    auto found = run_checks(together_ ? cards : std::vector{cards.front()}, input);
    for (const auto& one : found) {
      const auto& [verdict, reason] = one.answer;
      EXPECT_TRUE(verdict == Verdict::pass || !way_out(reason).empty()) << message(reason);
    }
    return found;
  }

  // "FAIL reason; fix".
  std::string check(std::string_view id) {
    for (const auto& one : results()) {
      if (one.id != id) continue;
      auto reason = one.answer.reason;
      reason.id = {};
      return std::string(word(one.answer.verdict)) + " " + message(reason);
    }
    return "no such check";
  }

  // "H1 D12": the checks with this answer.
  std::string ids(Verdict verdict) {
    std::vector<std::string> found;
    for (const auto& one : results()) {
      if (one.answer.verdict == verdict) found.emplace_back(one.id);
    }
    return joined(found, " ");
  }

  // "0000:02:00.0/boot_vga" of a function.
  void set(const std::filesystem::path& attribute, const std::string& text) {
    replace_file(fake_.root() / "bus/pci/devices" / attribute, text);
  }
  void set_host(const std::filesystem::path& file, const std::string& text) {
    replace_file(fake_.root() / file, text);
  }

  // Configuration space as root reads it, of 256 bytes or of 4096 with PCIe and one extended
  // capability.
  void set_config(const std::filesystem::path& function, std::optional<char> extended) {
    std::string config(extended ? 4096 : 256, '\0');
    config[0x06] = '\x10';
    config[0x34] = '\x40';
    config[0x40] = '\x05';  // MSI, and behind it PCIe
    config[0x41] = '\x50';
    config[0x50] = extended ? '\x10' : '\x09';
    if (extended) config[0x100] = *extended;
    set(function / "config", config);
  }

  FakeSysfs fake_;
  FakeProc proc_;
  Settings settings_;
  bool together_ = false;  // all cards are checked
  std::optional<std::vector<virt::VmDevice>> vm_devices_ = std::vector<virt::VmDevice>();
};

TEST_F(Checks, OfTheHost) {
  EXPECT_EQ(check("H1"), "FAIL there is no /dev/kvm; modprobe kvm_intel");
  set_host("class/misc/kvm/dev", "10:232\n");
  EXPECT_EQ(check("H1"), "PASS /dev/kvm is there");
  EXPECT_THAT(check("H2"), StartsWith("FAIL there are IOMMU groups and no IOMMU; turn on VT-d"));
  set_host("class/iommu/dmar0/x", "");
  EXPECT_EQ(check("H2"), "PASS the IOMMU is on");
  EXPECT_EQ(check("H3"), "UNKNOWN vfio is not loaded; modprobe vfio-pci");
  set_host("class/vfio/x", "");
  EXPECT_THAT(check("H3"), StartsWith("PASS"));
  set_host("module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
  EXPECT_THAT(check("H3"), StartsWith("FAIL vfio is in no-IOMMU mode"));
  EXPECT_THAT(check("H4"), StartsWith("UNKNOWN vfio_iommu_type1 is not loaded"));
  EXPECT_THAT(check("H7"), StartsWith("FAIL neither vfio_iommu_type1 nor iommufd"));
  set_host("module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
  EXPECT_EQ(check("H3"), "PASS vfio needs an IOMMU");
  set_host("class/vfio/noiommu-0/x", "");
  EXPECT_THAT(check("H3"), StartsWith("FAIL vfio has noiommu-0, which nothing isolates; "));
  set_host("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
  EXPECT_THAT(check("H4"), StartsWith("PASS"));
  EXPECT_EQ(check("H7"), "PASS vfio-pci is loaded");
  set_host("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
  EXPECT_THAT(check("H4"), StartsWith("WARN a VM may send any interrupt"));
  EXPECT_THAT(check("H8"), StartsWith("FAIL there is no "));
  set_host("modules/6.1.0-test/modules.alias", "");
  EXPECT_THAT(check("H8"), StartsWith("PASS"));
  proc_.process(812, "libvirtd").file("812/stat", "812 (libvirtd) S 1");
  EXPECT_THAT(check("H9"), StartsWith("PASS"));
  proc_.file("812/stat", "812 (libvirtd) D 1");
  EXPECT_THAT(check("H9"), StartsWith("FAIL process 812 ('libvirtd') is stuck in the kernel"));
  proc_.file("812/stat", "812 (libvirtd) S 1").file("812/task/815/stat", "815 (rpc-worker) D 1");
  EXPECT_THAT(check("H9"), StartsWith("FAIL process 812 ('libvirtd') is stuck in the kernel"));
}

TEST_F(Checks, OfTheGroup) {
  EXPECT_THAT(check("H5"), StartsWith("PASS"));
  EXPECT_THAT(check("H6"), StartsWith("UNKNOWN the kernel does not tell the reserved regions"));
  const std::filesystem::path regions = "kernel/iommu_groups/13/reserved_regions";
  set_host(regions, "0x00000000fee00000 0x00000000feefffff msi\n");
  EXPECT_EQ(check("H6"), "PASS the firmware reserves no memory of it");
  set_host("kernel/iommu_groups/13/type", "DMA-FQ\n");
  EXPECT_EQ(check("H6"), "PASS the firmware reserves no memory of it (domain DMA-FQ)");
  set_host(regions, "0x00000000bf000000 0x00000000bf7fffff direct\n");
  EXPECT_THAT(check("H6"), StartsWith("WARN the firmware reserves memory of 0000:02:00.0"));
  EXPECT_EQ(check("D3"), "PASS every function of the slot is known");
  set("0000:02:00.0/consumer:pci:0000:02:00.1/x", "");
  EXPECT_THAT(check("D3"), StartsWith("PASS"));
  set("0000:02:00.1/supplier:pci:0000:02:00.0/x", "");
  set("0000:02:00.0/supplier:platform:x/x", "");
  fake_.add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 1});
  fake_.add({"0000:00:00.2", "0806", "1022:1419", std::nullopt, std::nullopt});
  set("0000:02:00.0/supplier:pci:0000:00:01.0/x", "");
  set("0000:02:00.0/supplier:pci:0000:00:00.2/x", "");
  EXPECT_THAT(check("D3"), StartsWith("PASS"));
  set("0000:02:00.1/supplier:pci:0000:06:00.0/x", "");
  EXPECT_THAT(check("D3"), StartsWith("FAIL 0000:02:00.1 depends on 0000:06:00.0; detach it too"));
  fake_.add({"0000:06:00.0", "0302", "10de:1e07", "nvidia", 14});
  together_ = true;
  EXPECT_THAT(check("D3"), StartsWith("PASS"));
  together_ = false;
  set("0000:02:00.0/consumer:pci:0000:05:00.0/x", "");
  EXPECT_THAT(check("D3"), StartsWith("FAIL 0000:05:00.0 depends on 0000:02:00.0; detach it too"));
  EXPECT_EQ(check("D5"), "PASS the host has it");
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_EQ(check("D5"), "FAIL 0000:02:00.1 is on snd_hda_intel again; gpupci -d gpupci1");
  fake_.set_driver({0, 2, 0, 1}, "vfio-pci");
  EXPECT_EQ(check("D5"), "PASS its whole group is detached");
  fake_.add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
  EXPECT_THAT(check("D4"), StartsWith("FAIL 0000:03:00.0 (class 0200, driver e1000) shares"));
  EXPECT_THAT(check("D5"), StartsWith("FAIL 0000:03:00.0 "));
}

TEST_F(Checks, CompareACardWithWhatItsNameWasGivenTo) {
  const auto noted = [this](const std::string& pci, const std::string& model,
                            const std::string& serial, const std::string& more = "") {
    set_host("names.json", R"({"version": 1, "boot": "x", "cards": {"gpupci1": {"pci": ")" + pci +
                               R"(", "model": ")" + model +
                               R"(", "subsystem": "1458:37c4", "serial": )" + serial +
                               R"(, "uuid": null, "missing": false)" + more + "}}}");
  };
  EXPECT_EQ(check("D2"),
            "UNKNOWN it is new: there is no record of it; gpupci -l, as root, makes one");
  noted("0000:02:00.0", "10de:1e07", "null");
  EXPECT_EQ(check("D2"), "PASS it is of the model that was named; it has no number of its own");
  noted("0000:02:00.0", "10de:1c03", "null");
  EXPECT_EQ(check("D2"),
            "FAIL its model is 10de:1e07, and gpupci1 was given to one with 10de:1c03; gpupci "
            "--restore, as root, names the cards anew");
  noted("0000:05:00.0", "10de:1e07", "null");
  EXPECT_THAT(check("D2"), StartsWith("WARN it was at 0000:05:00.0 and is at 0000:02:00.0; "));
  noted("0000:02:00.0", "10de:1e07", "\"00-48\"");
  EXPECT_THAT(check("D2"), StartsWith("UNKNOWN its serial number cannot be read"));
  set("0000:02:00.0/serial_number", "00-48\n");
  EXPECT_EQ(check("D2"), "PASS it is the card that was named (00-48)");
  set("0000:02:00.0/serial_number", "00-49\n");
  EXPECT_THAT(check("D2"), StartsWith("FAIL its serial number is 00-49, and gpupci1 was given to"));
  set("0000:02:00.0/subsystem_vendor", "0x1458\n");
  set("0000:02:00.0/subsystem_device", "0x3724\n");
  EXPECT_THAT(check("D2"), StartsWith("FAIL its subsystem is 1458:3724, and gpupci1 was given to"));
  const auto differs = [&](const std::string& more) {
    noted("0000:02:00.0", "10de:1e07", "null", ", " + more);
    return check("D2");
  };
  set("0000:02:00.0/subsystem_device", "0x37c4\n");
  set("0000:02:00.0/revision", "0xa1\n");
  set_host("bus/pci/slots/4/address", "0000:02:00\n");
  EXPECT_THAT(differs(R"("class": "0300", "revision": "a1", "slot": "4", "iommu_group": "13")"),
              StartsWith("PASS"));
  EXPECT_THAT(differs(R"("class": "0302")"),
              StartsWith("FAIL its class is 0300, and gpupci1 was given to one with 0302"));
  EXPECT_THAT(differs(R"("revision": "a2")"), StartsWith("FAIL its revision is a1, and gpupci1"));
  EXPECT_THAT(differs(R"("slot": "5")"), StartsWith("WARN it was in slot 5 and is in 4; gpupci"));
  EXPECT_THAT(differs(R"("iommu_group": "7")"),
              StartsWith("WARN it was in IOMMU group 7 and is in 13; gpupci"));
  set_host("names.json", "{");
  EXPECT_THAT(check("D2"), StartsWith("UNKNOWN not a record of names: "));
  EXPECT_THAT(check("D2"), EndsWith("; move it away, and the cards are numbered anew"));
}

TEST_F(Checks, AskTheGuards) {
  proc_.file("self/mountinfo", "").file("net/route", "").file("iomem", "");
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information", "");
  proc_.file("driver/nvidia/version",
             "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03\n");
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::filesystem::path(function) / "resource", "0xe0000000 0xefffffff 0x14220c\n");
  }
  set("0000:02:00.0/boot_vga", "0\n");
  for (const auto* id : {"D6", "D7", "D8", "D9", "D10", "D11", "D22"}) {
    EXPECT_THAT(check(id), StartsWith("PASS")) << id;
  }
  proc_.file("iomem", "00000000-00000000 : BOOTFB\n");  // as others than root see it
  EXPECT_THAT(check("D8"), StartsWith("UNKNOWN only root sees in /proc/iomem"));
  proc_.file("iomem", "e1000000-e12fffff : BOOTFB\n");
  EXPECT_THAT(check("D8"), StartsWith("FAIL the firmware's framebuffer (BOOTFB) is in region 0"));
  set("0000:02:00.0/boot_vga", "1\n");
  EXPECT_THAT(check("D7"), StartsWith("WARN the firmware starts with 0000:02:00.0"));
  set("0000:02:00.0/drm/card0/dev", "1:3\n");
  set("0000:02:00.0/drm/card0/uevent", "DEVNAME=dri/card0\n");
  proc_.process(812, "Xorg").open(812, 9, "/dev/null");
  EXPECT_EQ(check("D9"), "FAIL process 812 ('Xorg') has /dev/dri/card0 open; stop it (kill 812)");
  EXPECT_EQ(check("V1"), "PASS no running VM has it");
  vm_devices_ = std::vector<virt::VmDevice>{{"rocks-33", "0000:02:00.1"}};
  EXPECT_EQ(check("V1"),
            "FAIL VM 'rocks-33' runs with it (libvirt says 0000:02:00.1); virsh shutdown rocks-33");
  vm_devices_.reset();
  EXPECT_EQ(check("V1"), "UNKNOWN libvirt does not answer; systemctl status libvirtd may tell why");
  set("0000:02:00.0/sriov_numvfs", "2\n");
  EXPECT_THAT(check("D22"), StartsWith("FAIL 0000:02:00.0 has 2 active virtual functions; end"));
}

TEST_F(Checks, OfTheDriver) {
  proc_.file("driver/nvidia/version",
             "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03\n");
  EXPECT_EQ(check("D11"), "PASS NVIDIA driver 535 can be unbound");
  proc_.file("driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  595.10\n");
  EXPECT_THAT(check("D11"), StartsWith("WARN NVIDIA driver 595 never comes back"));
  set_host("module/nvidia_drm/parameters/fbdev", "Y\n");
  EXPECT_THAT(check("D10"), StartsWith("PASS")) << "the driver may, and has made no framebuffer";
  set("0000:02:00.0/graphics/fb0/name", "nvidia-drmdrmfb\n");
  EXPECT_THAT(check("D10"), StartsWith("FAIL nvidia_drm draws the console"));
  EXPECT_THAT(check("D12"), StartsWith("PASS"));
  fake_.set_driver_override({0, 2, 0, 1}, "pci-stub");
  EXPECT_THAT(check("D12"), StartsWith("WARN 0000:02:00.1 is kept for driver 'pci-stub'; echo >"));
  EXPECT_THAT(check("D13"), StartsWith("UNKNOWN"));
  set_host("modules/6.1.0-test/modules.alias",
           "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
           "alias vfio_pci:v000010DEd00001E07sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n");
  EXPECT_THAT(check("D13"), StartsWith("PASS"));
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_THAT(check("D13"), StartsWith("WARN nvgrace_gpu_vfio_pci is made for 0000:02:00.0"));
}

TEST_F(Checks, OfTheHardware) {
  EXPECT_THAT(check("D1"), StartsWith("UNKNOWN"));
  set("0000:02:00.0/config", std::string(64, '\x10'));
  set("0000:02:00.1/config", std::string(64, '\x10'));
  EXPECT_EQ(check("D1"), "PASS every function answers");
  set("0000:02:00.1/config", std::string(64, '\xff'));
  EXPECT_EQ(check("D1"), "FAIL 0000:02:00.1 has fallen off the bus; power the host off and on");
  EXPECT_THAT(check("D14"), StartsWith("WARN 0000:02:00.0 cannot be reset; put it alone behind"));
  set("0000:02:00.0/reset_method", "flr bus\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (flr bus)");
  set("0000:02:00.0/reset_method", "bus\n");
  fake_.add({"0000:03:00.0", "0200", "8086:100e", std::nullopt, 13});
  EXPECT_THAT(check("D14"), StartsWith("WARN its reset (bus) resets 0000:03:00.0 as well"));
  set("0000:02:00.0/d3cold_allowed", "0\n");
  EXPECT_EQ(check("D15"), "PASS it keeps its power");
  set("0000:02:00.0/d3cold_allowed", "1\n");
  EXPECT_THAT(check("D15"), StartsWith("WARN 0000:02:00.0 may lose its power"));
  set_host("module/vfio_pci/parameters/disable_idle_d3", "Y\n");
  EXPECT_THAT(check("D15"), StartsWith("PASS"));
  set("0000:02:00.0/power_state", "D3cold\n");
  EXPECT_THAT(check("D15"), StartsWith("WARN 0000:02:00.0 is without power"));
  set("0000:02:00.0/resource",
      "0xf6000000 0xf6ffffff 0x40200\n0x0 0xfffffff 0x14220c\n0x0 0x0 0x0\n");
  EXPECT_THAT(check("D18"), StartsWith("FAIL region 1 of 0000:02:00.0 (256 MiB) has no address"));
  set("0000:02:00.0/resource", "0xf6000000 0xf6ffffff 0x40200\n0xe0000000 0xefffffff 0x14220c\n");
  EXPECT_THAT(check("D18"),
              StartsWith("UNKNOWN the kernel shows no resource of 0000:02:00.1; lspci -s"));
  set("0000:02:00.1/resource", "");
  EXPECT_EQ(check("D18"), "PASS every region has an address");
  set("0000:02:00.0/boot_vga", "0\n");
  EXPECT_EQ(check("D20"), "PASS its ROM is its own");
  set("0000:02:00.0/rom", "");
  EXPECT_THAT(check("D20"), StartsWith("PASS"));
  set("0000:02:00.0/boot_vga", "1\n");
  EXPECT_THAT(check("D20"), StartsWith("WARN the host sees a shadow of the ROM of 0000:02:00.0"));
  set_host("devices/system/node/node0/x", "");
  set("0000:02:00.0/numa_node", "-1\n");
  EXPECT_THAT(check("D21"), StartsWith("PASS"));
  set_host("devices/system/node/node1/x", "");
  EXPECT_THAT(check("D21"), StartsWith("UNKNOWN the firmware does not tell its NUMA node"));
}

TEST_F(Checks, OfPcie) {
  constexpr char kErrors = 0x01;
  constexpr char kResizable = 0x15;
  const auto set_both = [&](std::optional<char> extended) {
    for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) set_config(function, extended);
  };
  const auto all_start_with = [&](const std::string& word) {
    for (const auto* id : {"D16", "D17", "D19"}) EXPECT_THAT(check(id), StartsWith(word)) << id;
  };
  // Others than root see 64 bytes, and a function that does not answer all ones.
  for (const auto& config : {std::string(64, '\0'), std::string(4096, '\xff')}) {
    set("0000:02:00.0/config", config);
    all_start_with("UNKNOWN it is not known whether ");
  }
  set_both(std::nullopt);
  EXPECT_EQ(check("D16"), "PASS it is no PCIe device, and has no link");
  EXPECT_EQ(check("D17"), "PASS it is not made to report PCIe errors");
  EXPECT_EQ(check("D19"), "PASS no region can be resized");

  set_both(kErrors);
  EXPECT_THAT(check("D16"),
              StartsWith("UNKNOWN the kernel shows no current_link_width of 0000:02:00.0"));
  EXPECT_THAT(check("D17"), StartsWith("UNKNOWN the kernel counts no PCIe errors of 0000:02:00.0"));
  set("0000:02:00.0/current_link_width", "16\n");
  set("0000:02:00.0/max_link_width", "16\n");
  EXPECT_EQ(check("D16"), "PASS its link has 16 of 16 lanes");
  set("0000:02:00.0/current_link_width", "8\n");
  EXPECT_THAT(check("D16"), StartsWith("WARN its link has 8 of 16 lanes"));
  set("0000:02:00.0/current_link_width", "many\n");
  EXPECT_THAT(check("D16"), StartsWith("UNKNOWN link width 'many' of '16'"));
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::filesystem::path(function) / "aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 0\n");
    EXPECT_THAT(check("D17"), StartsWith("UNKNOWN"));
    set(std::filesystem::path(function) / "aer_dev_nonfatal", "TOTAL_ERR_NONFATAL 0\n");
  }
  EXPECT_EQ(check("D17"), "PASS no PCIe error was reported");
  set("0000:02:00.1/aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 3\n");
  EXPECT_THAT(check("D17"), StartsWith("WARN 0000:02:00.1 had 3 PCIe errors since boot"));

  set_config("0000:02:00.1", kResizable);
  EXPECT_EQ(check("D19"), "PASS a region of 0000:02:00.1 can be resized");
  set("0000:02:00.0/resource", "0xf6000000 0xf6ffffff 0x40200\n0x0 0xfffffff 0x14220c\n");
  set("0000:02:00.0/resource1_resize", "00000000000fff00\n");
  EXPECT_EQ(check("D19"), "PASS region 1 has 256 MiB and can be resized");
}

// Of a card there is only what makes it one, and of /proc nothing.
TEST_F(Checks, PassNothingThatRestsOnAMissingFile) {
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    std::filesystem::remove(fake_.root() / "bus/pci/devices" / function / "driver_override");
  }
  std::filesystem::remove(proc_.root() / "cpuinfo");
  // A link, a module, a disk or a slice that is not there is not there.
  EXPECT_EQ(ids(Verdict::pass), "H5 D3 D4 D5 D10 D22 D23 V1");
  EXPECT_EQ(ids(Verdict::fail), "H2 H7 H8");
  EXPECT_EQ(ids(Verdict::warn), "D14");
  EXPECT_EQ(ids(Verdict::unknown),
            "H1 H3 H4 H9 H6 D1 D2 D6 D7 D8 D9 D11 D12 D13 D15 D16 D17 D18 D19 D20 D21");
  std::filesystem::remove_all(fake_.root() / "bus/pci/devices/0000:02:00.0/iommu_group");
  EXPECT_EQ(ids(Verdict::pass), "D3 D5 D10 D22 D23 V1");
}

TEST_F(Checks, AreNeverPassedWhenTheProbeFails) {
  set_host("module/vfio/parameters/enable_unsafe_noiommu_mode/x", "");  // a folder cannot be read
  EXPECT_THAT(check("H3"), StartsWith("UNKNOWN cannot read "));
  EXPECT_THAT(check("H3"), EndsWith("; run gpupci as root; dmesg may tell more"));
}

TEST(CheckResults, TellTheWorstAndItsExitStatus) {
  const std::string card = "gpupci1";
  std::vector<CheckResult> results{{"H2", {}, passed("on")}};
  EXPECT_EQ(exit_status(worst(results)), 0);
  results.push_back({"D7", card, warned("boot", "move")});
  EXPECT_EQ(exit_status(worst(results)), 1);
  results.push_back({"D9", card, unknown("no", "")});
  EXPECT_EQ(exit_status(worst(results)), 3);
  results.push_back({"D1", card, failed("dead", "")});
  EXPECT_EQ(exit_status(worst(results)), 2);
  EXPECT_EQ(checks_table(results),
            "ID   CARD     RESULT   REASON\n"
            "H2   -        PASS     on\n"
            "D7   gpupci1  WARN     boot; move\n"
            "D9   gpupci1  UNKNOWN  no\n"
            "D1   gpupci1  FAIL     dead\n");
  EXPECT_THAT(
      checks_json(results),
      HasSubstr(R"({"id":"D7","card":"gpupci1","result":"WARN","reason":"boot","fix":"move"})"));
  EXPECT_THAT(checks_json(results),
              HasSubstr(R"({"id":"H2","card":null,"result":"PASS","reason":"on","fix":null})"));
}

}  // namespace
}  // namespace cluster::agent
