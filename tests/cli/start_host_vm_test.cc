#include <gmock/gmock.h>
#include <stdio.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kVmUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
constexpr const char* kDriver = "DRIVER";
constexpr const char* kCard = R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0",
  "state": "present", "serial": "SN-1", "functions": [
  {"pci": "pci_0000_02_00_0", "class": "0300", "vendor": "10de", "device": "1eb1", "driver": "DRIVER"},
  {"pci": "pci_0000_02_00_1", "class": "0403", "vendor": "10de", "device": "10f8", "driver": "vfio-pci"}]}]})";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

class StartHostVm : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "vm-container-0-15"});
    cluster({"add", "host", "vm-container-0-16"});
    cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", std::string("uuid=") + kVmUuid,
             "disk=file:/vm/it's 33.qcow2,vda,virtio", "disksize=8"});
    cluster({"add", "host", "vm", "rocks-34", "vm-container-0-16"});
    transport.answers["vm-container-0-15"].out = "rocks-33\n";
    transport.answers["vm-container-0-16"].out = "rocks-34\n";
  }

  // rocks-33 gets a card that was seen with this driver.
  void give_card(const std::string& driver = "vfio-pci") {
    say_of_card(replaced(kCard, kDriver, driver));
    cluster({"discover", "host", "gpu", "vm-container-0-15"});
    cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  }

  void say_of_card(const std::string& answer) { transport.by_command["gpupci -l --json"] = answer; }

  FakeDomains::Host& here() { return domains.hosts["vm-container-0-15"]; }
};

TEST_F(StartHostVm, DefinesMakesTheDiskAndStarts) {
  EXPECT_EQ(cluster({"start", "host", "vm", "rocks-33"}), "");
  EXPECT_THAT(here().done, ElementsAre("define rocks-33", "start rocks-33"));
  EXPECT_THAT(here().domains.at(0).xml, HasSubstr("<name>rocks-33</name>"));
  EXPECT_TRUE(domains.hosts["vm-container-0-16"].done.empty());
  ASSERT_EQ(transport.asked_targets.size(), 1U);
  const auto& script = transport.asked_targets.at(0).command;
  EXPECT_THAT(script, testing::StartsWith("sh -c "));
  EXPECT_EQ(domains.asked_limits.command_timeout, std::chrono::seconds(300));
  // A second start leaves it alone.
  EXPECT_EQ(cluster({"start", "host", "vm", "rocks-33"}), "");
  EXPECT_EQ(here().done.size(), 2U);
}

TEST_F(StartHostVm, TellsTheContainerWhatStartsWithIt) {
  cluster({"set", "host", "attr", "rocks-33", "vm_autostart", "yes"});
  cluster({"start", "host", "vm", "vm-container-0-15"});
  EXPECT_TRUE(here().domains.at(0).autostart);
  // What was set by hand since then stays until `sync vm config` has asked.
  cluster({"stop", "host", "vm", "rocks-33", "action=poweroff"});
  here().domains.at(0).autostart = false;
  cluster({"start", "host", "vm", "rocks-33"});
  EXPECT_FALSE(here().domains.at(0).autostart);
  EXPECT_THAT(run({"sync", "vm", "config", "rocks-33"}).out,
              HasSubstr("rocks-33: autostart yes, the host has no  changed on the host\n"));
}

TEST_F(StartHostVm, NeedsAWordAndAVm) {
  EXPECT_EQ(run({"start", "host", "vm"}).status, 2);
  cluster({"start", "host", "vm", "rocks-35"}, 1,
          "host 'rocks-35' is not in the inventory (did you mean 'rocks-33'?)");
  cluster({"add", "host", "vm-container-0-17"});
  cluster({"start", "host", "vm", "vm-container-0-17"}, 1, "no VMs there: 'vm-container-0-17'");
}

TEST_F(StartHostVm, DoesNotStartWithoutItsDisk) {
  auto& answer = transport.answers["vm-container-0-15"];
  answer.out = "";
  answer.err = "no image /vm/x, and no disksize= to make it with\n";
  cluster({"start", "host", "vm", "rocks-33"}, 1,
          "rocks-33: cannot make its disk images: 'no image /vm/x, and no disksize= to make it "
          "with'");
  EXPECT_TRUE(here().done.empty());
}

