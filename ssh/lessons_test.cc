#include "ssh/lessons.h"

#include <gtest/gtest.h>

#include <functional>

namespace cluster::ssh {
namespace {

Route usual_route() {
  Route route;
  route.name = "n1";
  route.address = "10.1.1.5";
  route.user = "root";
  route.identity_files = {"/k/a", "/k/b"};
  route.agent_socket = "/run/agent";
  route.known_names = {"10.1.1.5", "n1"};
  route.known_hosts_files = {"/k/known_hosts"};
  return route;
}

// What is learned of one login holds for another only where nothing differs that decides it.
TEST(Login, IsAnotherOneWhereAnythingDiffersThatDecidesIt) {
  const std::vector<std::function<void(Route&)>> changes{
      [](Route& route) { route.address = "10.1.1.6"; },
      [](Route& route) { route.port = 2222; },
      [](Route& route) { route.user = "jo"; },
      [](Route& route) {
        route.identity_files = {"/k/b", "/k/a"};
      },
      [](Route& route) { route.identity_files = {"/k/a"}; },
      [](Route& route) { route.agent_socket.clear(); },
      [](Route& route) { route.identities_only = true; },
      [](Route& route) { route.known_names = {"n1"}; },
      [](Route& route) { route.known_hosts_files.clear(); },
      [](Route& route) { route.needs_openssh = "CertificateFile at config:1"; },
      [](Route& route) { route.proxy = "ProxyJump gate"; },
  };
  const auto usual = login_of(usual_route());
  std::set<std::string> logins{usual};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto route = usual_route();
    changes[i](route);
    EXPECT_TRUE(logins.insert(login_of(route)).second) << "change " << i;
  }
}

TEST(Login, IsTheSameUnderAnotherName) {
  auto route = usual_route();
  route.name = "n2";
  EXPECT_EQ(login_of(route), login_of(usual_route()));
}

TEST(Source, IsTheAddressThatTheServerSees) {
  auto route = usual_route();
  EXPECT_EQ(source(route), "'10.1.1.5' port 22");
  route.proxy = "ProxyJump gate";
  route.door = "192.0.2.1 22";
  EXPECT_EQ(source(route), "'10.1.1.5' port 22 behind 192.0.2.1 22");
}

TEST(Lessons, AreNoneBeforeALoginHasFailed) {
  Lessons lessons;
  EXPECT_TRUE(lessons.empty());
  lessons.refused["a"] = {End::no_login, "no"};
  EXPECT_FALSE(lessons.empty());
}

}  // namespace
}  // namespace cluster::ssh
