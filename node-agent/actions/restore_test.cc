#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "node-agent/state/saved_drivers.h"
#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Fate = FakeNodeDevices::Fate;

// Acts as FakeNodeDevices do, and kills gpupci, whose child it runs in, at one moment of the act.
class Killer : public virt::NodeDevices {
 public:
  Killer(FakeSysfs& sysfs, const FakeNodeDevices::Plot& plot, virt::StepListener on_step,
         std::string moment)
      : devices_(sysfs, plot, virt::Mode::act, std::move(on_step)), moment_(std::move(moment)) {}

  std::string_view through() const override { return "fake"; }
  void detach(const PciAddress& pci) override {
    act("detach " + pci.sysfs(), [&] { devices_.detach(pci); });
  }
  void attach(const PciAddress& pci) override {
    act("attach " + pci.sysfs(), [&] { devices_.attach(pci); });
  }
  void set_driver_override(const PciAddress& pci, const std::string& driver) override {
    act("override " + pci.sysfs(), [&] { devices_.set_driver_override(pci, driver); });
  }

 private:
  template <typename Do>
  void act(const std::string& what, Do act) {
    if (moment_ == "before " + what) die();
    try {
      act();
    } catch (const Error&) {
      die();
    }
    if (moment_ == "after " + what) die();
  }

  static void die() {
    ::kill(::getppid(), SIGKILL);
    ::_exit(0);
  }

  FakeNodeDevices devices_;
  std::string moment_;
};

class Restore : public CalledGpupci {
 protected:
  Restore() {
    environment_.lock_patience = 10s;  // until the child of the killed gpupci has gone
    boot("first");
    fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 14);
  }

  void boot(const std::string& id) {
    replace_file(fake_.root() / "proc/sys/kernel/random/boot_id", id + "\n");
  }

  // Every function is on its host driver again, as after a reboot.
  void reboot() {
    boot("second");
    for (const auto& pci : fake_.sysfs().functions()) {
      fake_.set_driver(pci, std::nullopt);
      fake_.set_driver_override(pci, "");
      fake_.probe(pci);
    }
  }

  // Runs gpupci in a process of its own, which dies at that moment. Where the moment is "amid" an
  // act, the driver has let go and no other driver has been asked.
  void gpupci_killed(const std::vector<std::string>& arguments, const std::string& moment) {
    const pid_t child = ::fork();
    if (child == 0) {
      environment_.open_devices = [&](const Sysfs&, const Settings&, virt::Mode,
                                      virt::StepListener on_step) {
        FakeNodeDevices::Plot plot;
        if (moment.starts_with("amid ")) plot[moment.substr(5)] = Fate::half;
        return std::make_unique<Killer>(fake_, plot, std::move(on_step), moment);
      };
      gpupci(arguments);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << moment;
  }
};

TEST_F(Restore, DetachesAgainAfterAReboot) {
  gpupci({"-d", "gpupci1"});
  EXPECT_THAT(gpupci({"--restore"}),
              HasSubstr("device 0000:02:00.0 is already detached\n"));  // twice is no harm
  reboot();
  ASSERT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia");
  EXPECT_EQ(gpupci({"--restore"}),
            "Detached GPU card 'gpupci1' video device 0000:02:00.0\n"
            "Detached GPU card 'gpupci1' audio device 0000:02:00.1\n");
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci nvidia");
  gpupci({"-a", "gpupci1"});
  reboot();
  EXPECT_THAT(gpupci({"--restore"}), IsEmpty());
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia");
}

TEST_F(Restore, RehearsesToo) {
  gpupci({"-d", "gpupci1"});
  reboot();
  EXPECT_THAT(gpupci({"--restore", "--dry-run"}), HasSubstr("detach 0000:02:00.0\n"));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia");
}

TEST_F(Restore, HasNothingToDoOnAHostWithoutCards) {
  for (const auto& pci : fake_.sysfs().functions()) fake_.remove(pci.sysfs());
  EXPECT_THAT(gpupci({"--restore"}), IsEmpty());
  EXPECT_EQ(status_, 0);
}

TEST_F(Restore, EndsADetachThatWasKilledAtAnyStep) {
  for (const auto* when : {"before", "amid", "after"}) {
    for (const auto* pci : {"0000:02:00.0", "0000:02:00.1"}) {
      const auto moment = std::string(when) + " detach " + pci;
      gpupci_killed({"-d", "gpupci1"}, moment);
      gpupci({"--restore"});
      EXPECT_EQ(status_, 0) << moment << err_;
      EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci nvidia") << moment;
      gpupci({"-a", "gpupci1"});
      EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia") << moment;
    }
  }
}

TEST_F(Restore, EndsAnAttachThatWasKilledAtAnyStep) {
  for (const auto* when : {"before", "amid", "after"}) {
    for (const auto* pci : {"0000:02:00.0", "0000:02:00.1"}) {
      const auto moment = std::string(when) + " attach " + pci;
      gpupci({"-d", "gpupci1"});
      gpupci_killed({"-a", "gpupci1"}, moment);
      gpupci({"--restore"});
      EXPECT_EQ(status_, 0) << moment << err_;
      EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia") << moment;
      EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers)) << moment;
    }
  }
}

