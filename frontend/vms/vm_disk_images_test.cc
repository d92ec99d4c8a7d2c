// Which images a container is asked for, and whose failure it is when one is not there.

#include "frontend/vms/vm_disk_images.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/frontend_test.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

VmDisk image_disk(const std::string& path, const std::string& target = "vda") {
  return {DiskSource::file, path, target, "virtio", "qcow2", 20};
}

class DiskImages : public FrontendTest {
 protected:
  DiskImages() { add_host("n1"); }

  VmBatch made() {
    auto all = look_at(context, inventory().vms(), {});
    make_disk_images(context, all, {});
    return all;
  }

  void says(const std::string& out, const std::string& err) {
    transport.answers["n1"].out = out;
    transport.answers["n1"].err = err;
  }

  std::string command() const {
    return transport.asked_targets.empty() ? "nobody was asked"
                                           : transport.asked_targets.back().command;
  }

  bool is_made(const std::string& vm, std::size_t disk = 0) {
    return inventory().require_vm(HostName(vm)).disks.at(disk).made;
  }

  // "WHO: WHY" of each failure, with the fault before it.
  static std::vector<std::string> told(const VmBatch& all) {
    std::vector<std::string> lines;
    for (const auto& one : failures_of(all)) {
      const auto fault = one.error.fault() == Fault::unreachable ? "unreachable " : "";
      lines.push_back(fault + one.who + ": " + one.error.what());
    }
    return lines;
  }
};

TEST_F(DiskImages, ALineOfTheContainersShellIsOfOneVm) {
  auto copy = image_disk("/vm/b.img", "vdb");
  copy.format = "raw";
  copy.size_gib.reset();
  copy.image = "/base.img";
  auto backed = image_disk("/vm/c.qcow2", "vdc");
  backed.image = "/base.img";
  backed.backing = true;
  backed.made = true;
  add_vm("v1", "n1", {image_disk("/vm/a.qcow2"), copy, backed});
  made();
  EXPECT_THAT(command(), StartsWith("sh -c '"));
  EXPECT_THAT(command(), EndsWith("image /vm/a.qcow2 qcow2 20 new && "
                                  "image /vm/b.img raw '\\'''\\'' new /base.img copy && "
                                  "image /vm/c.qcow2 qcow2 20 made /base.img backing && "
                                  "echo v1 || echo '\\''=== v1'\\'' >&2\n'"));
}

TEST_F(DiskImages, WhatIsNoFileOfAnImageIsLeftAlone) {
  add_vm("v1", "n1",
         {{DiskSource::block, "/dev/b", "vda", "virtio", "raw", {}},
          {DiskSource::cdrom, "/a.iso", "sda", "sata", "raw", {}}});
  EXPECT_THAT(told(made()), IsEmpty());
  EXPECT_EQ(command(), "nobody was asked");
}

TEST_F(DiskImages, AVmThatRunsHasItsImages) {
  add_vm("v1", "n1", {image_disk("/vm/a")});
  add_vm("v2", "n1", {image_disk("/vm/b")});
  add_domain("n1", "v1", "", true);
  says("v2\n", "");
  EXPECT_THAT(told(made()), IsEmpty());
  EXPECT_THAT(command(), Not(HasSubstr("/vm/a")));
  EXPECT_FALSE(is_made("v1")) << "nobody has looked";
  EXPECT_TRUE(is_made("v2"));
}

TEST_F(DiskImages, RootMakesThem) {
  auto host = inventory().find_host(HostName("n1")).value();
  host.sudo = true;
  inventory().set_hosts({host});
  add_vm("v1", "n1", {image_disk("/vm/a")});
  made();
  EXPECT_THAT(command(), StartsWith("sudo -n sh -c '"));
}

TEST_F(DiskImages, ThoseOfOneVmAreMadeWhateverBecomesOfAnother) {
  add_vm("v1", "n1", {image_disk("/vm/a")});
  add_vm("v2", "n1", {image_disk("/vm/b"), image_disk("/vm/c", "vdb")});
  says("v2\n", "there is no folder /vm\n=== v1\n");
  EXPECT_THAT(told(made()),
              ElementsAre("v1: cannot make its disk images: 'there is no folder /vm'"));
  EXPECT_FALSE(is_made("v1"));
  EXPECT_TRUE(is_made("v2", 0));
  EXPECT_TRUE(is_made("v2", 1));
}

// A name of another VM that begins the same is not its name.
TEST_F(DiskImages, AVmIsMeantByItsWholeName) {
  add_vm("v1", "n1", {image_disk("/vm/a")});
  add_vm("v11", "n1", {image_disk("/vm/b")});
  says("v11\n", "no space left\n=== v11\nno room\n=== v1\n");
  EXPECT_THAT(told(made()), ElementsAre("v1: cannot make its disk images: 'no room'"));
}

struct ShellSaid {
  const char* err;
  const char* why;
};

TEST_F(DiskImages, AShellThatDidNotComeSoFarIsTheReasonOfAll) {
  add_vm("v1", "n1", {image_disk("/vm/a")});
  for (const auto& one : {ShellSaid{"", "no reason given"},
                          ShellSaid{"sh: mktemp: not found\n", "sh: mktemp: not found"},
                          ShellSaid{"=== v1\n", "no reason given"}}) {
    says("", one.err);
    EXPECT_THAT(told(made()),
                ElementsAre("v1: cannot make its disk images: '" + std::string(one.why) + "'"));
  }
}

TEST_F(DiskImages, AContainerThatIsNotReachedHasFailedItself) {
  add_host("n2");
  add_vm("v1", "n1", {image_disk("/vm/a")});
  add_vm("v2", "n2", {image_disk("/vm/b")});
  transport.answers["n1"].reply = {ssh::End::unreachable, -1, "no route to host", {}};
  transport.answers["n2"].out = "v2\n";
  EXPECT_THAT(told(made()), ElementsAre("unreachable n1: no route to host"));
  EXPECT_FALSE(is_made("v1"));
  EXPECT_TRUE(is_made("v2"));
}

}  // namespace
}  // namespace cluster::frontend
