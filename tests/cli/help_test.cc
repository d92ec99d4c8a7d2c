#include <gmock/gmock.h>

#include "core/version.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::EndsWith;
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
            "  report fleet           print hosts, cards and VMs as another tool reads them\n"
            "  report host attr       print what counts for a host, for scripts\n"
            "  report host gpu        print names and addresses of cards for scripts\n"
            "  report host hosts      print the lines of an /etc/hosts\n"
            "  report host vm config  the same as `report vm config`, as Rocks spells it\n"
            "  report network dhcp    print what a DHCP server is told of the hosts\n"
            "  report network dns     print the hosts as lines of a DNS zone\n"
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

TEST_F(Help, GroupsTheCommandsByWhatOneWantsToDo) {
  const auto help = cluster({"help"});
  std::size_t before = 0;
  for (const auto* line :
       {"\nSee cards\n", "  list host gpu ", "\nGive cards to VMs\n", "  add host gpu ",
        "\nRun VMs\n", "  start host vm ", "\nPrepare hosts\n", "  run host ",
        "\nLook after the inventory\n", "  add host  ", "  dump host gpu "}) {
    const auto at = help.find(line);
    ASSERT_NE(at, std::string::npos) << line;
    EXPECT_GT(at, before) << line;
    before = at;
  }
}

TEST_F(Help, ANounShowsAllItsVerbs) {
  const auto help = cluster({"help", "host", "gpu"});
  EXPECT_EQ(help,
            "Usage: cluster VERB host gpu ...\n\n"
            "  add host gpu       record a card of a host, or give one to a VM\n"
            "  attach host gpu    give cards back to the drivers of their hosts\n"
            "  check host gpu     run the agents' checks, compare hosts with the inventory\n"
            "  detach host gpu    take cards from the drivers of their hosts, for VMs\n"
            "  discover host gpu  ask hosts for their cards and update the inventory\n"
            "  dump host gpu      print the commands that add the cards again\n"
            "  list host gpu      show which host and which VM has which card\n"
            "  remove host gpu    forget a card of a host, or take one from a VM\n"
            "  report host gpu    print names and addresses of cards for scripts\n"
            "  set host gpu       change the address of a card, or a VM's card\n"
            "  sync host gpu      make the cards of hosts what the inventory wishes\n\n"
            "`cluster VERB NOUN --help` says more of each.\n");
  for (const auto* name : {"gpu", "gpus", "card", "cards", "slice"}) {
    EXPECT_EQ(cluster({"help", name}), help) << name;
  }
}

TEST_F(Help, VmsAndHostsAreFoundByTheirUsualNames) {
  EXPECT_THAT(cluster({"help", "vm"}), StartsWith("Usage: cluster VERB host vm ...\n"));
  EXPECT_THAT(cluster({"help", "node"}), StartsWith("Usage: cluster VERB host ...\n"));
  EXPECT_THAT(cluster({"help", "attr"}), HasSubstr("\n  set host attr "));
}

TEST_F(Help, AttrExplainsTheAttributesOfVms) {
  const auto help = cluster({"help", "attr"});
  EXPECT_THAT(help, StartsWith("Attributes that say how VMs are made. "));
  EXPECT_THAT(
      help,
      HasSubstr("\n  vm_guest_agent          yes, no: a channel for qemu-guest-agent in the "));
  EXPECT_THAT(help, HasSubstr("Usage: cluster VERB attr ...\n"));
}

TEST_F(Help, EndsACommandsPageWithExamples) {
  const auto help = cluster({"stop", "host", "vm", "--help"});
  EXPECT_THAT(help,
              HasSubstr("\n    shutdown  ask the guest to shut down, and do not wait for it\n"));
  EXPECT_THAT(help, EndsWith("\nEXAMPLE\n"
                             "    cluster stop host vm rocks-33\n"
                             "    cluster stop host vm rocks-33 action=poweroff\n"
                             "    cluster stop host vm 'rocks-*' yes=yes\n"));
}

TEST_F(Help, PrintsTheReferenceAsMarkdown) {
  const auto reference = cluster({"help", "format=markdown"});
  EXPECT_THAT(reference, StartsWith("# Command reference\n"));
  EXPECT_THAT(reference, HasSubstr("\n## cluster stop host vm\n"));
  EXPECT_THAT(reference,
              HasSubstr("\n| `vm_firmware` | bios, efi, efi-secure | `bios` | big BARs want efi;"));
  cluster({"help", "format=html"}, 2, "not a format: 'html' (want text, markdown or man)");
}

TEST_F(Help, SaysItsVersion) {
  EXPECT_EQ(cluster({"--version"}), "cluster " + std::string(version()) + "\n");
}

TEST_F(Help, AnUnknownCommandNamesTheNearest) {
  cluster({"list", "hots"}, 2, "no command 'list hots' (did you mean 'list host'?)");
  cluster({"lst", "host", "gpu"}, 2, "no command 'lst host gpu' (did you mean 'list host gpu'?)");
  cluster({"reboot"}, 2, "no command 'reboot' (did you mean 'help stop'?)");
  cluster({"reboot", "vm", "n1"}, 2,
          "no command 'reboot vm n1' (did you mean 'help stop host vm'?)");
  cluster({"rm", "host", "gpu"}, 2,
          "no command 'rm host gpu' (did you mean 'help remove host gpu'?)");
  cluster({"help", "reboot"}, 2, "no command 'reboot' (see `cluster help`)");
  cluster({"help", "lits", "host"}, 2, "no command 'lits host' (did you mean 'help list host'?)");
  cluster({"help", "gpuu"}, 2, "no command 'gpuu' (did you mean 'help gpu'?)");
  cluster({"add", "host", "n1"});
  cluster({"list", "host", "network"}, 1,
          "host 'network' is not in the inventory (did you mean 'list network'?)");
  cluster({"list", "host", "cards"}, 1,
          "host 'cards' is not in the inventory (did you mean 'list host gpu'?)");
  cluster({"set", "host", "cpus", "n1", "16"}, 1,
          "host 'cpus' is not in the inventory (did you mean 'set host n1 cpus=16'?)");
  cluster({"sync", "host", "network"}, 2,
          "no command 'sync host network' (see `cluster help sync host`)");
  cluster({"list", "host", "--colour=red"}, 2,
          "list host: not expected: '--colour=red' (see `cluster list host --help`)");
  cluster({"add", "host", "alias", "n1", "n2"}, 2,
          "add host: not expected: 'n1 n2' (see `cluster add host --help`)");
}

TEST_F(Help, NoSuggestionRemovesOrStops) {
  for (const auto* verb : {"reboot", "move", "console", "create", "resume", "remvoe", "removes",
                           "stpo", "detatch", "delete"}) {
    for (const auto* noun : {"vm", "gpu", "key"}) {
      const auto [out, err, status] = run({verb, "host", noun, "n1"});
      for (const auto* lost : {"mean 'remove", "mean 'stop", "mean 'detach"}) {
        EXPECT_EQ(err.find(lost), std::string::npos) << err;
      }
    }
  }
}

}  // namespace
}  // namespace cluster
