#include "node-agent/actions/run.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "node-agent/state/lock.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/state/wedged.h"
#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Fate = FakeNodeDevices::Fate;

class BySysfs : public FakeNodeDevices {
 public:
  using FakeNodeDevices::FakeNodeDevices;
  std::string_view through() const override { return "sysfs"; }
};

class Gpupci : public CalledGpupci {
 protected:
  Gpupci() {
    environment_.lock_patience = 0ms;
    environment_.open_sysfs_devices = [this](const Sysfs&, const Settings&, virt::Mode mode,
                                             virt::StepListener on_step) {
      return std::make_unique<BySysfs>(fake_, FakeNodeDevices::Plot{}, mode, std::move(on_step));
    };
  }
};

TEST_F(Gpupci, SpeaksTheSentencesOfItsAncestor) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 4, 14);
  fake_.set_driver({0, 3, 0, 0}, "vfio-pci");
  fake_.set_driver({0, 3, 0, 3}, std::nullopt);

  EXPECT_EQ(gpupci({"-l"}), "gpupci1 pci_0000_02_00_0\ngpupci2 pci_0000_03_00_0\n");
  EXPECT_EQ(gpupci({"-s", "gpupci2"}),
            "GPU card 'gpupci2' video device 0000:03:00.0 is linked to bus/pci/drivers/vfio-pci "
            "driver\n"
            "GPU card 'gpupci2' audio device 0000:03:00.1 is linked to "
            "bus/pci/drivers/snd_hda_intel driver\n"
            "GPU card 'gpupci2' usb device 0000:03:00.2 is linked to bus/pci/drivers/xhci_hcd "
            "driver\n"
            "GPU card 'gpupci2' serial device 0000:03:00.3 is not linked to a driver\n");
  EXPECT_EQ(gpupci({"-d", "all"}),
            "Detached GPU card 'gpupci1' video device 0000:02:00.0\n"
            "Detached GPU card 'gpupci1' audio device 0000:02:00.1\n"
            "GPU card 'gpupci2' video device 0000:03:00.0 is already detached\n"
            "Detached GPU card 'gpupci2' audio device 0000:03:00.1\n"
            "Detached GPU card 'gpupci2' usb device 0000:03:00.2\n"
            "Detached GPU card 'gpupci2' serial device 0000:03:00.3\n");
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(gpupci({"-a", "gpupci1"}),
            "Attached video card 0000:02:00.0 of gpupci1\n"
            "Attached audio card 0000:02:00.1 of gpupci1\n");
  EXPECT_EQ(gpupci({"-a", "gpupci1"}),
            "gpupci1 video card 0000:02:00.0 is already attached\n"
            "gpupci1 audio card 0000:02:00.1 is already attached\n");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(Gpupci, DoesNotReattachTheRestWithoutTheVideoFunction) {
  fake_.add_card("0000:02:00", 2, 13);
  gpupci({"-d", "all"});
  plot_ = {{"attach 0000:02:00.0", Fate::refuse}};
  EXPECT_EQ(gpupci({"-a", "all"}), "Not reattaching associated audio device 0000:02:00.1\n");
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(err_,
            "gpupci: cannot attach gpupci1: video device 0000:02:00.0: the fake does not attach "
            "0000:02:00.0\n");
}

TEST_F(Gpupci, TellsOfTheCardThatFailedAndDoesTheOthers) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 14);
  plot_ = {{"detach 0000:02:00.1", Fate::half}};
  EXPECT_EQ(gpupci({"-d", "all"}), "Detached GPU card 'gpupci2' video device 0000:03:00.0\n");
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(err_,
            "gpupci: cannot detach gpupci1: the fake stops amid detach 0000:02:00.1; put back: "
            "0000:02:00.1 on snd_hda_intel, 0000:02:00.0 on nvidia\n");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel vfio-pci");
}

