// The libvirt and QEMU of a container say what a VM there can have.

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kWithoutQxl = "disk/bus virtio sata\nvideo/modelType vga none\n";
constexpr const char* kWithQxl = "disk/bus virtio sata\nvideo/modelType vga qxl none\n";
// The refusal of a command that asked `when`.
std::string no_qxl(const std::string& when = "") {
  return "VM 'v1': V17: libvirt and QEMU on 'n1' have no video model 'qxl' (it has vga, none)" +
         when + ": take what they have, or install what is missing there";
}

class VmCapability : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "vm", "v1", "n1"});
    transport.answers["n1"].out = "v1\n";
    n1().capabilities = kWithoutQxl;
  }

  FakeDomains::Host& n1() { return domains.hosts["n1"]; }

  void wish_for_qxl() {
    cluster({"set", "host", "attr", "v1", "vm_xml_devices", "<video><model type='qxl'/></video>"});
  }
};

TEST_F(VmCapability, IsAskedOnceAndKept) {
  cluster({"sync", "vm", "config", "v1"});
  EXPECT_EQ(n1().calls["capabilities"], 1);
  cluster({"set", "host", "vm", "v1", "mem=2048"});
  cluster({"sync", "vm", "config", "v1"});
  EXPECT_EQ(n1().calls["capabilities"], 1);
  EXPECT_THAT(n1().done, ElementsAre("define v1", "define v1"));
}

TEST_F(VmCapability, IsAskedAgainOfAnotherLibvirt) {
  cluster({"sync", "vm", "config", "v1"});
  n1().version = 11003000;
  cluster({"set", "host", "vm", "v1", "mem=2048"});
  cluster({"sync", "vm", "config", "v1"});
  EXPECT_EQ(n1().calls["capabilities"], 2);
}

TEST_F(VmCapability, ThatIsMissingIsNamedAndNothingIsDefined) {
  wish_for_qxl();
  cluster({"sync", "vm", "config", "v1", "dryrun=yes"}, 1, "v1: " + no_qxl());
  cluster({"sync", "vm", "config", "v1"}, 1, "v1: " + no_qxl());
  cluster({"start", "host", "vm", "v1"}, 1, "v1: " + no_qxl());
  EXPECT_THAT(n1().done, IsEmpty());
}

TEST_F(VmCapability, ThatLibvirtHasTakenAlreadyIsNotRefused) {
  wish_for_qxl();
  n1().capabilities = kWithQxl;
  cluster({"sync", "vm", "config", "v1"});
  n1().capabilities = kWithoutQxl;
  n1().version = 11003000;
  cluster({"set", "host", "vm", "v1", "mem=2048"});
  cluster({"sync", "vm", "config", "v1"});
  EXPECT_THAT(n1().done, ElementsAre("define v1", "define v1"));
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), HasSubstr("qxl"));
}

TEST_F(VmCapability, ThatIsMissingIsKnownWithoutAskingTheHost) {
  wish_for_qxl();
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), HasSubstr("qxl"));  // nothing is known yet
  cluster({"sync", "vm", "config", "v1"}, 1, "v1: " + no_qxl());
  cluster({"report", "vm", "config", "v1"}, 1, no_qxl(", when they were asked last"));
}

TEST_F(VmCapability, IsAskedAgainBeforeARefusal) {
  wish_for_qxl();
  cluster({"sync", "vm", "config", "v1"}, 1, "v1: " + no_qxl());
  n1().capabilities = kWithQxl;  // somebody installed it; libvirt is the same
  cluster({"sync", "vm", "config", "v1"});
  EXPECT_THAT(n1().done, ElementsAre("define v1"));
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), HasSubstr("qxl"));
}

}  // namespace
}  // namespace cluster
