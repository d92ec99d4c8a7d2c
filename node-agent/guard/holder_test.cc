#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "node-agent/guard/guard.h"
#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;

class GuardHolder : public GuardedCard {};

TEST_F(GuardHolder, NameTheProcessAndItsService) {
  fake_.add_card("0000:02:00", 2, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  add_node("0000:02:00.1/sound/card1/pcmC1D3p", "1:5", "snd/pcmC1D3p", "sound");
  proc_.process(812, "Xorg").open(812, 9, "/dev/null");
  EXPECT_EQ(why(), "holder: process 812 ('Xorg') has /dev/dri/card0 open; stop it (kill 812)");
  proc_.process(900, "pulse\x1b[2J", "/system.slice/pulse audio.service").open(900, 1, "/dev/zero");
  EXPECT_EQ(
      why(),
      "holder: process 812 ('Xorg') has /dev/dri/card0 open; stop it (kill 812); holder: "
      "process 900 ('pulse\\x1b[2J', 'pulse audio.service') has /dev/snd/pcmC1D3p open; systemctl "
      "stop 'pulse audio.service'");
  EXPECT_EQ(why({"holder"}), "nothing");
}

// A service in a container is none of the host's, which may have another one of that name.
TEST_F(GuardHolder, NameTheContainerAndNotTheServiceInIt) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  proc_.process(812, "nginx", "/lxc/102/ns/system.slice/nginx.service").open(812, 9, "/dev/null");
  EXPECT_EQ(why(),
            "holder: process 812 ('nginx', 'nginx.service' in LXC container '102') has "
            "/dev/dri/card0 open; pct stop 102");
  proc_.process(812, "kwin",
                "/user.slice/user-1000.slice/user@1000.service/app.slice/kwin.service");
  EXPECT_EQ(why(),
            "holder: process 812 ('kwin', service 'kwin.service') has /dev/dri/card0 open; stop it "
            "(kill 812), or systemctl --user stop kwin.service (as user 1000)");
}

// A host does not go on without these. Who stops logind takes it from all who are logged in.
TEST_F(GuardHolder, DoNotSayThatWhatTheHostNeedsIsToBeStopped) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  proc_.process(812, "systemd-logind", "/system.slice/systemd-logind.service")
      .open(812, 9, "/dev/null");
  EXPECT_EQ(why(),
            "holder: process 812 ('systemd-logind', 'systemd-logind.service') has /dev/dri/card0 "
            "open; end the session that uses it (loginctl names them), or systemctl isolate "
            "multi-user.target");
  for (const auto* service : {"systemd-udevd.service", "dbus.service", "dbus-broker.service"}) {
    proc_.process(812, "x", "/system.slice/" + std::string(service));
    EXPECT_THAT(why(), HasSubstr("open; try again: it lets go by itself")) << service;
  }
}

// Who comes by ssh without a session of logind is below sshd's unit. Stopping that ends no program
// of his, and locks everybody out.
TEST_F(GuardHolder, DoNotSayThatAServiceIsToBeStoppedThatLeavesItsPrograms) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  proc_.process(812, "train", "/").open(812, 9, "/dev/null");
  for (const auto* service : {"ssh.service", "sshd@3-10.1.1.1:22.service", "crond.service"}) {
    proc_.process(812, "train", "/system.slice/" + std::string(service));
    EXPECT_EQ(why(), "holder: process 812 ('train', '" + std::string(service) +
                         "') has /dev/dri/card0 open; stop it (kill 812)");
  }
  proc_.process(812, "slurmd", "/system.slice/slurmd.service");
  EXPECT_THAT(why(), HasSubstr("; systemctl stop slurmd.service"));
}

TEST_F(GuardHolder, KnowNvidiasNodeByItsMinor) {
  fake_.add_card("0000:02:00", 1, 13);
  proc_.file("devices", "Character devices:\n  1 nvidia-frontend\n195 other\n\nBlock devices:\n");
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information",
             "Model: \t\t NVIDIA T4\nDevice Minor: \t 3\nGPU Excluded:\t No\n");
  proc_.process(812, "nvidia-persiste", "/system.slice/nvidia-persistenced.service")
      .open(812, 3, "/dev/null");
  EXPECT_EQ(
      why(),
      "holder: process 812 ('nvidia-persiste', 'nvidia-persistenced.service') has /dev/nvidia3 "
      "open; systemctl stop nvidia-persistenced.service");
}

