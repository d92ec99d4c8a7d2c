// Jump hosts are found in the configuration, with the first door on the way and with circles.

#include "ssh/jumps.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

using ::testing::HasSubstr;

class Jumps : public ::testing::Test {
 protected:
  // The route to `name` with `lines` as configuration.
  Route route(const std::string& lines, const Target& target) {
    Operator me;
    me.user = "me";
    me.home = dir_.path();
    me.config = dir_.path() / "config";
    std::ofstream(me.config) << lines;
    const auto config = Config::read(me);
    auto route = config.route(target, me);
    DoorFinder(config, me).find(route);
    return route;
  }

  Route route(const std::string& lines, const std::string& name = "n1") {
    return route(lines, {name, "10.0.0.1", 0, ""});
  }

 private:
  TempDir dir_;
};

TEST_F(Jumps, WithoutOneTheHostIsItsOwnDoor) {
  EXPECT_EQ(route("").door, "10.0.0.1 22");
  EXPECT_EQ(route("ProxyJump none").door, "10.0.0.1 22");
  EXPECT_EQ(route("Port 2222").door, "10.0.0.1 2222");
  EXPECT_EQ(route("").loop, "");
}

TEST_F(Jumps, TheJumpHostIsTheDoor) {
  EXPECT_EQ(route("Host n*\n  ProxyJump gw\nHost gw\n  HostName 10.9.9.9\n  Port 23").door,
            "10.9.9.9 23");
  EXPECT_EQ(route("Host n*\n  ProxyJump you@gw:24").door, "gw 24");
  EXPECT_EQ(route("Host n*\n  ProxyJump ssh://you@gw:24/").door, "gw 24");
  EXPECT_EQ(route("Host n*\n  ProxyJump [fe80::1]:24").door, "fe80::1 24");
  EXPECT_EQ(route("Host n*\n  ProxyJump fe80::1").door, "fe80::1 22");
  EXPECT_EQ(route("Host n*\n  ProxyJump gw-%h").door, "gw-10.0.0.1 22");
}

TEST_F(Jumps, TheFirstOfSeveralIsTheDoor) {
  EXPECT_EQ(route("Host n*\n  ProxyJump a,b").door, "a 22");
  EXPECT_EQ(route("Host n*\n  ProxyJump b\nHost b\n  ProxyJump a").door, "a 22");
  EXPECT_EQ(route("Host n*\n  ProxyJump b\nHost b\n  ProxyJump a").loop, "");
}

TEST_F(Jumps, ACommandIsADoor) {
  EXPECT_EQ(route("ProxyCommand nc -X 5 -x proxy:1080 %h %p").door,
            "ProxyCommand nc -X 5 -x proxy:1080 %h %p");
  EXPECT_EQ(route("Host n*\n  ProxyCommand ssh -q -W %h:%p gw").door, "gw 22");
  EXPECT_EQ(route("Host n*\n  ProxyCommand exec /usr/bin/ssh -qW %h:%p -p 24 you@gw").door,
            "gw 24");
  EXPECT_EQ(route("Host n*\n  ProxyCommand ssh -F other -W %h:%p gw").door,
            "ProxyCommand ssh -F other -W %h:%p gw");
}

TEST_F(Jumps, ThroughThemselvesAreFound) {
  EXPECT_THAT(route("Host *\n  ProxyJump gw").loop, HasSubstr("n1 -> gw -> gw"));
  EXPECT_THAT(route("Host *\n  ProxyJump GW\nHost gw\n  HostName 10.9.9.9").loop,
              HasSubstr("gw -> gw"));
  EXPECT_THAT(route("Host *\n  ProxyJump gw", "gw").loop, HasSubstr("gw -> gw"));
  EXPECT_THAT(route("Host *\n  ProxyCommand ssh -W %h:%p gw").loop, HasSubstr("n1 -> gw -> gw"));
  EXPECT_THAT(route("Host n*\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a").loop,
              HasSubstr("n1 -> a -> b -> a"));
  EXPECT_THAT(route("Host n*\n  ProxyJump a,c\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a").loop,
              HasSubstr("n1 -> a -> b -> a"));
}

// Each of many hosts has its own door, however alike their ways are.
TEST_F(Jumps, OfManyHostsAreFoundForEach) {
  Operator me;
  me.user = "me";
  const auto config = Config(parse_config(
      "Host a*\n  ProxyJump gw\nHost b*\n  ProxyJump you@gw\nHost c*\n  ProxyJump gw:24\n"
      "Match user you\n  HostName 10.9.9.9",
      "config", {}));
  DoorFinder finder(config, me);
  for (int i = 0; i < 2; ++i) {
    for (const auto& [name, door] :
         std::vector<std::pair<std::string, std::string>>{{"a1", "gw 22"},
                                                          {"a2", "gw 22"},
                                                          {"b1", "10.9.9.9 22"},
                                                          {"c1", "gw 24"},
                                                          {"n1", "n1 22"},
                                                          {"a1", "gw 22"}}) {
      auto route = config.route({name, "", 0, ""}, me);
      finder.find(route);
      EXPECT_EQ(route.door, door) << name;
    }
  }
}

TEST_F(Jumps, ThatOnlyLookLikeACircleAreLeft) {
  EXPECT_EQ(route("Host gw\n  ProxyJump none\nHost *\n  ProxyJump gw").loop, "");
  EXPECT_EQ(route("Host n* !gw\n  ProxyJump gw").loop, "");
  EXPECT_EQ(route("Host n*\n  ProxyJump a\nHost a\n  HostName 10.0.0.1").loop, "");
}

}  // namespace
}  // namespace cluster::ssh
