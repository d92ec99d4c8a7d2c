// How Ansible puts a host together: groups in groups, and which of several values counts.

#include "frontend/neighbours/ansible_inventory.h"

#include <gmock/gmock.h>

#include <tuple>

#include "tests/support/reading_lines.h"

namespace cluster::frontend {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(AnsibleHosts, AreAllThatAPatternNames) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows{
      {"n1", {"n1"}},
      {"n[1:2]", {"n1", "n2"}},
      {"n[1:2]:22", {"n1", "n2"}},
      {"[1:2]", {"1", "2"}},
      {"[01:02]n", {"01n", "02n"}},
      {"r[1:2]n[a:b]", {"r1na", "r1nb", "r2na", "r2nb"}},
      {"[fe80::1]:22", {"fe80::1"}},
      {"fe80::1", {"fe80::1"}},
      {"2001:db8:0:0:0:0:0:5", {"2001:db8:0:0:0:0:0:5"}},
      {"n1:ssh", {"n1:ssh"}}};
  for (const auto& [pattern, names] : rows) {
    EXPECT_EQ(AnsibleInventory().hosts(pattern, 1, "web"), names) << pattern;
  }
}

TEST(AnsibleHosts, HaveNoGroupOfEverybodyAndEachOtherOnce) {
  AnsibleInventory inventory;
  for (const auto* group : {"all", "ungrouped", "web", "db", "web"})
    inventory.hosts("n1", 1, group);
  EXPECT_THAT(reading_lines(inventory.reading()),
              ElementsAre("add|host|n1", "add|host|attr|n1|groups|web,db"));
}

// b and c are in a, and d is in both.
TEST(AnsibleGroups, ThatAreInOneGroupTwiceAreInItOnce) {
  AnsibleInventory inventory;
  inventory.hosts("n1", 1, "d");
  for (const auto* group : {"a", "b", "c", "d"}) inventory.group(group);
  inventory.child("d", "b", 2);
  inventory.child("d", "c", 3);
  inventory.child("b", "a", 4);
  inventory.child("c", "a", 5);
  inventory.group_value("a", "x", "of a", 6);
  inventory.group_value("c", "x", "of c", 7);
  inventory.group_value("b", "x", "of b", 8);
  EXPECT_THAT(
      reading_lines(inventory.reading()),
      ElementsAre("add|host|n1", "add|host|attr|n1|x|of c", "add|host|attr|n1|groups|d,b,a,c"));
}

TEST(AnsibleValues, OfTwoGroupsAreThoseOfTheLastName) {
  for (const auto& [first, second] : {std::pair("a", "b"), std::pair("b", "a")}) {
    AnsibleInventory inventory;
    inventory.group_value(first, "x", "of " + std::string(first), 1);
    inventory.group_value(second, "x", "of " + std::string(second), 2);
    inventory.hosts("n1", 3, first);
    inventory.hosts("n1", 4, second);
    EXPECT_THAT(reading_lines(inventory.reading()), Contains("add|host|attr|n1|x|of b"));
  }
}

TEST(AnsibleValues, OfAGroupWithAHigherPriorityCount) {
  for (const auto& [of_a, of_b, wanted] :
       {std::tuple("10", "2", "of a"), std::tuple("2", "10", "of b"), std::tuple("0", "-1", "of a"),
        std::tuple("1", "high", "of b")}) {
    AnsibleInventory inventory;
    for (const auto& [group, priority] : {std::pair("a", of_a), std::pair("b", of_b)}) {
      inventory.hosts("n1", 1, group);
      inventory.group_value(group, "ansible_group_priority", priority, 2);
      inventory.group_value(group, "x", "of " + std::string(group), 3);
    }
    EXPECT_THAT(reading_lines(inventory.reading()),
                ElementsAre("add|host|n1", "add|host|attr|n1|x|" + std::string(wanted),
                            "add|host|attr|n1|groups|a,b"))
        << of_a << " and " << of_b;
  }
}

TEST(AnsibleValues, OfAGroupInAnotherCountMoreThanItsName) {
  AnsibleInventory inventory;
  inventory.hosts("n1", 1, "a");
  inventory.group("a");
  inventory.child("a", "z", 2);
  inventory.group_value("z", "x", "outer", 3);
  inventory.group_value("a", "x", "inner", 4);
  EXPECT_THAT(
      reading_lines(inventory.reading()),
      ElementsAre("add|host|n1", "add|host|attr|n1|x|inner", "add|host|attr|n1|groups|a,z"));
}