TEST_F(Gpupci, MarksTheCardThatIsStuck) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 14);
  environment_.act_deadline = 2s;
  plot_ = {{"detach 0000:02:00.1", Fate::hang}};
  EXPECT_THAT(gpupci({"-d", "all"}), IsEmpty());
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, StartsWith("gpupci: cannot detach gpupci1: no end after 2 s of: detach "
                               "0000:02:00.1; it is not tried again, fake may still do it: gpupci "
                               "--restore afterwards"));
  EXPECT_THAT(err_, HasSubstr("; NOT put back: 0000:02:00.1 (not tried, an earlier step is stuck), "
                              "0000:02:00.0 (not tried, an earlier step is stuck); reboot the "
                              "host\n"));
  EXPECT_THAT(err_,
              HasSubstr("\ngpupci: cannot detach gpupci2: not tried, an earlier step is stuck\n"));
  fake_.lock({0, 2, 0, 1});
  EXPECT_THAT(gpupci({"-s", "gpupci1"}), HasSubstr("is wedged since"));
  EXPECT_THAT(gpupci({"-s", "gpupci2"}), Not(HasSubstr("is wedged since")));
}

// libvirt makes all cards wait for the one that is stuck.
TEST_F(Gpupci, GoesRoundLibvirtWhileACardIsStuck) {
  fake_.add_card("0000:02:00", 1, 13).add_card("0000:03:00", 1, 14);
  WedgedCards(environment_.wedged, environment_.boot_id())
      .mark({0, 2, 0, 0}, "virsh nodedev-detach");
  fake_.lock({0, 2, 0, 0});
  environment_.vms_patience = 200ms;
  plot_ = {{"ask for VMs", Fate::hang}, {"detach 0000:03:00.0", Fate::wait}};
  const auto report = nlohmann::json::parse(gpupci({"-d", "gpupci2", "--json"}));
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, StartsWith("gpupci: warning: the running VMs are not known: "));
  EXPECT_EQ(report["through"], "sysfs");
  EXPECT_EQ(fake_.drivers(), "nvidia vfio-pci");
  plot_ = {{"attach 0000:03:00.0", Fate::wait}};
  gpupci({"-a", "gpupci2"});
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_THAT(err_, IsEmpty());
  EXPECT_EQ(fake_.drivers(), "nvidia nvidia");
}

TEST_F(Gpupci, GoesRoundALibvirtThatDoesNotAnswer) {
  fake_.add_card("0000:02:00", 1, 13);
  environment_.vms_patience = 200ms;
  plot_ = {{"ask for VMs", Fate::hang}, {"detach 0000:02:00.0", Fate::wait}};
  const auto report = nlohmann::json::parse(gpupci({"-d", "gpupci1", "--json"}));
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(report["through"], "sysfs");
  EXPECT_EQ(fake_.drivers(), "vfio-pci");
}

TEST_F(Gpupci, MarksNoCardThatLibvirtHasNotBegunWith) {
  fake_.add_card("0000:02:00", 2, 13);
  environment_.act_deadline = 2s;
  plot_ = {{"detach 0000:02:00.0", Fate::wait}};
  gpupci({"-d", "gpupci1"});
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(
      err_,
      "gpupci: cannot detach gpupci1: no end after 2 s of: detach 0000:02:00.0; it is not "
      "tried again, fake may still do it: gpupci --restore afterwards; the card itself is not "
      "stuck, fake is\n");
  EXPECT_FALSE(std::filesystem::exists(environment_.wedged));
  // While the kernel has the device locked, its driver_override cannot be read.
  fake_.lock({0, 2, 0, 0});
  gpupci({"-d", "gpupci1"});
  EXPECT_THAT(err_, HasSubstr("the kernel does not let go of 0000:02:00.0 (no answer from "));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel");
}

