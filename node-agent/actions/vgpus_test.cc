#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "core/text.h"
#include "node-agent/state/lock.h"
#include "node-agent/state/slice_record.h"
#include "node-agent/transaction/vgpu_lease.h"
#include "tests/support/called_gpupci.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr auto* kUuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

// This file passes 400 lines on purpose: all actions on vGPUs, on one fixture.
class Vgpus : public CalledGpupci {
 protected:
  Vgpus() {
    environment_.proc = proc_.root();
    environment_.slice_patience = 0ms;
    environment_.write_attribute = [this](const std::filesystem::path& file,
                                          std::string_view text) {
      if (file.filename() == killed_at_) {
        if (after_) slices_.write(file, text);
        if (hangs_) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (hangs_) ::pause();
        ::kill(::getppid(), SIGKILL);
        ::_exit(0);
      }
      slices_.write(file, text);
    };
    fake_.add({"0000:01:00.0", "0302", "10de:26b9", "nvidia", 13});
    slices_.add_sriov("0000:01:00.0", 4);
    slices_.offer_mdev("mtty", "mtty-1", "Single port serial", 2);
    slices_.offer_mdev("mtty", "mtty-2", "Dual port serial", 1);
  }

  // The values that are read from "Created vGPU ID of type T on P, lease L".
  struct Made {
    std::string id;
    std::string lease;
  };

  Made create(const std::string& parent, const std::string& type) {
    const auto text = gpupci({"--create-vgpu", parent, type});
    EXPECT_THAT(err_, IsEmpty());
    const auto words = split(trim(text), ' ');
    if (words.size() != 10) return {};
    return {std::string(words[2]), std::string(words[9])};
  }

  // Runs gpupci in a process of its own, which is killed when it writes to this attribute.
  void killed(const std::vector<std::string>& arguments, const std::string& attribute, bool after) {
    const auto child = ::fork();
    if (child == 0) {
      killed_at_ = attribute;
      after_ = after;
      gpupci(arguments);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    environment_.lock_patience = 10s;  // until the child of the killed gpupci has gone
  }

  // Calls `act` once gpupci --restore is at work.
  template <typename Do>
  void restore_while(Do act) {
    const auto child = ::fork();
    if (child == 0) {
      for (bool at_work = false; !at_work;) {
        try {
          const Lock lock(environment_.lock, 0ms);
        } catch (const Error&) {
          at_work = true;
        }
      }
      act();
      ::_exit(0);
    }
    gpupci({"--restore"});
    EXPECT_EQ(status_, 0) << err_;
    ::kill(child, SIGKILL);  // for the case that nobody has waited for it
    ::waitpid(child, nullptr, 0);
  }

  FakeProc proc_;
  FakeSlices slices_{fake_};
  std::string killed_at_;
  bool after_ = false;
  bool hangs_ = false;
};

TEST(CreatableTypes, AreTheLinesWithANumber) {
  const auto types = parse_creatable(
      "ID    : vGPU Name\n1145  : NVIDIA L40S-4Q\n 1146 : NVIDIA L40S-1-12Q\n\nnone\n", true);
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0].id, "1145");
  EXPECT_EQ(types[0].name, "NVIDIA L40S-4Q");
  EXPECT_EQ(types[1].name, "NVIDIA L40S-1-12Q");
  EXPECT_EQ(types[1].available, 1);
  EXPECT_TRUE(parse_creatable("", true).empty());
  EXPECT_EQ(parse_creatable("7 : x", false).front().available, 0);
}

TEST(Leases, AreNeverTheSame) {
  EXPECT_NE(new_lease(), new_lease());
  EXPECT_THAT(new_lease(), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_THAT(random_uuid(), MatchesRegex(kUuid));
}

TEST_F(Vgpus, AreListedForEachVirtualFunction) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "ID : vGPU Name\n1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "2"});
  EXPECT_EQ(gpupci({"--types", "gpupci1"}),
            "PARENT     TYPE  AVAILABLE  API       NAME\n"
            "gpupci1.0  1145  1          vfio-pci  NVIDIA L40S-4Q\n"
            "gpupci1.1  1145  1          vfio-pci  NVIDIA L40S-4Q\n");
}

