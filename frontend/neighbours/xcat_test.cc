// Stanzas of lsdef: which lines are of one, and which facts have a place here.

#include <gmock/gmock.h>

#include "tests/support/reading_lines.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> of_xcat(const std::string& text) { return reading_lines(read_xcat, text); }

TEST(XcatStanzas, HaveCommentsHeadersAndBlankLinesAnywhere) {
  EXPECT_THAT(of_xcat("# <xCAT data object stanza file>\n<xCAT data>\n\nn1:\n\tip=10.0.0.1\n\n"
                      "# more\n    rack=3\r\n"),
              ElementsAre("add|host|n1|appliance=compute|address=10.0.0.1|rack=3"));
  EXPECT_TRUE(of_xcat("# nobody\n\n").empty());
}

TEST(XcatStanzas, AreRefusedWithTheLineThatIsOfNone) {
  const std::vector<std::pair<std::string, int>> rows{
      {"    ip=10.0.0.1\n", 1}, {"n1:\nip=10.0.0.1\n", 2}, {"n1:\n    ip\n", 2},
      {"n1:\n    ip:\n", 2},    {"\n\nn1 ip=1\n", 3},      {"n1\n", 1}};
  for (const auto& [text, line] : rows) {
    EXPECT_THAT(of_xcat(text),
                ElementsAre("refused: line " + std::to_string(line) +
                            ": want NAME: and below it lines of NAME=VALUE, as lsdef -z prints "
                            "them"))
        << text;
  }
}

TEST(XcatStanzas, HaveAValueBehindTheFirstEqualsSign) {
  EXPECT_THAT(of_xcat("n1:\n    usercomment = a=b, c \n"),
              ElementsAre("add|host|n1|appliance=compute", "line 2: n1 usercomment=a=b, c"));
}

// A fact of a node, and the word of the command that it becomes: of a host, and of a VM. "" is
// listed as left.
struct XcatFact {
  const char* fact;
  const char* of_host;
  const char* of_vm;
};

TEST(XcatFacts, AreOfHostsOrOfVms) {
  for (const auto& [fact, of_host, of_vm] :
       {XcatFact{"ip=10.0.0.5", "address=10.0.0.5", ""}, XcatFact{"rack=7", "rack=7", ""},
        XcatFact{"rack=B3", "", ""}, XcatFact{"username=ops", "user=ops", ""},
        XcatFact{"mac=0c:c4:7a:00:20:11", "mac=0c:c4:7a:00:20:11", ""},
        XcatFact{"mac=0c:c4:7a:00:20:11!*NOIP*", "", ""},
        XcatFact{"mac=0c:c4:7a:00:20:11|0c:c4:7a:00:20:12", "", ""},
        XcatFact{"vmcpus=4", "", "cpus=4"}, XcatFact{"vmcpus=four", "", ""},
        XcatFact{"vmmemory=4096", "", "mem=4096"}, XcatFact{"vmmemory=4G", "", "mem=4G"},
        XcatFact{"vmmemory=lots", "", ""}, XcatFact{"arch=x86_64", "", ""}}) {
    const std::string text(fact);
    const auto expect = [&](const std::string& stanza, const std::string& command,
                            const std::string& word, const std::string& line) {
      std::vector<std::string> lines{word.empty() ? command : command + "|" + word};
      if (word.empty()) lines.push_back(line + ": n1 " + text);
      EXPECT_EQ(of_xcat(stanza + "    " + text + "\n"), lines);
    };
    expect("n1:\n", "add|host|n1|appliance=compute", of_host, "line 2");
    expect("n1:\n    vmhost=hv\n", "add|host|vm|n1|hv", of_vm, "line 3");
  }
}

TEST(XcatFacts, ThatXcatKeepsForItselfAreNotListed) {
  for (const auto* fact :
       {"objtype=node", "status=booted", "statustime=x", "currstate=boot", "currchain=x", "chain=x",
        "appstatus=x", "updatestatus=x", "updatestatustime=x", "appstatustime=x", "arch="}) {
    EXPECT_THAT(of_xcat("n1:\n    " + std::string(fact) + "\n"),
                ElementsAre("add|host|n1|appliance=compute"));
  }
}

TEST(XcatFacts, OfGroupsAreWithoutBlanksAndWithoutThoseOfEverybody) {
  EXPECT_THAT(of_xcat("n1:\n    groups= a , ,all,b,ungrouped\n"),
              ElementsAre("add|host|n1|appliance=compute", "add|host|attr|n1|groups|a,b"));
}

TEST(XcatNodes, AreHostsOfVmsWhenAVmSaysSoBefore) {
  EXPECT_THAT(
      of_xcat("v1:\n    vmhost=h1\nh1:\n    ip=10.0.0.1\n"),
      ElementsAre("add|host|h1|appliance=vm-container|address=10.0.0.1", "add|host|vm|v1|h1"));
}

// What a network says, and the word of the command; "" is listed as left.
TEST(XcatNetworks, HaveTheFactsThatANetworkCanHave) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"gateway=10.1.0.1", "gateway=10.1.0.1"},
      {"gateway=10.2.0.1", ""},
      {"gateway=<xcatmaster>", ""},
      {"vlanid=30", "vlan=30"},
      {"vlanid=4095", ""},
      {"mtu=1500", "mtu=1500"},
      {"mtu=9", ""},
      {"domain=a.example", "dnszone=a.example"},
      {"dhcpserver=10.1.0.2", ""}};
  for (const auto& [fact, word] : rows) {
    const auto lines = of_xcat("net1:\n    objtype=network\n    net=10.1.0.0\n    mask=16\n    " +
                               fact + "\n    mgtifname=\n");
    if (word.empty()) {
      EXPECT_THAT(lines,
                  ElementsAre("add|network|net1|10.1.0.0/16", "line 5: network net1 " + fact));
    } else {
      EXPECT_THAT(lines, ElementsAre("add|network|net1|10.1.0.0/16|" + word));
    }
  }
}

TEST(XcatNetworks, AreNoneWithoutAMask) {
  EXPECT_THAT(of_xcat("x:\n    objtype=network\n    net=10.1.0.0\n"),
              ElementsAre("line 1: network x net=10.1.0.0 mask="));
}

}  // namespace
}  // namespace cluster::frontend