TEST_F(StartHostVm, EachVmIsToldWhatIsWrongWithItsOwnDisk) {
  cluster({"add", "host", "vm", "v2", "vm-container-0-15", "disk=file:/vm/b,vda,virtio"});
  auto& answer = transport.answers["vm-container-0-15"];
  answer.out = "";
  answer.err =
      "there is no folder /vm/x\n=== rocks-33\nno image /vm/b, and no disksize= to make it "
      "with\n=== v2\n";
  const auto err = run({"start", "host", "vm", "rocks-33", "v2"}).err;
  EXPECT_THAT(err,
              HasSubstr("rocks-33: cannot make its disk images: 'there is no folder /vm/x'\n"));
  EXPECT_THAT(err,
              HasSubstr("v2: cannot make its disk images: 'no image /vm/b, and no disksize= to "
                        "make it with'\n"));
}

// Runs `command` in a shell; returns what it prints.
std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string out;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) out += static_cast<char>(c);
  pclose(pipe);
  return out;
}

// A boot order at each device replaces the list of the kinds of devices.
TEST_F(StartHostVm, TheContainersShellMakesTheImages) {
  if (output_of("command -v qemu-img").empty()) GTEST_SKIP() << "no qemu-img here: qemu-utils";
  const auto images = folder.path() / "it's here";
  const auto disk = [&](const std::string& name, const std::string& device) {
    return "disk=file:" + (images / name).native() + "," + device + ",virtio";
  };
  replace_file(images / "kept.raw", "data");
  cluster({"add", "host", "vm", "made", "vm-container-0-15", disk("a.raw", "vda"),
           disk("b 2.qcow2", "vdb"), disk("kept.raw", "vdc"), "disksize=1", "disksize=2",
           "disksize=3"});
  cluster({"add", "host", "vm", "sizeless", "vm-container-0-15", disk("none.raw", "vda")});
  const auto start = [this] { return run({"start", "host", "vm", "made", "sizeless"}).err; };
  auto& answer = transport.answers["vm-container-0-15"];
  answer.out = "";
  start();
  const auto command = transport.asked_targets.at(0).command;

  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(images)) {
      names.push_back(entry.path().filename());
    }
    return names;
  };
  // qemu-img may not write here. The file that it began is removed.
  EXPECT_EQ(output_of("ulimit -c 0; ulimit -f 0; (" + command + ") 2>/dev/null"), "");
  EXPECT_THAT(files(), ElementsAre("kept.raw"));

  // A container that loses its power leaves no disk that is not whole.
  const auto tools = folder.path() / "tools";
  replace_file(tools / "qemu-img", "#!/bin/sh\nkill -KILL $PPID\n");
  std::filesystem::permissions(tools / "qemu-img", std::filesystem::perms::owner_all);
  EXPECT_EQ(output_of("(PATH=" + tools.native() + ":$PATH; " + command + ") 2>/dev/null"), "");
  ASSERT_EQ(files().size(), 2U);  // what it had begun
  EXPECT_FALSE(std::filesystem::exists(images / "a.raw"));
  for (const auto& name : files()) {
    if (name != "kept.raw") std::filesystem::remove(images / name);
  }

  answer.out = output_of("(umask 27; " + command + ") 2>/dev/null");
  EXPECT_EQ(answer.out, "made\n");
  EXPECT_THAT(files(), testing::UnorderedElementsAre("a.raw", "b 2.qcow2", "kept.raw"));
  EXPECT_EQ(std::filesystem::status(images / "a.raw").permissions(),
            static_cast<std::filesystem::perms>(0640));
  ASSERT_EQ(std::filesystem::file_size(images / "kept.raw"), 4U);  // else GiB would be read
  EXPECT_EQ(read_file(images / "kept.raw"), "data");
  const auto info = [&](const std::string& name) {
    return output_of("qemu-img info '" + (folder.path() / "it'\\''s here" / name).native() + "'");
  };
  EXPECT_THAT(info("a.raw"), AllOf(HasSubstr("file format: raw\n"), HasSubstr("1 GiB (")));
  EXPECT_THAT(info("b 2.qcow2"), AllOf(HasSubstr("file format: qcow2\n"), HasSubstr("2 GiB (")));

  // Runs it again, now that the images are there.
  const auto before = read_file(images / "b 2.qcow2");
  answer.err = output_of("(" + command + ") 2>&1 >/dev/null");
  EXPECT_EQ(read_file(images / "b 2.qcow2"), before);
  EXPECT_EQ(start(), "cluster: sizeless: cannot make its disk images: 'no image " +
                         (images / "none.raw").native() + ", and no disksize= to make it with'\n");
  EXPECT_THAT(here().done, ElementsAre("define made", "start made"));
}

