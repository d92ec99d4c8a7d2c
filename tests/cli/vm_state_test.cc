// What a VM has on its container is its own: images are made once, a VM that runs is not forgotten,
// and its partition of the fabric manager is active while it runs.

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kStateUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";

class VmState : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "n2"});
    cluster({"add", "host", "vm", "v1", "n1", std::string("uuid=") + kStateUuid,
             "disk=file:/vm/a.qcow2,vda,virtio", "disksize=8"});
    for (const char* host : {"n1", "n2"}) transport.answers[host].out = "v1\n";
  }

  FakeDomains::Host& n1() { return domains.hosts["n1"]; }

  static std::string card(const std::string& number, const std::string& functions = "01") {
    std::string list;
    for (const char function : functions) {
      list += std::string(list.empty() ? "" : ", ") + R"({"pci": "pci_0000_0)" + number + "_00_" +
              function + R"(", "class": ")" + (function == '0' ? "0302" : "0403") +
              R"(", "vendor": "10de", "device": "2335", "driver": "vfio-pci"})";
    }
    return R"({"name": "gpupci)" + number + R"(", "pci": "pci_0000_0)" + number +
           R"(_00_0", "state": "present", "model": "H200 SXM", "functions": [)" + list + "]}";
  }

  void discover(const std::string& cards) {
    transport.by_command["gpupci -l --json"] = R"({"cards": [)" + cards + "]}";
    cluster({"discover", "host", "gpu", "n1"});
  }

  void give(const std::string& cards) {
    discover(cards);
    cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1"});
  }

  // Answers `command` on n1.
  void says(const std::string& command, const std::string& out, int status = 0) {
    auto& answer = transport.exactly[{"n1", command}];
    answer.out = out;
    answer.reply.status = status;
  }
};

TEST_F(VmState, AnImageIsMadeOnceAndMissedLater) {
  cluster({"start", "host", "vm", "v1"});
  EXPECT_THAT(transport.asked_targets.at(0).command, HasSubstr(" 8 new"));
  EXPECT_THAT(dump(), HasSubstr("vda,virtio,qcow2,made=yes"));
  EXPECT_THAT(cluster({"list", "host", "vm"}), Not(HasSubstr("made")));
  cluster({"stop", "host", "vm", "v1", "action=poweroff"});
  cluster({"set", "host", "vm", "v1", "container=n2", "mem=2048"});
  auto& answer = transport.answers["n2"];
  answer.out = "";
  answer.err =
      "no image /vm/a.qcow2, which was there before: mount what has it, or bring it here\n";
  cluster({"start", "host", "vm", "v1"}, 1,
          "v1: on n2 there is no image /vm/a.qcow2, which was there before: mount what has it, or "
          "bring it here, or say made=no in disk= to have an empty one made");
  EXPECT_THAT(transport.asked_targets.at(0).command, HasSubstr(" 8 made"));
  EXPECT_THAT(domains.hosts["n2"].done, IsEmpty());
  cluster({"set", "host", "vm", "v1", "disk=file:/vm/a.qcow2,vda,virtio,made=no", "disksize=8"});
  EXPECT_THAT(dump(), Not(HasSubstr("made=yes")));
}

TEST_F(VmState, AnImageIsMadeAlsoForAVmThatIsDefinedAlready) {
  cluster({"sync", "vm", "config"});
  ASSERT_THAT(dump(), Not(HasSubstr("made=yes")));
  cluster({"start", "host", "vm", "v1"});
  EXPECT_THAT(transport.asked_targets.at(0).command, HasSubstr(" 8 new"));
  EXPECT_THAT(dump(), HasSubstr("made=yes"));
}

// Whoever starts the VM tells of the images that it saw made.
TEST_F(VmState, AnImageThatCameMeanwhileIsNotMadeYet) {
  cluster({"set", "host", "vm", "v1", "disk=file:/vm/a.qcow2,vda,virtio",
           "disk=file:/vm/b.qcow2,vdb,virtio", "disksize=8", "disksize=8"});
  Inventory(place, Inventory::Open::existing)
      .set_images_made(HostName("v1"), {"/vm/a.qcow2", "/vm/gone.qcow2"});
  EXPECT_THAT(dump(), HasSubstr("/vm/a.qcow2,vda,virtio,qcow2,made=yes"));
  EXPECT_THAT(dump(), Not(HasSubstr("vdb,virtio,qcow2,made=yes")));
}

