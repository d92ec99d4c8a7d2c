#include "node-agent/guard/vm.h"

#include <chrono>
#include <thread>

#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;

class GuardVm : public GuardedCard {};

TEST_F(GuardVm, NeverTakeOrGiveBackTheCardOfARunningVm) {
  using namespace std::string_literals;
  fake_.add_card("0000:02:00", 2, 13);
  fake_.set_driver({0, 2, 0, 1}, "vfio-pci");
  replace_file(fake_.root() / "class/vfio/13/dev", "1:3\n");
  replace_file(fake_.root() / "class/vfio/13/uevent", "DEVNAME=vfio/13\n");
  proc_.process(812, "qemu-system-x86").open(812, 9, "/dev/null");
  proc_.file("812/cmdline", "qemu\0-name\0guest=rocks-33,debug-threads=on\0"s);
  const auto vm =
      "vm: VM 'rocks-33' runs with it (process 812 has /dev/vfio/13 open); virsh shutdown rocks-33";
  EXPECT_EQ(why(), vm);
  EXPECT_EQ(why({"holder", "vm"}), vm);
  EXPECT_EQ(why_not_attach(), vm);
}

TEST_F(GuardVm, KnowAVmByWhatLibvirtSays) {
  using namespace std::string_literals;
  fake_.add_card("0000:02:00", 2, 13);
  vm_devices_ = {{"rocks-34", "0000:02:01.0"}, {"rocks-34", "c2177883-f1bb"}};
  EXPECT_EQ(why(), "nothing");
  vm_devices_ = {
      {"web server", "0000:02:00.0"}, {"rocks-34", "0000:09:00.0"}, {"web server", "0000:02:00.1"}};
  const auto vm =
      "vm: VM 'web server' runs with it (libvirt says 0000:02:00.0, 0000:02:00.1); virsh shutdown "
      "'web server'";
  EXPECT_EQ(why({"holder"}), vm);
  EXPECT_EQ(why_not_attach(), vm);
  // The same VM is named only once.
  replace_file(fake_.root() / "class/vfio/13/dev", "1:3\n");
  proc_.process(812, "qemu-system-x86").open(812, 9, "/dev/null");
  proc_.file("812/cmdline", "qemu\0-name\0guest=web server,debug-threads=on\0"s);
  EXPECT_EQ(why(),
            "vm: VM 'web server' runs with it (process 812 has /dev/13 open); virsh shutdown "
            "'web server'");
}

// Its guest has the card in its memory.
TEST_F(GuardVm, KnowAVmThatIsSaved) {
  fake_.add_card("0000:02:00", 2, 13);
  vm_devices_ = {{"rocks-34", "0000:09:00.0", true}};
  EXPECT_EQ(why(), "nothing");
  vm_devices_ = {{"rocks-34", "0000:02:00.1", true}};
  const auto vm =
      "vm: VM 'rocks-34' is saved with it (libvirt says 0000:02:00.1); virsh start rocks-34 and "
      "then virsh shutdown rocks-34; or give up its memory: virsh managedsave-remove rocks-34";
  EXPECT_EQ(why({"holder"}), vm);
  EXPECT_EQ(why_not_attach(), vm);
}

TEST_F(GuardVm, KnowAVmThatHasASliceOfTheCard) {
  fake_.add_card("0000:02:00", 1, 13).add({"0000:02:00.4", "0302", "10de:1e07", "nvidia", 20});
  const auto functions = fake_.root() / "bus/pci/devices";
  std::filesystem::create_symlink(functions / "0000:02:00.0", functions / "0000:02:00.4/physfn");
  std::filesystem::create_symlink(functions / "0000:02:00.4", functions / "0000:02:00.0/virtfn0");
  vm_devices_ = {{"rocks-34", "0000:02:00.4"}};
  EXPECT_EQ(why(),
            "vm: VM 'rocks-34' runs with it (libvirt says 0000:02:00.4); virsh shutdown rocks-34");
  set("0000:02:00.0/c2177883/mdev_type/name", "GRID");
  vm_devices_ = {{"rocks-34", "c2177883"}};
  EXPECT_EQ(why(),
            "vm: VM 'rocks-34' runs with it (libvirt says c2177883); virsh shutdown rocks-34");

  // A VM that libvirt does not know has the group of the virtual function open, or that of the
  // mediated device.
  vm_devices_.clear();
  replace_file(fake_.root() / "class/vfio/20/dev", "1:3\n");
  replace_file(fake_.root() / "class/vfio/21/dev", "1:5\n");
  std::filesystem::create_symlink("../../21", functions / "0000:02:00.0/c2177883/iommu_group");
  proc_.process(812, "qemu-system-x86").open(812, 9, "/dev/null");
  EXPECT_EQ(why(), "vm: process 812 ('qemu-system-x86') has /dev/20 open; stop it (kill 812)");
  proc_.process(813, "crosvm").open(813, 9, "/dev/zero");
  EXPECT_THAT(why(), HasSubstr("vm: process 813 ('crosvm') has /dev/21 open; stop it (kill 813)"));
}

TEST_F(GuardVm, KnowAVmByTheNodeOfTheFunctionToo) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/vfio-dev/vfio0", "1:5", "vfio/devices/vfio0", "vfio-dev");
  proc_.process(812, "crosvm").open(812, 9, "/dev/zero");
  EXPECT_EQ(why_not_attach(),
            "vm: process 812 ('crosvm') has /dev/vfio/devices/vfio0 open; stop it (kill 812)");
}

TEST_F(GuardVm, KnowAUserThatKeptOnlyTheDevice) {
  fake_.add_card("0000:02:00", 1, 13);
  replace_file(fake_.root() / "class/vfio/13/dev", "243:13\n");
  proc_.process(812, "dpdk").open_special(812, 3, "anon_inode:[vfio-device]", "pos:\t0\n");
  EXPECT_EQ(why_not_attach(),
            "vm: process 812 ('dpdk') has a device of vfio (the kernel tells not which) open; stop "
            "it (kill 812)");
}