// Each disk is made of an image by the container's own qemu-img.
TEST_F(StartHostVm, TheContainersShellMakesDisksOfImages) {
  if (output_of("command -v qemu-img").empty()) GTEST_SKIP() << "no qemu-img here: qemu-utils";
  const auto path = [&](const std::string& name) { return (folder.path() / name).native(); };
  const auto shell = [](const std::string& command) { return output_of(command + " 2>&1"); };
  ASSERT_EQ(shell("head -c 3000000 /dev/urandom >" + path("base.raw")), "");
  ASSERT_EQ(shell("qemu-img convert -O qcow2 " + path("base.raw") + " " + path("base.qcow2")), "");
  ASSERT_EQ(shell("qemu-img create -q -f qcow2 " + path("big.qcow2") + " 3G"), "");
  ASSERT_EQ(shell("qemu-img create -q -f vmdk " + path("other.vmdk") + " 1G"), "");
  ASSERT_EQ(shell("gzip -k " + path("base.raw")), "");
  replace_file(path("there.raw"), "data");
  const auto add = [&](const std::string& vm, const std::string& disk, const std::string& image,
                       const std::string& how = "copy") {
    cluster({"add", "host", "vm", vm, "vm-container-0-15",
             "disk=file:" + path(disk) + ",vda,virtio", "disksize=2", "image=" + path(image),
             "how=" + how});
  };
  add("copied", "a.raw", "base.qcow2");
  add("grown", "b.qcow2", "base.raw");
  add("backed", "c.qcow2", "base.raw", "backing");
  add("small", "d.raw", "big.qcow2");
  add("foreign", "e.raw", "other.vmdk");
  add("packed", "f.raw", "base.raw.gz");
  add("none", "g.raw", "nothing");
  add("there", "there.raw", "base.raw");
  // What a download leaves that broke, and the page of a server that does not have it.
  ASSERT_EQ(shell("head -c 2000000 " + path("base.qcow2") + " >" + path("cut.qcow2")), "");
  replace_file(path("page.qcow2"), "<html>404");
  replace_file(path("empty.raw"), "");
  add("cut", "h.raw", "cut.qcow2");
  add("cut-backed", "i.qcow2", "cut.qcow2", "backing");
  add("page", "j.raw", "page.qcow2");
  add("empty", "k.raw", "empty.raw");
  const std::vector<std::string> start{"start",  "host",  "vm",         "copied",  "grown",
                                       "backed", "small", "none",       "foreign", "packed",
                                       "there",  "cut",   "cut-backed", "page",    "empty"};
  auto& answer = transport.answers["vm-container-0-15"];
  answer.out = "";
  run(start);
  const auto command = transport.asked_targets.at(0).command;
  answer.out = output_of("(" + command + ") 2>" + path("said"));
  EXPECT_EQ(answer.out, "backed\ncopied\ngrown\n");
  const auto said = read_file(path("said")).value_or("");
  for (const auto& line :
       {"image " + path("big.qcow2") +
            " is of 3 GiB, and disksize= of 2: want disksize=3 or more\n",
        "image " + path("nothing") + ": qemu-img: Could not open '" + path("nothing") + "'",
        "image " + path("other.vmdk") + " is vmdk: want raw or qcow2 (qemu-img convert)\n",
        "image " + path("base.raw.gz") + " is compressed: unpack it first\n",
        "image " + path("cut.qcow2") + " is damaged, or was not brought whole (qcow2 to qemu-img",
        "image " + path("page.qcow2") + " is damaged, or was not brought whole (raw to qemu-img",
        "image " + path("empty.raw") + " is damaged, or was not brought whole (raw to qemu-img",
        "there is a " + path("there.raw") +
            " already, and image= is put over nothing: remove it, or say made=yes in disk= to use "
            "it as it is\n"}) {
    EXPECT_THAT(said, HasSubstr(line));
  }
  EXPECT_EQ(read_file(path("there.raw")), "data");
  EXPECT_EQ(shell("ls " + folder.path().native() + " | grep -E '^[d-k]\\.|raw\\.[^g]|qcow2\\.'"),
            "");
  const auto info = [&](const std::string& name) {
    return output_of("qemu-img info " + path(name));
  };
  EXPECT_THAT(info("a.raw"), AllOf(HasSubstr("file format: raw\n"), HasSubstr("2 GiB (")));
  EXPECT_EQ(shell("cmp -n 3000000 " + path("a.raw") + " " + path("base.raw")), "");
  EXPECT_THAT(info("b.qcow2"), AllOf(HasSubstr("file format: qcow2\n"), HasSubstr("2 GiB ("),
                                     Not(HasSubstr("backing"))));
  EXPECT_THAT(info("c.qcow2"),
              AllOf(HasSubstr("2 GiB ("), HasSubstr("backing file: " + path("base.raw")),
                    HasSubstr("backing file format: raw")));
  // They are made once.
  transport.answers["vm-container-0-15"].err = "";
  run(start);
  EXPECT_THAT(cluster({"dump", "host", "vm", "copied"}), HasSubstr(",made=yes"));
  EXPECT_THAT(here().done, ElementsAre("define backed", "start backed", "define copied",
                                       "start copied", "define grown", "start grown"));
}

