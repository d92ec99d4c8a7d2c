// The agent on every host: what there is, and what is put there.

#include <gmock/gmock.h>

#include "core/file.h"
#include "core/sha256.h"
#include "frontend/hosts/agent_program.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kProgram = "#!/bin/sh\necho gpupci 1.0.0\n";
constexpr const char* kPath = "/usr/local/bin/gpupci";

class HostAgentStory : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "n2"});
    replace_file(from, kProgram);
    for (const auto* host : {"n1", "n2"}) {
      told(host, "checksum " + sha256_hex("old") + "\nversion 0.9.0\n");
      after(host, "unit\n");
      // Whatever else is asked is the delivery.
      transport.answers[host].out = "rollcall put\n";
    }
  }

  static std::string answer(const std::string& lines) {
    return "path " + std::string(kPath) + "\nmachine x86_64\n" + lines + "whole\n";
  }
  void told(const std::string& host, const std::string& lines) {
    transport.exactly[{host, frontend::question_of_program("")}].out = answer(lines);
  }
  void after(const std::string& host, const std::string& word) {
    transport.exactly[{host, frontend::look_at_unit_of_program(kPath)}].out = answer("");
    transport.exactly[{host, frontend::unit_of_program(kPath)}].out =
        word + answer("checksum " + sha256_hex(kProgram) + "\nversion 1.0.0\n");
  }
  std::string sync(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"sync", "host", "agent", "from=" + from, "format=csv"};
    words.insert(words.end(), more.begin(), more.end());
    return cluster(words);
  }

  const std::string from = folder.path() / "gpupci-new";
};

TEST_F(HostAgentStory, IsPutWhereItDiffers) {
  told("n2", "checksum " + sha256_hex(kProgram) + "\nversion 1.0.0\n");
  after("n2", "");
  EXPECT_EQ(sync({"dryrun=yes"}),
            "host,version,path,outcome\nn1,0.9.0,/usr/local/bin/gpupci,would be installed\n"
            "n2,1.0.0,/usr/local/bin/gpupci,current\n");
  transport.exactly[{"n2", frontend::look_at_unit_of_program(kPath)}].out =
      "unit\n" + answer("checksum " + sha256_hex(kProgram) + "\nversion 1.0.0\n");
  EXPECT_THAT(sync({"dryrun=yes"}),
              HasSubstr("n2,1.0.0,/usr/local/bin/gpupci,unit would be written\n"));
  expect_shape(cluster({"sync", "host", "agent", "from=" + from, "dryrun=yes", "format=json"}),
               "sync_host_agent");
  EXPECT_THAT(cluster({"list", "host", "agent", "format=csv"}),
              StartsWith("host,version,path,age\nn1,0.9.0,/usr/local/bin/gpupci,"));
  EXPECT_EQ(sync(),
            "host,version,path,outcome\nn1,1.0.0,/usr/local/bin/gpupci,installed\n"
            "n2,1.0.0,/usr/local/bin/gpupci,current\n");
  EXPECT_THAT(cluster({"list", "host", "agent", "n1"}), HasSubstr("1.0.0"));
}

TEST_F(HostAgentStory, OneHostIsNotTheFateOfAnother) {
  transport.answers["n1"] = {"", "gpupci-new does not run there\n", {ssh::End::exited, 1, "", {}}};
  const auto result = run({"sync", "host", "agent", "from=" + from, "format=csv"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "cluster: n1: gpupci-new does not run there\n");
  EXPECT_EQ(result.out, "host,version,path,outcome\nn2,1.0.0,/usr/local/bin/gpupci,installed\n");
  EXPECT_THAT(cluster({"list", "host", "agent", "n1"}), HasSubstr("0.9.0")) << "the old one stays";
}

TEST_F(HostAgentStory, AProgramOfAnotherMachineOrOfAPackageIsRefused) {
  replace_file(from, std::string("\x7f"
                                 "ELF\x02\x01\x01") +
                         std::string(9, '\0') + "\x03" + '\0' + "\xb7" + '\0');
  told("n2", "packaged\n");
  cluster({"sync", "host", "agent", "n1", "from=" + from}, 1,
          "n1: it is 'x86_64', and 'gpupci-new' is for aarch64: want from= of another one");
  replace_file(from, kProgram);
  cluster({"sync", "host", "agent", "n2", "from=" + from}, 1,
          "n2: '/usr/local/bin/gpupci' is of a package: upgrade that, or remove it");
}

TEST_F(HostAgentStory, GoesBySudoWhereTheHostWantsIt) {
  cluster({"set", "host", "n1", "user=ops", "sudo=yes"});
  run({"sync", "host", "agent", "n1", "from=" + from});
  EXPECT_THAT(transport.asked_command, HasSubstr("sudo -n"));
}

TEST_F(HostAgentStory, ListAsksWhenTold) {
  EXPECT_EQ(cluster({"list", "host", "agent", "n1", "format=csv"}),
            "host,version,path,age\nn1,,,\n");
  told("n1", "");
  EXPECT_THAT(cluster({"list", "host", "agent", "n1", "status=yes", "format=csv"}),
              HasSubstr("n1,none,/usr/local/bin/gpupci,"));
  transport.exactly[{"n1", frontend::question_of_program("")}] = {
      "", "", {ssh::End::unreachable, -1, "no route to host", {}}};
  cluster({"list", "host", "agent", "n1", "status=yes"}, 3, "n1: no route to host");
}

TEST_F(HostAgentStory, WantsAProgram) {
  cluster({"sync", "host", "agent", "from=" + from, "to=bin/gpupci"}, 2,
          "to=bin/gpupci: want a whole path, /usr/local/bin/gpupci");
}

}  // namespace
}  // namespace cluster