TEST_F(Vgpus, HaveTypesOfBothKinds) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "ID : vGPU Name\n1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "1"});
  EXPECT_EQ(gpupci({"--types"}),
            "PARENT     TYPE    AVAILABLE  API       NAME\n"
            "gpupci1.0  1145    1          vfio-pci  NVIDIA L40S-4Q\n"
            "mtty       mtty-1  2          vfio-pci  Single port serial\n"
            "mtty       mtty-2  1          vfio-pci  Dual port serial\n");
  EXPECT_THAT(gpupci({"--types", "gpupci1"}), Not(HasSubstr("mtty")));
  EXPECT_THAT(gpupci({"--types", "all", "--json"}),
              HasSubstr(R"({"types":[{"parent":"gpupci1.0","pci":"pci_0000_01_00_1",)"
                        R"("interface":"vendor-vfio","type":"1145","name":"NVIDIA L40S-4Q",)"
                        R"("available":1,"api":"vfio-pci"},{"parent":"mtty","pci":null,)"));
  gpupci({"--types", "mttx"});
  EXPECT_EQ(err_,
            "gpupci: no vGPUs can be made from 'mttx' (did you mean 'mtty'?); gpupci --types lists "
            "what can be made\n");
  EXPECT_EQ(status_, 1);
}

TEST_F(Vgpus, AreMadeAndRemovedByTheirLease) {
  const auto made = create("mtty", "mtty-1");
  EXPECT_THAT(made.id, MatchesRegex(kUuid));
  EXPECT_TRUE(std::filesystem::exists(fake_.root() / "bus/mdev/devices" / made.id));
  EXPECT_THAT(gpupci({"--vgpus"}), HasSubstr(made.id + "  mtty    mtty-1  present  " + made.lease));

  gpupci({"--remove-vgpu", made.id, "--lease=0123456789abcdef"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("gpupci: cannot remove vGPU " + made.id + ": lease " + made.lease +
                              " has it since 20"));
  EXPECT_THAT(err_, HasSubstr(", not '0123456789abcdef'; nothing was removed\n"));
  EXPECT_TRUE(std::filesystem::exists(fake_.root() / "bus/mdev/devices" / made.id));

  EXPECT_THAT(gpupci({"--remove-vgpu", made.id, "--lease=" + made.lease, "--dry-run"}),
              HasSubstr("echo 1 > "));
  EXPECT_EQ(gpupci({"--remove-vgpu", made.id, "--lease=" + made.lease}),
            "Removed vGPU " + made.id + "\n");
  EXPECT_FALSE(std::filesystem::exists(fake_.root() / "bus/mdev/devices" / made.id));
  EXPECT_FALSE(std::filesystem::exists(environment_.slices));
  gpupci({"--remove-vgpu", made.id, "--lease=" + made.lease});
  EXPECT_THAT(err_, HasSubstr("gpupci has not made it, or not any more; nothing was removed\n"));
}

TEST_F(Vgpus, OfAnotherLeaseAreNotRemovedByAStaleOne) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "1"});
  const auto first = create("gpupci1", "1145");
  EXPECT_EQ(first.id, "gpupci1.0");
  gpupci({"--remove-vgpu", "gpupci1.0", "--lease=" + first.lease});
  const auto type = fake_.root() / "bus/pci/devices/0000:01:00.1/nvidia/current_vgpu_type";
  EXPECT_EQ(read_file(type), "0\n") << err_;
  const auto second = create("gpupci1.0", "1145");
  EXPECT_NE(second.lease, first.lease);
  gpupci({"--remove-vgpu", "gpupci1.0", "--lease=" + first.lease});
  EXPECT_THAT(err_, HasSubstr("lease " + second.lease + " has it since 20"));
  EXPECT_EQ(read_file(type), "1145\n");
}

