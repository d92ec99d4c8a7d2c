#include <gmock/gmock.h>

#include "node-agent/cards/mig.h"
#include "tests/support/called_gpupci.h"
#include "tests/support/fake_nvidia_smi.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class MigInstances : public CalledGpupci {
 protected:
  MigInstances() {
    environment_.proc = proc_.root();
    fake_.add_card("0000:02:00", 1, 13);
  }

  void obey(const std::string& first) const { smi_.obey(first); }

  std::string make() { return gpupci({"--create-vgpu", "gpupci1", "1g.5gb"}); }
  std::string remove() { return gpupci({"--remove-vgpu", "gpupci1-gi7"}); }
  bool is_there() { return gpupci({"--vgpus"}).find("gpupci1-gi7") != std::string::npos; }

  FakeProc proc_;
  FakeNvidiaSmi smi_{proc_, environment_.nvidia_smi};
};

TEST_F(MigInstances, AreMadeAndRemoved) {
  EXPECT_EQ(make(), "Created MIG instance gpupci1-gi7 of profile 1g.5gb\n");
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_TRUE(is_there());
  EXPECT_EQ(remove(), "Removed MIG instance gpupci1-gi7\n");
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_FALSE(is_there());
  EXPECT_EQ(remove(), "");
  EXPECT_EQ(err_,
            "gpupci: cannot remove MIG instance gpupci1-gi7: there is none; gpupci --vgpus lists "
            "them\n");
}

TEST_F(MigInstances, AreRehearsed) {
  const auto smi = environment_.nvidia_smi.native() + " mig -i 0000:02:00.0 ";
  EXPECT_EQ(gpupci({"--create-vgpu", "gpupci1", "1g.5gb", "--dry-run"}), smi + "-cgi 1g.5gb -C\n");
  EXPECT_FALSE(is_there());
  EXPECT_THAT(gpupci({"--create-vgpu", "gpupci1", "1g.5gb", "--dry-run", "--json"}),
              HasSubstr(R"({"action":"create-mig","dry_run":true,"mig":null,"steps":[)"));
  EXPECT_THAT(gpupci({"--create-vgpu", "gpupci1", "1g.5gb", "--json"}),
              HasSubstr(R"("mig":{"id":"gpupci1-gi7","card":"gpupci1","pci":"pci_0000_02_00_0",)"
                        R"("gpu_instance":7,"compute_instances":[0]},"steps":[)"));
  EXPECT_EQ(gpupci({"--remove-vgpu", "gpupci1-gi7", "--dry-run"}),
            smi + "-dci -gi 7\n" + smi + "-dgi -gi 7\n");
  EXPECT_TRUE(is_there());
}

TEST_F(MigInstances, AreRefusedWhereTheyCannotBe) {
  gpupci({"--remove-vgpu", "gpupci1-gi7", "--lease=0123456789abcdef"});
  EXPECT_EQ(status_, 2) << "an instance has no lease";
  std::filesystem::remove(environment_.nvidia_smi);
  make();
  EXPECT_THAT(err_, HasSubstr("gpupci: cannot create a MIG instance on gpupci1: there is no "));
  EXPECT_EQ(status_, 1);
  obey("");
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  make();
  EXPECT_THAT(err_, HasSubstr("0000:02:00.0 is on vfio-pci, and MIG instances are made of whole "));
  EXPECT_EQ(status_, 1);
}

TEST_F(MigInstances, ThatAreHalfMadeArePutBack) {
  obey("[ $1 = -cgi ] && { mkdir gi7; exit 4; }");
  EXPECT_EQ(make(), "");
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("nvidia-smi failed with status 4 (is MIG on, and is there room? "));
  EXPECT_THAT(err_, HasSubstr("; put back: gpupci1-gi7 is removed\n"));
  EXPECT_FALSE(is_there());
  obey("mkdir -p gi7/ci0; exit 4");
  make();
  EXPECT_THAT(err_, HasSubstr("; there is a new gpupci1-gi7 now, which stays\n"))
      << "it may be another's";
}

TEST_F(MigInstances, AreNotTakenAtTheWordOfNvidiaSmi) {
  obey("exit 0");
  make();
  EXPECT_THAT(err_, HasSubstr("nvidia-smi says that it is done, and there is no new instance\n"));
  obey("");
  make();
  obey("exit 0");
  EXPECT_EQ(remove(), "");
  EXPECT_THAT(err_, HasSubstr("says that it is done, and the instance is still there\n"));
}

TEST_F(MigInstances, ThatProgramsUseStay) {
  make();
  proc_.process(812, "python3").open(812, 9, "/dev/full");  // 1:7, nothing of it
  proc_.process(813, "other").open(813, 9, "/dev/zero");    // 1:5, its compute instance
  EXPECT_EQ(remove(), "");
  EXPECT_EQ(err_,
            "gpupci: cannot remove MIG instance gpupci1-gi7: process 813 ('other') has "
            "/dev/nvidia-caps/nvidia-cap5 open; stop it (kill 813)\n");
  EXPECT_TRUE(is_there());
  proc_.close(813, 9);
  EXPECT_EQ(remove(), "Removed MIG instance gpupci1-gi7\n") << err_;
}

TEST_F(MigInstances, GetTheirComputeBackWhenTheyCannotGo) {
  make();
  obey("[ $1 = -dgi ] && exit 19");
  EXPECT_EQ(remove(), "");
  EXPECT_THAT(err_, HasSubstr("failed with status 19; put back: its compute instance\n"));
  EXPECT_THAT(gpupci({"--vgpus", "--json"}), HasSubstr(R"("compute_instances":[0])"));
}

TEST_F(MigInstances, WaitNotForEverForNvidiaSmi) {
  environment_.act_deadline = 200ms;
  obey("exec sleep 3");
  make();
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("no end after "));
  EXPECT_THAT(err_, Not(HasSubstr("put back")));
}

TEST(MigInstance, IsKnownByItsName) {
  for (const auto* name : {"gpupci1-gi2", "gpupci12-gi13"}) EXPECT_TRUE(is_mig_instance(name));
  for (const auto* name : {"gpupci1", "gpupci1-gi", "c2177883-f1bb-47f0-914d-32a22e3a8804", ""}) {
    EXPECT_FALSE(is_mig_instance(name));
  }
}

}  // namespace
}  // namespace cluster::agent
