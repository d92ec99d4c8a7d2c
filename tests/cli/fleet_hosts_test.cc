// Tests discover, check, detach and attach host gpu on several hosts, of which some fail. Each host
// has its own answer.

#include <gmock/gmock.h>

#include "core/text.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A card as an agent reports it, at 02:00, with a function for the audio.
std::string card(const std::string& name, const std::string& identity,
                 const std::string& pci = "02_00", const std::string& of_function = "") {
  const std::string function = R"({"pci": "pci_0000_)" + pci;
  return R"({"name": ")" + name + R"(", "pci": "pci_0000_)" + pci + R"(_0", "functions": [)" +
         function +
         R"(_0", "class": "0302", "vendor": "10de", "device": "20b5", "subsystem_vendor": "10de",
             "subsystem_device": "1533", "iommu_group": 13)" +
         of_function + "}," + function +
         R"(_1", "class": "0403", "vendor": "10de", "device": "10f1", "iommu_group": 14)" +
         of_function + "}], " + identity + "}";
}

std::string cards(const std::string& list) { return R"({"cards": [)" + list + "]}"; }

const std::string kSerial = R"("serial": "00-4b-1c-ff-ff-2d-b0-48", "uuid": "GPU-6ab2")";
const std::string kNoNumbers = R"("serial": null, "uuid": null)";

constexpr const char* kList = "gpupci -l --json";
constexpr const char* kCheck = "gpupci --check all --json";

// n1 answers, n2 has a gpupci that fails, and n3 is off.
class Hosts : public Story {
 protected:
  void SetUp() override {
    for (const auto* host : {"n1", "n2", "n3"}) cluster({"add", "host", host});
    say("n1", kList, cards(card("gpupci1", kSerial)));
    transport.answers["n2"] = {"", "bash: gpupci: not found\n", {ssh::End::exited, 127, "", {}}};
    transport.answers["n3"] = {"", "", {ssh::End::unreachable, -1, "connection refused", {}}};
  }

  void say(const std::string& host, const std::string& command, const std::string& out,
           int status = 0) {
    transport.exactly[{host, command}] = {out, "", {ssh::End::exited, status, "", {}}};
  }

  // Gives "0: out err", without the program's name.
  static std::string told(const Result& result) {
    return std::to_string(result.status) + ": " + result.out + result.err;
  }

  static constexpr const char* kNoAgent =
      "cluster: n2: there is no gpupci: cluster sync host agent puts it there\n";
  static constexpr const char* kOff = "cluster: n3: connection refused\n";
};

TEST_F(Hosts, AreDiscoveredAsFarAsTheyAnswer) {
  const std::string row =
      "HOST GPU     CHANGE PCI_BUS          DETAILS\n"
      "n1:  gpupci1 new    pci_0000_02_00_0 10de:20b5, 2 functions\n";
  EXPECT_EQ(told(run({"discover", "host", "gpu"})), "3: " + row + kNoAgent + kOff);
  EXPECT_EQ(told(run({"discover", "host", "gpu", "n1", "n2"})), "1: " + std::string(kNoAgent));
  EXPECT_EQ(cluster({"dump", "host", "gpu"}), "cluster add host gpu n1 gpupci1 pci_0000_02_00_0\n");
}

