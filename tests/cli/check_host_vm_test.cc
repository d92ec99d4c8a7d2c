// `cluster check host vm` asks agents and judges what they say.

#include <gmock/gmock.h>

#include "core/base64.h"
#include "core/file.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

constexpr const char* kTold = R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_c1_00_0",
  "state": "present", "functions": [{"pci": "pci_0000_c1_00_0", "class": "0302", "vendor": "10de",
  "device": "2330", "driver": "vfio-pci"}]}]})";

constexpr const char* kDefined =
    "<domain><name>v1</name><uuid>00000000-0000-4000-8000-000000000001</uuid><devices>"
    "<controller type='pci' index='1' model='pcie-root-port'><address type='pci' bus='0' "
    "slot='2' function='0'/></controller><hostdev mode='subsystem' type='pci'><source><address "
    "domain='0x0000' bus='0xc1' slot='0x00' function='0x0'/></source><address type='pci' bus='1' "
    "slot='0' function='0'/></hostdev></devices></domain>";

class CheckHostVm : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1", "appliance=vm-container"});
    transport.by_command["gpupci -l --json"] = kTold;
    cluster({"discover", "host", "gpu", "n1"});
    cluster({"add", "host", "vm", "v1", "n1", "uuid=00000000-0000-4000-8000-000000000001"});
    cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
    n1().domains = {{"v1", "00000000-0000-4000-8000-000000000001", virt::DomainState::running, true,
                     false, true, kDefined}};
  }

  FakeDomains::Host& n1() { return domains.hosts["n1"]; }

  static std::string recording(const std::string& name) {
    return *read_file(std::string(GUEST_DATA) + "/" + name + ".txt");
  }

  // The agent runs what it is told to, and is done at the second question.
  void agent_says(const std::string& text, const std::string& program = "/bin/sh") {
    n1().agent = [this, text, program](const std::string&,
                                       const std::string& json) -> virt::AgentReply {
      if (json.find("\"guest-exec\"") != std::string::npos) {
        started = json;
        if (json.find("\"" + program + "\"") == std::string::npos) {
          return {"", Error(Fault::io, "Failed to execute child process")};
        }
        return {R"({"return": {"pid": 7}})", {}};
      }
      EXPECT_THAT(json, HasSubstr("\"pid\":7"));
      if (++asked < 2) return {R"({"return": {"exited": false}})", {}};
      return {
          R"({"return": {"exited": true, "exitcode": 0, "out-data": ")" + base64(text) + R"("}})",
          {}};
    };
  }

  int asked = 0;
  std::string started;  // the last command to run a program
};

TEST_F(CheckHostVm, AsksTheAgent) {
  agent_says(recording("healthy"));
  EXPECT_EQ(cluster({"check", "host", "vm"}), "");
  asked = 0;
  EXPECT_THAT(
      cluster({"check", "host", "vm", "v1", "all=yes", "format=csv"}),
      HasSubstr("v1,,I1,PASS,the guest answers over its agent,\n"
                "v1,gpupci,I2,PASS,\"10de:2330 is where it was given, at 0000:01:00.0\",\n"));
  asked = 0;
  expect_shape(cluster({"check", "host", "vm", "v1", "all=yes", "format=json"}), "check_host_vm");
}

