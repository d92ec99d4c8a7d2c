#include "node-agent/binding/sysfs_node_devices.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SysfsDevices : public ::testing::Test {
 protected:
  SysfsDevices() { fake_.add_card("0000:02:00", 1, 13); }

  SysfsNodeDevices devices(virt::Mode mode) {
    return {fake_.sysfs(),
            settings_,
            fake_.root() / "modules.alias",
            [this](const std::string& module) { load_(module); },
            mode,
            [this](std::string step) {
              const auto root = fake_.root().native();
              for (auto at = step.find(root); at != std::string::npos; at = step.find(root)) {
                step.replace(at, root.size(), "/sys");
              }
              steps_.push_back(step);
            }};
  }

  std::string text(const std::string& file) {
    return read_file(fake_.root() / "bus/pci" / file).value();
  }

  // The card is a model for which a vendor has a driver of vfio.
  void has_vendor_driver() {
    replace_file(fake_.root() / "modules.alias",
                 "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
                 "alias vfio_pci:v000010DEd00001E07sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n");
  }

  FakeSysfs fake_;
  Settings settings_;
  std::string loaded_;
  std::function<void(const std::string&)> load_ = [this](auto& module) { loaded_ = module; };
  std::vector<std::string> steps_;
};

TEST_F(SysfsDevices, DetachByOneAddress) {
  devices(virt::Mode::act).detach(kVideo);
  EXPECT_THAT(steps_,
              ElementsAre("echo vfio-pci > /sys/bus/pci/devices/0000:02:00.0/driver_override",
                          "echo 0000:02:00.0 > /sys/bus/pci/devices/0000:02:00.0/driver/unbind",
                          "echo 0000:02:00.0 > /sys/bus/pci/drivers_probe"));
  EXPECT_TRUE(text("devices/0000:02:00.0/driver_override").starts_with("vfio-pci\n"));
  EXPECT_EQ(text("drivers/nvidia/unbind"), "0000:02:00.0\n");
  EXPECT_EQ(text("drivers_probe"), "0000:02:00.0\n");
  EXPECT_EQ(loaded_, "");
}

TEST_F(SysfsDevices, AttachByClearingTheOverride) {
  fake_.set_driver_override(kVideo, "vfio-pci");
  fake_.set_driver(kVideo, "vfio-pci");
  devices(virt::Mode::act).attach(kVideo);
  EXPECT_THAT(steps_,
              ElementsAre("echo > /sys/bus/pci/devices/0000:02:00.0/driver_override",
                          "echo 0000:02:00.0 > /sys/bus/pci/devices/0000:02:00.0/driver/unbind",
                          "echo 0000:02:00.0 > /sys/bus/pci/drivers_probe"));
}

TEST_F(SysfsDevices, DoNotRebindWhatTheHostHas) {
  fake_.set_driver_override(kVideo, "vfio-pci");  // a detach that died after its first step
  devices(virt::Mode::act).attach(kVideo);
  EXPECT_THAT(steps_, ElementsAre("echo > /sys/bus/pci/devices/0000:02:00.0/driver_override"));
}

TEST_F(SysfsDevices, LoadTheStubDriverOnce) {
  std::filesystem::remove_all(fake_.root() / "bus/pci/drivers/vfio-pci");
  auto acting = devices(virt::Mode::act);
  acting.detach(kVideo);
  acting.detach(kVideo);
  EXPECT_EQ(loaded_, "vfio-pci");
  EXPECT_EQ(std::ranges::count(steps_, "modprobe vfio-pci"), 1);
}

TEST_F(SysfsDevices, TakeTheVendorsDriverOfVfio) {
  has_vendor_driver();
  for (const auto* name : {"nvgrace_gpu_vfio_pci", "nvgrace-gpu-vfio-pci"}) {
    const auto folder = fake_.root() / "bus/pci/drivers" / name;
    load_ = [&](const std::string& module) {
      loaded_ = module;
      std::filesystem::create_directories(folder);
    };
    fake_.set_driver(kVideo, "nvidia");
    devices(virt::Mode::act).detach(kVideo);
    EXPECT_EQ(loaded_, "nvgrace_gpu_vfio_pci");
    EXPECT_TRUE(text("devices/0000:02:00.0/driver_override").starts_with(std::string(name) + "\n"));
    EXPECT_EQ(steps_.front(),
              "# nvgrace_gpu_vfio_pci is the driver of vfio that is made for 0000:02:00.0");
    std::filesystem::remove_all(folder);
    steps_.clear();
  }
  fake_.add({"0000:03:00.0", "0300", "10de:1c03", "nvidia", 14});
  devices(virt::Mode::act).detach({0, 3, 0, 0});
  EXPECT_TRUE(text("devices/0000:03:00.0/driver_override").starts_with("vfio-pci\n"))
      << "of another model";
}

TEST_F(SysfsDevices, NameTheVendorsDriverInARehearsal) {
  has_vendor_driver();
  devices(virt::Mode::dry_run).detach(kVideo);
  EXPECT_THAT(
      steps_,
      ElementsAre("# nvgrace_gpu_vfio_pci is the driver of vfio that is made for 0000:02:00.0",
                  "modprobe nvgrace_gpu_vfio_pci",
                  "echo nvgrace_gpu_vfio_pci > /sys/bus/pci/devices/0000:02:00.0/driver_override",
                  "echo 0000:02:00.0 > /sys/bus/pci/devices/0000:02:00.0/driver/unbind",
                  "echo 0000:02:00.0 > /sys/bus/pci/drivers_probe"));
  EXPECT_EQ(loaded_, "");
}

TEST_F(SysfsDevices, TakeVfioPciWhereTheVendorsDriverCannotBeLoaded) {
  has_vendor_driver();
  load_ = [](const std::string& module) { throw Error(Fault::io, "no " + module); };
  auto acting = devices(virt::Mode::act);
  acting.detach(kVideo);
  acting.detach(kVideo);
  EXPECT_TRUE(text("devices/0000:02:00.0/driver_override").starts_with("vfio-pci\n"));
  EXPECT_EQ(std::ranges::count(steps_, "# vfio-pci instead: no nvgrace_gpu_vfio_pci"), 1);
}

TEST_F(SysfsDevices, TakeTheDriverThatTheSettingsName) {
  has_vendor_driver();
  settings_.stub_driver_is_named = true;
  devices(virt::Mode::act).detach(kVideo);
  EXPECT_TRUE(text("devices/0000:02:00.0/driver_override").starts_with("vfio-pci\n"));
  EXPECT_EQ(loaded_, "");
}

TEST_F(SysfsDevices, ChangeNothingInARehearsal) {
  devices(virt::Mode::dry_run).detach(kVideo);
  EXPECT_EQ(steps_.size(), 3U);
  EXPECT_EQ(text("devices/0000:02:00.0/driver_override"), "(null)\n");
  EXPECT_THAT(text("drivers_probe"), IsEmpty());
}

TEST_F(SysfsDevices, SayWhichWriteTheKernelRefused) {
  std::filesystem::remove(fake_.root() / "bus/pci/devices/0000:02:00.0/driver_override");
  try {
    devices(virt::Mode::act).detach(kVideo);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("0000:02:00.0/driver_override"), std::string::npos);
  }
}

}  // namespace
}  // namespace cluster::agent
