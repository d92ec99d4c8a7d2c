#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// An accelerator that no program has open.
class GuardKernelUsers : public GuardedCard {
 protected:
  GuardKernelUsers() {
    settings_.vendors = {0x8086};
    settings_.classes = {0x0b40};
    fake_.add({"0000:02:00.0", "0b40", "8086:4940", "4xxx", 13});
    fs::create_directories(module("qat_4xxx"));
    fs::create_directory_symlink(module("qat_4xxx"), fake_.root() / "bus/pci/drivers/4xxx/module");
  }

  fs::path module(const std::string& name) const { return fake_.root() / "module" / name; }
  fs::path device() const { return fake_.root() / "bus/pci/devices/0000:02:00.0"; }
};

TEST_F(GuardKernelUsers, AreNobody) { EXPECT_EQ(why(), "nothing"); }

TEST_F(GuardKernelUsers, HaveADmaChannel) {
  set("0000:02:00.0/dma/dma0chan0/in_use", "0");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/dma/dma0chan1/in_use", "2");
  EXPECT_EQ(why(),
            "holder: the kernel uses the DMA channel 'dma0chan1' of 0000:02:00.0; unload the "
            "module that does so: md, NTB, a driver of a disk");
  EXPECT_EQ(why({"holder"}), "nothing");
  fake_.set_driver(kVideo, "vfio-pci");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardKernelUsers, ComputeCiphersOfItsModules) {
  const auto cipher = [&](const std::string& of, int count) {
    proc_.file("crypto", "name         : xts(aes)\ndriver       : qat_aes_xts\nmodule       : " +
                             of + "\npriority     : 4001\nrefcnt       : " + std::to_string(count) +
                             "\nselftest     : passed\n\n" +
                             "name : x\ndriver : y\nmodule : kernel\nrefcnt : 9\n");
    return why();
  };
  constexpr auto* kWords =
      "holder: the kernel computes 'qat_aes_xts' by the driver of 0000:02:00.0 (it tells not on "
      "which card); close what uses it: dm-crypt, IPsec, kTLS";
  EXPECT_EQ(cipher("qat_4xxx", 3), kWords);
  EXPECT_EQ(cipher("qat_4xxx", 1), "nothing");
  EXPECT_EQ(cipher("intel_qat", 3), "nothing");
  fs::create_directories(module("intel_qat") / "holders/qat_4xxx");
  EXPECT_EQ(cipher("intel_qat", 3), kWords) << "the driver is built on it";
  EXPECT_EQ(cipher("qat_crypto", 3), "nothing");
  fs::create_directories(module("qat_4xxx") / "holders/qat_crypto");
  EXPECT_EQ(cipher("qat_crypto", 3), kWords) << "it is built on the driver";
  EXPECT_EQ(cipher("aesni_intel", 3), "nothing");
}

// A driver from outside of the kernel may call its nodes as it likes, and put them anywhere.
TEST_F(GuardKernelUsers, MayBeAnybodyOfADriverThatIsInUse) {
  replace_file(module("qat_4xxx") / "refcnt", "1\n");
  EXPECT_EQ(why(),
            "holder: somebody uses the driver of 0000:02:00.0 ('4xxx'), and the kernel tells "
            "neither who nor on which card; stop what does, until /sys/module/qat_4xxx/refcnt says "
            "0");
  fs::create_directories(module("qat_4xxx") / "holders/other");
  EXPECT_EQ(why(), "nothing") << "that is a module";
  replace_file(module("qat_4xxx") / "refcnt", "2\n");
  EXPECT_THAT(why(), HasSubstr("until /sys/module/qat_4xxx/refcnt says 1"));
  add_node("0000:02:00.0/acme/acme0", "1:3", "acme0", "acme");
  EXPECT_EQ(why(), "nothing") << "who uses a node is found";
}

// "target0" of a region names a decoder of the endpoint that is the card's memory.
TEST_F(GuardKernelUsers, HaveItsMemoryByCxl) {
  const auto bus = fake_.root() / "bus/cxl/devices";
  const auto endpoint = fake_.root() / "devices/platform/ACPI0017:00/root0/port1/endpoint3";
  fs::create_directories(device() / "mem0");
  fs::create_directories(endpoint / "decoder3.0");
  fs::create_directory_symlink(device() / "mem0", endpoint / "uport");
  fs::create_directories(bus);
  fs::create_directory_symlink(endpoint / "decoder3.0", bus / "decoder3.0");
  replace_file(bus / "region0/target0", "decoder3.0\n");
  replace_file(bus / "region0/commit", "0\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(bus / "region0/commit", "1\n");
  EXPECT_EQ(why(),
            "holder: the host has memory of 0000:02:00.0 (CXL 'region0'): any program may have "
            "some of it; daxctl offline-memory and cxl disable-region region0");
  replace_file(bus / "region0/target0", "\n");
  replace_file(bus / "region0/target1", "decoder3.1\n");
  EXPECT_EQ(why(), "nothing") << "it lies on another one";
}

TEST_F(GuardKernelUsers, HaveItsMemoryByDax) {
  const auto bus = fake_.root() / "bus/dax/devices";
  fs::create_directories(bus);
  fs::create_directories(device() / "dax0.0");
  fs::create_directories(fake_.root() / "devices/dax1.0");
  fs::create_directory_symlink(device() / "dax0.0", bus / "dax0.0");
  fs::create_directory_symlink(fake_.root() / "devices/dax1.0", bus / "dax1.0");
  fs::create_symlink("/sys/bus/dax/drivers/kmem", fake_.root() / "devices/dax1.0/driver");
  EXPECT_EQ(why(), "nothing");
  fs::create_symlink("/sys/bus/dax/drivers/kmem", device() / "dax0.0/driver");
  EXPECT_EQ(why(),
            "holder: the memory of 0000:02:00.0 is the host's ('dax0.0'): any program may have "
            "some of it; daxctl reconfigure-device --mode=devdax --force dax0.0");
}

}  // namespace
}  // namespace cluster::agent
