#include "node-agent/guard/guard.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

// Past 400 lines on purpose: one test a guard, all on one fixture; who changes a guard finds its
// test here.
namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Guards : public ::testing::Test {
 protected:
  // Why the first card may not be detached, alone or with all others.
  std::string why(const Forced& forced = {}, bool same_call = false) {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    const std::vector<Card> first{cards.front()};
    const auto found = refusals(first.front(), same_call ? cards : first, input(sysfs), forced);
    return found.empty() ? "nothing" : one_line(found);
  }

  std::string why_not_attach() {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    const auto found = attach_refusals(cards.front(), input(sysfs));
    return found.empty() ? "nothing" : one_line(found);
  }

  GuardInput input(const Sysfs& sysfs) const {
    Environment environment;
    environment.proc = proc_.root();
    environment.keep_state_in(fake_.root());
    auto input = guard_input(environment, sysfs, settings_, [this] { return vm_devices_; });
    input.settle_time = settle_time_;
    return input;
  }

  // An attribute of a function: "0000:02:00.0/boot_vga".
  void set(const std::filesystem::path& attribute, const std::string& text) {
    replace_file(fake_.root() / "bus/pci/devices" / attribute, text + "\n");
  }

  // A device node below a function. What numbers it has is what the fake processes have open.
  void add_node(const std::filesystem::path& folder, const std::string& number,
                const std::string& name, const std::string& subsystem = "drm") {
    const auto path = fake_.root() / "bus/pci/devices" / folder;
    replace_file(path / "dev", number + "\n");
    replace_file(path / "uevent", "MAJOR=1\nDEVNAME=" + name + "\n");
    std::filesystem::create_symlink("../../class/" + subsystem, path / "subsystem");
  }

  FakeSysfs fake_;
  FakeProc proc_;
  Settings settings_;
  std::vector<virt::VmDevice> vm_devices_;
  std::chrono::milliseconds settle_time_{0};
};

TEST_F(Guards, LetACardGoThatIsAloneInItsGroup) {
  fake_.add_card("0000:02:00", 4, 13);
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, NameTheForeignerInTheGroup) {
  fake_.add_card("0000:02:00", 2, 13).add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
  EXPECT_EQ(why(),
            "group: 0000:03:00.0 (class 0200, driver e1000) shares IOMMU group 13 with it; put the "
            "card into a slot with a group of its own, or detach that device too");
  EXPECT_EQ(why({"group"}), "nothing");
}

TEST_F(Guards, LetHarmlessNeighboursBe) {
  fake_.add_card("0000:02:00", 2, 13)
      .add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 13})
      .add({"0000:03:00.0", "0200", "8086:100e", std::nullopt, 13})
      .add({"0000:04:00.0", "0108", "144d:a804", "vfio-pci", 13});
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, TakeTwoCardsOfOneGroupOnlyTogether) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 13);
  EXPECT_THAT(why(), StartsWith("group: 0000:03:00.0 (class 0300, driver nvidia) shares"));
  EXPECT_EQ(why({}, true), "nothing");
}

TEST_F(Guards, LookAtTheGroupOfEachFunction) {
  fake_.add_card("0000:02:00", 1, 13)
      .add({"0000:02:00.1", "0403", "10de:10f1", "snd_hda_intel", 14})
      .add({"0000:03:00.0", "0c03", "8086:a36d", "xhci_hcd", 14});
  EXPECT_THAT(why(), StartsWith("group: 0000:03:00.0 (class 0c03"));
}

TEST_F(Guards, SayHowToTurnOnTheIommu) {
  fake_.add_card("0000:02:00", 2, std::nullopt);
  EXPECT_THAT(why(), StartsWith("iommu: 0000:02:00.0 is in no IOMMU group; turn on VT-d"));
}

