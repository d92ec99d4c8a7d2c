#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/state/wedged.h"
#include "tests/support/called_gpupci.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Vfs : public CalledGpupci {
 protected:
  Vfs() {
    environment_.proc = proc_.root();
    environment_.slice_patience = 0ms;
    environment_.write_attribute = [this](const std::filesystem::path& file,
                                          std::string_view text) {
      if (file.native() + " " + std::string(trim(text)) == refused_) {
        throw Error(Fault::io, "the fake refuses");
      }
      if (refused_ == "hang") ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (refused_ == "hang") ::pause();
      slices_.write(file, text);
    };
    fake_.add({kPf, "0302", "10de:20b0", "mlx", 13});
    slices_.add_sriov(kPf, 4);
  }

  std::string device(const std::string& attribute) const {
    return (fake_.root() / "bus/pci/devices" / attribute).native();
  }

  std::string numvfs() const { return read_file(device(kPf + "/sriov_numvfs")).value_or(""); }

  inline static const std::string kPf = "0000:01:00.0";
  FakeProc proc_;
  FakeSlices slices_{fake_};
  std::string refused_;
};

TEST_F(Vfs, AreMadeAndListedAsSlices) {
  EXPECT_EQ(gpupci({"-l"}), "gpupci1 pci_0000_01_00_0\n");
  EXPECT_EQ(gpupci({"--vfs", "gpupci1", "2"}), "GPU card 'gpupci1' has 2 virtual functions\n");
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(gpupci({"--vfs", "gpupci1", "2"}),
            "GPU card 'gpupci1' has 2 virtual functions already\n");
  EXPECT_EQ(gpupci({"-l"}),
            "gpupci1 pci_0000_01_00_0\n"
            "gpupci1.0 pci_0000_01_00_1\n"
            "gpupci1.1 pci_0000_01_00_2\n");
  const auto status =
      "GPU card 'gpupci1.1' function device 0000:01:00.2 is not linked to a driver\n";
  EXPECT_THAT(gpupci({"-s", "all"}), HasSubstr(status));
  EXPECT_EQ(gpupci({"-s", "gpupci1.1"}), status);
  const auto json = gpupci({"-l", "--json"});
  EXPECT_THAT(json, HasSubstr(R"("sriov":{"vfs":2,"total":4})"));
  EXPECT_THAT(json, HasSubstr(R"("slices":[{"name":"gpupci1.0","pci":"pci_0000_01_00_1")"));
  EXPECT_EQ(gpupci({"--vfs", "gpupci1", "1"}), "GPU card 'gpupci1' has 1 virtual function\n");
  EXPECT_EQ(gpupci({"--vfs", "gpupci1", "0"}), "GPU card 'gpupci1' has 0 virtual functions\n");
  EXPECT_EQ(gpupci({"-l"}), "gpupci1 pci_0000_01_00_0\n");
  EXPECT_FALSE(std::filesystem::exists(environment_.slices));
}

