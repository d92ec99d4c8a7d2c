#include <gmock/gmock.h>

#include "core/version.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using Help = Story;

TEST_F(Help, ListsEveryCommand) {
  const auto help = cluster({"help"});
  EXPECT_THAT(help, StartsWith("Usage: cluster VERB NOUN [HOST...] [ARG...] [key=value...]\n"));
  for (const auto* path :
       {"add host gpu", "dump host vm", "report vm config", "run host", "set host"}) {
    EXPECT_THAT(help, HasSubstr(std::string("  ") + path + " "));
  }
  EXPECT_EQ(cluster({}), help);
  EXPECT_EQ(cluster({"--help"}), help);
}

TEST_F(Help, AVerbListsItsNouns) {
  EXPECT_EQ(cluster({"report"}),
            "Usage: cluster report ...\n\n"
            "  report appliance attr  print what counts for an appliance, for scripts\n"
            "  report attr            print the global attributes for scripts\n"
            "  report host attr       print what counts for a host, for scripts\n"
            "  report host gpu        print names and addresses of cards for scripts\n"
            "  report host vm config  the same as `report vm config`, as Rocks spells it\n"
            "  report vm config       print the libvirt configuration of VMs, cards included\n\n"
            "`cluster VERB NOUN --help` says more of each.\n");
  EXPECT_EQ(cluster({"report", "--help"}), cluster({"report"}));
  EXPECT_EQ(cluster({"help", "report"}), cluster({"report"}));
}

TEST_F(Help, ExplainsACommand) {
  const auto help = cluster({"add", "host", "gpu", "--help"});
  EXPECT_THAT(help, StartsWith("Usage: cluster add host gpu HOST NAME CARD [key=value...]\n"));
  EXPECT_THAT(help, HasSubstr("pci_0000_02_00_0"));
  EXPECT_EQ(cluster({"help", "add", "host", "gpu"}), help);
  EXPECT_THAT(cluster({"run", "host", "-h"}),
              StartsWith("Usage: cluster run host [HOST...] COMMAND [key=value...]\n"));
}

TEST_F(Help, SaysItsVersion) {
  EXPECT_EQ(cluster({"--version"}), "cluster " + std::string(version()) + "\n");
}

TEST_F(Help, AnUnknownCommandNamesTheNearest) {
  cluster({"list", "hots"}, 2, "no command 'list hots' (did you mean 'list host'?)");
  cluster({"lst", "host", "gpu"}, 2, "no command 'lst host gpu' (did you mean 'list host gpu'?)");
  cluster({"reboot"}, 2, "no command 'reboot' (see `cluster help`)");
  cluster({"help", "reboot"}, 2, "no command 'reboot' (see `cluster help`)");
  cluster({"list", "host", "--colour=red"}, 2,
          "list host: The following argument was not expected: --colour=red (see `cluster list "
          "host --help`)");
}

}  // namespace
}  // namespace cluster