TEST_F(Guards, NameTheProcessAndItsService) {
  fake_.add_card("0000:02:00", 2, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  add_node("0000:02:00.1/sound/card1/pcmC1D3p", "1:5", "snd/pcmC1D3p", "sound");
  proc_.process(812, "Xorg").open(812, 9, "/dev/null");
  EXPECT_EQ(why(), "holder: process 812 (Xorg) has /dev/dri/card0 open; stop it (kill 812)");
  proc_.process(900, "pulse\x1b[2J", "/system.slice/pulse audio.service").open(900, 1, "/dev/zero");
  EXPECT_EQ(
      why(),
      "holder: process 812 (Xorg) has /dev/dri/card0 open; stop it (kill 812); holder: "
      "process 900 (pulse\\x1b[2J, pulse audio.service) has /dev/snd/pcmC1D3p open; systemctl "
      "stop 'pulse audio.service'");
  EXPECT_EQ(why({"holder"}), "nothing");
}

TEST_F(Guards, KnowNvidiasNodeByItsMinor) {
  fake_.add_card("0000:02:00", 1, 13);
  proc_.file("devices", "Character devices:\n  1 nvidia-frontend\n195 other\n\nBlock devices:\n");
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information",
             "Model: \t\t NVIDIA T4\nDevice Minor: \t 3\nGPU Excluded:\t No\n");
  proc_.process(812, "nvidia-persiste", "/system.slice/nvidia-persistenced.service")
      .open(812, 3, "/dev/null");
  EXPECT_EQ(why(),
            "holder: process 812 (nvidia-persiste, nvidia-persistenced.service) has /dev/nvidia3 "
            "open; systemctl stop nvidia-persistenced.service");
}

TEST_F(Guards, KnowTheNodesOfMigSlices) {
  fake_.add_card("0000:02:00", 1, 13);
  proc_.file("devices", "Character devices:\n195 nvidia\n  1 nvidia-caps\n\nBlock devices:\n");
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n");
  const std::string access = "DeviceFileMode: 292\nDeviceFileModify: 1\n";
  proc_.file("driver/nvidia/capabilities/mig/config", "DeviceFileMinor: 1\n" + access);
  proc_.file("driver/nvidia/capabilities/gpu0/mig/gi1/access", "DeviceFileMinor: 3\n" + access);
  proc_.file("driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access", "DeviceFileMinor: 5\n" + access);
  proc_.file("driver/nvidia/capabilities/gpu1/mig/gi1/access", "DeviceFileMinor: 7\n" + access);
  proc_.process(812, "python3").open(812, 9, "/dev/null").open(812, 10, "/dev/zero");
  proc_.process(813, "other").open(813, 9, "/dev/full");
  EXPECT_EQ(why(),
            "holder: process 812 (python3) has /dev/nvidia-caps/nvidia-cap3, "
            "/dev/nvidia-caps/nvidia-cap5 open; stop it (kill 812)");
}

TEST_F(Guards, KnowForWhichGpuTheNodeOfAllGpusIsOpen) {
  settings_.vendors = {0x1002};
  fake_.add({"0000:03:00.0", "0300", "1002:73bf", "amdgpu", 13});
  const std::filesystem::path kfd = fake_.root() / "class/kfd/kfd";
  replace_file(kfd / "dev", "1:3\n");
  replace_file(kfd / "uevent", "DEVNAME=kfd\n");
  const auto node = [&](const std::string& number, const std::string& gpu, int location) {
    replace_file(kfd / "topology/nodes" / number / "gpu_id", gpu + "\n");
    replace_file(kfd / "topology/nodes" / number / "properties",
                 "simd_count 144\nlocation_id " + std::to_string(location) + "\ndomain 0\n");
  };
  node("0", "0", 0);
  node("1", "26032", 0x0400);
  proc_.process(812, "python3").open(812, 9, "/dev/null");
  EXPECT_EQ(why(), "nothing");  // the card is none of KFD's
  node("2", "51110", 0x0300);
  EXPECT_EQ(why(),
            "holder: process 812 (python3) has /dev/kfd (the kernel tells not for which GPU) open; "
            "stop it (kill 812)");
  replace_file(kfd / "proc/812/vram_26032", "4096\n");
  replace_file(kfd / "proc/812/vram_51110", "0\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(kfd / "proc/812/queues/0/gpuid", "26032\n");
  EXPECT_EQ(why(), "nothing");
  const auto holder = "holder: process 812 (python3) has /dev/kfd open; stop it (kill 812)";
  replace_file(kfd / "proc/812/queues/1/gpuid", "51110\n");
  EXPECT_EQ(why(), holder);
  std::filesystem::remove_all(kfd / "proc/812/queues");
  replace_file(kfd / "proc/812/vram_51110", "4096\n");
  EXPECT_EQ(why(), holder);
}

TEST_F(Guards, WaitForWhoHasItForAMomentOnly) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  settle_time_ = std::chrono::seconds(30);  // not to be reached
  for (const auto* command : {"nvidia-smi", "(udev-worker)", "systemd-udevd"}) {
    const bool of_udev = std::string_view(command) != "nvidia-smi";
    proc_.process(812, command).age(812, of_udev ? 3000 : 1).open(812, 9, "/dev/null");
    std::jthread closes([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      proc_.close(812, 9);
    });
    EXPECT_EQ(why(), "nothing") << command;
  }
}

