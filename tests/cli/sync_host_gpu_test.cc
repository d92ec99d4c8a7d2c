// Tests what cards are to be, and how hosts are made so.

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "cmd/program.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The agents of this fleet hold their cards by these drivers, and do what they are asked.
class ActingHosts : public ssh::Transport {
 public:
  std::vector<ssh::Reply> run(const std::vector<ssh::Target>& targets, const std::string&,
                              const ssh::Limits&, ssh::Sink& sink) override {
    std::vector<ssh::Reply> replies;
    outlets.push_back(sink.outlet());
    for (std::size_t i = 0; i < targets.size(); ++i) {
      auto& host = hosts[targets[i].name];
      asked.push_back(targets[i].name + ": " + targets[i].command);
      ssh::Reply reply{ssh::End::exited, 0, "", {}};
      const bool acts = !targets[i].command.starts_with("gpupci -l");
      if (host.dead || (acts && host.dies)) {
        host.dead = true;
        reply = {ssh::End::unreachable, -1, "no route to host", {}};
      } else {
        const auto out = acts ? act(host, targets[i].command) : list(host);
        sink.out(i, out);
      }
      sink.ended(i, reply);
      replies.push_back(reply);
    }
    return replies;
  }

  void work_on(const std::vector<ssh::Target>& targets, const ssh::Work& work,
               ssh::Sink&) override {
    for (std::size_t i = 0; i < targets.size(); ++i) work(i);
  }
  std::vector<bool> finds(const std::vector<ssh::Target>& targets) override {
    return std::vector<bool>(targets.size(), true);
  }
  int converse(const ssh::Target&, const std::string&, std::chrono::seconds) override { return 0; }

  struct Fake {
    std::map<std::string, std::string> drivers{{"gpupci1", "nvidia"}, {"gpupci2", "vfio-pci"}};
    std::string refused;  // the card that a guard keeps
    bool lies = false;    // it says that it did, and did not
    bool dies = false;    // when it is to act
    bool dead = false;
  };

  std::map<std::string, Fake> hosts;
  std::vector<std::string> asked;
  std::vector<int> outlets;  // of the sinks, one for each run

 private:
  static std::string pci(const std::string& card) {
    return "pci_0000_0" + card.substr(card.size() - 1) + "_00_0";
  }

  static std::string list(const Fake& host) {
    std::string cards;
    for (const auto& [card, driver] : host.drivers) {
      cards += (cards.empty() ? "" : ",") + (R"({"name": ")" + card) + R"(", "pci": ")" +
               pci(card) + R"(", "functions": [{"pci": ")" + pci(card) +
               R"(", "class": "0302", "vendor": "10de", "device": "2235", "driver": ")" + driver +
               R"("}]})";
    }
    return R"({"cards": [)" + cards + "]}";
  }

  static std::string act(Fake& host, const std::string& command) {
    const bool detach = command.find(" -d ") != std::string::npos;
    std::string cards;
    for (auto& [card, driver] : host.drivers) {
      if (command.find(card) == std::string::npos) continue;
      const bool refused = card == host.refused;
      if (!refused && !host.lies) driver = detach ? "vfio-pci" : "nvidia";
      cards += (cards.empty() ? "" : ",") + (R"({"name": ")" + card) + R"(", "pci": ")" +
               pci(card) + R"(", "error": )" +
               (refused ? R"("holder: process 812 has it open")" : "null") +
               R"(, "functions": [{"pci": ")" + pci(card) + R"(", "outcome": ")" +
               (refused  ? "untouched"
                : detach ? "detached"
                         : "attached") +
               R"("}]})";
    }
    return R"({"cards": [)" + cards + "]}";
  }
};