TEST_F(VmState, AnotherImageOfTheVmIsNotMadeYet) {
  cluster({"start", "host", "vm", "v1"});
  cluster({"set", "host", "vm", "v1", "disk=file:/vm/b.qcow2,vda,virtio", "disksize=8"});
  EXPECT_THAT(dump(), Not(HasSubstr("made=yes")));
}

TEST_F(VmState, WhatIsSaidOfADiskIsKeptAndRendered) {
  const std::string disk =
      "disk=file:/vm/a.raw,vda,virtio,raw,cache=none,io=native,discard=unmap,serial=s1,iothread=1";
  cluster({"set", "host", "vm", "v1", disk, "disksize=8"});
  EXPECT_THAT(dump(), HasSubstr(disk));
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}),
              HasSubstr("<driver name='qemu' type='raw' cache='none' io='native' "
                        "discard='unmap' iothread='1'/>"));
}

TEST_F(VmState, ADumpKeepsThatAnImageWasMade) {
  cluster({"start", "host", "vm", "v1"});
  const auto before = dump();
  place = places.make("again.db");
  EXPECT_THAT(before, HasSubstr(",made=yes"));
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "vm", "v1", "n1", "disk=file:/vm/a.qcow2,vda,virtio,made=yes"});
  EXPECT_THAT(dump(), HasSubstr(",made=yes"));
}

TEST_F(VmState, AVmThatRunsIsNotForgotten) {
  cluster({"start", "host", "vm", "v1"});
  const auto before = dump();
  cluster({"remove", "host", "vm", "v1"}, 1,
          "VM 'v1' runs on host 'n1': first `cluster stop host vm v1` (force=yes forgets it and "
          "leaves it running)");
  cluster({"remove", "host", "vm", "v1", "undefine=yes", "force=yes"}, 1,
          "VM 'v1' runs on host 'n1': first `cluster stop host vm v1`, as libvirt forgets no VM "
          "that runs");
  EXPECT_EQ(dump(), before);
  cluster({"remove", "host", "vm", "v1", "force=yes"}, 0,
          "v1 stays on n1, running: libvirt there still has it (`virsh undefine v1`)");
  EXPECT_THAT(dump(), Not(HasSubstr("v1")));
  EXPECT_EQ(n1().domains.size(), 1U);
}

TEST_F(VmState, AVmWhoseContainerDoesNotAnswerIsKeptUnlessForced) {
  n1().failure = Error(Fault::unreachable, "no connection");
  const auto before = dump();
  const auto [out, err, status] = run({"remove", "host", "vm", "v1"});
  EXPECT_EQ(status, 3);
  EXPECT_THAT(err, HasSubstr("n1: no connection"));
  EXPECT_THAT(err,
              HasSubstr("whether v1 runs on n1 is not known (force=yes does it all the same)"));
  EXPECT_EQ(dump(), before);
  cluster({"remove", "host", "vm", "v1", "force=yes"}, 0,
          "whether v1 runs on n1 is not known; if it does, it goes on with all that it has");
}

TEST_F(VmState, LibvirtForgetsItAsWellWhenTold) {
  cluster({"sync", "vm", "config", "v1"});
  cluster({"remove", "host", "vm", "v1", "undefine=yes"});
  EXPECT_THAT(n1().domains, IsEmpty());
  EXPECT_THAT(dump(), Not(HasSubstr("v1")));
}

// Somebody's VM with the name of ours says that ours is not there.
TEST_F(VmState, AVmWhoseNameAnotherHasIsLetGo) {
  n1().domains.push_back({"v1", "6f1c2d3e-1111-4222-8333-444455556666", virt::DomainState::running,
                          true, false, true, "<domain type='kvm'><name>v1</name></domain>"});
  give(card("1"));
  EXPECT_THAT(run({"sync", "vm", "config", "v1"}).err, HasSubstr("has another VM of this name"));
  cluster({"remove", "host", "gpu", "v1", "gpupci1"});
  cluster({"set", "host", "vm", "v1", "container=n2"});
  cluster({"set", "host", "vm", "v1", "container=n1"});
  cluster({"remove", "host", "vm", "v1"});
  EXPECT_EQ(n1().domains.size(), 1U);
}

