// A tunnel joins a socket here to a program there.
#include "ssh/tunnel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "ssh/doors.h"
#include "ssh/fan_out.h"
#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Tunnels : public Server {
 protected:
  Tunnels() { configure(""); }

  // `ssh` looks for these in the operator's real home.
  void configure(const std::string& lines) {
    Server::configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
                      "\nIdentityFile " + path(".ssh/id_ed25519") + "\n" + lines);
  }

  Tunnel tunnel(const std::string& command) { return {target(), command, limits, me, doorway_}; }

  // Sends `text` and the end of input; returns all the bytes that come back.
  static std::string talk(const Tunnel& tunnel, const std::string& text) {
    const FileDescriptor fd = connect_to(tunnel);
    send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    shutdown(fd.get(), SHUT_WR);
    std::string answer;
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto count = read(fd.get(), buffer.data(), buffer.size());
      if (count <= 0) return answer;
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  // Goes to one host after another; returns how each one ended.
  std::vector<Reply> visit(const std::vector<Target>& targets) {
    std::vector<Reply> replies;
    for (const auto& one : targets) {
      Tunnel through(one, "cat", limits, me, doorway_);
      talk(through, "x");
      replies.push_back(through.end());
    }
    return replies;
  }

  // Hosts of different names, all of them this one sshd.
  std::vector<Target> names() const {
    std::vector<Target> targets;
    for (const auto* name : {"n-0", "n-1", "n-2", "n-3", "n-4"})
      targets.push_back({name, "127.0.0.1", port(), ""});
    return targets;
  }

  static FileDescriptor connect_to(const Tunnel& tunnel) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    tunnel.socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
    FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0)
        << tunnel.socket();
    return fd;
  }

  Doorway doorway_;
};

// The first way to a host files its key under the name, and the second has its address alone.
TEST_F(Tunnels, KnowAKeyByTheNameOfTheHost) {
  start();
  auto named = target();
  named.address = "127.0.0.1";
  named.name = "node7";
  know("[node7]:" + std::to_string(port()) + " " + host_key());
  Tunnel through(named, "cat", limits, me, doorway_);
  EXPECT_EQ(talk(through, "in"), "in");
}

TEST_F(Tunnels, CarryBothWays) {
  start();
  auto through = tunnel("cat; echo err >&2; printf %s '$HOME'");
  const std::string bytes("a\0b\n", 4);
  EXPECT_EQ(talk(through, bytes), bytes + "$HOME");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::exited);
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.reason, "");
}

TEST_F(Tunnels, LeaveNothingBehind) {
  start();
  std::filesystem::path folder;
  {
    auto through = tunnel("cat");
    folder = std::filesystem::path(through.socket()).parent_path();
    EXPECT_EQ(std::filesystem::status(folder).permissions(), std::filesystem::perms::owner_all);
    EXPECT_EQ(talk(through, "x"), "x");
    EXPECT_FALSE(std::filesystem::exists(folder));
  }
  {
    const auto unused = tunnel("cat");
    folder = std::filesystem::path(unused.socket()).parent_path();
    EXPECT_TRUE(std::filesystem::exists(folder));
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Tunnels, GoThroughAJumpHost) {
  start();
  configure("Host n-127.0.0.1\n  ProxyJump 127.0.0.5:" + std::to_string(port()));
  EXPECT_EQ(talk(tunnel("cat"), "x"), "x");
  // There is one login at the jump host and one, through it, at the host itself.
  const auto log = read_file(path("sshd.log"));
  const auto first = log.find("Accepted publickey");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(log.find("Accepted publickey", first + 1), std::string::npos);
}

// The others at the door of the host take long.
class TunnelsAtADoor : public Tunnels {
 protected:
  TunnelsAtADoor() {
    for (int i = 0; i < Doors::kAtFirst; ++i) {
      crowded_.wait("127.0.0.1 " + std::to_string(port()), [] { return false; });
    }
  }

  Doorway crowded_{std::chrono::hours(1)};
};

// The others are no reason for a host to be late: not even more than its whole time.
TEST_F(TunnelsAtADoor, DoNotCountTheWaiting) {
  limits.command_timeout = std::chrono::seconds(1);
  Tunnel through(target(), "cat", limits, me, crowded_);
  std::jthread close([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    crowded_.close();
  });
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::interrupted);
  EXPECT_EQ(reply.reason, "interrupted");
}

TEST_F(TunnelsAtADoor, DoNotWaitOnceTheyAreNotWanted) {
  limits.command_timeout = std::chrono::seconds(0);
  Tunnel through(target(), "cat", limits, me, crowded_);
  const auto fd = connect_to(through);
  EXPECT_EQ(through.end().end, End::exited);
}

