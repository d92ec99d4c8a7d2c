// VMs that somebody changed on their container: what a sync keeps, shows and refuses.

#include <gmock/gmock.h>

#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

// What somebody changes with virsh edit.
class EditedOnTheHost : public Story {
 protected:
  FakeDomains::Host& there() { return domains.hosts["vm-container-0-15"]; }

  void SetUp() override {
    cluster({"add", "host", "vm-container-0-15"});
    cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=4096", "cpus=4",
             "disk=file:/vm/rocks-33.img,vda,virtio", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
    cluster({"sync", "vm", "config", "rocks-33"});
    there().done.clear();
  }

  void edit(const std::string& from, const std::string& to) {
    auto& xml = there().domains.at(0).xml;
    ASSERT_NE(xml.find(from), std::string::npos);
    xml.replace(xml.find(from), from.size(), to);
  }

  const std::string memory = "<memory unit='MiB'>4096</memory>";
  const std::string other = "<memory unit='MiB'>2048</memory>";
  const std::string line = "rocks-33: memory 4 GiB, the host has 2 GiB  changed on the host\n";
};

TEST_F(EditedOnTheHost, WhatTheInventorySaysIsDriftAndRefused) {
  edit(memory, other);
  const auto [out, err, status] = run({"sync", "vm", "config", "rocks-33"});
  EXPECT_EQ(out, line);
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, ::testing::HasSubstr("rocks-33: it was changed on 'vm-container-0-15' (1 line "
                                        "above): keep=theirs accepts that, keep=ours sets it "
                                        "back"));
  EXPECT_TRUE(there().done.empty());
}

TEST_F(EditedOnTheHost, DriftIsAcceptedOnce) {
  edit(memory, other);
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33", "keep=theirs"}, 0, "nothing to do"), line);
  EXPECT_TRUE(there().done.empty());
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33"}, 0, "nothing to do"), "");
  cluster({"set", "host", "vm", "rocks-33", "mem=8192"});
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33", "diff=yes", "format=csv"}),
            "vm,host,change,details\nrocks-33,vm-container-0-15,changed,\n"
            "rocks-33: memory 2 GiB -> 8 GiB  change\n");
}

// What the host has otherwise was not asked for, so libvirt has not dropped it.
TEST_F(EditedOnTheHost, WhatWasAcceptedIsNotCalledDropped) {
  edit(memory, other);
  edit("<name>rocks-33</name>", "<name>renamed</name>");
  there().domains.at(0).name = "renamed";
  cluster({"set", "host", "vm", "rocks-33", "cpus=2"});
  const auto [out, err, status] = run({"sync", "vm", "config", "rocks-33", "keep=theirs"});
  EXPECT_EQ(status, 0);
  EXPECT_EQ(err, "");
}

TEST_F(EditedOnTheHost, DriftIsSetBack) {
  edit(memory, other);
  EXPECT_THAT(cluster({"sync", "vm", "config", "rocks-33", "keep=ours"}),
              ::testing::HasSubstr("rocks-33: memory 2 GiB -> 4 GiB"));
  EXPECT_THAT(there().done, ::testing::ElementsAre("define rocks-33"));
  EXPECT_THAT(there().domains.at(0).xml, ::testing::HasSubstr(">4194304</memory>"));
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33"}, 0, "nothing to do"), "");
}

TEST_F(EditedOnTheHost, WhatTheInventorySaysNothingOfStays) {
  edit(memory, "<title>ledger</title>" + memory);
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33", "diff=yes"}, 0, "nothing to do"),
            "rocks-33: title  only on the host, kept\n");
  cluster({"set", "host", "vm", "rocks-33", "cpus=2"});
  cluster({"sync", "vm", "config", "rocks-33"});
  EXPECT_THAT(there().domains.at(0).xml, ::testing::HasSubstr("<title>ledger</title>"));
  EXPECT_THAT(cluster({"report", "vm", "config", "rocks-33"}),
              ::testing::HasSubstr("<title>ledger</title>"));
}

