#include "node-agent/transaction/set_vfs.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/cards/slices.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/state/wedged.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class SetVfs : public ::testing::Test {
 protected:
  SetVfs() {
    environment_.sysfs = fake_.root();
    environment_.proc = proc_.root();
    environment_.sriov_manage = fake_.root() / "sriov-manage";
    environment_.keep_state_in(fake_.root());
    environment_.write_attribute = [this](const std::filesystem::path& file,
                                          std::string_view text) {
      if (trim(text) == refused_) throw Error(Fault::io, "the fake refuses");
      slices_.write(file, text);
    };
    fake_.add({"0000:01:00.0", "0302", "10de:20b0", "mlx", 13});
    slices_.add_sriov("0000:01:00.0", 4);
  }

  // Returns "changed", "nothing to do", or the reason why it failed.
  std::string set(long long wanted, const Forced& forced = {}, virt::Mode mode = virt::Mode::act) {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    const auto input = guard_input(environment_, sysfs, settings_, [this] { return vm_devices_; });
    SliceRecord record(environment_.slices);
    SliceSteps steps(environment_, mode);
    std::string answer;
    try {
      const bool changed = set_vfs({.card = cards.front(),
                                    .wanted = wanted,
                                    .input = input,
                                    .environment = environment_,
                                    .forced = forced},
                                   record, steps);
      answer = changed ? "changed" : "nothing to do";
    } catch (const Error& error) {
      answer = error.what();
    }
    steps_ = steps.all();
    return answer;
  }

  std::size_t there() const {
    const auto sysfs = fake_.sysfs();
    return slices_of(find_cards(sysfs, settings_).front(), sysfs).size();
  }

  // The number that the record keeps for the time after a reboot; -1 for none.
  long long kept() const {
    const auto vfs = SliceRecord(environment_.slices).vfs();
    return vfs.empty() ? -1 : vfs.begin()->second;
  }

  FakeSysfs fake_;
  FakeProc proc_;
  FakeSlices slices_{fake_};
  Environment environment_;
  Settings settings_;
  std::vector<virt::VmDevice> vm_devices_;
  std::string refused_;
  std::vector<std::string> steps_;
};

TEST_F(SetVfs, MakesAndRemovesThemByWayOfNone) {
  for (const int count : {2, 4, 1, 0}) {
    EXPECT_EQ(set(count), "changed");
    EXPECT_EQ(there(), static_cast<std::size_t>(count));
    EXPECT_EQ(kept(), count == 0 ? -1 : count);
    EXPECT_EQ(set(count), "nothing to do");
    EXPECT_THAT(steps_, IsEmpty());
  }
  set(2);
  EXPECT_EQ(set(3), "changed");
  EXPECT_THAT(steps_,
              ElementsAre("# save that gpupci1 has 3 virtual functions", HasSubstr("echo 0 > "),
                          HasSubstr("echo 3 > "), HasSubstr("sriov_numvfs  # 3")));
}

TEST_F(SetVfs, OfARehearsalChangesNothing) {
  EXPECT_EQ(set(2, {}, virt::Mode::dry_run), "changed");
  EXPECT_EQ(steps_.size(), 3U);
  EXPECT_EQ(there(), 0U);
  EXPECT_EQ(kept(), -1);
}

TEST_F(SetVfs, RefusesWhatTheCardCannotHave) {
  EXPECT_EQ(set(5), "it can have 4 at most, not 5");
  fake_.set_driver({0, 1, 0, 0}, "vfio-pci");
  EXPECT_EQ(set(2), "0000:01:00.0 is detached (on vfio-pci); gpupci -a gpupci1");
  fake_.set_driver({0, 1, 0, 0}, std::nullopt);
  EXPECT_EQ(set(2), "0000:01:00.0 has no driver that could make them");
  std::filesystem::remove(fake_.root() / "bus/pci/devices/0000:01:00.0/sriov_totalvfs");
  EXPECT_EQ(set(2), "it has no SR-IOV (no sriov_totalvfs)");
  EXPECT_EQ(there(), 0U);
}

TEST_F(SetVfs, RefusesWhileASliceIsInUse) {
  set(2);
  vm_devices_ = {{"rocks-33", "0000:01:00.2"}};
  const auto vm =
      "vm: VM 'rocks-33' runs with it (libvirt says 0000:01:00.2); virsh shutdown "
      "rocks-33";
  EXPECT_EQ(set(0), vm);
  EXPECT_EQ(set(0, {"holder", "slices"}), vm) << "no word overrides that";
  vm_devices_.clear();
  fake_.set_driver({0, 1, 0, 1}, "vfio-pci");
  EXPECT_EQ(set(0), "slices: 0000:01:00.1 is detached (on vfio-pci); gpupci -a gpupci1.0");
  EXPECT_EQ(there(), 2U);
  EXPECT_EQ(kept(), 2);
  EXPECT_EQ(set(0, {"slices"}), "changed");
  EXPECT_EQ(there(), 0U);
}

// No VM could have these slices, and they go.
TEST_F(SetVfs, AsksNothingThatIsForVmsAlone) {
  set(2);
  fake_.add({"0000:05:00.0", "0106", "8086:a102", "ahci", 100});  // in the group of the first
  std::filesystem::remove(fake_.root() / "bus/pci/devices/0000:01:00.2/iommu_group");
  EXPECT_EQ(set(0), "changed");
}

TEST_F(SetVfs, RefusesASliceThatIsWedged) {
  set(2);
  WedgedCards(environment_.wedged, environment_.boot_id()).mark({0, 1, 0, 2}, "echo x");
  fake_.lock({0, 1, 0, 2});
  EXPECT_THAT(set(0), StartsWith("wedged since "));
  EXPECT_EQ(there(), 2U);
}

TEST_F(SetVfs, PutsBackTheNumberFromBefore) {
  set(2);
  refused_ = "3";
  EXPECT_EQ(set(3), "the fake refuses; put back: 2 virtual functions");
  EXPECT_EQ(there(), 2U);
  EXPECT_EQ(kept(), 2);
  refused_ = "0";
  EXPECT_EQ(set(0), "the fake refuses") << "nothing was changed";
  EXPECT_EQ(kept(), 2);
}

TEST_F(SetVfs, ByNvidiasScriptAreAllOrNone) {
  replace_file(environment_.sriov_manage, "#!/bin/sh\nexit 4\n");
  std::filesystem::permissions(environment_.sriov_manage, std::filesystem::perms::owner_all);
  fake_.set_driver({0, 1, 0, 0}, "nvidia");
  EXPECT_EQ(set(2), environment_.sriov_manage.native() + " makes all 4 or none, not 2");
  EXPECT_EQ(set(4), environment_.sriov_manage.native() + " failed with status 4");
  EXPECT_EQ(kept(), -1);
  EXPECT_THAT(steps_[1], HasSubstr("sriov-manage -e 0000:01:00.0"));
}

}  // namespace
}  // namespace cluster::agent