TEST_F(Hosts, AreKnownByTheIdentityOfTheirCards) {
  cluster({"discover", "host", "gpu", "n1"});
  EXPECT_EQ(cluster({"list", "host", "gpu", "detail=yes", "format=csv",
                     "columns=host,gpu,pci_bus,state,vm,id,functions,iommu_group,numa_node,slot,"
                     "serial,uuid,model,failing"}),
            "host,gpu,pci_bus,state,vm,id,functions,iommu_group,numa_node,slot,serial,uuid,model,"
            "failing\n"
            "n1,gpupci1,pci_0000_02_00_0,present,,10de:20b5,2,13,,,00-4b-1c-ff-ff-2d-b0-48,"
            "GPU-6ab2,,\n");
  const auto known = Inventory(place, Inventory::Open::existing).gpu_cards(HostName("n1"));
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].serial, "00-4b-1c-ff-ff-2d-b0-48");
  EXPECT_EQ(known[0].uuid, "GPU-6ab2");
  ASSERT_EQ(known[0].functions.size(), 2U);
  const auto& video = known[0].functions[0];
  EXPECT_EQ(video.subsystem_vendor, "10de");
  EXPECT_EQ(video.subsystem_device, "1533");
  EXPECT_EQ(video.device_class, "0302");
  const auto& audio = known[0].functions[1];
  EXPECT_EQ(audio.pci, PciAddress::parse("02:00.1"));
  EXPECT_EQ(audio.device_class, "0403");
  EXPECT_EQ(audio.device, "10f1");
  EXPECT_EQ(audio.iommu_group, 14);
  EXPECT_EQ(audio.subsystem_vendor, std::nullopt);
}

TEST_F(Hosts, AreCheckedAsFarAsTheyAnswer) {
  cluster({"discover", "host", "gpu", "n1"});
  say("n1", kCheck,
      R"({"checks": [{"id": "H2", "card": null, "result": "PASS", "reason": "on"}]})");
  EXPECT_EQ(told(run({"check", "host", "gpu", "n1"})), "0: ");
  EXPECT_EQ(told(run({"check", "host", "gpu"})), "3: " + std::string(kNoAgent) + kOff);

  // The agent's status is that of its worst check. It does not mean that the agent failed to
  // answer.
  say("n2", kCheck,
      R"({"checks": [{"id": "H2", "card": null, "result": "FAIL", "reason": "off", "fix": "on"}]})",
      2);
  say("n2", kList, cards(""));
  const std::string row =
      "HOST GPU CHECK RESULT REASON FIX\n"
      "n2:  -   H2    FAIL   off    on\n";
  EXPECT_EQ(told(run({"check", "host", "gpu", "n1", "n2"})), "1: " + row);
  EXPECT_EQ(told(run({"check", "host", "gpu"})), "3: " + row + kOff);
  std::vector<std::optional<std::string>> failing;
  for (const auto& host : Inventory(place, Inventory::Open::existing).hosts()) {
    failing.push_back(host.failing);
  }
  EXPECT_EQ(failing, (std::vector<std::optional<std::string>>{{}, "H2: off", {}}));
  EXPECT_THAT(cluster({"list", "host", "detail=yes", "columns=host,seen,checked", "format=csv"}),
              MatchesRegex("host,seen,checked\nn1,[0-9]+ s,[0-9]+ s\nn2,,[0-9]+ s\nn3,,\n"));
}