TEST_F(Vgpus, AreRefusedWithWhatCanBeMade) {
  create("mtty", "mtty-2");
  gpupci({"--create-vgpu", "mtty", "mtty-2"});
  EXPECT_EQ(err_,
            "gpupci: cannot create a vGPU on mtty: no 'mtty-2' can be made now; what can: mtty-1 "
            "(Single port serial)\n");
  EXPECT_EQ(status_, 1);
  gpupci({"--create-vgpu", "gpupci1", "nvidia-558"});
  EXPECT_THAT(err_,
              HasSubstr("no vGPUs can be made from 'gpupci1': the driver nvidia of gpupci1 is "
                        "not the vGPU manager; "));
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--create-vgpu", "../x", "mtty-1"},
                                             {"--create-vgpu", "mtty", "a/b"},
                                             {"--create-vgpu", "mtty"},
                                             {"--remove-vgpu", "x"},
                                             {"--vgpus", "--lease=x"}}) {
    gpupci(wrong);
    EXPECT_EQ(status_, 2) << wrong.front();
  }
}

TEST_F(Vgpus, StayWhileAVmHasThem) {
  const auto made = create("mtty", "mtty-1");
  replace_file(fake_.root() / "class/vfio/77/dev", "1:3\n");  // /dev/null stands for it
  replace_file(fake_.root() / "class/vfio/77/uevent", "DEVNAME=vfio/77\n");
  proc_.process(812, "qemu").open(812, 9, "/dev/null");
  gpupci({"--remove-vgpu", made.id, "--lease=" + made.lease});
  EXPECT_THAT(err_, HasSubstr(": vm: process 812 ('qemu') has /dev/vfio/77 open; "));
  EXPECT_TRUE(std::filesystem::exists(fake_.root() / "bus/mdev/devices" / made.id));
  EXPECT_THAT(read_file(environment_.slices).value_or(""), HasSubstr(R"("removing": false)"));
}

TEST_F(Vgpus, StayWhileLibvirtSaysThatAVmHasThem) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "1"});
  for (const auto& made : {create("mtty", "mtty-1"), create("gpupci1", "1145")}) {
    const auto device = made.id == "gpupci1.0" ? "0000:01:00.1" : made.id;
    vm_devices_ = {{"rocks-34", device}};
    gpupci({"--remove-vgpu", made.id, "--lease=" + made.lease});
    EXPECT_THAT(err_,
                HasSubstr(": vm: VM 'rocks-34' runs with it (libvirt says " + device + "); "));
    vm_devices_.clear();
    gpupci({"--remove-vgpu", made.id, "--lease=" + made.lease});
    EXPECT_EQ(status_, 0) << err_;
  }
}

TEST_F(Vgpus, LeaveTheirSliceWedgedWhenThereIsNoEnd) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "2"});
  const auto made = create("gpupci1.0", "1145");
  environment_.act_deadline = 100ms;
  killed_at_ = "current_vgpu_type";
  hangs_ = true;
  gpupci({"--remove-vgpu", "gpupci1.0", "--lease=" + made.lease});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("no end after 0 s of: echo 0 > "));
  EXPECT_THAT(err_, HasSubstr("; reboot the host\n"));
  fake_.lock({0, 1, 0, 1});
  EXPECT_THAT(gpupci({"-s", "gpupci1.0"}), HasSubstr("'gpupci1.0' is wedged since 20"));
  gpupci({"--create-vgpu", "gpupci1.1", "1145"});
  EXPECT_THAT(err_, HasSubstr("no end after 0 s of: echo 1145 > "));
  fake_.lock({0, 1, 0, 2});
  environment_.act_deadline = 10s;  // never reached: none of these is tried, and the lock is free
  for (const std::vector<std::string>& again : std::vector<std::vector<std::string>>{
           {"--remove-vgpu", "gpupci1.0", "--lease=" + made.lease},
           {"--create-vgpu", "gpupci1.1", "1145"},
           {"--vfs", "gpupci1", "0", "--force=slices"}}) {
    gpupci(again);
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(err_, HasSubstr(": wedged since 20")) << again.front();
  }
  EXPECT_THAT(gpupci({"--vgpus"}), HasSubstr("gpupci1.0  gpupci1.0  1145  present  " + made.lease));
  EXPECT_THAT(read_file(environment_.slices).value_or(""), Not(HasSubstr("gpupci1.1")));
}