TEST_F(VmState, ACardIsNotTakenFromAVmThatRunsWithIt) {
  give(card("1"));
  cluster({"start", "host", "vm", "v1"});
  n1().in_use = {{"v1", "0000:01:00.1"}};
  cluster(
      {"remove", "host", "gpu", "v1", "gpupci1"}, 1,
      "VM 'v1' runs on host 'n1' with gpupci1: first `cluster stop host vm v1` (force=yes takes "
      "it from the inventory alone)");
  cluster({"remove", "host", "gpu", "v1", "gpupci1", "force=yes"}, 0,
          "VM 'v1' runs on host 'n1' with gpupci1, and keeps it until it is stopped");
  EXPECT_EQ(cluster({"list", "host", "gpu", "v1", "format=csv"}), "host,gpu,pci_bus\n");
}

TEST_F(VmState, ACardThatTheVmDoesNotRunWithIsTaken) {
  cluster({"start", "host", "vm", "v1"});
  give(card("1"));
  n1().in_use = {{"other", "0000:01:00.0"}};
  cluster({"remove", "host", "gpu", "v1", "gpupci1"});
}

TEST_F(VmState, StartLearnsTheFunctionsOfATypedCard) {
  cluster({"add", "host", "gpu", "n1", "gpupci1", "pci_0000_01_00_0"});
  cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1"});
  cluster({"report", "vm", "config", "v1"}, 0,
          "VM 'v1': V11: 'gpupci1' is known by address alone: the guest gets 0000:01:00.0 and no "
          "other function of it: cluster discover host gpu");
  transport.by_command["gpupci -l --json"] = R"({"cards": [)" + card("1") + "]}";
  cluster({"start", "host", "vm", "v1"}, 0, "n1: learnt that gpupci1 has 2 functions");
  EXPECT_THAT(n1().domains.at(0).xml, HasSubstr("ua-gpupci1-fn1"));
  cluster({"report", "vm", "config", "v1"});
}

TEST_F(VmState, WhatWasSaidOfATypedCardStaysWhenStartLearnsIt) {
  cluster({"add", "host", "gpu", "n1", "gpupci1", "pci_0000_01_00_0", "wish=detached"});
  cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1"});
  transport.by_command["gpupci -l --json"] = R"({"cards": [)" + card("1") + "]}";
  cluster({"start", "host", "vm", "v1"}, 0, "n1: learnt that gpupci1 has 2 functions");
  EXPECT_THAT(dump(), HasSubstr("gpupci1 pci_0000_01_00_0 wish=detached"));
}

TEST_F(VmState, StartLearnsWhichGroupTheIommuHasMadeOfACard) {
  give(card("1"));
  auto now = card("1");
  for (std::size_t at = 0; (at = now.find("\"driver\"", at)) != std::string::npos; at += 30) {
    now.insert(at, "\"iommu_group\": 10, ");
  }
  now.replace(now.find("H200 SXM"), 8, "GH100 [H200 SXM]");
  transport.by_command["gpupci -l --json"] = R"({"cards": [)" + now + "]}";
  cluster({"start", "host", "vm", "v1"}, 0, "n1: learnt of gpupci1: model, IOMMU group");
  EXPECT_THAT(cluster({"list", "host", "gpu", "n1", "detail=yes", "columns=gpu,iommu_group,model",
                       "format=csv"}),
              HasSubstr("gpupci1,10,GH100 [H200 SXM]"));
  EXPECT_EQ(n1().done.back(), "start v1");
}

TEST_F(VmState, StartRefusesACardOfWhichTheVmWouldGetSomethingElse) {
  give(card("1"));
  auto other = card("1");
  other.replace(other.rfind("0403"), 4, "0c03");
  for (const auto& [now, details] :
       {std::pair{card("1", "0"), "1 functions, had 2"}, std::pair{other, "functions"}}) {
    transport.by_command["gpupci -l --json"] = R"({"cards": [)" + now + "]}";
    cluster({"start", "host", "vm", "v1"}, 1,
            std::string("v1: the card 'n1 gpupci1' is not as the inventory knows it: changed, ") +
                details + " (look at it with `cluster discover host gpu n1 dryrun=yes`)");
  }
  EXPECT_THAT(n1().done, IsEmpty());
}

constexpr const char* kPartitions = R"({"maxNumPartitions": 15, "numPartitions": 2,
  "partitionInfo": [
    {"gpuInfo": [{"pciBusId": "00000000:01:00.0", "physicalId": 1, "uuid": "GPU-1"}],
     "isActive": 0, "numGpus": 1, "partitionId": 3},
    {"gpuInfo": [{"pciBusId": "", "physicalId": 1, "uuid": ""},
                 {"pciBusId": "", "physicalId": 2, "uuid": ""}],
     "isActive": 1, "numGpus": 2, "partitionId": 4}], "version": 16})";