TEST_F(Guards, RefuseWhoStays) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  proc_.process(812, "Xorg").age(812, 1).open(812, 9, "/dev/null");
  settle_time_ = std::chrono::milliseconds(250);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(why(), StartsWith("holder: process 812 (Xorg) has /dev/dri/card0 open"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, settle_time_);

  // At once: one that is not new, one that is forced, and where somebody else refuses as well. None
  // of these ends within the time that a test has.
  settle_time_ = std::chrono::hours(1);
  proc_.process(813, "other").age(813, 3000).open(813, 9, "/dev/null");
  EXPECT_THAT(why(), HasSubstr("process 812 (Xorg)"));
  proc_.close(813, 9);
  EXPECT_EQ(why({"holder"}), "nothing");
  set("0000:02:00.0/sriov_numvfs", "2");
  EXPECT_THAT(why(), HasSubstr("; holder: process 812 (Xorg)"));
}

TEST_F(Guards, LeaveInputDevicesAndOtherFunctionsAlone) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/sound/card0/input5/event5", "1:3", "input/event5");
  add_node("0000:02:00.0/0000:03:00.0/drm/card1", "1:5", "dri/card1");
  proc_.process(812, "acpid").open(812, 3, "/dev/null").open(812, 4, "/dev/zero");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, NeverTakeOrGiveBackTheCardOfARunningVm) {
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

TEST_F(Guards, KnowAVmByWhatLibvirtSays) {
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
  // The same VM is told of once.
  replace_file(fake_.root() / "class/vfio/13/dev", "1:3\n");
  proc_.process(812, "qemu-system-x86").open(812, 9, "/dev/null");
  proc_.file("812/cmdline", "qemu\0-name\0guest=web server,debug-threads=on\0"s);
  EXPECT_EQ(why(),
            "vm: VM 'web server' runs with it (process 812 has /dev/13 open); virsh shutdown "
            "'web server'");
}

TEST_F(Guards, KnowAVmThatHasASliceOfTheCard) {
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

  // One that libvirt knows nothing of has the group of the virtual function open, or of the
  // mediated device.
  vm_devices_.clear();
  replace_file(fake_.root() / "class/vfio/20/dev", "1:3\n");
  replace_file(fake_.root() / "class/vfio/21/dev", "1:5\n");
  std::filesystem::create_symlink("../../21", functions / "0000:02:00.0/c2177883/iommu_group");
  proc_.process(812, "qemu-system-x86").open(812, 9, "/dev/null");
  EXPECT_EQ(why(), "vm: process 812 (qemu-system-x86) has /dev/20 open; stop it (kill 812)");
  proc_.process(813, "crosvm").open(813, 9, "/dev/zero");
  EXPECT_THAT(why(), HasSubstr("vm: process 813 (crosvm) has /dev/21 open; stop it (kill 813)"));
}

TEST_F(Guards, KnowAVmByTheNodeOfTheFunctionToo) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/vfio-dev/vfio0", "1:5", "vfio/devices/vfio0", "vfio-dev");
  proc_.process(812, "crosvm").open(812, 9, "/dev/zero");
  EXPECT_EQ(why_not_attach(),
            "vm: process 812 (crosvm) has /dev/vfio/devices/vfio0 open; stop it (kill 812)");
}