TEST_F(Vgpus, KeepTheVirtualFunctionsThatTheyAreOn) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "2"});
  gpupci({"-d", "gpupci1.1"});
  EXPECT_THAT(err_, HasSubstr("slices: the driver of 0000:01:00.2 gives it to VMs itself, vfio-pci "
                              "cannot; gpupci --create-vgpu gpupci1.1 TYPE\n"));
  create("gpupci1.0", "1145");
  gpupci({"--vfs", "gpupci1", "0"});
  EXPECT_THAT(err_, HasSubstr("slices: 0000:01:00.1 has a vGPU of type 1145; end its VM, "));
  const auto made = create("gpupci1", "1145");
  EXPECT_EQ(made.id, "gpupci1.1");  // the next that is free
}

TEST_F(Vgpus, ComeBackAfterAReboot) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "2"});
  const auto mdev = create("mtty", "mtty-1");
  const auto vendor = create("gpupci1.1", "1145");
  slices_.reboot();
  EXPECT_THAT(gpupci({"--vgpus"}), HasSubstr("missing"));
  EXPECT_THAT(gpupci({"--restore", "--dry-run"}), HasSubstr("# make vGPU gpupci1.1 of type 1145"));
  const auto text = gpupci({"--restore"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_THAT(text, HasSubstr("GPU card 'gpupci1' has 2 virtual functions\n"));
  EXPECT_THAT(text, HasSubstr("Created vGPU " + mdev.id + " of type mtty-1 on mtty, lease " +
                              mdev.lease + "\n"));
  EXPECT_THAT(gpupci({"--vgpus"}), Not(HasSubstr("missing")));
  EXPECT_THAT(gpupci({"--restore"}), IsEmpty());
  gpupci({"--remove-vgpu", "gpupci1.1", "--lease=" + vendor.lease});
  EXPECT_EQ(status_, 0) << err_;
}

// Before NVIDIA's daemons run there are no types. At that time nobody waits for them.
TEST_F(Vgpus, AreLeftToALaterRestore) {
  fake_.add_card("0000:02:00", 1, 14);
  gpupci({"--vfs", "gpupci1", "2"});
  gpupci({"-d", "gpupci1.0"});
  gpupci({"-d", "gpupci2"});
  const auto made = create("mtty", "mtty-1");
  slices_.reboot();
  fake_.set_driver({0, 2, 0, 0}, "nvidia");
  const auto types = fake_.root() / "devices/virtual/mtty/mtty/mdev_supported_types";
  std::filesystem::rename(types, fake_.root() / "away");
  EXPECT_EQ(gpupci({"--restore", "cards"}),
            "Detached GPU card 'gpupci2' video device 0000:02:00.0\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(status_, 0);
  std::filesystem::rename(fake_.root() / "away", types);
  const auto text = gpupci({"--restore"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_THAT(text, HasSubstr("Created vGPU " + made.id));
  EXPECT_THAT(text, HasSubstr("Detached GPU card 'gpupci1.0' "));
  gpupci({"--restore", "vgpus"});
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, HasSubstr("cannot restore 'vgpus' alone (want cards)"));
}

TEST_F(Vgpus, AreWaitedForAndToldOfWhenTheyDoNotCome) {
  const auto made = create("mtty", "mtty-1");
  slices_.reboot();
  const auto types = fake_.root() / "devices/virtual/mtty/mtty/mdev_supported_types";
  std::filesystem::rename(types, fake_.root() / "away");  // the module is not loaded yet
  gpupci({"--restore"});
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(err_, "gpupci: cannot restore vGPU " + made.id +
                      ": mtty does not offer 'mtty-1' now (driver?)\n");
  environment_.slice_patience = 20s;
  restore_while([&] { std::filesystem::rename(fake_.root() / "away", types); });
}

TEST_F(Vgpus, WaitForTheDriverOfTheCard) {
  gpupci({"--vfs", "gpupci1", "2"});
  slices_.reboot();
  fake_.set_driver({0, 1, 0, 0}, std::nullopt);
  environment_.slice_patience = 20s;
  restore_while([&] { fake_.set_driver({0, 1, 0, 0}, "nvidia"); });
}

TEST_F(Vgpus, AreWholeAgainAfterAKill) {
  for (const bool after : {false, true}) {
    killed({"--create-vgpu", "mtty", "mtty-1"}, "create", after);
    gpupci({"--restore"});
    EXPECT_EQ(status_, 0) << err_;
    const auto kept = SliceRecord(environment_.slices).vgpus();
    ASSERT_EQ(kept.size(), 1U);
    const auto& [id, leased] = *kept.begin();
    EXPECT_TRUE(std::filesystem::exists(fake_.root() / "bus/mdev/devices" / id));
    killed({"--remove-vgpu", id, "--lease=" + leased.lease}, "remove", after);
    gpupci({"--restore"});
    EXPECT_EQ(status_, 0) << err_;
    EXPECT_FALSE(std::filesystem::exists(fake_.root() / "bus/mdev/devices" / id));
    EXPECT_FALSE(std::filesystem::exists(environment_.slices));
  }
}

TEST_F(Vgpus, AreChecked) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "1145 : NVIDIA L40S-4Q\n");
  EXPECT_THAT(check("gpupci1"), HasSubstr("G2   gpupci1  PASS     no virtual functions are asked"));
  gpupci({"--vfs", "gpupci1", "2"});
  EXPECT_THAT(check("gpupci1"), HasSubstr("G7   gpupci1  PASS     it has no vGPUs\n"));
  create("gpupci1", "1145");
  auto text = check("gpupci1");
  EXPECT_THAT(text, HasSubstr("G1   gpupci1  PASS     its vGPUs are vendor-vfio\n"));
  EXPECT_THAT(text, HasSubstr("G2   gpupci1  PASS     it has its virtual functions (2)\n"));
  EXPECT_THAT(text, HasSubstr("G5   gpupci1  PASS     "));
  EXPECT_THAT(text,
              HasSubstr("G7   gpupci1  PASS     its vGPUs are there, and come back after a "));
  EXPECT_THAT(check("gpupci1.1"), HasSubstr("D2   gpupci1.1 PASS     it is slice 1 of its card\n"));
  fake_.set_driver({0, 1, 0, 2}, "vfio-pci");
  EXPECT_THAT(check("gpupci1"),
              HasSubstr("G5   gpupci1  FAIL     gpupci1.1 is on vfio-pci, which cannot run its "
                        "vGPUs; gpupci -a gpupci1.1\n"));
  slices_.reboot();
  text = check("gpupci1");
  EXPECT_THAT(text,
              HasSubstr("G1   gpupci1  FAIL     it offers no vGPUs, and 1 are to be on it: "));
  EXPECT_THAT(text, HasSubstr("G2   gpupci1  FAIL     it has 0 virtual functions, want 2; gpupci "
                              "--restore\n"));
  EXPECT_THAT(text,
              HasSubstr("G7   gpupci1  FAIL     vGPU gpupci1.0 is missing; gpupci --restore"));
  replace_file(environment_.slices, "{");
  EXPECT_THAT(check("gpupci1"), HasSubstr("G1   gpupci1  UNKNOWN  not a record of slices: "));
}

TEST_F(Vgpus, OfOthersAreCheckedToo) {
  slices_.offer_vendor_vgpu("0000:01:00.0", "1145 : NVIDIA L40S-4Q\n");
  gpupci({"--vfs", "gpupci1", "2"});
  slices_.write(fake_.root() / "bus/pci/devices/0000:01:00.2/nvidia/current_vgpu_type", "1145");
  EXPECT_THAT(check("gpupci1"),
              HasSubstr("G7   gpupci1  WARN     vGPU gpupci1.1 is not gpupci's: it does not come "
                        "back after a reboot; make it by gpupci --create-vgpu"));
}

TEST_F(Vgpus, OfOthersAreListedAndLeftAlone) {
  slices_.write(fake_.root() / "devices/virtual/mtty/mtty/mdev_supported_types/mtty-1/create",
                "c2177883-f1bb-47f0-914d-32a22e3a8804");
  EXPECT_EQ(gpupci({"--vgpus"}),
            "VGPU                                  PARENT  TYPE    STATE    LEASE  SINCE\n"
            "c2177883-f1bb-47f0-914d-32a22e3a8804  mtty    mtty-1  foreign  -      -\n");
  gpupci({"--remove-vgpu", "mtty", "--lease=x"});
  EXPECT_THAT(err_, HasSubstr("gpupci has not made it"));
}

}  // namespace
}  // namespace cluster::agent