// A host says what it likes, and no line of that passes for one of ours or of another host, nor
// controls the terminal.
TEST_F(Hosts, CannotSpeakForAnother) {
  const std::string forged =
      R"(a\ncluster: n2: all is lost\nn2:  gpupci1 detached\u001b[2J\u009b2J)";
  const std::string raw =
      "a\ncluster: n2: all is lost\nn2:  gpupci1 detached\x1b[2J\xc2\x9b"
      "2J\n";
  const auto text = [&](const char* key) {
    return '"' + std::string(key) + R"(": ")" + forged + '"';
  };
  const auto facts = cards(card(
      "gpupci1", text("serial") + ", " + text("uuid") + ", " + text("model") + ", " + text("slot"),
      "02_00", ", " + text("driver")));
  const auto outcome = R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0", )" +
                       text("error") + R"(, "functions": [{)" + text("outcome") + "}]}]}";
  const auto check = R"({"checks": [{"id": "H2", "card": null, "result": "FAIL", )" +
                     text("reason") + ", " + text("fix") + "}, {" + text("id") + ", " +
                     text("card") + R"(, "result": "FAIL", )" + text("reason") + "}]}";
  using Words = std::vector<std::string>;
  const std::vector<Words> all{{"discover", "host", "gpu", "n1"},
                               {"set", "host", "gpu", "n1", "gpupci1", "wish=detached"},
                               {"list", "host", "gpu", "n1", "detail=yes"},
                               {"list", "host", "gpu", "n1", "status=yes"},
                               {"detach", "host", "gpu", "n1"},
                               {"attach", "host", "gpu", "n1"},
                               {"sync", "host", "gpu", "n1"},
                               {"check", "host", "gpu", "n1"},
                               {"check", "host", "gpu", "n1", "all=yes"},
                               {"list", "host", "n1", "detail=yes"},
                               {"list", "host", "agent", "n1", "status=yes"},
                               {"list", "host", "topology", "n1"}};
  int told = 0;
  for (const auto& [out, err, status] :
       std::vector<std::tuple<std::string, std::string, int>>{{facts, "", 0},
                                                              {outcome, "", 1},
                                                              {check, "", 1},
                                                              {raw, "", 0},
                                                              {"", raw, 1},
                                                              {"", raw, 127},
                                                              {"", "sudo: " + raw, 1}}) {
    transport.answers["n1"] = {out, err, {ssh::End::exited, status, "", {}}};
    transport.exactly.clear();
    const auto card_of_n1 = card("gpupci1", kSerial, "02_00", R"(, "driver": "nvidia")");
    if (out != facts) say("n1", kList, cards(card_of_n1));
    for (const auto& words : all) {
      const auto result = run(words);
      const auto said = result.out + result.err;
      SCOPED_TRACE(words[0] + " " + words[2] + ":\n" + said);
      EXPECT_NE(result.status, 70);
      // It acts on the wish, and what the host says then is read as well.
      EXPECT_TRUE(words[0] != "sync" || said.find("gpupci1: detach, it has ") != std::string::npos);
      EXPECT_EQ(said.find('\x1b'), std::string::npos);
      EXPECT_EQ(said.find("\xc2\x9b"), std::string::npos);
      for (const auto line : split(said, '\n')) {
        EXPECT_FALSE(line.starts_with("cluster: n2") || line.starts_with("n2:")) << line;
        if (line.find("all is lost") != std::string_view::npos) ++told;
      }
    }
  }
  EXPECT_GT(told, 10) << "it is told, as one line";
}

TEST_F(Hosts, TellWhatBecameOfTheirCards) {
  const auto outcome = [](const std::string& word, const std::string& error) {
    return R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0", "error": )" + error +
           R"(, "functions": [{"outcome": ")" + word + R"("}]}]})";
  };
  for (const auto& [verb, option, done] :
       {std::tuple{"detach", "-d", "detached"}, std::tuple{"attach", "-a", "attached"}}) {
    const auto command = std::string("gpupci ") + option + " all --json";
    const std::string row = std::string("n1:  gpupci1 pci_0000_02_00_0 ") + done + "\n";
    const std::string header = "HOST GPU     PCI_BUS          OUTCOME\n";
    say("n1", command, outcome(done, "null"));
    EXPECT_EQ(told(run({verb, "host", "gpu", "n1", "n2", "n3"})),
              "3: " + header + row + kNoAgent + kOff);
    say("n2", command, outcome("untouched", R"("holder: process 812")"), 1);
    const auto both = header + row + "n2:  gpupci1 pci_0000_02_00_0 untouched\n";
    const std::string why = "cluster: n2 gpupci1: holder: process 812\n";
    EXPECT_EQ(told(run({verb, "host", "gpu", "n1", "n2"})), "1: " + both + why);
    EXPECT_EQ(told(run({verb, "host", "gpu", "n1", "n2", "n3"})), "3: " + both + why + kOff);
    EXPECT_EQ(told(run({verb, "host", "gpu", "n1"})), "0: " + header + row);
    expect_shape(cluster({verb, "host", "gpu", "n1", "format=json"}), "detach_host_gpu");
  }
}

