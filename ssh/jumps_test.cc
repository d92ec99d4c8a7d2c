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
    me.config = config();
    std::ofstream(me.config) << lines;
    const auto config = Config::read(me);
    auto route = config.route(target, me);
    DoorFinder(config, me).find(route);
    return route;
  }

  Route route(const std::string& lines, const std::string& name = "n1") {
    return route(lines, {name, "10.0.0.1", 0, ""});
  }

  std::string config() const { return dir_.path() / "config"; }

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

TEST_F(Jumps, HaveTheSameLoginWhereNothingDiffers) {
  const std::string gate = "\nHost gw\n  HostName 10.9.9.9\n";
  const auto usual = route("Host n*\n  ProxyJump gw" + gate).door_login;
  EXPECT_EQ(route("").door_login, "");
  EXPECT_NE(usual, "");
  EXPECT_EQ(route("Host n*\n  ProxyJump gw" + gate, "n2").door_login, usual);
  for (const auto& other : {"Host n*\n  ProxyJump jo@gw" + gate, "Host n*\n  ProxyJump gw,b" + gate,
                            "Host n*\n  ProxyJump b\nHost b\n  ProxyJump gw" + gate,
                            "Host n*\n  ProxyJump gw" + gate + "  IdentityFile /k",
                            "Host n*\n  ProxyJump gw" + gate + "  CertificateFile /k",
                            "Host n*\n  ProxyJump gw" + gate + "  HostKeyAlias other"}) {
    EXPECT_NE(route(other).door_login, usual) << other;
  }
  EXPECT_NE(route("ProxyCommand a").door_login, route("ProxyCommand b").door_login);
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

struct Proxy {
  const char* command;
  const char* door;
};

// As people wrote it before `ssh -W`, and still do.
TEST_F(Jumps, ACommandThatRunsOnAJumpHostLeadsThere) {
  for (const auto& [command, door] :
       {Proxy{"ssh gw nc %h %p", "gw 22"}, Proxy{"ssh gw nc -w 5 %h %p 2>/dev/null", "gw 22"},
        Proxy{"ssh -q -p 24 you@gw exec nc %h %p", "gw 24"}, Proxy{"ssh gw 'nc %h %p'", "gw 22"},
        Proxy{"ssh gw -p 24 nc %h %p", "gw 24"},
        Proxy{"exec ssh -l you gw socat - TCP:%h:%p", "gw 22"}}) {
    EXPECT_EQ(route("Host n*\n  ProxyCommand " + std::string(command)).door, door) << command;
  }
}

// It says where the configuration is, and that is the same one.
TEST_F(Jumps, ACommandMayNameTheConfigurationThatIsRead) {
  const auto with = [&](const std::string& file) {
    return route("Host n*\n  ProxyCommand ssh -F " + file + " gw nc %h %p").door;
  };
  EXPECT_EQ(with(config()), "gw 22");
  EXPECT_THAT(with(config() + ".old"), HasSubstr("ProxyCommand ssh -F "));
}

// Then the command itself is the door: hosts with the same one wait for each other.
TEST_F(Jumps, ACommandThatCannotBeReadIsTheDoor) {
  for (const std::string command :
       {"ssh gw", "ssh", "ssh -W %h:%p", "ssh -o \"ProxyCommand none\" gw nc %h %p",
        "ssh -J a gw nc %h %p", "ssh -F other gw nc %h %p", "sshpass -e ssh gw nc %h %p",
        "corkscrew proxy 8080 %h %p", "sh -c ssh"}) {
    EXPECT_THAT(route("Host n*\n  ProxyCommand " + command).door, HasSubstr("ProxyCommand "))
        << command;
  }
}

TEST_F(Jumps, ACommandThatLeadsThroughItselfIsFound) {
  EXPECT_THAT(route("Host *\n  ProxyCommand ssh gw nc %h %p").loop, HasSubstr("n1 -> gw -> gw"));
  EXPECT_EQ(route("Host * !gw\n  ProxyCommand ssh gw nc %h %p").loop, "");
}

TEST_F(Jumps, AreReadInEachSpelling) {
  for (const auto& [command, door] :
       {Proxy{"gw", "gw 22"}, Proxy{"you@gw", "gw 22"}, Proxy{"a@b@gw:24", "gw 24"},
        Proxy{"GW", "gw 22"}, Proxy{"ssh://gw", "gw 22"}, Proxy{"ssh://you@[::1]:24/", "::1 24"},
        Proxy{"[::1]", "::1 22"}, Proxy{"gw,b,c", "gw 22"},
        Proxy{"gw.example.:24", "gw.example. 24"}}) {
    EXPECT_EQ(route("Host n*\n  ProxyJump " + std::string(command)).door, door) << command;
  }
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

TEST_F(Jumps, WithoutEndAreFound) {
  for (const auto* proxy :
       {"ProxyJump a%n", "ProxyJump %h.b", "ProxyJump %h%h.b", "ProxyCommand ssh -W %h:%p a%n"}) {
    const auto way = route("Host *\n  " + std::string(proxy));
    EXPECT_THAT(way.loop, HasSubstr("its way leads through ever new jump hosts, n1 -> ")) << proxy;
    EXPECT_LT(way.loop.size(), 2'000U);
  }
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
