#include "node-agent/transaction/vgpu_lease.h"

#include <gmock/gmock.h>

#include <set>

#include "core/error.h"
#include "core/random.h"
#include "core/text.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Lease : public ::testing::Test {
 protected:
  Lease() {
    environment_.sysfs = fake_.root();
    environment_.proc = proc_.root();
    environment_.keep_state_in(fake_.root());
    environment_.write_attribute = [this](const std::filesystem::path& file,
                                          std::string_view text) {
      if (!ignored_) slices_.write(file, text);
    };
    slices_.offer_mdev("mtty", "mtty-1", "Single port serial", 2);
    slices_.offer_mdev("mtty", "mtty-2", "", 0);
  }

  std::vector<VgpuParent> parents() const { return vgpu_parents({}, fake_.sysfs()); }

  Vgpu vgpu() const {
    return {"c2177883-f1bb-47f0-914d-32a22e3a8804", parents().front(), "mtty-1"};
  }

  void make(virt::Mode mode = virt::Mode::act) {
    SliceSteps steps(environment_, mode);
    make_vgpu(vgpu(), fake_.sysfs(), steps);
    steps_ = steps.all();
  }

  void remove(const std::vector<virt::VmDevice>& vm_devices = {}) {
    const auto sysfs = fake_.sysfs();
    const auto input = guard_input(environment_, sysfs, settings_, [&] { return vm_devices; });
    SliceSteps steps(environment_, virt::Mode::act);
    remove_vgpu(vgpu(), input, steps);
    steps_ = steps.all();
  }

  template <typename Act>
  static std::string refused(Act act) {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  }

  FakeSysfs fake_;
  FakeProc proc_;
  FakeSlices slices_{fake_};
  Environment environment_;
  Settings settings_;
  bool ignored_ = false;  // the kernel takes what is written and does nothing
  std::vector<std::string> steps_;
};

TEST_F(Lease, IsNeverTheSameTwice) {
  std::set<std::string> all;
  for (int i = 0; i < 500; ++i) {
    const auto lease = new_lease();
    EXPECT_EQ(lease.size(), 16U);
    EXPECT_EQ(lease.find_first_not_of("0123456789abcdef"), std::string::npos) << lease;
    const auto uuid = random_uuid();
    EXPECT_TRUE(is_uuid(uuid)) << uuid;
    EXPECT_EQ(uuid[14], '4') << "the version of a random one";
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << "the variant of RFC 4122";
    EXPECT_TRUE(all.insert(lease).second && all.insert(uuid).second);
  }
}

TEST_F(Lease, IsOfAParentThatCanMakeTheTypeNow) {
  const SliceRecord record(environment_.slices);
  const auto all = parents();
  EXPECT_EQ(choose_parent(all, "mtty-1", record).name, "mtty");
  const auto can = "no 'mtty-2' can be made now; what can: mtty-1 (Single port serial)";
  EXPECT_EQ(refused([&] { choose_parent(all, "mtty-2", record); }), can);
  EXPECT_EQ(refused([&] { choose_parent({}, "mtty-1", record); }),
            "no 'mtty-1' can be made now; what can: nothing");
}

TEST_F(Lease, MakesAVgpuAndReadsItBack) {
  make(virt::Mode::dry_run);
  EXPECT_EQ(vgpus_of(parents().front()).size(), 0U);
  EXPECT_THAT(steps_, ElementsAre(HasSubstr("mtty-1/create"), HasSubstr("mdev_type  # mtty-1")));
  make();
  EXPECT_EQ(vgpus_of(parents().front()).size(), 1U);
  remove();
  EXPECT_EQ(vgpus_of(parents().front()).size(), 0U);
  EXPECT_THAT(steps_, ElementsAre(HasSubstr("echo 1 > ")));
}

TEST_F(Lease, BelievesNoKernelThatSaysYesAndDoesNothing) {
  ignored_ = true;
  EXPECT_EQ(refused([&] { make(); }), "the kernel took it, but there is no such vGPU on mtty");
  ignored_ = false;
  make();
  ignored_ = true;
  EXPECT_EQ(refused([&] { remove(); }), "the kernel took it, but the vGPU is still on mtty");
}

TEST_F(Lease, EndsForNoVgpuThatAVmHas) {
  make();
  EXPECT_EQ(
      refused([&] {
        remove({{"rocks-34", vgpu().id}});
      }),
      "vm: VM 'rocks-34' runs with it (libvirt says " + vgpu().id + "); virsh shutdown rocks-34");
  EXPECT_EQ(vgpus_of(parents().front()).size(), 1U);
  remove({{"rocks-34", "another"}});
}

}  // namespace
}  // namespace cluster::agent