// sshd drops each login beyond four that are not in yet, and somebody has three.
TEST_F(Tunnels, ManyComeInByOneDoorBesideACrowd) {
  start("MaxStartups 4:100:4\nLogLevel VERBOSE");
  auto crowd = std::make_unique<Crowd>(port(), 4);
  std::vector<std::thread> threads;
  std::atomic<int> in = 0;
  std::atomic<int> most_tries = 0;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      auto through = tunnel("cat");
      const bool is_in = talk(through, "in") == "in";
      const auto reply = through.end();
      EXPECT_EQ(reply.end, End::exited) << reply.reason;
      if (is_in) ++in;
      for (int most = most_tries;
           most < reply.tries && !most_tries.compare_exchange_weak(most, reply.tries);) {
      }
    });
  }
  await_log("drop connection #");
  crowd.reset();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(in, 12);
  EXPECT_GT(most_tries, 1);
}

TEST_F(Tunnels, SayThatTheirAddressIsTurnedAway) {
  const Port strict("Not allowed at this time\r\n");
  Tunnel through({"n1", "127.0.0.1", strict.number(), ""}, "cat", limits, me, doorway_);
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::unreachable);
  EXPECT_THAT(reply.reason, HasSubstr("PerSourcePenalties"));
  EXPECT_EQ(strict.taken(), Penalties::kTriesToTell);
}

TEST_F(Tunnels, SayThatTheirJumpHostTurnsThemAway) {
  const Port strict("Not allowed at this time\r\n");
  configure("Host n-*\n  ProxyJump gw\nHost gw\n  HostName 127.0.0.1\n  Port " +
            std::to_string(strict.number()));
  for (int i = 0; i < 3; ++i) {
    auto through = tunnel("cat");
    EXPECT_EQ(talk(through, "x"), "");
    const auto reply = through.end();
    EXPECT_EQ(reply.end, End::unreachable);
    EXPECT_THAT(reply.reason,
                AllOf(StartsWith("ssh to 'n-127.0.0.1' failed: the sshd at '127.0.0.1' port " +
                                 std::to_string(strict.number()) + " turns this address away"),
                      HasSubstr("PerSourcePenaltyExemptList")));
  }
  EXPECT_EQ(strict.taken(), Penalties::kTriesToTell);  // the last one hears the words
}

TEST_F(Tunnels, SayThatTheirHostTurnsTheJumpHostAway) {
  start();
  const Port strict("Not allowed at this time\r\n");
  configure("Host n1\n  ProxyJump 127.0.0.5:" + std::to_string(port()));
  Tunnel through({"n1", "127.0.0.1", strict.number(), ""}, "cat", limits, me, doorway_);
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::unreachable);
  EXPECT_THAT(reply.reason, HasSubstr("turns the address of its jump host away"));
}

TEST_F(Tunnels, DoNotGoInACircle) {
  configure("Host *\n  ProxyJump 127.0.0.5");
  auto through = tunnel("cat");
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::unreachable);
  EXPECT_THAT(reply.reason, HasSubstr("127.0.0.5 -> 127.0.0.5"));
}

TEST_F(Tunnels, RefuseAHostWhoseKeyIsUnknown) {
  start();
  know("");
  auto through = tunnel("cat");
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::host_key);
  EXPECT_THAT(reply.reason,
              AllOf(StartsWith("ssh to 'n-127.0.0.1' failed: 'No ED25519 host key is known for "),
                    HasSubstr("it shows ssh-ed25519, SHA256:")));
}

TEST_F(Tunnels, DoNotTryARefusedKeyUnderEachName) {
  start("LogLevel VERBOSE");
  write_file(path("authorized_keys"), "");
  for (const auto& reply : visit(names())) {
    EXPECT_EQ(reply.end, End::no_login);
    EXPECT_THAT(reply.reason, AllOf(HasSubstr("Permission denied"), HasSubstr("_keys there")));
  }
  EXPECT_EQ(connections(), 1U);
}

TEST_F(Tunnels, TryAnotherLogin) {
  start("LogLevel VERBOSE");
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("refused")});
  Server::configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
                    "\nIdentityAgent none\nHost n-0 n-1\n  IdentityFile " + path("refused") +
                    "\nHost n-2 n-3 n-4\n  IdentityFile " + path(".ssh/id_ed25519"));
  auto targets = names();
  targets[3].user = "no-such-user";
  const auto replies = visit(targets);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const bool is_refused = i < 2 || i == 3;
    EXPECT_EQ(replies[i].end, is_refused ? End::no_login : End::exited) << replies[i].reason;
  }
  EXPECT_EQ(connections(), 4U);
}

TEST_F(Tunnels, DoNotTryARefusedKeyAtAJumpHostAgain) {
  start("LogLevel VERBOSE");
  configure("Host n-*\n  ProxyJump no-such-user@127.0.0.5:" + std::to_string(port()) +
            "\nHost m-*\n  ProxyJump 127.0.0.5:" + std::to_string(port()));
  auto targets = names();
  targets.back().name = "m-1";  // which is let in there
  const auto replies = visit(targets);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].end, i < 4 ? End::unreachable : End::exited) << replies[i].reason;
    if (i < 4) {
      EXPECT_THAT(replies[i].reason, AllOf(StartsWith("ssh to '" + targets[i].name + "' failed"),
                                           HasSubstr("authorized_keys of the jump host")));
    }
  }
  EXPECT_EQ(connections(), 1U + 2U);
}

