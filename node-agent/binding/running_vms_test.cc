#include "node-agent/binding/running_vms.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include "tests/support/fake_node_devices.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using Fate = FakeNodeDevices::Fate;

class RunningVmsOfAHost : public ::testing::Test {
 protected:
  RunningVmsOfAHost() {
    environment_.vms_patience = 60s;
    environment_.open_devices = [this](const Sysfs&, const Settings&, virt::Mode mode,
                                       virt::StepListener on_step) {
      return std::make_unique<FakeNodeDevices>(fake_, plot_, mode, std::move(on_step));
    };
  }

  RunningVms vms() { return {environment_, sysfs_, settings_, err_}; }
  std::string printed() const {
    return read_file("/proc/self/fd/" + std::to_string(file_.get())).value();
  }

  FakeSysfs fake_;
  Sysfs sysfs_ = fake_.sysfs();
  Settings settings_;
  Environment environment_;
  FakeNodeDevices::Plot plot_;
  FileDescriptor file_{::memfd_create("err", MFD_CLOEXEC)};
  Stream err_{file_.get()};
};

TEST_F(RunningVmsOfAHost, HaveTheDevicesThatLibvirtNames) {
  auto running = vms();
  EXPECT_EQ(running.devices(), FakeNodeDevices::kVmDevices);
  EXPECT_EQ(running.devices_or_warning(), FakeNodeDevices::kVmDevices);
  EXPECT_FALSE(running.silent());
  EXPECT_EQ(printed(), "");
}

TEST_F(RunningVmsOfAHost, AreNotKnownAndOneWarningSaysSo) {
  plot_ = {{"ask for VMs", Fate::refuse}};
  auto running = vms();
  EXPECT_THROW(running.devices(), Error);
  EXPECT_THAT(running.devices_or_warning(), IsEmpty());
  EXPECT_THAT(running.devices_or_warning(), IsEmpty());
  EXPECT_FALSE(running.silent());  // there was an answer
  EXPECT_THAT(printed(), ::testing::MatchesRegex(
                             "gpupci: warning: the running VMs are not known: [^\n]*; only open "
                             "handles of vfio are looked at\n"));
}

TEST_F(RunningVmsOfAHost, AreAskedForOnceWhereNobodyAnswers) {
  plot_ = {{"ask for VMs", Fate::hang}};
  environment_.vms_patience = 200ms;
  auto running = vms();
  const auto fault = [&] {
    try {
      running.devices();
    } catch (const Error& error) {
      return error.fault();
    }
    return Fault::usage;
  };
  EXPECT_EQ(fault(), Fault::unreachable);
  EXPECT_TRUE(running.silent());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(fault(), Fault::unreachable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 200ms);
}

}  // namespace
}  // namespace cluster::agent