TEST_F(Restore, GivesBackTheHalfOfWhatIsRefusedNow) {
  gpupci_killed({"-d", "gpupci1"}, "after detach 0000:02:00.0");
  fake_.add({"0000:05:00.0", "0200", "8086:100e", "e1000", 13});  // into its group
  gpupci({"--restore"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("gpupci: cannot restore gpupci1: "));
  EXPECT_THAT(err_, HasSubstr("; the half of it that was detached is given back\n"));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia e1000");
}

TEST_F(Restore, KeepsWhatItKnowsOfACardThatIsMissing) {
  gpupci({"-d", "gpupci2"});
  fake_.remove("0000:03:00.0");
  gpupci({"--restore"});
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(err_,
            "gpupci: cannot restore 0000:03:00.0: no card has it now; what is known of it is "
            "kept\n");
  fake_.add_card("0000:04:00", 1, 15);  // in another slot now
  gpupci({"--restore"});
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel vfio-pci");
}

TEST_F(Restore, DoesNotTakeTheCardThatIsInThePlaceOfAnother) {
  gpupci({"-d", "gpupci2"});
  reboot();
  fake_.remove("0000:03:00.0");
  fake_.add({"0000:03:00.0", "0300", "1002:73bf", "amdgpu", 15});
  for (int i = 0; i < 2; ++i) {
    gpupci({"--restore"});
    EXPECT_EQ(status_, 1);
    EXPECT_EQ(err_,
              "gpupci: cannot restore 0000:03:00.0: no card has it now; what is known of it is "
              "kept\n");
    EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel amdgpu");
    EXPECT_THAT(gpupci({"-a", "gpupci3"}), HasSubstr(" is already attached\n"));
  }
  EXPECT_EQ(SavedDrivers(environment_.saved_drivers).find({0, 3, 0, 0}), "nvidia");
  // Once this card is detached itself, it owns the place. Its driver has not come yet, so there is
  // no driver to give back.
  fake_.set_driver({0, 3, 0, 0}, std::nullopt);
  gpupci({"-d", "gpupci3"});
  gpupci({"-a", "gpupci3"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel amdgpu");
}

// This is a file without `cards`. When the kernel finds another driver for the card that is there
// now, the restore says so and does not undo it.
TEST_F(Restore, GivesNoWrongDriverBackByAnOldRecord) {
  replace_file(environment_.saved_drivers,
               R"({"version": 1, "drivers": {"0000:03:00.0": "amdgpu"}})");
  fake_.set_driver({0, 3, 0, 0}, "vfio-pci");
  gpupci({"-a", "gpupci2"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("it is on nvidia, before it was on amdgpu"));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia");
  gpupci({"-a", "gpupci2"});
  EXPECT_EQ(status_, 0);
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

TEST_F(Restore, FollowsSwappedCardsThoughItWasKilledOnTheWay) {
  fake_.add_card("0000:05:00", 1, 15);  // of the same model as the other two
  const auto number = [this](const std::string& pci, const std::string& serial) {
    replace_file(fake_.root() / "bus/pci/devices" / pci / "serial_number", serial + "\n");
  };
  number("0000:03:00.0", "00-4b-1c-ff-ff-2d-b0-48");
  number("0000:05:00.0", "00-4b-1c-ff-ff-2d-b0-49");
  gpupci({"-d", "gpupci2"});
  reboot();
  number("0000:05:00.0", "00-4b-1c-ff-ff-2d-b0-48");
  number("0000:03:00.0", "00-4b-1c-ff-ff-2d-b0-49");
  // gpupci was killed twice, when the saved drivers had moved with the card and the names were not
  // yet stored.
  const auto names = read_file(environment_.names).value();
  for (int i = 0; i < 2; ++i) {
    gpupci({"-l"});
    EXPECT_NE(read_file(environment_.names), names);
    replace_file(environment_.names, names);
  }
  EXPECT_EQ(gpupci({"--restore"}), "Detached GPU card 'gpupci2' video device 0000:05:00.0\n");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia vfio-pci");
}

TEST_F(Restore, LeavesAloneWhatIsWedgedUntilTheKernelHasFinished) {
  plot_ = {{"detach 0000:02:00.0", Fate::hang}};
  environment_.act_deadline = 2s;
  gpupci({"-d", "gpupci1"});
  EXPECT_THAT(err_, HasSubstr("no end after"));
  fake_.lock({0, 2, 0, 0});
  for (const std::vector<std::string>& again :
       std::vector<std::vector<std::string>>{{"-d", "gpupci1"}, {"-a", "gpupci1"}}) {
    EXPECT_THAT(gpupci(again), IsEmpty());
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(err_, HasSubstr(" gpupci1: wedged since 20"));
    EXPECT_THAT(err_, HasSubstr("(no end of: detach 0000:02:00.0); reboot the host\n"));
  }
  EXPECT_THAT(gpupci({"-s", "gpupci1"}), HasSubstr("GPU card 'gpupci1' is wedged since 20"));
  EXPECT_THAT(gpupci({"-l", "--json"}), HasSubstr(R"("wedged":{"since":"20)"));
  fake_.unlock({0, 2, 0, 0});
  EXPECT_THAT(gpupci({"-l", "--json"}), HasSubstr(R"("wedged":null)"));
  plot_ = {};
  gpupci({"--restore"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia");
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

// libvirt did not answer, so gpupci gave up; libvirt goes on later.
TEST_F(Restore, LooksAtWhatLibvirtDidAfterGpupciHadGivenUp) {
  environment_.act_deadline = 2s;
  plot_ = {{"detach 0000:02:00.0", Fate::wait}};
  gpupci({"-d", "gpupci1"});
  EXPECT_THAT(err_, HasSubstr("fake may still do it: gpupci --restore afterwards"));
  environment_.vms_patience = 200ms;
  plot_ = {{"ask for VMs", Fate::hang}};
  gpupci({"--restore"});  // it is still silent, and what is known stays
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("libvirt does not answer and may still detach it"));
  environment_.vms_patience = 60s;
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  plot_ = {};
  gpupci({"-d", "gpupci2"});
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, HasSubstr("0000:02:00.0 was detached after gpupci had given up; gpupci "
                              "--restore gives it back"));
  gpupci({"--restore"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel vfio-pci");
}

TEST_F(Restore, LeavesTheRecordOfAnotherMachineAside) {
  environment_.machine_id = fake_.root() / "machine-id";
  replace_file(environment_.machine_id, "9c0b\n");
  gpupci({"-d", "gpupci1"});
  reboot();
  replace_file(environment_.machine_id, "77ae\n");  // the image of its disk is in another machine
  EXPECT_THAT(gpupci({"--restore"}), IsEmpty());
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("is the record of another machine and is left aside"));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia");
  gpupci({"-d", "gpupci2"});  // it has a record of its own now
  gpupci({"--restore"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel vfio-pci");
}

// A disk below the cards has moved all bus numbers by one, and the second card is now where the
// first was.
TEST_F(Restore, DetachesNoCardThatMayBeAnother) {
  fake_.remove("0000:02:00.1");
  gpupci({"-d", "gpupci1"});
  reboot();
  fake_.remove("0000:02:00.0");
  fake_.add_card("0000:04:00", 1, 15);
  gpupci({"-l"});  // who looks first shall not hide it
  for (int i = 0; i < 2; ++i) {
    gpupci({"--restore"});
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(err_, HasSubstr("cannot restore gpupci1: bus numbers have changed, and it may be "
                                "another of its model that is at 0000:04:00.0 now; look which"));
    EXPECT_EQ(fake_.drivers(), "nvidia nvidia");
  }
  gpupci({"-d", "gpupci1"});  // the operator has looked
  reboot();
  gpupci({"--restore"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(fake_.drivers(), "nvidia vfio-pci");
}

TEST_F(Restore, KnowsACardOfMovedBusNumbersByItsFunctions) {
  gpupci({"-d", "gpupci1"});  // of two functions; gpupci2 has one
  reboot();
  for (const auto& pci : fake_.sysfs().functions()) fake_.remove(pci.sysfs());
  fake_.add_card("0000:03:00", 2, 13).add_card("0000:04:00", 1, 14);
  gpupci({"--restore"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci nvidia");
}

TEST_F(Restore, TakesAGroupWholeOrNotAtAll) {
  fake_.add_card("0000:04:00", 1, 13);
  for (const auto* moment : {"after detach 0000:02:00.0", "before detach 0000:04:00.0",
                             "amid detach 0000:04:00.0", "after detach 0000:04:00.0"}) {
    gpupci_killed({"-d", "gpupci1,gpupci3"}, moment);
    gpupci({"--restore"});
    EXPECT_EQ(status_, 0) << moment << err_;
    EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci nvidia vfio-pci") << moment;
    gpupci_killed({"-a", "gpupci1,gpupci3"}, "after attach 0000:02:00.1");
    gpupci({"--restore"});
    EXPECT_EQ(status_, 0) << moment << err_;
    EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia nvidia") << moment;
  }
}

TEST_F(Restore, GivesAllOfAGroupBackWhenOneIsRefusedNow) {
  fake_.add_card("0000:04:00", 1, 13);
  gpupci_killed({"-d", "gpupci1,gpupci3"}, "before detach 0000:04:00.0");
  replace_file(fake_.root() / "bus/pci/devices/0000:04:00.0/sriov_numvfs", "2\n");
  gpupci({"--restore"});
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia nvidia") << err_;
}

}  // namespace
}  // namespace cluster::agent