TEST_F(Tunnels, DoNotAskForAnUnknownKeyUnderEachName) {
  start("LogLevel VERBOSE");
  know("[n-3]:" + std::to_string(port()) + " " + host_key());
  const auto replies = visit(names());
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].end, i == 3 ? End::exited : End::host_key) << replies[i].reason;
    const auto words = i == 3 ? "" : "sync host key n-" + std::to_string(i);
    EXPECT_THAT(replies[i].reason, HasSubstr(words));
  }
  EXPECT_EQ(connections(), 2U);
}

TEST_F(Tunnels, SayThatAPortIsClosed) {
  auto through = tunnel("cat");
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::unreachable);
  EXPECT_THAT(reply.reason, HasSubstr("Connection refused"));
}

TEST_F(Tunnels, SayThatTheProgramIsMissing) {
  start();
  auto through = tunnel("no-such-program");
  EXPECT_EQ(talk(through, ""), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::exited);
  EXPECT_EQ(reply.status, 127);
  EXPECT_THAT(reply.reason,
              AllOf(StartsWith("'no-such-program' on 'n-127.0.0.1' ended with status 127: "),
                    HasSubstr("not found")));
}

TEST_F(Tunnels, DoNotWaitForAProgramThatHangs) {
  start();
  limits.command_timeout = std::chrono::seconds(2);
  auto through = tunnel("exec sleep 60");
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::timed_out);
  EXPECT_EQ(reply.reason, "'n-127.0.0.1' did not answer within 2 s");
}

TEST_F(Tunnels, EndWithTheFirstSignal) {
  start();
  FanOut fan_out(me);
  std::vector<Reply> replies(3);
  const std::vector<Target> targets(replies.size(), target());
  std::barrier all(3);
  SilentSink sink;
  fan_out.work_on(
      targets,
      [&](std::size_t i) {
        Tunnel through(targets[i], "cat", limits, me, fan_out.doorway());
        const auto fd = connect_to(through);
        char one = 'x';
        send(fd.get(), &one, 1, MSG_NOSIGNAL);
        EXPECT_EQ(read(fd.get(), &one, 1), 1);
        all.arrive_and_wait();
        if (i == 0) kill(getpid(), SIGINT);
        EXPECT_EQ(read(fd.get(), &one, 1), 0);
        replies[i] = through.end();
        return false;
      },
      sink);
  for (const auto& reply : replies) EXPECT_EQ(reply.end, End::interrupted) << reply.reason;
  EXPECT_EQ(fan_out.interruption(), SIGINT);
  bool was_asked = false;
  fan_out.work_on(
      targets, [&](std::size_t) { return was_asked = true; }, sink);
  EXPECT_FALSE(was_asked);
}

TEST_F(Tunnels, EndWhenNobodyReadsTheAnswerAnyMore) {
  class Reader : public SilentSink {
   public:
    explicit Reader(int outlet) : outlet_(outlet) {}
    int outlet() const override { return outlet_; }
    void unread() override { throw std::runtime_error("nobody reads"); }

   private:
    int outlet_;
  };
  start();
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  FileDescriptor reader(ends[0]);
  const FileDescriptor writer(ends[1]);
  FanOut fan_out(me);
  Reply reply;
  Reader sink(writer.get());
  const auto work = [&](std::size_t) {
    Tunnel through(target(), "cat", limits, me, fan_out.doorway());
    const auto fd = connect_to(through);
    char one = 'x';
    send(fd.get(), &one, 1, MSG_NOSIGNAL);
    EXPECT_EQ(read(fd.get(), &one, 1), 1);
    reader.reset();
    EXPECT_EQ(read(fd.get(), &one, 1), 0);
    reply = through.end();
    return false;
  };
  EXPECT_THROW(fan_out.work_on({target()}, work, sink), std::runtime_error);
  EXPECT_EQ(reply.end, End::interrupted) << reply.reason;
  EXPECT_EQ(fan_out.interruption(), 0);
}

TEST_F(Tunnels, DoNotWaitForAHostThatIsFrozen) {
  const Port silent(Port::Kind::silent);
  limits.connect_timeout = std::chrono::seconds(1);
  Tunnel through({"n1", "127.0.0.1", silent.number(), ""}, "cat", limits, me, doorway_);
  EXPECT_EQ(talk(through, "x"), "");
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::unreachable);
  EXPECT_THAT(reply.reason, HasSubstr("timed out"));
}

TEST_F(Tunnels, EndWhatStillRuns) {
  start();
  auto through = tunnel("exec sleep 60");
  const auto fd = connect_to(through);
  const auto reply = through.end();
  EXPECT_EQ(reply.end, End::exited);
  EXPECT_EQ(reply.status, 0);
  char one = 0;
  EXPECT_EQ(read(fd.get(), &one, 1), 0);
}

}  // namespace
}  // namespace cluster::ssh