TEST_F(EditedOnTheHost, WhatANewerLibvirtWritesIsKeptAndSaidOnce) {
  edit(memory, "<title>ledger</title>" + memory);
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33"}, 0, "nothing to do"), "");
  there().version = 11003000;
  const auto said = run({"sync", "vm", "config", "rocks-33", "dryrun=yes"}).err;
  EXPECT_EQ(said,
            "cluster: VM 'rocks-33': libvirt on vm-container-0-15 was 9.0.0 and is 11.3.0 now; "
            "what it has written since is kept:\n"
            "cluster: rocks-33: title  only on the host, kept\n"
            "cluster: nothing to do\n");
  EXPECT_EQ(run({"sync", "vm", "config", "rocks-33"}).err, said);
  EXPECT_EQ(run({"sync", "vm", "config", "rocks-33"}).err, "cluster: nothing to do\n");
  EXPECT_THAT(there().domains.at(0).xml, ::testing::HasSubstr("<title>ledger</title>"));
  EXPECT_TRUE(there().done.empty());
}

TEST_F(EditedOnTheHost, StartAsksAsSyncDoes) {
  edit(memory, other);
  const auto [out, err, status] = run({"start", "host", "vm", "rocks-33"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, ::testing::HasSubstr("memory 4 GiB, the host has 2 GiB"));
  EXPECT_THAT(err, ::testing::HasSubstr("keep=theirs"));
  EXPECT_TRUE(there().done.empty());
}

TEST_F(EditedOnTheHost, SavedMemoryKeepsTheOldDefinition) {
  there().domains.at(0).saved = true;
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33"}, 0, "nothing to do"), "");
  cluster({"set", "host", "vm", "rocks-33", "cpus=2"});
  EXPECT_THAT(run({"sync", "vm", "config", "rocks-33"}).err,
              ::testing::HasSubstr("it has saved memory"));
  EXPECT_TRUE(there().done.empty());
}

TEST_F(EditedOnTheHost, APasswordIsNeitherShownNorStored) {
  edit("</devices>", "<graphics type='vnc' passwd='sesame'/></devices>");
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33", "diff=yes"}, 0, "nothing to do"),
            "rocks-33: graphics vnc  only on the host, kept\n");
  cluster({"set", "host", "vm", "rocks-33", "cpus=2"});
  EXPECT_THAT(cluster({"sync", "vm", "config", "rocks-33", "diff=yes"}),
              ::testing::Not(::testing::HasSubstr("sesame")));
  EXPECT_THAT(there().domains.at(0).xml, ::testing::HasSubstr("passwd='sesame'"));
  const auto report = cluster({"report", "vm", "config", "rocks-33"});
  EXPECT_THAT(report, ::testing::HasSubstr("<graphics type='vnc'"));
  EXPECT_THAT(report, ::testing::Not(::testing::HasSubstr("sesame")));
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33", "diff=yes"}, 0, "nothing to do"), "");
}

TEST_F(EditedOnTheHost, GoesAlongWhenTheVmMoves) {
  edit(memory, "<title>ledger</title>" + memory);
  cluster({"set", "host", "vm", "rocks-33", "cpus=2"});
  cluster({"sync", "vm", "config", "rocks-33"});
  const auto move = [this](const std::string& host) {
    cluster({"add", "host", host});
    cluster({"set", "host", "vm", "rocks-33", "container=" + host});
    EXPECT_THAT(cluster({"sync", "vm", "config", "rocks-33"}), ::testing::HasSubstr("new"));
    return domains.hosts[host].domains.at(0).xml;
  };
  EXPECT_THAT(move("vm-container-0-16"), ::testing::HasSubstr("<title>ledger</title>"));
  // An older libvirt might not know what is in it.
  domains.hosts["vm-container-0-17"].version = 8000000;
  EXPECT_THAT(move("vm-container-0-17"),
              ::testing::Not(::testing::HasSubstr("<title>ledger</title>")));
}