TEST_F(Gpupci, MarksNoCardWhenLibvirtDoesNotLetItIn) {
  fake_.add_card("0000:02:00", 1, 13);
  environment_.act_deadline = 2s;
  environment_.open_devices = [this](const Sysfs&, const Settings&, virt::Mode mode,
                                     virt::StepListener on_step) {
    while (mode == virt::Mode::act) ::pause();
    return std::make_unique<FakeNodeDevices>(fake_, plot_, mode, std::move(on_step));
  };
  gpupci({"-d", "gpupci1"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("no end after 2 s of: connecting to libvirt; "));
  EXPECT_FALSE(std::filesystem::exists(environment_.wedged));
  EXPECT_EQ(fake_.drivers(), "nvidia");
}

TEST_F(Gpupci, KnowsNoOtherCards) {
  fake_.add_card("0000:02:00", 2, 13);
  for (const auto* action : {"-s", "-d", "-a"}) {
    EXPECT_THAT(gpupci({action, "gpupci9"}), IsEmpty());
    EXPECT_EQ(err_, "GPU card gpupci9 not found\n");
    EXPECT_EQ(status_, 1);
  }
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel");
}

TEST_F(Gpupci, KeepsItsNamesWhenCardsComeAndGo) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:04:00", 1, 14);
  gpupci({"-l"});
  fake_.add_card("0000:01:00", 1, 15);
  fake_.add({"0000:03:00.0", "0300", "10de:1c03", "nvidia", 16});
  const std::string names =
      "gpupci1 pci_0000_02_00_0\ngpupci2 pci_0000_04_00_0\n"
      "gpupci3 pci_0000_01_00_0\ngpupci4 pci_0000_03_00_0\n";
  EXPECT_EQ(gpupci({"-l"}), names);
  fake_.remove("0000:03:00.0");
  EXPECT_EQ(gpupci({"-l"}), names.substr(0, names.find("gpupci4")));
  EXPECT_THAT(gpupci({"-s", "gpupci4"}), IsEmpty());
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(err_, "GPU card gpupci4 is missing: it was a 10de:1c03 at 0000:03:00.0\n");
  const auto list = nlohmann::json::parse(gpupci({"-l", "--json"}));
  EXPECT_EQ(list["cards"][2]["state"], "present");
  EXPECT_EQ(list["cards"][3]["name"], "gpupci4");
  EXPECT_EQ(list["cards"][3]["state"], "missing");
  EXPECT_EQ(list["cards"][3]["pci"], "pci_0000_03_00_0");
}

TEST_F(Gpupci, NamesCardsWhereNothingCanBeStored) {
  environment_.lock = "/nonexistent/gpupci.lock";
  environment_.names = "/proc/gpupci/names.json";
  fake_.add_card("0000:02:00", 1, 13);
  EXPECT_EQ(gpupci({"-l"}), "gpupci1 pci_0000_02_00_0\n");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, IsEmpty());
  EXPECT_THAT(gpupci({"-s", "gpupci1"}), HasSubstr("drivers/nvidia driver\n"));
}

TEST_F(Gpupci, TakesWhatItKnowsAlongWithACardThatMoved) {
  fake_.add_card("0000:02:00", 2, 13);
  gpupci({"-d", "all"});
  fake_.remove("0000:02:00.0");
  fake_.remove("0000:02:00.1");
  fake_.add_card("0000:05:00", 2, 14);
  gpupci({"-l"});
  const SavedDrivers saved(environment_.saved_drivers);
  EXPECT_EQ(saved.find({0, 5, 0, 0}), "nvidia");
  EXPECT_EQ(saved.find({0, 5, 0, 1}), "snd_hda_intel");
  EXPECT_FALSE(saved.has({0, 2, 0, 0}));
}

TEST_F(Gpupci, IsNoSuccessWhereThereIsNoCard) {
  EXPECT_THAT(gpupci({"-l"}), IsEmpty());
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(gpupci({"-d", "all"}), IsEmpty());
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, StartsWith("gpupci: no card found on this host (vendors 10de 1002, "));
}

