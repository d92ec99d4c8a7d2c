#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

class GuardFbdev : public GuardedCard {
 protected:
  GuardFbdev() { fake_.add_card("0000:02:00", 1, 13); }

  void allow(const std::string& answer) {
    replace_file(fake_.root() / "module/nvidia_drm/parameters/fbdev", answer + "\n");
  }
};

// NVIDIA's driver sets the parameter by default since 570, even where it draws nothing.
TEST_F(GuardFbdev, WantsAFramebufferAndNotOnlyTheLeaveToMakeOne) {
  allow("Y");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/graphics/power/control", "auto");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/graphics/fb0/name", "nvidia-drmdrmfb\n");
  EXPECT_EQ(why(),
            "fbdev: nvidia_drm draws the console on its cards (fbdev); options nvidia_drm fbdev=0 "
            "modeset=0 in /etc/modprobe.d, and reboot");
  EXPECT_EQ(why({"fbdev"}), "nothing");
  allow("N");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardFbdev, LeavesOtherDriversAlone) {
  allow("Y");
  set("0000:02:00.0/graphics/fb0/name", "nouveaudrmfb\n");
  fake_.set_driver({0, 2, 0, 0}, "nouveau");
  EXPECT_EQ(why(), "nothing");
}

}  // namespace
}  // namespace cluster::agent