// Killed, it takes the host along.
TEST_F(GuardHolder, DoNotSayThatTheFirstProcessIsToBeKilled) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/watchdog/watchdog0", "1:3", "watchdog0", "watchdog");
  proc_.open(1, 9, "/dev/null");
  EXPECT_THAT(why(),
              ::testing::HasSubstr(
                  " has /dev/watchdog0 open; nothing stops it: turn off what it does with "));
}

TEST_F(GuardHolder, KnowTheNodesOfMigSlices) {
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
            "holder: process 812 ('python3') has /dev/nvidia-caps/nvidia-cap3, "
            "/dev/nvidia-caps/nvidia-cap5 open; stop it (kill 812)");
}

TEST_F(GuardHolder, KnowForWhichGpuTheNodeOfAllGpusIsOpen) {
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
  EXPECT_EQ(
      why(),
      "holder: process 812 ('python3') has /dev/kfd (the kernel tells not for which GPU) open; "
      "stop it (kill 812)");
  replace_file(kfd / "proc/812/vram_26032", "4096\n");
  replace_file(kfd / "proc/812/vram_51110", "0\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(kfd / "proc/812/queues/0/gpuid", "26032\n");
  EXPECT_EQ(why(), "nothing");
  const auto holder = "holder: process 812 ('python3') has /dev/kfd open; stop it (kill 812)";
  replace_file(kfd / "proc/812/queues/1/gpuid", "51110\n");
  EXPECT_EQ(why(), holder);
  std::filesystem::remove_all(kfd / "proc/812/queues");
  replace_file(kfd / "proc/812/vram_51110", "4096\n");
  EXPECT_EQ(why(), holder);
}

TEST_F(GuardHolder, LeaveInputDevicesAndOtherFunctionsAlone) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/sound/card0/input5/event5", "1:3", "input/event5");
  add_node("0000:02:00.0/0000:03:00.0/drm/card1", "1:5", "dri/card1");
  proc_.process(812, "acpid").open(812, 3, "/dev/null").open(812, 4, "/dev/zero");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardHolder, CountForEveryCardOfADriverThatTellsNotForWhich) {
  settings_.devices = {};
  fake_.add({"0000:02:00.0", "0300", "10de:1e07", "acme-npu", 13});
  fake_.add({"0000:03:00.0", "0300", "10de:1e07", "acme-npu", 14});
  proc_.file("devices", "Character devices:\n  1 acme-npu\n");
  proc_.process(812, "train").open(812, 3, "/dev/zero");
  EXPECT_EQ(
      why(),
      "holder: process 812 ('train') has character device 1:5 of 'acme-npu' (the kernel tells "
      "not for which card) open; stop it (kill 812)");
  // sysfs may know the place of a device all the same.
  const auto place = [&](const std::string& pci) {
    const auto folder = fake_.root() / "dev/char/1:5";
    std::filesystem::remove(folder);
    add_node(pci + "/npu/npu0", "9:9", "npu0", "npu");
    std::filesystem::create_directories(folder.parent_path());
    std::filesystem::create_directory_symlink(fake_.root() / "bus/pci/devices" / pci / "npu/npu0",
                                              folder);
    return why();
  };
  EXPECT_THAT(place("0000:02:00.0"), HasSubstr("has /dev/npu0 (the kernel tells not"));
  EXPECT_EQ(place("0000:03:00.0"), "nothing");
}

// A program that uses a GPU has its node open; the nodes of all GPUs alone are those of a monitor.
TEST_F(GuardHolder, LeaveTheSharedNodesOfSeveralGpusAlone) {
  fake_.add_card("0000:02:00", 1, 13);
  proc_.file("devices", "  1 nvidia-uvm\n")
      .file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n");
  proc_.process(812, "monitor");
  std::filesystem::create_symlink("/dev/mem0", proc_.root() / "812/fd/2");
  const TempDir dev;
  ASSERT_EQ(::mknod((dev.path() / "uvm").c_str(), S_IFCHR | 0600, makedev(1, 0)), 0);
  proc_.open(812, 3, dev.path() / "uvm");
  EXPECT_THAT(why(), HasSubstr("process 812 ('monitor') has /dev/nvidia-uvm open"));
  fake_.add_card("0000:03:00", 1, 14);
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardHolder, FindTheFabricManagerOfASwitch) {
  settings_.vendors = {0x10de};
  settings_.classes.push_back(0x0680);
  fake_.add({"0000:05:00.0", "0680", "10de:22a3", "nvidia-nvswitch", 114});
  set("0000:05:00.0/config", std::string(64, '\0'));
  proc_.file("devices", "  1 nvidia-nvswitch\n")
      .file("driver/nvidia-nvswitch/devices/0000:05:00.0/information", "Device Instance: 5\n");
  proc_.process(812, "nv-fabricmanage", "/system.slice/nvidia-fabricmanager.service")
      .open(812, 3, "/dev/zero");
  EXPECT_EQ(why(),
            "holder: process 812 ('nv-fabricmanage', 'nvidia-fabricmanager.service') has "
            "/dev/nvidia-nvswitch5 open; systemctl stop nvidia-fabricmanager.service");
}

