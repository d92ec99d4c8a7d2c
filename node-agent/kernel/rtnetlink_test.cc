#include "node-agent/kernel/rtnetlink.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <utility>
#include <vector>

#include "node-agent/kernel/far_interfaces.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

// Runs in a child that has a network namespace of its own; 77 when it may have none.
int in_own_network(const std::string& script, int (*test)()) {
  const auto child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNET) != 0) ::_exit(77);
    if (!script.empty() && std::system(script.c_str()) != 0) ::_exit(77);
    ::_exit(test());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(RouteSocket, TellsTheAddressesOfTheNamespace) {
  const auto status = in_own_network("ip link set lo up", [] {
    NetFacts facts;
    if (!ask_kernel(facts)) return 1;
    return facts.addresses["lo"].contains("127.0.0.1") && facts.default_routes.empty() ? 0 : 2;
  });
  if (status == 77) GTEST_SKIP() << "only root with ip(8) may make a network namespace";
  EXPECT_EQ(status, 0);
}

TEST(RouteSocket, TellsEveryTableAndEveryHop) {
  const auto status = in_own_network(
      "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && "
      "ip address add 10.9.0.2/24 dev v0 && ip address add 10.8.0.2/24 dev v1 && "
      "ip route add default table 100 nexthop via 10.9.0.1 nexthop via 10.8.0.1",
      [] {
        NetFacts facts;
        if (!ask_kernel(facts)) return 1;
        const std::set<std::string> both{"v0", "v1"};
        return facts.default_routes == both && facts.addresses["v1"].contains("10.8.0.2") ? 0 : 2;
      });
  if (status == 77) GTEST_SKIP() << "only root with ip(8) and veth may lay such routes";
  EXPECT_EQ(status, 0);
}

// "ADDRESSES; ROUTES; DEFAULT ROUTES" of lo, after the commands.
std::string lo_after(const std::string& script) {
  NetFacts facts;
  if (std::system(script.c_str()) != 0 || !ask_kernel(facts)) return "cannot";
  std::string text;
  for (const auto& address : facts.addresses["lo"]) text += address + " ";
  text += facts.routes.contains("lo") ? "route " : "";
  text += facts.default_routes.contains("lo") ? "default" : "";
  return text;
}

// The same without the address of IPv6, which not every kernel gives to lo.
std::string lo_of_ipv4_after(const std::string& script) {
  auto found = lo_after(script);
  if (const auto six = found.find("::1 "); six != std::string::npos) found.erase(six, 4);
  return found;
}

using Steps = std::vector<std::pair<std::string, std::string>>;  // a script, and lo after it

// 0 when lo is as expected after each step. Tells where it is not.
int walk(const Steps& steps, std::string (*after)(const std::string&)) {
  for (const auto& [script, expected] : steps) {
    const auto found = after(script);
    if (found == expected) continue;
    std::cerr << script << ": " << found << '\n';
    return 2;
  }
  return 0;
}

// lo is there on every kernel: routes by it are as good as others.
TEST(RouteSocket, TellsARouteFromWhatEveryInterfaceHas) {
  const auto status = in_own_network("ip link set lo up", [] {
    const Steps steps{{"ip address add 10.9.0.2/24 dev lo", "10.9.0.2 127.0.0.1 "},
                      {"ip route add blackhole 10.6.0.0/16", "10.9.0.2 127.0.0.1 "},
                      {"ip route add 10.7.0.0/16 dev lo", "10.9.0.2 127.0.0.1 route "},
                      {"ip route add 64.0.0.0/2 dev lo", "10.9.0.2 127.0.0.1 route "},
                      {"ip route add 128.0.0.0/1 dev lo", "10.9.0.2 127.0.0.1 route default"},
                      {"ip route del 128.0.0.0/1", "10.9.0.2 127.0.0.1 route "},
                      {"ip route add default dev lo table 100", "10.9.0.2 127.0.0.1 route default"},
                      {"ip address add 10.8.0.2 peer 10.8.0.3 dev lo",
                       "10.8.0.2 10.9.0.2 127.0.0.1 route default"}};
    return walk(steps, lo_of_ipv4_after);
  });
  if (status == 77) GTEST_SKIP() << "only root with ip(8) may make a network namespace";
  EXPECT_EQ(status, 0);
}

