// What cloud-init in a guest is told, from the inventory to the container's disk.

#include <gmock/gmock.h>
#include <stdio.h>

#include "core/file.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOurKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@frontend";

class VmSeed : public Story {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(images);
    cluster({"add", "host", "n1", "appliance=vm-container"});
    cluster({"add", "host", "vm", "v1", "n1", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804",
             "disk=file:" + (images / "v1.raw").native() + ",vda,virtio,raw,made=yes"});
    cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0", "mac=52:54:00:00:00:01",
             "address=10.1.0.5/24"});
  }

  // Starts v1, and does on the container what it is asked to.
  std::string start() {
    transport.answers["n1"].out = "v1\n";
    const auto said = run({"start", "host", "vm", "v1"}).err;
    script = "";
    for (const auto& target : transport.asked_targets) {
      if (target.command != "sh -s") continue;
      replace_file(folder.path() / "script", target.input.text());
      script = target.input.text();
      FILE* shell = popen(("sh -s <" + (folder.path() / "script").native()).c_str(), "r");
      std::string out;
      for (int c = fgetc(shell); c != EOF; c = fgetc(shell)) out += static_cast<char>(c);
      pclose(shell);
      EXPECT_EQ(out, "v1\n");
    }
    return said;
  }

  std::vector<std::string> seeds() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(images)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  std::string volume() { return *read_file(images / seeds().at(0)); }

  void stop() {
    domains.hosts["n1"].domains.at(0).active = false;
    set_off();
  }
  void set_off() { domains.hosts["n1"].domains.at(0).state = virt::DomainState::shut_off; }

  std::filesystem::path images = folder.path() / "it's here";
  std::string script;
};

TEST_F(VmSeed, NobodyGetsOneWhoDidNotAsk) {
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), Not(HasSubstr("cdrom")));
  EXPECT_EQ(start(), "");
  EXPECT_THAT(seeds(), ElementsAre());
}

TEST_F(VmSeed, IsMadeAtTheStartAndIsACdromOfTheDomain) {
  cluster({"add", "attr", "vm_ssh_keys", kOurKey});
  cluster({"add", "attr", "vm_gateway", "10.1.0.1"});
  cluster({"add", "host", "attr", "v1", "vm_user_data", "#cloud-config\npackages: [pciutils]\n"});
  const auto config = cluster({"report", "vm", "config", "v1"});
  EXPECT_THAT(config, HasSubstr("device='cdrom'"));
  EXPECT_THAT(config, HasSubstr("startupPolicy='optional'"));
  EXPECT_THAT(config, HasSubstr("<target dev='sdf' bus='scsi'/>"));
  EXPECT_EQ(start(), "");
  ASSERT_EQ(seeds().size(), 1U);
  EXPECT_THAT(config, HasSubstr("/" + seeds()[0] + "'"));
  EXPECT_THAT(volume(), HasSubstr("local-hostname: \"v1\""));
  EXPECT_THAT(volume(), HasSubstr(kOurKey));
  EXPECT_THAT(volume(), HasSubstr("packages: [pciutils]"));
  EXPECT_THAT(volume(), HasSubstr("via: \"10.1.0.1\""));
  const auto mode = std::filesystem::status(images / seeds()[0]).permissions();
  EXPECT_EQ(mode, std::filesystem::perms(0600)) << "it may have a password";
}

TEST_F(VmSeed, AnotherTextIsAnotherVolumeAndIsSaid) {
  cluster({"add", "attr", "vm_seed", "yes"});
  start();
  const auto first = seeds();
  stop();
  EXPECT_EQ(cluster({"report", "vm", "config", "v1", "diff=yes"}), "");
  cluster({"set", "host", "interface", "v1", "eth0", "address=10.1.0.6/24"});
  EXPECT_THAT(cluster({"report", "vm", "config", "v1", "diff=yes"}), HasSubstr(first.at(0)));
  EXPECT_EQ(start(), "");
  ASSERT_EQ(seeds().size(), 1U) << "the one before is gone";
  EXPECT_NE(seeds(), first);
  EXPECT_THAT(volume(), HasSubstr("10.1.0.6/24"));
  stop();
  const auto made = std::filesystem::last_write_time(images / seeds()[0]);
  start();
  EXPECT_EQ(std::filesystem::last_write_time(images / seeds()[0]), made) << "it was right already";
}

TEST_F(VmSeed, AVmOfAnImageHasOneUnlessToldNot) {
  cluster({"set", "host", "vm", "v1", "disk=file:/vm/a.raw,vda,virtio,raw,image=/iso/base.img"});
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), HasSubstr("<source file='/vm/v1-seed-"));
  cluster({"add", "attr", "vm_seed", "no"});
  EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), Not(HasSubstr("cdrom")));
}

TEST_F(VmSeed, IsOnABusThatTheGuestCanDrive) {
  cluster({"add", "attr", "vm_seed", "yes"});
  const auto config = [this] { return cluster({"report", "vm", "config", "v1"}); };
  EXPECT_THAT(config(), HasSubstr("<target dev='sdf' bus='scsi'/>"));
  EXPECT_THAT(config(), HasSubstr("model='virtio-scsi'"));
  cluster({"set", "host", "vm", "v1", "disk=file:/vm/a.raw,sdf,scsi"});
  EXPECT_THAT(config(), HasSubstr("<target dev='sde' bus='scsi'/>"));
  cluster({"set", "host", "vm", "v1", "disk=file:/vm/a.raw,sda,sata"});
  EXPECT_THAT(config(), HasSubstr("<target dev='sdf' bus='sata'/>"));
  cluster({"add", "attr", "vm_machine", "pc"});
  cluster({"set", "host", "vm", "v1", "disk=file:/vm/a.raw,hda,ide"});
  EXPECT_THAT(config(), HasSubstr("<target dev='hdd' bus='ide'/>"));
}

TEST_F(VmSeed, AContainerThatCannotMakeItIsSaid) {
  cluster({"add", "attr", "vm_seed", "yes"});
  transport.answers["n1"].err = "mktemp: failed to create file: No space left on device\n";
  const auto [out, err, status] = run({"start", "host", "vm", "v1"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, HasSubstr("v1: cannot make its disk images"));
  transport.answers["n1"].err = "";
  EXPECT_TRUE(domains.hosts["n1"].done.empty());
}

TEST_F(VmSeed, RefusesTextsThatCloudInitWouldNotRead) {
  cluster({"add", "attr", "vm_user_data", "packages: [x]"}, 2,
          "vm_user_data='packages: [x]': want a text that begins with #cloud-config, #! or another "
          "first line of cloud-init's user-data (file= reads one from a file)");
  cluster({"add", "attr", "vm_ssh_keys", "id.pub"}, 2,
          "vm_ssh_keys='id.pub': want public keys, one a line: ssh-ed25519 AAAA... NAME");
  cluster({"add", "attr", "vm_gateway", "router"}, 2,
          "vm_gateway='router': want addresses with commas between them: 10.1.0.1,10.1.0.2");
}

}  // namespace
}  // namespace cluster