// Not to see anybody is not to know that there is nobody.
TEST_F(GuardHolder, RefuseWhatCannotBeSeen) {
  fake_.add_card("0000:02:00", 1, 13);
  std::filesystem::create_directories(proc_.root() / "self/ns");
  std::filesystem::create_symlink("pid:[4026532999]", proc_.root() / "self/ns/pid");
  EXPECT_EQ(why(),
            "holder: gpupci is in a pid namespace of its own and does not see the programs of the "
            "host; run it in that of the host: nsenter -t 1 -p -m, docker run --pid=host");
  EXPECT_EQ(why({"holder"}), "nothing");
  std::filesystem::remove_all(proc_.root() / "self");
  std::filesystem::remove_all(proc_.root() / "1");
  EXPECT_THAT(why(), HasSubstr("holder: " + proc_.root().native() +
                               " does not show the first process of the host"));
}

TEST_F(GuardHolder, NameAProcessForWhichTheKernelDoesNotAnswer) {
  fake_.add_card("0000:02:00", 1, 13);
  proc_.process(812, "stuck");
  std::filesystem::remove(proc_.root() / "812/maps");
  ASSERT_EQ(::mkfifo((proc_.root() / "812/maps").c_str(), 0600), 0);
  EXPECT_EQ(why(),
            "holder: process 812 cannot be looked into, as the kernel does not answer: it may use "
            "it; cat /proc/812/stack tells what it waits for");
}

// A ring that is busy does not tell what it holds; without root many a process does not.
TEST_F(GuardHolder, CountThoseWhomNobodyMayLookInto) {
  fake_.add_card("0000:02:00", 1, 13);
  for (const int pid : {812, 813}) {
    proc_.process(pid, "ring")
        .open_special(pid, 3, "anon_inode:[io_uring]", "UserFiles:\t1\nUserBufs:\t0\n");
  }
  EXPECT_EQ(why(),
            "holder: 2 processes cannot be looked into, process 812 for one: any of them may use "
            "it; run gpupci as root");
  proc_.close(812, 3).close(813, 3);
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardHolder, DoesNotKnowWhatIsOnItsWayThroughASocket) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  proc_.process(811, "sshd").open_special(811, 3, "socket:[4710]", "pos:\t0\nscm_fds:\t0\n");
  EXPECT_EQ(why(), "nothing");
  proc_.process(812, "launcher").open_special(812, 3, "socket:[4711]", "pos:\t0\nscm_fds: 1\n");
  EXPECT_EQ(why(),
            "holder: process 812 ('launcher') has a socket in which an open file waits to be taken "
            "up (SCM_RIGHTS; the kernel tells not of what): it may be the card's; stop it (kill "
            "812)");
  EXPECT_EQ(why({"holder"}), "nothing");
  proc_.close(812, 3);
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardHolder, HasGoneWithItsProcess) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  proc_.process(812, "Xorg").open(812, 9, "/dev/null");
  EXPECT_THAT(why(), HasSubstr("process 812 ('Xorg')"));
  proc_.close(812, 9);
  EXPECT_EQ(why(), "nothing");
  proc_.map(812, "7f00-7f10", "/dev/null");
  EXPECT_THAT(why(), HasSubstr("process 812 ('Xorg') has /dev/dri/card0 open"));
}

