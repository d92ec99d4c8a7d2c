#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/file.h"
#include "tests/support/json_shape.h"
#include "tests/support/shell_words.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class CopyHost : public Story {
 protected:
  CopyHost() {
    for (const std::string name : {"n0", "n1", "n2"}) {
      cluster({"add", "host", name, "appliance=compute"});
      transport.answers[name] = {"rollcall put\n", "", {ssh::End::exited, 0, "", {}}};
    }
    replace_file(tool, "#!/bin/sh\n");
  }

  const std::string tool = folder.path() / "tool";
};

TEST_F(CopyHost, SaysWhatBecameOfEachHost) {
  transport.answers["n1"].out = "a banner\nrollcall same\n";
  transport.answers["n2"] = {"", "head: No space left on device\n", {ssh::End::exited, 1, "", {}}};
  const auto [out, err, status] = run({"copy", "host", tool, "compute:/usr/local/bin"});
  EXPECT_THAT(out, HasSubstr("n0:  " + tool + " copied\n"));
  EXPECT_THAT(out, HasSubstr("n1:  " + tool + " unchanged\n"));
  EXPECT_EQ(err, "cluster: n2: head: No space left on device\n");
  EXPECT_EQ(status, 1);
}

TEST_F(CopyHost, HostsShareTheBytes) {
  expect_shape(cluster({"copy", "host", tool, "n[0-1]:/usr/local/bin", "--format", "json"}),
               "copy_host");
  ASSERT_EQ(transport.asked_targets.size(), 2U);
  EXPECT_EQ(transport.asked_targets[0].input.text(), "#!/bin/sh\n");
  EXPECT_EQ(transport.asked_targets[0].input.text().data(),
            transport.asked_targets[1].input.text().data());
}

TEST_F(CopyHost, SeveralFilesGoIntoAFolder) {
  replace_file(folder.path() / "conf", "x");
  for (const auto& name : {"n0"}) transport.answers[name].out = "rollcall put\nrollcall put\n";
  cluster({"copy", "host", tool, folder.path() / "conf", "n0:/etc", "--format", "csv"});
  EXPECT_THAT(shell_words(transport.asked_command), Contains("/etc/"));
  transport.answers["n0"].out = "rollcall put\n";
  cluster({"copy", "host", tool, "n0:/etc", "--format", "csv"});
  EXPECT_THAT(shell_words(transport.asked_command), Contains("/etc"));
}

TEST_F(CopyHost, ATildeIsTheHomeOfTheLogin) {
  for (const auto& [path, asked] : std::map<std::string, std::string>{
           {"~/bin/tool", "bin/tool"}, {"~//bin/", "bin/"}, {"~", "."}, {"~/", "."}}) {
    cluster({"copy", "host", tool, "n0:" + path, "--format", "csv"});
    EXPECT_THAT(shell_words(transport.asked_command), Contains(asked)) << path;
  }
}

TEST_F(CopyHost, RefusesWhatIsWrong) {
  cluster({"copy", "host", tool, "n0:~root/x"}, 2,
          "copy host: want a PATH from / or from ~/, the home of the login, not '~root/x'");
  cluster({"copy", "host", tool}, 2,
          "copy host: want HOST:PATH as the last word, not '" + tool + "'");
  cluster({"copy", "host", "n0:/etc"}, 2, "copy host: want FILE... before HOST:PATH");
  cluster({"copy", "host", tool, "n9:/etc"}, 1,
          "host 'n9' is not in the inventory (did you mean 'n0'?)");
  cluster({"copy", "host", folder.path(), "n0:/etc"}, 2,
          "'" + folder.path().native() + "' is no file (want files; tar packs folders)");
  EXPECT_TRUE(transport.asked_targets.empty());
}

TEST_F(CopyHost, AHostThatIsNotReachedIsStatus3) {
  transport.answers["n0"].reply = {ssh::End::unreachable, -1, "no route", {}};
  cluster({"copy", "host", tool, "n0:/etc"}, 3, "n0: no route");
}

}  // namespace
}  // namespace cluster