TEST_F(StartHostVm, StartsWithItsCard) {
  give_card();
  cluster({"start", "host", "vm", "rocks-33"});
  EXPECT_THAT(here().done, ElementsAre("define rocks-33", "start rocks-33"));
}

TEST_F(StartHostVm, RefusesACardThatIsAttachedToItsHost) {
  give_card("nvidia");
  cluster({"start", "host", "vm", "rocks-33"}, 1,
          "rocks-33: the card 'vm-container-0-15 gpupci1' is attached to its host: "
          "pci_0000_02_00_0 has the driver 'nvidia' (want vfio-pci: `cluster detach host gpu "
          "vm-container-0-15 gpupci1`)");
  EXPECT_TRUE(here().done.empty());
}

TEST_F(StartHostVm, KnowsTheStubDriverOfTheHost) {
  give_card("uio_pci_generic");
  const auto untold = run({"start", "host", "vm", "rocks-33"});
  EXPECT_THAT(untold.err, HasSubstr("is attached to its host"));
  say_of_card(replaced(replaced(kCard, kDriver, "uio_pci_generic"), R"({"cards")",
                       R"({"stub_driver": "uio_pci_generic", "cards")"));
  cluster({"start", "host", "vm", "rocks-33"});
  EXPECT_THAT(here().done, ElementsAre("define rocks-33", "start rocks-33"));
}

TEST_F(StartHostVm, RefusesACardThatAnotherRunningVmHas) {
  give_card();
  here().in_use = {{"by-hand", "0000:02:00.1"}};
  cluster({"start", "host", "vm", "rocks-33"}, 1,
          "rocks-33: the card 'vm-container-0-15 gpupci1' is in the running VM 'by-hand'");
  EXPECT_TRUE(here().done.empty());
}

TEST_F(StartHostVm, RefusesAnotherCardInTheSlot) {
  give_card();
  say_of_card(replaced(replaced(kCard, kDriver, "vfio-pci"), "SN-1", "SN-2"));
  cluster({"start", "host", "vm", "rocks-33"}, 1,
          "rocks-33: a VM holds gpupci1 pci_0000_02_00_0, 10de:1eb1, which is not there; gpupci1 "
          "pci_0000_02_00_0 in its place is another card: take it from the VM first");
  EXPECT_TRUE(here().done.empty());
}