// Daemons of BGP lay their routes by next hops that are objects, and may ask the kernel to tell no
// more of a route than the number of that (Documentation/networking/ip-sysctl.rst).
TEST(RouteSocket, TellsARouteByANextHopOfItsOwn) {
  const auto status = in_own_network(
      "echo 0 >/proc/sys/net/ipv4/nexthop_compat_mode && ip link set lo up && "
      "ip nexthop add id 7 dev lo && ip nexthop add id 9 group 7",
      [] {
        const Steps steps{
            {"ip nexthop add id 8 blackhole && ip route add 10.6.0.0/16 nhid 8", "127.0.0.1 "},
            {"ip route add 10.7.0.0/16 nhid 7", "127.0.0.1 route "},
            {"ip route del 10.7.0.0/16 nhid 7 && ip route add 10.8.0.0/16 nhid 9",
             "127.0.0.1 route "},
            {"ip route add default nhid 9 table 100", "127.0.0.1 route default"}};
        return walk(steps, lo_of_ipv4_after);
      });
  if (status == 77) GTEST_SKIP() << "only root with ip(8) and a kernel from 5.3 may do so";
  EXPECT_EQ(status, 0);
}

TEST(RouteSocket, LeavesOutWhatIsLinkLocalOfIpv6) {
  const auto status =
      in_own_network("ip link set lo up && ip -6 address add fd00::5/64 dev lo noprefixroute", [] {
        const Steps steps{
            {"true", "127.0.0.1 ::1 fd00::5 "},
            {"ip -6 address add fe80::5/64 dev lo", "127.0.0.1 ::1 fd00::5 "},
            {"ip -6 route add fe80:1::/64 dev lo && ip -6 route add ff05::/16 dev lo",
             "127.0.0.1 ::1 fd00::5 "},
            {"ip -6 route add fd01::/64 dev lo", "127.0.0.1 ::1 fd00::5 route "},
            {"ip -6 route add default dev lo", "127.0.0.1 ::1 fd00::5 route default"}};
        return walk(steps, lo_after);
      });
  if (status == 77) GTEST_SKIP() << "only root with ip(8) and IPv6 may lay such routes";
  EXPECT_EQ(status, 0);
}

TEST(RouteSocket, TellsWhetherALinkIsUp) {
  const auto status = in_own_network("", [] {
    const auto is_up = [] {
      const auto links = RouteSocket().links();
      if (!links || links->size() != 1 || links->front().name != "lo") ::_exit(3);
      if (links->front().index != 1 || links->front().xdp || links->front().far) ::_exit(4);
      return links->front().up;
    };
    if (is_up()) return 1;
    if (std::system("ip link set lo up") != 0) return 77;
    return is_up() ? 0 : 2;
  });
  if (status == 77) GTEST_SKIP() << "only root with ip(8) may make a network namespace";
  EXPECT_EQ(status, 0);
}

TEST(RouteSocket, TellsWhatIsBuiltOnAnother) {
  const auto status = in_own_network(
      "ip link add v0 type veth peer name v1 && ip link add link v0 name v9 type macvlan", [] {
        const auto links = RouteSocket().links();
        if (!links) return 1;
        unsigned lower = 0;
        for (const auto& link : *links) {
          if (link.name == "v9") lower = link.lower;
        }
        for (const auto& link : *links) {
          if (link.name == "v0") return link.index == lower && !link.up ? 0 : 2;
        }
        return 3;
      });
  if (status == 77) GTEST_SKIP() << "only root with ip(8), veth and macvlan may build such";
  EXPECT_EQ(status, 0);
}

// The one who asks and the other namespace are both made by the test.
TEST(FarNetwork, SeesWhatIsBuiltOnOursInAnotherNamespace) {
  const auto status = in_own_network(
      "ip link add v0 type veth peer name v1 && ip link add link v0 name mv0 type macvlan && "
      "(unshare -n sleep 20 >/dev/null 2>&1 & sleep 0.3; ip link set mv0 netns $!)",
      [] {
        const TempDir nothing;
        const auto links = RouteSocket().links();
        const auto network = far_network("/proc", "/sys", nothing.path());
        int found = 2;
        for (const auto& one : network.interfaces) {
          if (one.name != "mv0" || one.lower == 0) continue;
          ::kill(one.space.pid, SIGKILL);
          for (const auto& link : *links) {
            if (link.name == "v0" && link.index == one.lower && !one.up) found = 0;
          }
        }
        return found;
      });
  if (status == 77) GTEST_SKIP() << "only root with ip(8), veth and macvlan may build such";
  EXPECT_EQ(status, 0);
}

TEST(FarNetwork, AsksNobodyAboutAHostOfFiles) {
  const TempDir proc;
  const TempDir sysfs;
  const auto network = far_network(proc.path(), sysfs.path(), sysfs.path());
  EXPECT_TRUE(network.interfaces.empty());
  EXPECT_TRUE(network.unknown.empty());
}

}  // namespace
}  // namespace cluster::agent
