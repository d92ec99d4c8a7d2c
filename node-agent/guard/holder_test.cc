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

}  // namespace
}  // namespace cluster::agent
