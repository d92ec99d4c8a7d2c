// Tests how hosts are reached: addresses, ports, names, configuration.
#include <netdb.h>

#include "core/error.h"
#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Reach = Server;

TEST_F(Reach, SaysThatAPortIsClosed) {
  const Port closed(Port::Kind::closed);
  const auto answer = run({"n1", "127.0.0.1", closed.number(), ""}, "true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_EQ(answer.reply.reason, "cannot connect to '127.0.0.1' port " +
                                     std::to_string(closed.number()) +
                                     ": Connection refused; is sshd running there, and on this "
                                     "port?");
}

TEST_F(Reach, SaysThatANameIsUnknown) {
  const auto answer = run({"no-such-host.invalid", "", 0, ""}, "true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason,
              AllOf(HasSubstr("no address is known for 'no-such-host.invalid'"),
                    HasSubstr("getent hosts")));
}

TEST_F(Reach, DoesNotWaitForAHostThatIsFrozen) {
  start();
  const Port silent(Port::Kind::silent);
  limits.connect_timeout = std::chrono::seconds(10);
  limits.at_once = 8;
  Heard heard(3);
  FanOut fan_out(me);
  configure("GlobalKnownHostsFile none\nHost frozen*\n  ConnectTimeout 1");
  const auto replies = fan_out.run({{"frozen-1", "127.0.0.1", silent.number(), ""},
                                    {"frozen-2", "127.0.0.1", silent.number(), ""},
                                    target()},
                                   "true", limits, heard);
  for (const int i : {0, 1}) {
    const auto& reply = replies.at(static_cast<std::size_t>(i));
    EXPECT_EQ(reply.end, End::unreachable);
    EXPECT_THAT(reply.reason, HasSubstr("did not speak SSH within 1 s"));
    EXPECT_GE(reply.elapsed, std::chrono::milliseconds(990));
    EXPECT_LT(reply.elapsed, std::chrono::seconds(9));
  }
  EXPECT_EQ(replies[2].end, End::exited) << replies[2].reason;
}

TEST_F(Reach, SaysThatSomethingElseListens) {
  const Port web("HTTP/1.1 400 Bad Request\r\n\x1b[2J\r\n");
  const auto answer = run({"n1", "127.0.0.1", web.number(), ""}, "true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason, AllOf(HasSubstr("the SSH handshake with"),
                                         HasSubstr("it says 'HTTP/1.1 400 Bad Request'")));
  EXPECT_THAT(answer.reply.reason, Not(HasSubstr("\x1b")));
  EXPECT_LE(web.taken(), 2);
}

TEST_F(Reach, SaysThatTheConnectionIsClosedAtOnce) {
  const Port closing("");
  limits.connect_timeout = std::chrono::seconds(1);
  const auto answer = run({"n1", "127.0.0.1", closing.number(), ""}, "true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason,
              AllOf(HasSubstr("closes connections at once"), HasSubstr("MaxStartups"),
                    HasSubstr("tried " + std::to_string(answer.reply.tries) + " times")));
  EXPECT_GT(answer.reply.tries, 1);
  EXPECT_EQ(answer.reply.tries, closing.taken());
}

TEST_F(Reach, TakesTheConfiguration) {
  start();
  configure(
      "GlobalKnownHostsFile none\n"
      "Host short\n  HostName 127.0.0.9\n  Port " +
      std::to_string(port()) + "\n  User " + me.user +
      "\nHost *\n  Port 1\n  User nobody\n  HostName 192.0.2.1");
  me.user = "nobody-at-all";
  const auto answer = run({"short", "", 0, ""}, "echo $SSH_CONNECTION | cut -d ' ' -f 3");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.out, "127.0.0.9\n");
}

TEST_F(Reach, PrefersTheInventory) {
  start();
  configure("GlobalKnownHostsFile none\nHost *\n  Port 1\n  User nobody\n  HostName 192.0.2.1");
  auto here = target();
  here.user = me.user;
  const auto answer = run(here, "true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

TEST_F(Reach, RefusesAConfigurationThatMakesNoSense) {
  configure("Port none-at-all");
  EXPECT_THROW(run({"n1", "", 0, ""}, "true"), Error);
  me.config = path("nothing");
  EXPECT_THROW(run("true"), Error);
}

TEST_F(Reach, TriesEachAddressOfAName) {
  addrinfo* found = nullptr;
  if (getaddrinfo("localhost", nullptr, nullptr, &found) != 0) {
    GTEST_SKIP() << "this machine does not know localhost";
  }
  freeaddrinfo(found);
  start();  // on IPv4 only, and localhost is ::1 first where there is IPv6
  know("[localhost]:" + std::to_string(port()) + " " + host_key());
  const auto answer = run({"localhost", "", port(), ""}, "true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

TEST_F(Reach, SpeaksIpv6) {
  start("ListenAddress ::1\nAllowUsers *@::1");
  know("[::1]:" + std::to_string(port()) + " " + host_key());
  if (read_file("/proc/net/if_inet6").find("00000000000000000000000000000001") ==
      std::string::npos) {
    GTEST_SKIP() << "this machine has no ::1";
  }
  const auto answer = run(target("::1"), "echo $SSH_CONNECTION | cut -d ' ' -f 3");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.out, "::1\n");
}

TEST_F(Reach, SaysWhenNoCommandsAreAllowed) {
  start("MaxSessions 0");
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason, HasSubstr("opening a channel"));
}

}  // namespace
}  // namespace cluster::ssh
