#pragma once

#include <string>
#include <vector>

#include "tests/support/called_gpupci.h"
#include "tests/support/fake_slices.h"
#include "tests/support/story.h"

namespace cluster {

/// A host made of files that gpupci itself works on. It has two cards in two slices each, and mtty.
/// The slices of 01:00.0 are virtual functions, of which the first is detached. Those of 02:00.0
/// can be vGPUs of NVIDIA's driver; the second has a type.
class SlicedHost : public agent::CalledGpupci {
 public:
  SlicedHost() {
    environment_.write_attribute = [this](const std::filesystem::path& file,
                                          std::string_view text) { slices_.write(file, text); };
    fake_.add({"0000:01:00.0", "0302", "10de:ffff", "nvidia", 13});
    fake_.add({"0000:02:00.0", "0302", "10de:ffff", "nvidia", 14});
    slices_.add_sriov("0000:01:00.0", 4);
    slices_.add_sriov("0000:02:00.0", 4);
    slices_.offer_vendor_vgpu("0000:02:00.0", "ID : vGPU Name\n1145 : NVIDIA L40S-4Q\n");
    slices_.offer_mdev("mtty", "mtty-1", "Single port serial", 2);
    run({"--vfs", "gpupci1", "2"});
    run({"--vfs", "gpupci2", "2"});
    run({"--create-vgpu", "gpupci2.1", "1145"});
    set_driver("0000:01:00.1", "vfio-pci");
  }

  void TestBody() override {}

  std::string run(const std::vector<std::string>& arguments) {
    auto out = gpupci(arguments);
    EXPECT_EQ(err_, "");
    return out;
  }

  // Makes a vGPU of mtty; returns its id.
  std::string create() {
    const auto out = run({"--create-vgpu", "mtty", "mtty-1"});
    return std::string(split(out, ' ')[2]);
  }

  void remove(const std::string& uuid) {
    slices_.write(fake_.root() / "bus/mdev/devices" / uuid / "remove", "1");
  }

  // Makes this many virtual functions of the first card, with no driver.
  void cut(int number) {
    set_driver("0000:01:00.1", {});
    run({"--vfs", "gpupci1", std::to_string(number)});
  }

  void set_driver(const std::string& pci, const std::optional<std::string>& driver) {
    fake_.set_driver(PciAddress::parse(pci), driver);
  }

  void add(const agent::FakeSysfs::Function& function) { fake_.add(function); }

  // Sets an attribute of a function, such as "numa_node".
  void set(const std::string& pci, const std::string& attribute, const std::string& text) {
    replace_file(fake_.sysfs().device_path(PciAddress::parse(pci)) / attribute, text);
  }

 private:
  agent::FakeSlices slices_{fake_};
};

/// A story with that host as n1, and the VMs v1 and v2 on it.
class SlicedStory : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1", "appliance=vm-container"});
    cluster({"add", "host", "vm", "v1", "n1", "mem=4096", "cpus=4",
             "uuid=c2177883-f1bb-47f0-914d-000000000001"});
    cluster({"add", "host", "vm", "v2", "n1", "uuid=c2177883-f1bb-47f0-914d-000000000002"});
    transport.answers["n1"].out = "v1\nv2\n";
  }

  // Returns what `cluster discover host gpu` prints now.
  std::string discover() {
    transport.by_command["gpupci -l --json"] = host.run({"-l", "--json"});
    return cluster({"discover", "host", "gpu", "format=csv"});
  }

  SlicedHost host;
};

}  // namespace cluster