TEST_F(VmState, APartitionIsActiveWhileItsVmRuns) {
  give(card("1"));
  cluster({"set", "host", "vm", "v1", "fabric=3"});
  EXPECT_THAT(dump(), HasSubstr(" fabric=3 "));
  says("fmpm -l", kPartitions);
  says("fmpm -a 3", "Failed to activate partition. fmReturn: -7\n", 249);
  cluster({"start", "host", "vm", "v1"}, 1,
          "v1: F4: `fmpm -a 3` on n1: 'Failed to activate partition. fmReturn: -7'");
  EXPECT_THAT(n1().done, IsEmpty());
  says("fmpm -a 3", "");
  cluster({"start", "host", "vm", "v1"});
  EXPECT_THAT(n1().done, ElementsAre("define v1", "start v1"));
  std::string active = kPartitions;
  says("fmpm -l", active.replace(active.find("\"isActive\": 0"), 13, "\"isActive\": 1"));
  says("fmpm -d 3", "still in use\n", 1);
  cluster({"stop", "host", "vm", "v1", "action=poweroff"}, 1,
          "v1: F4: `fmpm -d 3` on n1: 'still in use'");
  cluster({"set", "host", "vm", "v1", "fabric="});
  EXPECT_THAT(dump(), Not(HasSubstr("fabric")));
}

TEST_F(VmState, TheGpusOfAVmAreItsPartition) {
  give(card("1") + ", " + card("2"));
  const auto start = [&] { return run({"start", "host", "vm", "v1"}).err; };
  says("fmpm -l", kPartitions);
  cluster({"set", "host", "vm", "v1", "fabric=4"});
  EXPECT_THAT(start(), HasSubstr("v1: F3: partition 4 of the fabric manager on n1 has 2 GPUs, and "
                                 "the VM 1"));
  cluster({"set", "host", "vm", "v1", "fabric=5"});
  EXPECT_THAT(start(), HasSubstr("v1: F3: there is no partition 5 of the fabric manager on n1"));
  std::string odd = kPartitions;
  says("fmpm -l", odd.replace(odd.find("00000000:01:00.0"), 16, "no address of it"));
  EXPECT_THAT(start(), HasSubstr("v1: F3: there is no partition 5 of the fabric manager on n1"));
  says("fmpm -l", kPartitions);
  cluster({"set", "host", "vm", "v1", "fabric=3"});
  cluster({"set", "host", "gpu", "v1", "gpupci1", "gpupci2"});
  EXPECT_THAT(start(), HasSubstr("has 0000:01:00.0, and the VM does not"));
  says("fmpm -l", "Failed to connect to Fabric Manager instance.\n", 1);
  EXPECT_THAT(start(), HasSubstr("v1: F2: fmpm -l does not list partitions: 'Failed to connect to "
                                 "Fabric Manager instance.' (want fmpm there, and FABRIC_MODE=1"));
  auto& missing = transport.exactly[{"n1", "fmpm -l"}];
  missing.out = "";
  missing.err = "sh: 1: fmpm: not found\n";
  missing.reply.status = 127;
  EXPECT_THAT(start(), HasSubstr("v1: F2: fmpm -l does not list partitions: 'sh: 1: fmpm: not "
                                 "found' (want fmpm there, and FABRIC_MODE=1"));
  missing.err = "";
  EXPECT_THAT(n1().done, IsEmpty());
  cluster({"set", "host", "vm", "v1", "fabric=4"});
  cluster({"add", "host", "gpu", "v1", "gpupci2", "gpupci1"});
  says("fmpm -l", kPartitions);
  cluster({"start", "host", "vm", "v1"});  // it is active already
}

// What came before the signal is shown, and nobody is asked any more.
TEST_F(VmState, AfterASignalNobodyIsAsked) {
  cluster({"start", "host", "vm", "v1"});
  n1().done.clear();
  transport.interrupted_by = 2;
  const auto [out, err, status] = run({"list", "host", "vm", "status=yes"});
  EXPECT_EQ(status, 130);
  EXPECT_THAT(out, HasSubstr("unknown"));
  EXPECT_EQ(err, "cluster: n1: interrupted before it was asked\n");
  EXPECT_EQ(run({"stop", "host", "vm", "v1", "action=poweroff"}).status, 130);
  EXPECT_THAT(n1().done, IsEmpty());
}

}  // namespace
}  // namespace cluster