TEST_F(Guards, NameTheMountOfADiskAndOfWhatIsBuiltOnIt) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  const std::filesystem::path disk = "0000:02:00.0/nvme/nvme0/nvme0n1";
  add_node(disk, "259:0", "nvme0n1", "block");
  add_node(disk / "nvme0n1p1", "259:1", "nvme0n1p1", "block");
  EXPECT_EQ(why(), "nothing");

  const auto mounts = std::string("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  proc_.file("self/mountinfo", mounts + "36 22 259:1 / /data rw - ext4 /dev/nvme0n1p1 rw\n");
  EXPECT_EQ(why(), "disk: /dev/nvme0n1p1 is mounted on /data; umount /data");
  EXPECT_EQ(why({"disk"}), "nothing");
  proc_.file("self/mountinfo", mounts + "36 22 0:40 / /data rw - btrfs /dev/nvme0n1 rw\n");
  EXPECT_EQ(why(), "disk: /dev/nvme0n1 is mounted on /data; umount /data");

  proc_.file("self/mountinfo", mounts);
  proc_.file("swaps", "Filename\tType\n/dev/nvme0n1p1  partition 1000 0 -2\n");
  EXPECT_EQ(why(), "disk: the host swaps to /dev/nvme0n1p1; swapoff /dev/nvme0n1p1");

  proc_.file("swaps", "Filename\tType\n");
  const auto mapper = fake_.root() / "class/block/dm-0";
  replace_file(mapper / "dev", "253:0\n");
  replace_file(mapper / "dm/name", "vg-data\n");
  const auto holders = fake_.root() / "bus/pci/devices" / disk / "nvme0n1p1/holders";
  std::filesystem::create_directories(holders);
  std::filesystem::create_symlink(mapper, holders / "dm-0");
  EXPECT_EQ(why(),
            "disk: /dev/dm-0 (/dev/mapper/vg-data) is built on a disk of it; dmsetup remove "
            "/dev/mapper/vg-data or vgchange -an its volume group");
  proc_.file("self/mountinfo", mounts + "36 22 253:0 / /x rw - xfs /dev/mapper/vg-data rw\n");
  EXPECT_THAT(why(), StartsWith("disk: /dev/dm-0 (/dev/mapper/vg-data) is mounted on /x; umount"));
}

TEST_F(Guards, NameTheArrayThatIsBuiltOnADisk) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  const std::filesystem::path disk = "0000:02:00.0/nvme/nvme0/nvme0n1";
  add_node(disk, "259:0", "nvme0n1", "block");
  const auto array = fake_.root() / "class/block/md0";
  replace_file(array / "dev", "9:0\n");
  replace_file(array / "md/level", "raid1\n");
  const auto holders = fake_.root() / "bus/pci/devices" / disk / "holders";
  std::filesystem::create_directories(holders);
  std::filesystem::create_symlink(array, holders / "md0");
  EXPECT_EQ(why(), "disk: /dev/md0 is built on a disk of it; mdadm --stop /dev/md0");
  proc_.file("self/mountinfo", "36 22 9:0 / /data rw - ext4 /dev/md0 rw\n");
  EXPECT_THAT(why(),
              StartsWith("disk: /dev/md0 is mounted on /data; umount /data; disk: /dev/md0"));
}

TEST_F(Guards, KeepADiskThatTheKernelHasClaimed) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  // A loop device of this machine that nobody has; that stands for a disk.
  std::string name;
  FileDescriptor owner;
  for (int number = 0; number < 8 && !owner; ++number) {
    name = "loop" + std::to_string(number);
    owner = FileDescriptor(::open(("/dev/" + name).c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  }
  if (!owner) GTEST_SKIP() << "there is no loop device that may be opened, as root may";
  const std::filesystem::path disk = "0000:02:00.0/nvme/nvme0/disk";
  add_node(disk, std::string(trim(*read_file("/sys/class/block/" + name + "/dev"))), name, "block");
  EXPECT_EQ(why(), "disk: the kernel has claimed /dev/" + name +
                       " (for a file system or a pool); release it there");
  EXPECT_EQ(why({"disk"}), "nothing");
  set(disk / "dev", "259:1023");  // /dev has another one under that name
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, FindTheDiskOfAnNvmeWithSeveralPaths) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  set("0000:02:00.0/nvme/nvme1/nvme2c1n3/size", "8");
  const auto disk = fake_.root() / "class/block/nvme2n3";
  replace_file(disk / "dev", "259:7\n");
  std::filesystem::create_symlink("../../block", disk / "subsystem");
  proc_.file("self/mountinfo", "36 22 259:7 / /data rw - ext4 /dev/nvme2n3 rw\n");
  EXPECT_EQ(why(), "disk: /dev/nvme2n3 is mounted on /data; umount /data");
}