TEST_F(EditedOnTheHost, AMoveLeavesNoStateBehindUntold) {
  edit("</os>", "<nvram>/vm/a_VARS.fd</nvram></os>");
  cluster({"add", "host", "vm-container-0-16"});
  const std::string copy =
      "its UEFI variables stay on vm-container-0-15: copy /vm/a_VARS.fd to vm-container-0-16";
  const auto refused = run({"set", "host", "vm", "rocks-33", "container=vm-container-0-16"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, ::testing::HasSubstr(copy + ", then say it again with force=yes"));
  EXPECT_EQ(domains.hosts["vm-container-0-15"].domains.size(), 1U);
  EXPECT_THAT(cluster({"list", "host", "vm"}), ::testing::HasSubstr("vm-container-0-15"));

  const auto moved =
      run({"set", "host", "vm", "rocks-33", "container=vm-container-0-16", "force=yes"});
  EXPECT_EQ(moved.status, 0);
  EXPECT_THAT(moved.err, ::testing::HasSubstr(copy + " before it starts there"));
  EXPECT_TRUE(domains.hosts["vm-container-0-15"].domains.empty());
}

TEST_F(EditedOnTheHost, ListSaysWhenItWasLastAsTheInventoryHasIt) {
  cluster({"add", "host", "vm", "never", "vm-container-0-15"});
  run({"sync", "vm", "config", "rocks-33"});
  EXPECT_THAT(cluster({"list", "host", "vm", "detail=yes", "columns=vm,synced", "format=csv"}),
              ::testing::MatchesRegex("vm,synced\nnever,\nrocks-33,[0-9]+ s\n"));
  expect_shape(cluster({"list", "host", "vm", "detail=yes", "format=json"}), "host_vm");
}

// A command that is killed between a define and the commit leaves a domain that nothing is agreed
// about, but for its fingerprint.
TEST_F(EditedOnTheHost, ADefineThatWasNotNotedDownIsKnownAgain) {
  cluster({"remove", "host", "vm", "rocks-33"}, 0,
          "rocks-33 stays on vm-container-0-15: libvirt there still has it (`virsh undefine "
          "rocks-33`)");
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=4096", "cpus=4",
           "disk=file:/vm/rocks-33.img,vda,virtio", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33"}, 0, "nothing to do"), "");
  cluster({"set", "host", "vm", "rocks-33", "cpus=2"});
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33", "diff=yes", "format=csv"}),
            "vm,host,change,details\nrocks-33,vm-container-0-15,changed,\n"
            "rocks-33: cpus 4 -> 2  change\n");
}

TEST_F(EditedOnTheHost, ADomainThatIsNotOfThisInventoryIsNeverReplacedUntold) {
  auto& domain = there().domains.at(0);
  const auto made = domain.xml;
  cluster({"remove", "host", "vm", "rocks-33"}, 0,
          "rocks-33 stays on vm-container-0-15: libvirt there still has it (`virsh undefine "
          "rocks-33`)");
  cluster(
      {"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=1024", "uuid=" + domain.uuid});
  const auto [out, err, status] = run({"sync", "vm", "config", "rocks-33"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, ::testing::HasSubstr("'vm-container-0-15' has it, but not from this inventory"));
  EXPECT_THAT(out, ::testing::HasSubstr("memory 1 GiB, the host has 4 GiB"));
  EXPECT_EQ(there().domains.at(0).xml, made);
  cluster({"sync", "vm", "config", "rocks-33", "keep=theirs"}, 0, "nothing to do");
  EXPECT_EQ(there().domains.at(0).xml, made);
  EXPECT_EQ(cluster({"sync", "vm", "config", "rocks-33"}, 0, "nothing to do"), "");
}

}  // namespace
}  // namespace cluster