class SyncHostGpu : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "n2"});
    cluster({"discover", "host", "gpu"});
    hosts.asked.clear();
  }

  // As Story has them, with these hosts.
  Result run(const std::vector<std::string>& words) {
    std::ostringstream out;
    std::ostringstream err;
    const auto open = [this](const std::string& db, Inventory::Open how) {
      return std::make_unique<Inventory>(db.empty() ? place : db, how);
    };
    const int status =
        cmd::run_program(words, {open, hosts, domains.opener(), out, err, 80, {}, outlet});
    return {out.str(), err.str(), status};
  }

  std::string cluster(const std::vector<std::string>& words, int status = 0,
                      const std::string& error = "") {
    const auto result = run(words);
    EXPECT_EQ(result.err, error.empty() ? "" : "cluster: " + error + "\n");
    EXPECT_EQ(result.status, status);
    return result.out;
  }

  static std::string changes(const std::string& rows) {
    return "HOST GPU     PCI_BUS          ACTION OUTCOME\n" + rows;
  }

  ActingHosts hosts;
};

TEST_F(SyncHostGpu, MakesCardsWhatTheyAreToBeAndIsSafeToRepeat) {
  cluster({"set", "host", "gpu", "vm-container", "all", "wish=detached"});
  cluster({"set", "host", "gpu", "n2", "gpupci2", "wish=host"});
  EXPECT_TRUE(hosts.asked.empty());
  const auto plan = run({"sync", "host", "gpu", "dryrun=yes"});
  EXPECT_EQ(plan.status, 0);
  EXPECT_EQ(plan.out,
            "HOST        GPU     PCI_BUS          ACTION OUTCOME\n"
            "n[1-2] (2): gpupci1 pci_0000_01_00_0 detach to be done\n"
            "n2:         gpupci2 pci_0000_02_00_0 attach to be done\n");
  expect_shape(run({"sync", "host", "gpu", "dryrun=yes", "format=json"}).out, "sync_host_gpu");
  EXPECT_EQ(hosts.hosts["n1"].drivers["gpupci1"], "nvidia");
  const auto done = run({"sync", "host", "gpu"});
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.err,
            "cluster: n[1-2] (2) gpupci1: detach, it has nvidia\n"
            "cluster: n2 gpupci2: attach, it has vfio-pci\n");
  EXPECT_EQ(done.out,
            "HOST        GPU     PCI_BUS          ACTION OUTCOME\n"
            "n[1-2] (2): gpupci1 pci_0000_01_00_0 detach detached\n"
            "n2:         gpupci2 pci_0000_02_00_0 attach attached\n");
  hosts.asked.clear();
  EXPECT_EQ(cluster({"sync", "host", "gpu"}, 0, "nothing to do"), "");
  EXPECT_EQ(hosts.asked,
            (std::vector<std::string>{"n1: gpupci -l --json", "n2: gpupci -l --json"}));
}

TEST_F(SyncHostGpu, SaysWhenItLastLeftACardAsItIsToBe) {
  const auto synced = [this] {
    const auto csv =
        cluster({"list", "host", "gpu", "n1", "detail=yes", "columns=gpu,synced", "format=csv"});
    expect_shape(cluster({"list", "host", "gpu", "detail=yes", "format=json"}), "host_gpu_detail");
    return csv;
  };
  const std::string none = "gpu,synced\ngpupci1,\ngpupci2,\n";
  cluster({"set", "host", "gpu", "n1", "all", "wish=detached"});
  run({"sync", "host", "gpu", "dryrun=yes"});
  EXPECT_EQ(synced(), none);
  hosts.hosts["n1"].refused = "gpupci1";
  run({"sync", "host", "gpu"});
  EXPECT_THAT(synced(), ::testing::MatchesRegex("gpu,synced\ngpupci1,\ngpupci2,[0-9]+ s\n"))
      << "what a guard kept is not as it is to be, what was detached already is";
  hosts.hosts["n1"].refused.clear();
  run({"sync", "host", "gpu"});
  EXPECT_THAT(synced(), ::testing::MatchesRegex("gpu,synced\n(gpupci[12],[0-9]+ s\n){2}"));
  cluster({"set", "host", "gpu", "n1", "all", "wish=detached"});
  EXPECT_THAT(synced(), ::testing::MatchesRegex("gpu,synced\n(gpupci[12],[0-9]+ s\n){2}"));
  cluster({"set", "host", "gpu", "n1", "all", "wish=host"});
  EXPECT_EQ(synced(), none) << "another wish was not fulfilled yet";
}