TEST_F(Gpupci, RefusesWrongUsage) {
  fake_.add_card("0000:02:00", 2, 13);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"-l", "-s", "all"},
                                             {"-s"},
                                             {"-d", "all", "-a", "all"},
                                             {"-d", "gpu1"},
                                             {"-d", ""},
                                             {"-d", "--json"},
                                             {"-d", "all;reboot"},
                                             {"-d", "gpupci1", "gpupci2"},
                                             {"-x"},
                                             {"list"},
                                             {"--json"},
                                             {"-l", "--dry-run"},
                                             {"-a", "all", "--force=holder"},
                                             {"-d", "all", "--force=vm"},
                                             {"-d", "all", "--force=none"},
                                             {""}}) {
    EXPECT_THAT(gpupci(arguments), IsEmpty());
    EXPECT_EQ(status_, 2) << arguments.front();
    EXPECT_THAT(err_, StartsWith("gpupci: "));
    EXPECT_EQ(std::ranges::count(err_, '\n'), 1) << err_;
  }
  EXPECT_THAT(gpupci({}), IsEmpty());
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, StartsWith("Usage: gpupci"));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel");
}

TEST_F(Gpupci, HelpsAndNamesItsVersion) {
  EXPECT_THAT(gpupci({"-h"}), StartsWith("Usage: gpupci"));
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(gpupci({"--version"}), StartsWith("gpupci "));
  EXPECT_EQ(status_, 0);
}

TEST_F(Gpupci, StopsAtSettingsItDoesNotUnderstand) {
  replace_file(environment_.settings, "vendors: 10de\n");
  EXPECT_THAT(gpupci({"-l"}), IsEmpty());
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, StartsWith("gpupci: " + environment_.settings.native() + ":1: "));
}

TEST_F(Gpupci, DoesNotActBesideAnother) {
  fake_.add_card("0000:02:00", 2, 13);
  const Lock other(environment_.lock, 0ms);
  EXPECT_THAT(gpupci({"-d", "all"}), IsEmpty());
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, StartsWith("gpupci: another gpupci is at work"));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel");
  EXPECT_THAT(gpupci({"-s", "all"}), HasSubstr("nvidia"));  // looking needs no lock
}

TEST_F(Gpupci, RehearsesStepByStep) {
  fake_.add_card("0000:02:00", 2, 13);
  fake_.set_driver({0, 2, 0, 1}, "vfio-pci");
  const auto device = (fake_.root() / "bus/pci/devices/0000:02:00.0/driver").native();
  EXPECT_EQ(gpupci({"-d", "all", "--dry-run"}),
            "# GPU card 'gpupci1' audio device 0000:02:00.1 is already detached\n"
            "# save that 0000:02:00.0 on nvidia\n"
            "detach 0000:02:00.0\n"
            "readlink " +
                device + "  # vfio-pci\n");
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(fake_.drivers(), "nvidia vfio-pci");
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

// A vendor's driver of vfio may take its model, where libvirt or gpupci chooses it.
TEST_F(Gpupci, RehearsesWhichDriverTakesTheCard) {
  fake_.add_card("0000:02:00", 1, 13);
  environment_.modules = fake_.root() / "modules";
  replace_file(environment_.proc / "sys/kernel/osrelease", "6.12.0-test\n");
  replace_file(environment_.modules / "6.12.0-test/modules.alias",
               "alias vfio_pci:v000010DEd*sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n");
  EXPECT_THAT(gpupci({"-d", "all", "--dry-run"}),
              HasSubstr("/driver  # nvgrace_gpu_vfio_pci or vfio-pci\n"));
  replace_file(environment_.settings, "stub_driver: vfio-pci\n");
  EXPECT_THAT(gpupci({"-d", "all", "--dry-run"}), HasSubstr("/driver  # vfio-pci\n"));
}

TEST_F(Gpupci, ReportsInJson) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 14);
  plot_ = {{"detach 0000:02:00.1", Fate::refuse}};
  const auto report = nlohmann::json::parse(gpupci({"-d", "all", "--json"}));
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, StartsWith("gpupci: cannot detach gpupci1: "));
  EXPECT_EQ(report["action"], "detach");
  EXPECT_EQ(report["through"], "fake");
  EXPECT_EQ(report["dry_run"], false);
  EXPECT_EQ(report["cards"][0]["functions"][0]["outcome"], "rolled back");
  EXPECT_EQ(report["cards"][0]["functions"][0]["driver"], "nvidia");
  EXPECT_EQ(report["cards"][0]["functions"][1]["outcome"], "failed");
  EXPECT_THAT(report["cards"][0]["error"].get<std::string>(), HasSubstr("0000:02:00.1"));
  EXPECT_EQ(report["cards"][1]["functions"][0]["outcome"], "detached");
  EXPECT_EQ(report["cards"][0]["refused_by"], nlohmann::json::array());
  EXPECT_EQ(report["cards"][1]["error"], nullptr);
}