TEST_F(Guards, NameTheNetworkThatNeedsIt) {
  settings_.vendors = {0x8086};
  settings_.classes = {0x0200};
  fake_.add({"0000:02:00.0", "0200", "8086:100e", "e1000", 13});
  set("0000:02:00.0/net/eth1/mtu", "1500");
  proc_.file("net/route", "Iface\tDestination\tGateway\neth1\t0000000A\t0\t1\t0\t0\t0\t00FFFFFF\n");
  proc_.file("net/ipv6_route", std::string(32, '0') + " 00 " + std::string(32, '0') + " 00 " +
                                   std::string(32, '0') + " ffffffff 1 0 00200200       lo\n");
  EXPECT_EQ(why(), "nothing");

  proc_.file("net/route",
             "Iface\tDestination\neth1\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n");
  EXPECT_EQ(why(),
            "network: network card eth1 has the default route of the host; route over another one "
            "first");
  proc_.file("net/route", "");
  const auto bridge = fake_.root() / "class/net/br0";
  std::filesystem::create_directories(bridge);
  std::filesystem::create_symlink(bridge,
                                  fake_.root() / "bus/pci/devices/0000:02:00.0/net/eth1/master");
  EXPECT_EQ(why(), "network: network card eth1 belongs to br0; ip link set eth1 nomaster");
  std::filesystem::create_symlink(bridge,
                                  fake_.root() / "bus/pci/devices/0000:02:00.0/net/eth1/upper_br0");
  proc_.file("net/ipv6_route", std::string(32, '0') + " 00 " + std::string(32, '0') + " 00 " +
                                   "fe80 00000400 1 0 00000003      br0\n");
  EXPECT_THAT(why(), HasSubstr("network card eth1 (by br0) has the default route"));
  EXPECT_EQ(why({"network"}), "nothing");
}

TEST_F(Guards, KeepTheConsole) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/boot_vga", "1");
  const auto consoles = fake_.root() / "class/vtconsole";
  replace_file(consoles / "vtcon0/name", "(S) dummy device\n");
  replace_file(consoles / "vtcon0/bind", "1\n");
  replace_file(consoles / "vtcon1/name", "(M) frame buffer device\n");
  replace_file(consoles / "vtcon1/bind", "0\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(consoles / "vtcon1/bind", "1\n");
  EXPECT_EQ(why(),
            "console: 0000:02:00.0 shows the host's console (vtcon1); make another card the "
            "primary one in the firmware, or echo 0 >" +
                (consoles / "vtcon1/bind").native());
  EXPECT_EQ(why({"console"}), "nothing");
  set("0000:02:00.0/boot_vga", "0");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, FindTheFramebufferOfTheFirmware) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/resource",
      "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
      "0x00000000e0000000 0x00000000efffffff 0x000000000014220c\n");
  proc_.file("iomem", "d0000000-d02fffff : BOOTFB\ne0000000-efffffff : 0000:02:00.0\n");
  EXPECT_EQ(why(), "nothing");
  proc_.file("iomem", "e0000000-efffffff : 0000:02:00.0\n  e1000000-e12fffff : BOOTFB\n");
  EXPECT_EQ(why(),
            "framebuffer: the firmware's framebuffer (BOOTFB) is in region 1 of 0000:02:00.0; boot "
            "with initcall_blacklist=sysfb_init, or unbind its driver below "
            "/sys/bus/platform/drivers");
  proc_.file("iomem", "00000000-00000000 : 0000:02:00.0\n  00000000-00000000 : efifb\n");
  EXPECT_EQ(
      why(),
      "framebuffer: only root sees in /proc/iomem whether a framebuffer is in its memory; run "
      "gpupci as root");
  EXPECT_EQ(why({"framebuffer"}), "nothing");
}

TEST_F(Guards, KeepACardThatIsSliced) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/sriov_numvfs", "0");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/sriov_numvfs", "2");
  EXPECT_THAT(why(), StartsWith("slices: 0000:02:00.0 has 2 active virtual functions; "));
  set("0000:02:00.0/sriov_numvfs", "0");
  set("0000:02:00.0/mdev_supported_types/nvidia-63/devices/c2177883/x", "");
  EXPECT_THAT(why(),
              StartsWith("slices: mediated device c2177883 (nvidia-63) is made from 0000:02:00.0"));
  EXPECT_EQ(why({"slices"}), "nothing");
}

TEST(Force, TakesTheNamesOfGuardsOnly) {
  Forced forced;
  add_forced("holder,console", forced);
  add_forced("group", forced);
  EXPECT_EQ(forced, (Forced{"console", "group", "holder"}));
  const auto refused = [&](std::string_view list) {
    try {
      add_forced(list, forced);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(refused("all"),
            "no such guard: 'all' (want iommu, group, slices, disk, network, console, framebuffer, "
            "holder)");
  EXPECT_EQ(refused("holder,vm"), "a running VM cannot be overridden; shut it down");
  EXPECT_THAT(refused(""), StartsWith("no such guard: ''"));
}

TEST(Refusals, AreOneLine) {
  const std::vector<Refusal> many(6, {"holder", "x"});
  EXPECT_EQ(one_line(many), "holder: x; holder: x; holder: x; holder: x; and 2 reasons more");
}

}  // namespace
}  // namespace cluster::agent