TEST(AnsibleValues, OfTheHostComeBeforeThoseOfItsGroupsAndThoseBeforeThoseOfAll) {
  AnsibleInventory inventory;
  inventory.group_value("all", "ansible_user", "all", 1);
  inventory.group_value("web", "ansible_user", "web", 2);
  inventory.group_value("ungrouped", "ansible_port", "2022", 3);
  inventory.hosts("n1", 4, "web");
  inventory.host_value("n1", "ansible_user", "own", 4);
  inventory.hosts("n2", 5, "web");
  inventory.hosts("n3", 6, "all");
  EXPECT_THAT(
      reading_lines(inventory.reading()),
      ElementsAre("add|host|n1|user=own", "add|host|n2|user=web", "add|host|n3|port=2022|user=all",
                  "add|host|attr|n1|groups|web", "add|host|attr|n2|groups|web"));
}

// What a variable of a host came to.
std::vector<std::string> of_variable(const std::string& name, const std::string& value) {
  AnsibleInventory inventory;
  inventory.hosts("n1", 1, "all");
  inventory.host_value("n1", name, value, 2);
  return reading_lines(inventory.reading());
}

struct AnsibleVariable {
  const char* name;
  const char* value;
  const char* word;
};

TEST(AnsibleVariables, AreKeysOfAHostByOldAndNewNames) {
  for (const auto& [name, value, word] :
       {AnsibleVariable{"ansible_host", "10.0.0.1", "address=10.0.0.1"},
        AnsibleVariable{"ansible_ssh_host", "10.0.0.1", "address=10.0.0.1"},
        AnsibleVariable{"ansible_port", "24", "port=24"},
        AnsibleVariable{"ansible_ssh_port", "24", "port=24"},
        AnsibleVariable{"ansible_user", "jo", "user=jo"},
        AnsibleVariable{"ansible_ssh_user", "jo", "user=jo"},
        AnsibleVariable{"ansible_become", "yes", "sudo=yes"},
        AnsibleVariable{"ansible_sudo", "no", "sudo=no"},
        AnsibleVariable{"rollcall_appliance", "compute", "appliance=compute"},
        AnsibleVariable{"rollcall_rack", "0", "rack=0"},
        AnsibleVariable{"rollcall_rank", "3", "rank=3"}}) {
    EXPECT_THAT(of_variable(name, value), ElementsAre("add|host|n1|" + std::string(word))) << name;
  }
}

TEST(AnsibleVariables, SayYesInTheWordsOfAnsible) {
  for (const auto* yes : {"true", "True", "TRUE", "yes", "on", "y", "T", "1"}) {
    EXPECT_THAT(of_variable("ansible_become", yes), ElementsAre("add|host|n1|sudo=yes")) << yes;
  }
  for (const auto* no : {"false", "no", "off", "n", "0", "2", "maybe", ""}) {
    EXPECT_THAT(of_variable("ansible_become", no), ElementsAre("add|host|n1|sudo=no")) << no;
  }
}

TEST(AnsibleVariables, NameJumpHostsWhenTheySayNothingElse) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"-J gate", "gate"},
      {"-Jgate", "gate"},
      {"-J 'you@gate:24,inner'", "you@gate:24,inner"},
      {"-o ProxyJump=gate", "gate"},
      {"  -o  ProxyJump=gate ", "gate"},
      {"-oProxyJump=\"gate\"", "gate"}};
  for (const auto& [arguments, jump] : rows) {
    EXPECT_THAT(of_variable("ansible_ssh_common_args", arguments),
                ElementsAre("add|host|n1|jump=" + jump))
        << arguments;
  }
  for (const std::string none : {"-J", "-J a -v", "-J 'a b'", "-J \"a", "-J %h", "-v", "-v -J gate",
                                 "-o ProxyJump=", "-o ProxyCommand=ssh", ""}) {
    EXPECT_THAT(of_variable("ansible_ssh_common_args", none),
                ElementsAre("add|host|n1", "line 2: n1 ansible_ssh_common_args=" + none));
  }
}

TEST(AnsibleVariables, ForAnsibleAloneAreListedWithWhoHasThem) {
  AnsibleInventory inventory;
  inventory.hosts("n1", 1, "web");
  inventory.host_value("n1", "ansible_connection", "local", 2);
  inventory.group_value("web", "ansible_shell_type", "sh", 3);
  inventory.group_value("all", "ansible_python_interpreter", "/x", 4);
  EXPECT_THAT(
      reading_lines(inventory.reading()),
      ElementsAre("add|host|n1", "add|host|attr|n1|groups|web",
                  "line 2: n1 ansible_connection=local", "line 3: group web ansible_shell_type=sh",
                  "line 4: group all ansible_python_interpreter=/x"));
}

}  // namespace
}  // namespace cluster::frontend