// An unbind of vfio-pci waits for it as for any other open device.
TEST_F(GuardVm, DoesNotKnowWhatIsOnItsWayThroughASocket) {
  fake_.add_card("0000:02:00", 1, 13);
  proc_.process(812, "launcher").open_special(812, 3, "socket:[4711]", "pos:\t0\nscm_fds: 1\n");
  EXPECT_EQ(why_not_attach(), "nothing");  // nobody can have it of vfio
  replace_file(fake_.root() / "class/vfio/13/dev", "243:13\n");
  EXPECT_EQ(why_not_attach(),
            "vm: process 812 ('launcher') has a socket in which an open file waits to be taken up "
            "(SCM_RIGHTS; the kernel tells not of what): it may be the card's; stop it (kill 812)");
  settle_time_ = std::chrono::minutes(1);
  const std::jthread taken_up([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    proc_.close(812, 3);
  });
  EXPECT_EQ(why_not_attach(), "nothing");
}

TEST_F(GuardVm, KnowsWhoHasAMediatedDeviceAlone) {
  fake_.add_card("0000:02:00", 1, 13);
  const auto device = fake_.root() / "bus/mdev/devices/c2177883";
  std::filesystem::create_directories(device);
  const auto sysfs = fake_.sysfs();
  vm_devices_ = {{"rocks-34", "c2177883"}, {"rocks-35", "0000:02:00.0"}};
  EXPECT_EQ(message(device_vms(device, input(sysfs))),
            "vm: VM 'rocks-34' runs with it (libvirt says c2177883); virsh shutdown rocks-34");
  EXPECT_EQ(device_vms(device, input(sysfs)).at(0).vm, "rocks-34");
  vm_devices_.clear();
  EXPECT_THAT(device_vms(device, input(sysfs)), ::testing::IsEmpty());
}

// virsh knows libvirt's VMs only, and qm those of Proxmox VE.
TEST_F(GuardVm, NamesTheWayToStopAVmOfOthers) {
  using namespace std::string_literals;
  fake_.add_card("0000:02:00", 1, 13);
  replace_file(fake_.root() / "class/vfio/13/dev", "1:3\n");
  replace_file(fake_.root() / "class/vfio/13/uevent", "DEVNAME=vfio/13\n");
  const auto runs = [&](const std::string& cmdline, const std::string& cgroup) {
    std::filesystem::remove_all(proc_.root() / "812");
    proc_.process(812, "qemu-system-x86", cgroup).open(812, 9, "/dev/null");
    proc_.file("812/cmdline", cmdline);
    return why();
  };
  EXPECT_EQ(
      runs("qemu\0-name\0games\0"s, "/user.slice/user-1000.slice/session-3.scope"),
      "vm: VM 'games' runs with it (process 812 has /dev/vfio/13 open); stop it (kill 812), or "
      "loginctl terminate-session 3");
  EXPECT_EQ(runs("qemu\0-name\0games\0"s, "/system.slice/games.service"),
            "vm: VM 'games' runs with it (process 812 has /dev/vfio/13 open); systemctl stop "
            "games.service");
  EXPECT_EQ(runs("kvm\0-id\0"s + "101\0-name\0win,debug-threads=on\0-chardev\0"
                                 "socket,path=/var/run/qemu-server/101.qmp\0"s,
                 "/qemu.slice/101.scope"),
            "vm: VM '101 win' runs with it (process 812 has /dev/vfio/13 open); qm shutdown 101");
  EXPECT_EQ(
      runs("qemu\0-name\0games\0"s, "/machine.slice/machine-qemu\\x2d3\\x2dgames.scope/libvirt"),
      "vm: VM 'games' runs with it (process 812 has /dev/vfio/13 open); virsh shutdown games");
  EXPECT_EQ(runs("dpdk-testpmd\0"s, "/docker/" + std::string(64, 'a')),
            "vm: process 812 ('qemu-system-x86', in Docker container 'aaaaaaaaaaaa') has "
            "/dev/vfio/13 open; docker stop aaaaaaaaaaaa");
  vm_devices_ = {{"games", "0000:09:00.0"}};
  EXPECT_THAT(runs("qemu\0-name\0games\0"s, "/"), HasSubstr("; virsh shutdown games"));
}

TEST_F(GuardVm, QuotesTheNameOfAVm) {
  fake_.add_card("0000:02:00", 1, 13);
  vm_devices_ = {{"x'; reboot", "0000:02:00.0"}};
  EXPECT_EQ(why(),
            "vm: VM 'x\\x27; reboot' runs with it (libvirt says 0000:02:00.0); virsh shutdown "
            "'x'\\''; reboot'");
}

TEST_F(GuardVm, KnowWhoHasTheGroupOfAMediatedDeviceOpen) {
  fake_.add_card("0000:02:00", 1, 13);
  const auto device = fake_.root() / "bus/mdev/devices/c2177883";
  std::filesystem::create_directories(device);
  std::filesystem::create_symlink("../../21", device / "iommu_group");
  replace_file(fake_.root() / "class/vfio/21/dev", "1:5\n");
  const auto sysfs = fake_.sysfs();
  EXPECT_THAT(device_vms(device, input(sysfs)), ::testing::IsEmpty());
  proc_.process(812, "crosvm").open(812, 9, "/dev/zero");
  EXPECT_EQ(message(device_vms(device, input(sysfs))),
            "vm: process 812 ('crosvm') has /dev/21 open; stop it (kill 812)");
}

}  // namespace
}  // namespace cluster::agent