// While the driver of a card hangs, nobody can read the number.
TEST_F(Vfs, AreToldWhileADriverHangs) {
  gpupci({"--vfs", "gpupci1", "2"});
  const auto list = gpupci({"-l", "--json"});
  const auto status = gpupci({"-s", "all"});
  std::filesystem::remove(device(kPf + "/sriov_numvfs"));
  ASSERT_EQ(::mkfifo(device(kPf + "/sriov_numvfs").c_str(), 0600), 0);
  EXPECT_EQ(gpupci({"-l", "--json"}), list);
  EXPECT_EQ(gpupci({"-s", "all"}), status);
  gpupci({"-d", "gpupci1"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("slices: " + device(kPf + "/sriov_numvfs") + " does not answer"));
  EXPECT_THAT(gpupci({"--check", "gpupci1"}), HasSubstr("sriov_numvfs does not answer"));
}

TEST_F(Vfs, AreRehearsedByWayOfNone) {
  gpupci({"--vfs", "gpupci1", "2"});
  const auto file = device(kPf + "/sriov_numvfs");
  EXPECT_EQ(gpupci({"--vfs", "gpupci1", "4", "--dry-run"}),
            "# save that gpupci1 has 4 virtual functions\n"
            "echo 0 > " +
                file +
                "\n"
                "echo 4 > " +
                file +
                "\n"
                "cat " +
                file + "  # 4\n");
  EXPECT_EQ(numvfs(), "2\n");
  EXPECT_THAT(gpupci({"--vfs", "gpupci1", "4", "--json"}),
              HasSubstr(R"({"action":"vfs","dry_run":false,"name":"gpupci1",)"
                        R"("pci":"pci_0000_01_00_0","vfs":4,"error":null,"steps":["# save)"));
  EXPECT_EQ(numvfs(), "4\n");
}

TEST_F(Vfs, AreRefusedWhereTheyCannotBe) {
  fake_.add_card("0000:02:00", 2, 14);
  const std::string cannot = "gpupci: cannot set the virtual functions of ";
  gpupci({"--vfs", "gpupci1", "5"});
  EXPECT_EQ(err_, cannot + "gpupci1: it can have 4 at most, not 5\n");
  EXPECT_EQ(status_, 1);
  gpupci({"--vfs", "gpupci2", "1"});
  EXPECT_EQ(err_, cannot + "gpupci2: it has no SR-IOV (no sriov_totalvfs)\n");
  gpupci({"--vfs", "gpupci3", "1"});
  EXPECT_EQ(err_, "GPU card gpupci3 not found\n");
  fake_.set_driver({0, 1, 0, 0}, "vfio-pci");
  gpupci({"--vfs", "gpupci1", "1"});
  EXPECT_EQ(err_, cannot + "gpupci1: 0000:01:00.0 is detached (on vfio-pci); gpupci -a gpupci1\n");
  fake_.set_driver({0, 1, 0, 0}, std::nullopt);
  gpupci({"--vfs", "gpupci1", "1"});
  EXPECT_EQ(err_, cannot + "gpupci1: 0000:01:00.0 has no driver that could make them\n");
  EXPECT_EQ(numvfs(), "0\n");
  EXPECT_FALSE(std::filesystem::exists(environment_.slices));
  for (const auto* count : {"-1", "all", "2x", "99999999999999999999"}) {
    gpupci({"--vfs", "gpupci1", count});
    EXPECT_EQ(status_, 2) << count;
  }
  for (const auto* name : {"all", "gpupci1.0", "x"}) {
    gpupci({"--vfs", name, "1"});
    EXPECT_EQ(status_, 2) << name;
  }
}

TEST_F(Vfs, StayWhileOneIsDetached) {
  gpupci({"--vfs", "gpupci1", "2"});
  EXPECT_EQ(gpupci({"-d", "gpupci1.1"}),
            "Detached GPU card 'gpupci1.1' function device 0000:01:00.2\n");
  EXPECT_EQ(fake_.drivers(), "mlx - vfio-pci");
  gpupci({"--vfs", "gpupci1", "0"});
  EXPECT_THAT(err_, HasSubstr(": slices: 0000:01:00.2 is detached (on vfio-pci); gpupci -a "
                              "gpupci1.1\n"));
  EXPECT_EQ(gpupci({"-d", "gpupci1"}), "");
  EXPECT_THAT(err_, HasSubstr("cannot detach gpupci1: slices: 0000:01:00.0 has 2 active virtual "
                              "functions; "));
  EXPECT_EQ(gpupci({"-a", "gpupci1.1"}),
            "GPU card 'gpupci1.1' function device 0000:01:00.2 has no driver: no host driver has "
            "taken it\n");
  gpupci({"--vfs", "gpupci1", "0"});
  EXPECT_EQ(numvfs(), "0\n") << err_;
  gpupci({"-s", "gpupci1.1"});
  EXPECT_EQ(err_, "GPU card gpupci1.1 not found\n");
}

TEST_F(Vfs, GoWithWhatWasKnownOfThemByForce) {
  gpupci({"--vfs", "gpupci1", "2"});
  gpupci({"-d", "gpupci1.1"});
  gpupci({"--vfs", "gpupci1", "1", "--force=slices"});
  EXPECT_EQ(numvfs(), "1\n") << err_;
  EXPECT_TRUE(SavedDrivers(environment_.saved_drivers).functions().empty());
}

TEST_F(Vfs, StayWhileAVmHasOne) {
  gpupci({"--vfs", "gpupci1", "2"});
  gpupci({"-d", "gpupci1.0"});
  // The node of the group is /dev/null, and a process has it open.
  replace_file(fake_.root() / "class/vfio/100/dev", "1:3\n");
  replace_file(fake_.root() / "class/vfio/100/uevent", "DEVNAME=vfio/100\n");
  proc_.process(812, "qemu").open(812, 9, "/dev/null");
  gpupci({"--vfs", "gpupci1", "0", "--force=slices,holder"});
  EXPECT_THAT(err_, HasSubstr(": vm: process 812 ('qemu') has /dev/vfio/100 open; "));
  EXPECT_EQ(numvfs(), "2\n");
}

TEST_F(Vfs, AreAsBeforeWhenTheKernelRefuses) {
  gpupci({"--vfs", "gpupci1", "2"});
  refused_ = device(kPf + "/sriov_numvfs") + " 4";
  gpupci({"--vfs", "gpupci1", "4"});
  EXPECT_EQ(err_,
            "gpupci: cannot set the virtual functions of gpupci1: the fake refuses; put back: 2 "
            "virtual functions\n");
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(numvfs(), "2\n");
  EXPECT_THAT(read_file(environment_.slices).value_or(""), HasSubstr(R"("gpupci1": 2)"));
}

TEST_F(Vfs, LeaveTheCardWedgedWhenThereIsNoEnd) {
  refused_ = "hang";
  environment_.act_deadline = 100ms;
  gpupci({"--vfs", "gpupci1", "4"});
  EXPECT_THAT(err_, HasSubstr("no end after 0 s of: echo 4 > "));
  EXPECT_THAT(err_, HasSubstr("; reboot the host"));
  fake_.lock({0, 1, 0, 0});
  gpupci({"--vfs", "gpupci1", "4"});  // the stuck child has left the lock
  EXPECT_THAT(err_, HasSubstr("gpupci1: wedged since 20"));
}

TEST_F(Vfs, StayWhileOneIsWedged) {
  gpupci({"--vfs", "gpupci1", "2"});
  WedgedCards(environment_.wedged, environment_.boot_id()).mark({0, 1, 0, 2}, "echo");
  fake_.lock({0, 1, 0, 2});
  gpupci({"--vfs", "gpupci1", "0", "--force=slices"});
  EXPECT_THAT(err_, HasSubstr("gpupci1: wedged since 20"));
  EXPECT_EQ(numvfs(), "2\n");
}

TEST_F(Vfs, StayWhileLibvirtSaysThatAVmHasOne) {
  gpupci({"--vfs", "gpupci1", "2"});
  vm_devices_ = {{"rocks-34", "0000:01:00.2"}};
  gpupci({"--vfs", "gpupci1", "0", "--force=slices,holder"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr(": vm: VM 'rocks-34' runs with it (libvirt says 0000:01:00.2); "));
  EXPECT_EQ(numvfs(), "2\n");
}

TEST_F(Vfs, AreMadeByTheScriptOfTheVendor) {
  fake_.set_driver({0, 1, 0, 0}, "nvidia");
  replace_file(environment_.sriov_manage,
               "#!/bin/sh\necho \"$@\" >>" + (fake_.root() / "called").native() + "\n");
  std::filesystem::permissions(environment_.sriov_manage, std::filesystem::perms::owner_all);
  gpupci({"--vfs", "gpupci1", "2"});
  EXPECT_THAT(err_, HasSubstr("makes all 4 or none, not 2\n"));
  EXPECT_THAT(gpupci({"--vfs", "gpupci1", "4", "--dry-run"}),
              HasSubstr(environment_.sriov_manage.native() + " -e 0000:01:00.0\n"));
  gpupci({"--vfs", "gpupci1", "4"});  // the script made none
  EXPECT_EQ(read_file(fake_.root() / "called").value_or(""), "-e 0000:01:00.0\n");
  EXPECT_THAT(err_, HasSubstr("0000:01:00.0 has 0 virtual functions, want 4"));
  replace_file(environment_.sriov_manage, "#!/bin/sh\nexit 3\n");
  std::filesystem::permissions(environment_.sriov_manage, std::filesystem::perms::owner_all);
  gpupci({"--vfs", "gpupci1", "4"});
  EXPECT_THAT(err_, HasSubstr("sriov-manage failed with status 3"));
}

}  // namespace
}  // namespace cluster::agent