// The host reports its cards now; the answer is compared with the cards that were discovered
// before.
class Drift : public Hosts {
 protected:
  void SetUp() override {
    Hosts::SetUp();
    say("n1", kCheck, R"({"checks": []})");
  }

  void discover(const std::string& list) {
    say("n1", kList, cards(list));
    cluster({"discover", "host", "gpu", "n1"});
  }

  // Returns the rows about the host, without the title.
  std::string drift(const std::string& list) {
    say("n1", kList, cards(list));
    const auto [out, err, status] = run({"check", "host", "gpu", "n1", "format=csv"});
    EXPECT_EQ(err, "");
    EXPECT_EQ(status, 1);
    return out.substr(out.find('\n') + 1);
  }
};

TEST_F(Drift, ACardOfItsOwnVmIsNotFailing) {
  discover(card("gpupci1", kSerial));
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  const auto failing = [&](const std::string& vms) {
    say("n1", kCheck,
        R"({"checks": [{"id": "V1", "card": "gpupci1", "result": "FAIL", "reason": "in use",)"
        R"( "fix": "stop it")" +
            vms + "}]}");
    const auto status = run({"check", "host", "gpu", "n1"}).status;
    const auto list =
        cluster({"list", "host", "gpu", "n1", "detail=yes", "columns=gpu,failing", "format=csv"});
    return std::to_string(status) + list.substr(list.find('\n'));
  };
  EXPECT_EQ(failing(R"(, "vms": ["v1"])"), "0\ngpupci1,\n");
  // Another VM, a program besides, an agent that does not tell.
  for (const auto* vms :
       {R"(, "vms": ["v10"])", R"(, "vms": ["v1", "v10"])", R"(, "vms": [])", ""}) {
    EXPECT_EQ(failing(vms), "1\ngpupci1,V1: in use\n") << vms;
  }
  cluster({"remove", "host", "gpu", "v1", "gpupci", "force=yes"});
  EXPECT_EQ(failing(R"(, "vms": ["v1"])"), "1\ngpupci1,V1: in use\n");
}

TEST_F(Drift, ACardThatMovedFails) {
  discover(card("gpupci1", kSerial));
  EXPECT_EQ(drift(card("gpupci1", kSerial, "05_00")),
            "n1,gpupci1,drift,FAIL,moved: was pci_0000_02_00_0,cluster discover host gpu n1\n"
            "n1,gpupci1,drift,WARN,changed: functions,cluster discover host gpu n1\n");
}

TEST_F(Drift, AnotherCardInItsPlaceFails) {
  discover(card("gpupci1", kSerial));
  EXPECT_EQ(drift(card("gpupci1", R"("serial": "00-4b-1c-ff-ff-2d-b0-49")")),
            "n1,gpupci1,drift,WARN,\"new: 10de:20b5, 2 functions\",cluster discover host gpu n1\n"
            "n1,gpupci1,drift,FAIL,\"replaced: was gpupci1 pci_0000_02_00_0, 10de:20b5\",cluster "
            "discover host gpu n1\n");
}

TEST_F(Drift, ACardOfAVmThatIsAnotherNowIsSaidAndNotTakenOver) {
  discover(card("gpupci1", kSerial));
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  EXPECT_EQ(drift(card("gpupci1", R"("serial": "00-4b-1c-ff-ff-2d-b0-49")")),
            "n1,,drift,FAIL,\"a VM holds gpupci1 pci_0000_02_00_0, 10de:20b5, which is not there; "
            "gpupci1 pci_0000_02_00_0 in its place is another card: take it from the VM "
            "first\",see `cluster list host gpu detail=yes`\n");
}

TEST_F(Drift, ACardWithoutNumbersIsTheSameInItsPlace) {
  discover(card("gpupci1", kNoNumbers));
  say("n1", kList, cards(card("gpupci1", kNoNumbers)));
  EXPECT_EQ(cluster({"check", "host", "gpu", "n1"}), "");
}

}  // namespace
}  // namespace cluster
