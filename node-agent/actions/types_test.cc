#include <gmock/gmock.h>

#include <algorithm>

#include "core/file.h"
#include "tests/support/called_gpupci.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Types : public CalledGpupci {
 protected:
  Types() {
    fake_.add_card("0000:02:00", 1, 13).add_card("0000:03:00", 1, 14);
    slices_.offer_mdev("0000:02:00.0", "nvidia-63", "GRID P40-1Q", 24);
    slices_.offer_mdev("0000:03:00.0", "nvidia-64", "GRID P40-2Q", 12);
  }

  FakeSlices slices_{fake_};
};

TEST_F(Types, AreThoseOfAllParentsOrOfOne) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--types"}, {"--types", "all"}}) {
    const auto all = gpupci(words);
    EXPECT_THAT(all, HasSubstr("GRID P40-1Q"));
    EXPECT_THAT(all, HasSubstr("GRID P40-2Q"));
    EXPECT_EQ(status_, 0);
  }
  const auto one = gpupci({"--types", "gpupci2"});
  EXPECT_THAT(one, HasSubstr("GRID P40-2Q"));
  EXPECT_THAT(one, Not(HasSubstr("GRID P40-1Q")));
  EXPECT_THAT(gpupci({"--types", "gpupci2", "--json"}), HasSubstr(R"("pci":"pci_0000_03_00_0")"));
}

TEST_F(Types, AreNoneOfACardThatIsNoParent) {
  fake_.add_card("0000:04:00", 1, 15);
  for (const auto* name : {"gpupci3", "gpupci9"}) {
    EXPECT_THAT(gpupci({"--types", name}), IsEmpty());
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(err_, HasSubstr(name));
    EXPECT_EQ(std::ranges::count(err_, '\n'), 1) << err_;
  }
}

// A host without a parent of vGPUs.
class NoTypes : public CalledGpupci {
 protected:
  NoTypes() {
    environment_.proc = proc_.root();
    fake_.add({"0000:02:00.0", "0302", "10de:26b9", "nvidia", 13});
    replace_file(fake_.root() / "bus/pci/devices/0000:02:00.0/sriov_totalvfs", "32\n");
    replace_file(fake_.root() / "bus/pci/devices/0000:02:00.0/sriov_numvfs", "0\n");
  }

  FakeProc proc_;
};

TEST_F(NoTypes, SayWhyThereIsNothing) {
  EXPECT_EQ(gpupci({"--types"}), "") << "there is no table without rows";
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, StartsWith("gpupci: no vGPUs: the driver nvidia of gpupci1 is not the vGPU "
                               "manager; install "));
  EXPECT_THAT(err_, HasSubstr("gpupci --vfs gpupci1 32\n"));
  EXPECT_THAT(gpupci({"--types", "--json"}),
              StartsWith(R"({"types":[],"hints":[{"card":"gpupci1","reason":"the driver nvidia )"));
  for (const auto* word : {"--types", "--create-vgpu"}) {
    std::vector<std::string> arguments{word, "gpupci1"};
    if (arguments[0] == "--create-vgpu") arguments.emplace_back("nvidia-558");
    EXPECT_EQ(gpupci(arguments), "");
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(err_, HasSubstr("no vGPUs can be made from 'gpupci1': the driver nvidia of gpupci1 "
                                "is not the vGPU manager; install "));
  }
}

TEST_F(NoTypes, SayThatThereIsNoCard) {
  fake_.remove("0000:02:00.0");
  EXPECT_EQ(gpupci({"--types"}), "");
  EXPECT_EQ(err_, "gpupci: no vGPUs: there is no card\n");
}

// An instance of MIG belongs to the host.
TEST_F(NoTypes, OfMigAreListed) {
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n");
  proc_.file("driver/nvidia/capabilities/gpu0/mig/gi2/ci0/access", "DeviceFileMinor: 30\n");
  EXPECT_THAT(gpupci({"--vgpus"}), HasSubstr("gpupci1-gi2  gpupci1  -     MIG"));
  EXPECT_EQ(gpupci({"--vgpus", "--json"}),
            R"({"vgpus":[],"mig":[{"id":"gpupci1-gi2","card":"gpupci1","pci":"pci_0000_02_00_0",)"
            R"("gpu_instance":2,"compute_instances":[0]}]})"
            "\n");
}

}  // namespace
}  // namespace cluster::agent