TEST_F(Gpupci, NamesTheGuardsThatRefuse) {
  fake_.add_card("0000:02:00", 2, std::nullopt).add_card("0000:03:00", 1, 14);
  const auto report = nlohmann::json::parse(gpupci({"-d", "all", "--json"}));
  EXPECT_EQ(report["cards"][0]["refused_by"], nlohmann::json({"iommu"}));
  EXPECT_EQ(report["cards"][1]["refused_by"], nlohmann::json::array());
}

TEST_F(Gpupci, TellsOnceThatTheVmsAreNotKnown) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 14);
  plot_ = {{"ask for VMs", Fate::refuse}};
  EXPECT_THAT(gpupci({"-d", "all"}), HasSubstr("Detached GPU card 'gpupci2' video"));
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(err_,
            "gpupci: warning: the running VMs are not known: the fake does not tell of VMs; only "
            "open handles of vfio are looked at\n");
}

TEST_F(Gpupci, LeavesACardToTheVmThatLibvirtNames) {
  fake_.add_card("0000:05:00", 1, 13);
  const auto report = nlohmann::json::parse(gpupci({"-d", "gpupci1", "--json"}));
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(err_,
            "gpupci: cannot detach gpupci1: vm: VM 'rocks-33' runs with it (libvirt says "
            "0000:05:00.0); virsh shutdown rocks-33\n");
  EXPECT_EQ(report["cards"][0]["refused_by"], nlohmann::json({"vm"}));
  EXPECT_EQ(report["through"], nullptr);
  // No option of --force overrides this, and an attach is refused too.
  const auto all = "--force=iommu,group,slices,disk,network,console,framebuffer,holder";
  EXPECT_THAT(gpupci({"-d", "gpupci1", all}), IsEmpty());
  EXPECT_THAT(err_, StartsWith("gpupci: cannot detach gpupci1: vm: VM 'rocks-33' runs with it"));
  EXPECT_EQ(fake_.drivers(), "nvidia");
  fake_.set_driver({0, 5, 0, 0}, "vfio-pci");
  EXPECT_THAT(gpupci({"-d", "gpupci1", all}), HasSubstr(" is already detached\n"));
  EXPECT_EQ(status_, 0);
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
  EXPECT_THAT(gpupci({"-a", "gpupci1"}), IsEmpty());
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, StartsWith("gpupci: cannot attach gpupci1: vm: VM 'rocks-33' runs with it"));
  EXPECT_EQ(fake_.drivers(), "vfio-pci");
}

TEST_F(Gpupci, DoesNotPretendThatItsAnswerWasRead) {
  fake_.add_card("0000:02:00", 2, 13);
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  Stream out(full.get());
  const Memory said;
  Stream err(said.file.get());
  EXPECT_EQ(run({"-l"}, out, err, environment_), 1);
  EXPECT_EQ(said.text(), "gpupci: cannot write the answer to standard output\n");
}

}  // namespace
}  // namespace cluster::agent