TEST_F(StartHostVm, RefusesACardThatIsGone) {
  give_card();
  say_of_card(R"({"cards": []})");
  const auto result = run({"start", "host", "vm", "rocks-33"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("gone"));
  EXPECT_TRUE(here().done.empty());
}

TEST_F(StartHostVm, LeavesAPausedVmToTheOperator) {
  cluster({"start", "host", "vm", "rocks-33"});
  here().domains.at(0).state = virt::DomainState::paused;
  cluster({"start", "host", "vm", "rocks-33"}, 1,
          "rocks-33: it is paused, neither running nor off: `cluster resume host vm rocks-33` lets "
          "it go on, `cluster stop host vm rocks-33 action=poweroff` pulls the plug");
  here().domains.at(0).state = virt::DomainState::crashed;
  cluster({"start", "host", "vm", "rocks-33"}, 1,
          "rocks-33: it is crashed, neither running nor off: `cluster stop host vm rocks-33 "
          "action=poweroff` pulls the plug");
}

// QEMU would keep the wish until somebody lets the guest go on, which may be never.
TEST_F(StartHostVm, AGuestThatStandsStillIsNotAsked) {
  cluster({"start", "host", "vm", "rocks-33"});
  here().done.clear();
  for (const auto state : {virt::DomainState::paused, virt::DomainState::crashed}) {
    here().domains.at(0).state = state;
    for (const char* action : {"shutdown", "reboot"}) {
      const auto [out, err, status] =
          run({"stop", "host", "vm", "rocks-33", std::string("action=") + action});
      EXPECT_EQ(status, 1);
      EXPECT_THAT(err, HasSubstr("rocks-33: it is " + std::string(virt::name(state)) +
                                 " and hears nothing: `cluster "))
          << action;
    }
    cluster({"stop", "host", "vm", "rocks-33", "action=reset"});
  }
  EXPECT_THAT(here().done, ElementsAre("reset rocks-33", "reset rocks-33"));
  cluster({"stop", "host", "vm", "rocks-33", "action=poweroff"});
}

TEST_F(StartHostVm, OneContainerDoesNotHinderAnother) {
  here().failure = Error(Fault::unreachable, "no connection");
  cluster({"start", "host", "vm", "rocks-%"}, 3, "vm-container-0-15: no connection");
  EXPECT_THAT(domains.hosts["vm-container-0-16"].done,
              ElementsAre("define rocks-34", "start rocks-34"));
}

TEST_F(StartHostVm, Stops) {
  cluster({"start", "host", "vm", "rocks-33"});
  cluster({"stop", "host", "vm", "rocks-33", "action=reboot"});
  cluster({"stop", "host", "vm", "rocks-33", "action=reset"});
  cluster({"stop", "host", "vm", "rocks-33", "action=poweroff"});
  cluster({"stop", "host", "vm", "rocks-33"});  // off already
  cluster({"stop", "host", "vm", "rocks-33", "action=reset"}, 1, "rocks-33: it does not run");
  cluster({"start", "host", "vm", "rocks-33"});
  cluster({"stop", "host", "vm", "rocks-33", "action=shutdown"});
  EXPECT_THAT(here().done,
              ElementsAre("define rocks-33", "start rocks-33", "reboot rocks-33", "reset rocks-33",
                          "poweroff rocks-33", "start rocks-33", "shutdown rocks-33"));
  cluster({"stop", "host", "vm", "rocks-33", "action=halt"}, 2,
          "action='halt': want shutdown, poweroff, reset or reboot");
}

TEST_F(StartHostVm, StopAsksTheGuestUnlessItIsToldToPullThePlug) {
  cluster({"start", "host", "vm", "rocks-33"});
  cluster({"stop", "host", "vm", "rocks-33"}, 0,
          "asked rocks-33 to shut down (action=poweroff pulls the plug)");
  EXPECT_EQ(here().done.back(), "shutdown rocks-33");
  const auto done = here().done.size();
  cluster({"stop", "host", "vm", "rocks-*"}, 1,
          "stop host vm: 'rocks-*' means 2 VMs, rocks-[33-34]: want yes=yes, or their names");
  EXPECT_EQ(here().done.size(), done);
  cluster({"start", "host", "vm", "rocks-[33-34]"}, 0, "started 2 VMs");
  cluster({"stop", "host", "vm", "rocks-*", "action=poweroff", "yes=yes"}, 0, "powered off 2 VMs");
}

TEST_F(StartHostVm, ListsWhatTheyDo) {
  cluster({"start", "host", "vm", "rocks-33"});
  EXPECT_THAT(cluster({"list", "host", "vm", "status=yes", "--format", "csv"}),
              AllOf(HasSubstr("disk,disksize,status\n"), HasSubstr(",active\n"),
                    HasSubstr(",not defined\n")));
  cluster({"stop", "host", "vm", "rocks-33", "action=poweroff"});
  domains.hosts["vm-container-0-16"].failure = Error(Fault::unreachable, "no connection");
  EXPECT_THAT(cluster({"list", "host", "vm", "status=yes", "--format", "csv"}, 3,
                      "vm-container-0-16: no connection"),
              AllOf(HasSubstr(",shut off\n"), HasSubstr(",unknown\n")));
  EXPECT_THAT(cluster({"list", "host", "vm"}), Not(HasSubstr("STATUS")));
}

}  // namespace
}  // namespace cluster