TEST_F(SyncHostGpu, ACardOfAVmIsToBeDetached) {
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  cluster({"set", "host", "gpu", "n1", "gpupci1", "wish=host"}, 1,
          "gpupci1 of host 'n1' is in VM 'v1', and so is to be detached");
  EXPECT_EQ(run({"sync", "host", "gpu"}).out,
            changes("n1:  gpupci1 pci_0000_01_00_0 detach detached\n"));
}

TEST_F(SyncHostGpu, TellsAGuardThatRefusesAndAnAgentThatLies) {
  cluster({"set", "host", "gpu", "vm-container", "gpupci1", "wish=detached"});
  hosts.hosts["n1"].refused = "gpupci1";
  hosts.hosts["n2"].lies = true;
  const auto result = run({"sync", "host", "gpu"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("n1 gpupci1: holder: process 812 has it open\n"));
  EXPECT_EQ(result.out,
            "HOST        GPU     PCI_BUS          ACTION OUTCOME\n"
            "n[1-2] (2): gpupci1 pci_0000_01_00_0 detach failed\n");
}

TEST_F(SyncHostGpu, HostsOfWhichTheSameIsToBeSaidAreOneLine) {
  for (int i = 3; i <= 40; ++i) cluster({"add", "host", "n" + std::to_string(i)});
  cluster({"discover", "host", "gpu"});
  cluster({"set", "host", "gpu", "vm-container", "gpupci1", "wish=detached"});
  for (auto& [name, host] : hosts.hosts) host.refused = "gpupci1";
  const auto result = run({"sync", "host", "gpu"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err,
            "cluster: n[1-40] (40) gpupci1: detach, it has nvidia\n"
            "cluster: n[1-40] (40) gpupci1: holder: process 812 has it open\n");
  EXPECT_EQ(result.out,
            "HOST          GPU     PCI_BUS          ACTION OUTCOME\n"
            "n[1-40] (40): gpupci1 pci_0000_01_00_0 detach failed\n");
  const auto rows = run({"sync", "host", "gpu", "dryrun=yes", "format=csv"}).out;
  EXPECT_EQ(std::ranges::count(rows, '\n'), 41) << "a program reads a row of each host";
  for (auto& [name, host] : hosts.hosts) host.dead = true;
  EXPECT_EQ(run({"sync", "host", "gpu"}).err, "cluster: n[1-40] (40): no route to host\n");
}

TEST_F(SyncHostGpu, AClosedPipeEndsThePlanAndNothingInTheMiddle) {
  cluster({"set", "host", "gpu", "n1", "all", "wish=detached"});
  outlet = 1;
  hosts.outlets.clear();
  run({"sync", "host", "gpu", "dryrun=yes"});
  EXPECT_EQ(hosts.outlets, std::vector<int>{1});
  hosts.outlets.clear();
  run({"sync", "host", "gpu"});
  EXPECT_EQ(hosts.outlets, (std::vector<int>{1, -1, -1})) << "planned, acted, read back";
}

TEST_F(SyncHostGpu, AHostThatDiesMeanwhileIsUnknown) {
  cluster({"set", "host", "gpu", "vm-container", "gpupci1", "wish=detached"});
  hosts.hosts["n1"].dies = true;
  const auto result = run({"sync", "host", "gpu"});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.out, changes("n1:  gpupci1 pci_0000_01_00_0 detach unknown\n"
                                "n2:  gpupci1 pci_0000_01_00_0 detach detached\n"));
}

TEST_F(SyncHostGpu, AnotherCardUnderTheNameIsLeftAlone) {
  cluster({"set", "host", "gpu", "n1", "all", "wish=host"});
  hosts.hosts["n1"].drivers = {{"gpupci2", "nvidia"}, {"gpupci3", "vfio-pci"}};
  const auto result = run({"sync", "host", "gpu", "n1"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("n1 gpupci1: is not as the inventory knows it"));
  EXPECT_EQ(hosts.hosts["n1"].drivers["gpupci3"], "vfio-pci");
}

TEST_F(SyncHostGpu, StatusShowsTheTruthBesideTheWish) {
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci2"});
  cluster({"set", "host", "gpu", "n1", "gpupci1", "wish=detached"});
  cluster({"set", "host", "gpu", "n2", "gpupci2", "wish=host"});
  expect_shape(run({"list", "host", "gpu", "status=yes", "format=json"}).out, "host_gpu_status");
  const auto csv = run({"list", "host", "gpu", "status=yes", "format=csv"}).out;
  EXPECT_THAT(csv, HasSubstr("host,gpu,pci_bus,driver,owner,wish,differs,last_driver,age\n"));
  EXPECT_THAT(csv, HasSubstr("n1,gpupci1,pci_0000_01_00_0,nvidia,host,detached,is attached to its "
                             "host,nvidia,"));
  EXPECT_THAT(csv, HasSubstr("n1,gpupci2,pci_0000_02_00_0,vfio-pci,v1,in v1,,vfio-pci,"));
  EXPECT_THAT(csv, HasSubstr("n2,gpupci1,pci_0000_01_00_0,nvidia,host,,,nvidia,"));
  EXPECT_THAT(csv,
              HasSubstr("n2,gpupci2,pci_0000_02_00_0,vfio-pci,nobody,host,is detached,vfio-pci,"));
}

TEST_F(SyncHostGpu, AHostWithoutAnAnswerIsUnknownAndNeverFree) {
  cluster({"set", "host", "gpu", "n2", "gpupci2", "wish=detached"});
  hosts.hosts["n2"].dead = true;
  const auto result = run({"list", "host", "gpu", "n2", "status=yes", "format=csv"});
  EXPECT_EQ(result.status, 3);
  EXPECT_THAT(result.out, HasSubstr("n2,gpupci1,pci_0000_01_00_0,unknown,unknown,,,nvidia,"));
  EXPECT_THAT(result.out, HasSubstr("n2,gpupci2,pci_0000_02_00_0,unknown,unknown,detached,unknown,"
                                    "vfio-pci,"));
  EXPECT_THAT(result.out, Not(HasSubstr("free")));
}

TEST_F(SyncHostGpu, WishesAreDumpedAndOutliveADiscovery) {
  cluster({"set", "host", "gpu", "n1", "gpupci1", "wish=host"});
  hosts.hosts["n1"].drivers["gpupci3"] = "nvidia";
  cluster({"discover", "host", "gpu"});
  EXPECT_THAT(cluster({"dump", "host", "gpu"}),
              HasSubstr("cluster add host gpu n1 gpupci1 pci_0000_01_00_0 wish=host\n"));
  cluster({"add", "host", "gpu", "n1", "gpupci9", "0000:09:00.0", "wish=detached"});
  EXPECT_THAT(cluster({"dump", "host", "gpu"}),
              HasSubstr("cluster add host gpu n1 gpupci9 pci_0000_09_00_0 wish=detached\n"));
  cluster({"set", "host", "gpu", "n1", "all", "wish="});
  EXPECT_THAT(cluster({"dump", "host", "gpu"}), Not(HasSubstr("wish")));
  // A card that is to be its host's is not chosen for a VM.
  cluster({"set", "host", "gpu", "vm-container", "all", "wish=host"});
  EXPECT_THAT(run({"add", "host", "vm", "v1", "gpus=1"}).err,
              HasSubstr("gpupci1 is to stay with its host"));
  cluster({"set", "host", "gpu", "n1", "all", "wish=free"}, 2,
          "wish='free': want host, detached, or nothing");
}

}  // namespace
}  // namespace cluster
