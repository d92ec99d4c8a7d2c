#include "node-agent/binding/device_worker.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/support/fake_node_devices.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Fate = FakeNodeDevices::Fate;

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() { fake_.add_card("0000:02:00", 2, 13); }

  DeviceWorker worker(const FakeNodeDevices::Plot& plot, std::chrono::milliseconds deadline = 30s,
                      std::chrono::milliseconds vms_patience = 30s) {
    return {[this, plot](virt::StepListener on_step) {
              return std::make_unique<FakeNodeDevices>(fake_, plot, virt::Mode::act,
                                                       std::move(on_step));
            },
            deadline, [this](const std::string& step) { steps_.push_back(step); }, vms_patience};
  }

  template <typename Act>
  std::string error(Act act) {
    try {
      act();
    } catch (const Error& caught) {
      fault_ = caught.fault();
      return caught.what();
    }
    return "no error";
  }

  FakeSysfs fake_;
  std::vector<std::string> steps_;
  Fault fault_ = Fault::usage;
};

TEST_F(WorkerTest, ActsInAChildAndTellsItsSteps) {
  auto worker = this->worker({});
  EXPECT_EQ(worker.through(), "");
  worker.detach(kVideo);
  worker.detach(kAudio);
  EXPECT_EQ(worker.through(), "fake");
  EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci");
  worker.attach(kVideo);
  EXPECT_EQ(fake_.drivers(), "nvidia vfio-pci");
  EXPECT_THAT(steps_,
              ElementsAre("detach 0000:02:00.0", "detach 0000:02:00.1", "attach 0000:02:00.0"));
}

TEST_F(WorkerTest, AsksForWhatTheVmsHave) {
  auto worker = this->worker({});
  EXPECT_EQ(worker.vm_devices(), FakeNodeDevices::kVmDevices);
  EXPECT_EQ(worker.through(), "");  // nothing was done yet
  worker.detach(kVideo);
  EXPECT_EQ(worker.through(), "fake");
  EXPECT_EQ(worker.vm_devices(), FakeNodeDevices::kVmDevices);
  auto failing = this->worker({{"ask for VMs", Fate::refuse}});
  EXPECT_EQ(error([&] { failing.vm_devices(); }), "the fake does not tell of VMs");
  EXPECT_EQ(fault_, Fault::io);
}

TEST_F(WorkerTest, HearsOfSavedVmsAndOfTheVersion) {
  class Telling : public FakeNodeDevices {
   public:
    using FakeNodeDevices::FakeNodeDevices;
    std::optional<unsigned long> libvirt_version() override { return 9'000'000; }
  };
  const std::vector<virt::VmDevice> all{{"web server", "0000:05:00.0", true},
                                        {"rocks-33", "0000:06:00.0"}};
  DeviceWorker worker(
      [&](virt::StepListener on_step) {
        return std::make_unique<Telling>(fake_, FakeNodeDevices::Plot{}, virt::Mode::act,
                                         std::move(on_step), all);
      },
      30s, [](const std::string&) {});
  EXPECT_EQ(worker.libvirt_version(), std::nullopt);
  EXPECT_EQ(worker.vm_devices(), all);
  EXPECT_EQ(worker.libvirt_version(), 9'000'000U);
}

TEST_F(WorkerTest, ActsThoughNobodyTellsOfTheVms) {
  auto worker = this->worker({{"ask for VMs", Fate::hang}}, 30s, 100ms);
  EXPECT_EQ(error([&] { worker.vm_devices(); }), "no answer from libvirt after 0.1 s");
  EXPECT_EQ(fault_, Fault::unreachable);
  EXPECT_EQ(worker.stuck(), "");
  worker.detach(kVideo);
  EXPECT_EQ(fake_.drivers(), "vfio-pci snd_hda_intel");
}

TEST_F(WorkerTest, HandsOverWhatWentWrongAndGoesOn) {
  auto worker = this->worker({{"detach 0000:02:00.0", Fate::refuse}});
  EXPECT_EQ(error([&] { worker.detach(kVideo); }), "the fake does not detach 0000:02:00.0");
  EXPECT_EQ(error([&] { worker.detach(kAudio); }), "no error");
  EXPECT_EQ(fake_.drivers(), "nvidia vfio-pci");
}

TEST_F(WorkerTest, GivesUpAtTheDeadlineForGood) {
  auto worker = this->worker({{"detach 0000:02:00.0", Fate::hang}}, 100ms);
  EXPECT_THAT(error([&] { worker.detach(kVideo); }),
              HasSubstr("of: detach 0000:02:00.0; it is not"));
  EXPECT_EQ(fault_, Fault::io);
  EXPECT_EQ(worker.stuck(), "detach 0000:02:00.0");
  EXPECT_EQ(worker.last_pci(), kVideo);
  EXPECT_EQ(error([&] { worker.detach(kAudio); }), "not tried, an earlier step is stuck");
  EXPECT_EQ(fake_.drivers(), "- snd_hda_intel");
}

TEST_F(WorkerTest, GivesUpOnAnOpenThatHangs) {
  DeviceWorker worker(
      [](const virt::StepListener&) -> std::unique_ptr<virt::NodeDevices> {
        for (;;) ::pause();
      },
      100ms, [](const std::string&) {});
  EXPECT_THAT(error([&] { worker.detach(kVideo); }), HasSubstr("of: connecting to libvirt"));
  EXPECT_EQ(worker.stuck(), "");
}

TEST_F(WorkerTest, OutlivesItsChild) {
  auto worker = this->worker({{"detach 0000:02:00.0", Fate::die}});
  EXPECT_THAT(error([&] { worker.detach(kVideo); }), HasSubstr("has died in: detach 0000:02:00.0"));
  EXPECT_EQ(error([&] { worker.detach(kAudio); }), "no error");
}

}  // namespace
}  // namespace cluster::agent
