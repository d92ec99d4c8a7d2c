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
      [](Route& route) { route.needs_openssh = "CertificateFile at config:1"; },
      [](Route& route) { route.other_settings = "certificatefile /k/cert\n"; },
      [](Route& route) { route.proxy = "ProxyJump gate"; },
      [](Route& route) { route.door_login = "gate"; },
  };
  const auto usual = login_of(usual_route());
  std::set<std::string> logins{usual};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto route = usual_route();
    changes[i](route);
    EXPECT_TRUE(logins.insert(login_of(route)).second) << "change " << i;
  }
}

// The names decide which key the host has to show, and not whether it takes ours.
TEST(Login, IsTheSameUnderAnotherName) {
  auto route = usual_route();
  route.name = "n2";
  route.known_names = {"10.1.1.5", "n2"};
  route.known_hosts_files = {"/k/other"};
  EXPECT_EQ(login_of(route), login_of(usual_route()));
}

TEST(Login, IsTheSameWhereverItIsWrittenThatOpensshIsNeeded) {
  auto route = usual_route();
  route.needs_openssh = "HostbasedAuthentication at config:1";
  auto other = usual_route();
  other.needs_openssh = "HostbasedAuthentication at config:7";
  EXPECT_EQ(login_of(route), login_of(other));
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
  EXPECT_FALSE(lessons.has_failures());
  lessons.refused["a"] = "no";
  EXPECT_FALSE(lessons.empty());
  lessons.fail_at_host(usual_route(), {}, {{End::no_login, "no"}, ""});
  EXPECT_TRUE(lessons.has_failures());
}

// Some of the keys by which a host is known.
using SomeKeys = std::vector<KnownKey>;
KnownKey learned_key(const std::string& base64, const std::string& where,
                     KnownKey::Mark mark = KnownKey::Mark::trusted) {
  return {mark, "ssh-ed25519", base64, where};
}

// What a second host meets after one whose login failed as `end`, with each one's known keys.
bool is_foretold(
    End end, const SomeKeys& first, const SomeKeys& second,
    const std::function<void(Route&)>& change = [](Route&) {}) {
  Lessons lessons;
  lessons.fail_at_host(usual_route(), first, {{end, "words"}, ""});
  auto route = usual_route();
  route.name = "n2";
  route.known_names = {"10.1.1.5", "n2"};
  change(route);
  const auto* failure = lessons.foretold(route, second);
  return failure != nullptr && failure->why.end == end && failure->why.said == "words";
}

TEST(Lessons, OfARefusedLoginHoldWhereTheSameKeyIsTrusted) {
  EXPECT_TRUE(is_foretold(End::no_login, {learned_key("A", "f:1")}, {learned_key("A", "f:2")}));
  EXPECT_FALSE(is_foretold(End::no_login, {learned_key("A", "f:1")}, {learned_key("B", "f:1")}));
  EXPECT_FALSE(is_foretold(End::no_login, {learned_key("A", "f:1")}, {}));
  const auto revoked = learned_key("A", "f:1", KnownKey::Mark::revoked);
  EXPECT_FALSE(is_foretold(End::no_login, {learned_key("A", "f:1")}, {revoked}));
  const auto authority = learned_key("A", "f:1", KnownKey::Mark::authority);
  EXPECT_FALSE(is_foretold(End::no_login, {authority}, {authority}));
  EXPECT_FALSE(is_foretold(End::no_login, {learned_key("A", "f:1")}, {learned_key("A", "f:1")},
                           [](Route& route) { route.user = "jo"; }));
}

TEST(Lessons, OfAnUntrustedKeyHoldWhereTheSameIsSaidOfIt) {
  EXPECT_TRUE(is_foretold(End::host_key, {}, {}));
  EXPECT_TRUE(is_foretold(End::host_key, {learned_key("A", "f:1")}, {learned_key("A", "f:1")}));
  EXPECT_FALSE(is_foretold(End::host_key, {learned_key("A", "f:1")}, {learned_key("A", "f:2")}));
  EXPECT_FALSE(is_foretold(End::host_key, {}, {learned_key("A", "f:1")}));
  EXPECT_FALSE(is_foretold(End::host_key, {}, {}, [](Route& route) {
    route.known_names = {"alias"};
    route.has_alias = true;
  }));
}

TEST(Lessons, OfAJumpHostHoldForAllBehindIt) {
  Lessons lessons;
  auto route = usual_route();
  route.door_login = "jo at gate";
  lessons.fail_on_way(route, {{End::unreachable, "closed"}, ", after 'no'"});
  auto other = usual_route();
  other.address = "10.1.1.6";
  EXPECT_EQ(lessons.foretold(other, {}), nullptr);
  other.door_login = "root at gate";
  EXPECT_EQ(lessons.foretold(other, {}), nullptr);
  other.door_login = route.door_login;
  const auto* failure = lessons.foretold(other, {learned_key("A", "f:1")});
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->rest, ", after 'no'");
}

}  // namespace
}  // namespace cluster::ssh