// A buffer outlives the open file of the card: whoever has it keeps the memory of the card.
TEST_F(GuardHolder, FindWhoHasABufferThatItsDriverExported) {
  fake_.add_card("0000:02:00", 1, 13);
  const auto holds = [&](const std::string& exporter) {
    std::filesystem::remove_all(proc_.root() / "812");
    proc_.process(812, "python3").open_special(812, 5, "/dmabuf:", "exp_name:\t" + exporter + "\n");
    return why();
  };
  const auto holder = [](const std::string& exporter) {
    return "holder: process 812 ('python3') has a buffer of " + exporter +
           " (dma-buf; the kernel tells not of which card) open; stop it (kill 812)";
  };
  for (const auto* of_nvidia : {"nvidia", "nvidia_drm", "nvidia-drm", "nvidia_uvm"}) {
    EXPECT_EQ(holds(of_nvidia), holder(of_nvidia));
  }
  for (const auto* of_others : {"udmabuf", "amdgpu", "drm", "i915"}) {
    EXPECT_EQ(holds(of_others), "nothing") << of_others;
  }
  // The core of DRM exports for all drivers that have a node of DRM.
  add_node("0000:02:00.0/drm/card0", "9:9", "dri/card0");
  EXPECT_EQ(holds("drm"), holder("drm"));
  // A driver has the name of its module, too, and another one than NVIDIA's exports for itself.
  fake_.set_driver(kVideo, "amdgpu");
  EXPECT_EQ(holds("amdgpu"), holder("amdgpu"));
  EXPECT_EQ(holds("nvidia_drm"), "nothing");
  EXPECT_EQ(holds("amd_gpu_module"), "nothing");
  std::filesystem::create_directories(fake_.root() / "bus/pci/drivers/amdgpu");
  std::filesystem::create_symlink("../../../../module/amd_gpu_module",
                                  fake_.root() / "bus/pci/drivers/amdgpu/module");
  EXPECT_EQ(holds("amd_gpu_module"), holder("amd_gpu_module"));
}

TEST_F(GuardHolder, LeaveTheBuffersOfOthersWithACardThatHasNoDriverOfTheHost) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "9:9", "dri/card0");
  proc_.process(812, "kwin").open_special(812, 5, "/dmabuf:", "exp_name:\tdrm\n");
  EXPECT_THAT(why(), HasSubstr("has a buffer of drm"));
  for (const auto& driver :
       {std::optional<std::string>(), std::optional<std::string>("vfio-pci")}) {
    fake_.set_driver(kVideo, driver);
    EXPECT_EQ(why(), "nothing") << driver.value_or("none");
  }
}

TEST_F(GuardHolder, FindWhoHasARegionOfItOrOfASliceMapped) {
  fake_.add_card("0000:02:00", 1, 13);
  const auto functions = fake_.root() / "bus/pci/devices";
  std::filesystem::create_directories(functions / "0000:02:00.4");
  std::filesystem::create_symlink("../0000:02:00.4", functions / "0000:02:00.0/virtfn0");
  std::filesystem::create_directories(functions / "0000:05:00.0");
  std::filesystem::create_symlink("../0000:05:00.0", functions / "0000:02:00.0/consumer");
  const auto maps = [&](const std::string& file) {
    std::filesystem::remove_all(proc_.root() / "812");
    replace_file(functions / file, "");
    proc_.process(812, "dpdk").map(812, "7f00-7f10", functions / file);
    return why();
  };
  EXPECT_EQ(maps("0000:02:00.0/resource0"),
            "holder: process 812 ('dpdk') has region 0 of 0000:02:00.0 open; stop it (kill 812)");
  EXPECT_EQ(maps("0000:02:00.4/resource2_wc"),
            "holder: process 812 ('dpdk') has region 2 of 0000:02:00.4 open; stop it (kill 812)");
  EXPECT_EQ(maps("0000:05:00.0/resource0"), "nothing") << "no slice of it";
}

// It is no user on the host: the guard of VMs tells of it.
TEST_F(GuardHolder, LeaveAUserOfVfioToTheGuardOfVms) {
  fake_.add_card("0000:02:00", 1, 13);
  replace_file(fake_.root() / "class/vfio/13/dev", "243:13\n");
  proc_.process(812, "dpdk").open_special(812, 3, "anon_inode:[vfio-device]", "pos:\t0\n");
  EXPECT_THAT(why(), ::testing::StartsWith("vm: process 812 ('dpdk') has a device of vfio"));
  EXPECT_THAT(why(), ::testing::Not(HasSubstr("holder: ")));
}

}  // namespace
}  // namespace cluster::agent