TEST_F(CheckHostVm, TellsWhatIsWrong) {
  agent_says(recording("xid-79"));
  const auto [out, err, status] = run({"check", "host", "vm", "v1", "format=csv"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(out, HasSubstr("v1,gpupci,I5,FAIL,\"Xid 79: the card fell off the bus"));
}

// Another device may have the place that the card will have.
TEST_F(CheckHostVm, ACardIsInTheGuestFromItsNextStartOn) {
  agent_says(recording("healthy"));
  n1().running["00000000-0000-4000-8000-000000000001"] = "<domain><devices/></domain>";
  const auto [out, err, status] = run({"check", "host", "vm", "v1", "format=csv"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(out, HasSubstr("v1,gpupci,I2,FAIL,no such device in the guest: the VM runs without "
                             "0000:c1:00.0,\"a card that was given to a running VM"));
}

TEST_F(CheckHostVm, AsksWindowsInItsOwnWay) {
  agent_says(recording("code-43"), "powershell.exe");
  EXPECT_THAT(run({"check", "host", "vm", "v1", "format=csv"}).out,
              HasSubstr("v1,gpupci,I4,FAIL,code 43:"));
}

// It would read a script on its standard input as if somebody typed it.
TEST_F(CheckHostVm, GivesPowerShellItsScriptWhole) {
  agent_says(recording("windows"), "powershell.exe");
  cluster({"check", "host", "vm", "v1"});
  const std::string key = "\"-EncodedCommand\",\"";
  const auto begin = started.find(key);
  ASSERT_NE(begin, std::string::npos) << started;
  const auto text = started.substr(begin + key.size());
  const auto utf16 = parse_base64(text.substr(0, text.find('"'))).value();
  std::string script;
  for (const char c : utf16) {
    if (c != 0) script += c;
  }
  EXPECT_THAT(script, HasSubstr("\n\"=== pnp\"\nGet-PnpDevice "));
  EXPECT_THAT(script, ::testing::EndsWith("\"=== end\"\n"));
  EXPECT_EQ(started.find("input-data"), std::string::npos);
}

TEST_F(CheckHostVm, AsksOverSshWhereThereIsNoAgent) {
  transport.answers["v1"].out = recording("healthy");
  EXPECT_THAT(cluster({"check", "host", "vm", "v1", "all=yes", "format=csv"}),
              HasSubstr("v1,,I1,PASS,the guest answers over ssh,\n"));
  EXPECT_THAT(transport.asked_targets.at(0).input.text(), HasSubstr("part nvidia-smi"));
}

TEST_F(CheckHostVm, WhoeverCannotBeAskedIsUnknown) {
  transport.answers["v1"].reply = {ssh::End::no_login, -1, "no key of yours is accepted", {}};
  const auto [out, err, status] = run({"check", "host", "vm", "v1", "format=csv"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(out, HasSubstr("v1,,I1,UNKNOWN,the guest cannot be asked: QEMU guest agent is not "
                             "connected; over ssh: no key of yours is accepted,"));
  n1().domains[0].active = false;
  n1().domains[0].state = virt::DomainState::shut_off;
  EXPECT_THAT(run({"check", "host", "vm", "v1", "format=csv"}).out,
              HasSubstr("v1,,I1,UNKNOWN,it is shut off,cluster start host vm v1\n"));
  n1().domains[0].saved = true;
  EXPECT_THAT(run({"check", "host", "vm", "v1", "format=csv"}).out, HasSubstr("it is saved,"));
}

// The shell of the guest is not what it should be, or something forbids it to do anything.
TEST_F(CheckHostVm, AProgramThatSaysNothingIsTheReason) {
  transport.answers["v1"].reply = {ssh::End::no_login, -1, "no key of yours is accepted", {}};
  agent_says("");
  EXPECT_THAT(
      run({"check", "host", "vm", "v1", "format=csv"}).out,
      HasSubstr("v1,,I1,UNKNOWN,\"the guest cannot be asked: /bin/sh says nothing there, and "
                "ends with status 0; over ssh: no key of yours is accepted\","));
}

// A guest is a stranger: what its agent answers may be anything.
TEST_F(CheckHostVm, AnAgentThatLiesIsNotUnderstood) {
  transport.answers["v1"].reply = {ssh::End::no_login, -1, "no key of yours is accepted", {}};
  const auto nested = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& answer :
       {std::string(R"({"return": {"pid": "x"}})"), std::string(R"({"return": 7})"),
        std::string(R"({"return": {"pid": 7, "exited": "yes"}})"), "{\"return\": " + nested + "}",
        std::string("x")}) {
    n1().agent = [answer](const std::string&, const std::string&) -> virt::AgentReply {
      return {answer, {}};
    };
    const auto [out, err, status] = run({"check", "host", "vm", "v1", "format=csv"});
    EXPECT_EQ(status, 1) << err;
    EXPECT_THAT(out, HasSubstr("the agent in the guest does not say what is wanted"));
  }
}

TEST_F(CheckHostVm, AContainerThatDoesNotAnswerIsAFailure) {
  n1().failure = Error(Fault::unreachable, "no route to host");
  cluster({"check", "host", "vm"}, 3, "n1: no route to host");
}

}  // namespace
}  // namespace cluster
