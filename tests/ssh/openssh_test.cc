// Hosts whose configuration only OpenSSH can honour.
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ThroughSsh : public Server {
 protected:
  ThroughSsh() {
    start();
    // `ssh` looks for these in the operator's real home.
    base_ = "GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519") + "\n";
    configure(base_ + "Host n-127.0.0.1\n  ProxyJump 127.0.0.5:" + std::to_string(port()));
  }

  std::string base_;
};

TEST_F(ThroughSsh, AJumpHostIsTaken) {
  const auto answer =
      run("echo $SSH_CONNECTION | cut -d ' ' -f 1,3; echo \"it's err\" >&2; exit 7");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.reply.status, 7);
  EXPECT_EQ(answer.out, "127.0.0.1 127.0.0.1\n");
  EXPECT_EQ(answer.err, "it's err\n");
  // There is one login at the jump host and one, through it, at the host itself.
  EXPECT_EQ(occurrences(read_file(path("sshd.log")), "Accepted publickey"), 2U);
}

TEST_F(ThroughSsh, TheJumpHostOfTheInventoryCountsBeforeTheConfiguration) {
  auto asked = target("127.0.0.2");
  asked.jump = "127.0.0.6:" + std::to_string(port());
  configure(base_ + "Host 127.0.0.6\n  ProxyCommand none\nHost *\n  ProxyCommand false\n");
  const auto answer = run(asked, "echo $SSH_CONNECTION | cut -d ' ' -f 3");
  EXPECT_EQ(answer.out, "127.0.0.2\n") << answer.reply.reason;
  EXPECT_EQ(occurrences(read_file(path("sshd.log")), "Accepted publickey"), 2U);
}

TEST_F(ThroughSsh, OthersAreReachedInTheSameRun) {
  Heard heard(3);
  FanOut fan_out(me);
  const auto replies = fan_out.run({target(), target("127.0.0.2"), {"x.invalid", "", 0, ""}},
                                   "echo $SSH_CONNECTION | cut -d ' ' -f 3", limits, heard);
  EXPECT_EQ(heard.out(0), "127.0.0.1\n") << replies[0].reason;
  EXPECT_EQ(heard.out(1), "127.0.0.2\n") << replies[1].reason;
  EXPECT_EQ(replies[2].end, End::unreachable);
}

TEST_F(ThroughSsh, TheStatus255OfTheCommandIsItsOwn) {
  const auto answer = run("exit 255");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.reply.status, 255);
}

TEST_F(ThroughSsh, TheCommandReachesTheShellUnchanged) {
  EXPECT_EQ(run("X='a  b'; printf '%s|' \"$X\" '$HOME'\nprintf end").out, "a  b|$HOME|end");
}

TEST_F(ThroughSsh, TheCommandReadsItsInput) {
  EXPECT_EQ(run("cat; echo end").out, "end\n");
  auto asked = target();
  asked.input = std::string(3'000'000, 'x') + "\n";
  EXPECT_EQ(run(asked, "wc -c; echo end").out, "3000001\nend\n");
}

TEST_F(ThroughSsh, MuchOutputComesWhole) {
  EXPECT_EQ(run("head -c 5000000 /dev/zero").out.size(), 5000000U);
}

TEST_F(ThroughSsh, AKilledCommandIsSaidSo) {
  EXPECT_EQ(run("kill -9 $$").reply.end, End::signaled);
}

TEST_F(ThroughSsh, ALostConnectionIsSaidSo) {
  const auto answer = run("kill -9 $PPID; sleep 60");
  EXPECT_EQ(answer.reply.end, End::lost) << answer.reply.reason;
}

TEST_F(ThroughSsh, AnUnknownHostKeyIsRefused) {
  know("[127.0.0.5]:" + std::to_string(port()) + " " + host_key());
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key) << answer.reply.reason;
  EXPECT_THAT(answer.reply.reason,
              AllOf(HasSubstr("ProxyJump at " + path("config")), HasSubstr("host key")));
}

TEST_F(ThroughSsh, AnUnknownKeyOfTheJumpHostIsNamed) {
  know("");
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::unreachable) << answer.reply.reason;
  EXPECT_THAT(answer.reply.reason, HasSubstr("Host key verification failed"));
}

TEST_F(ThroughSsh, ARefusedKeyIsSaidSo) {
  configure(base_ + "AddressFamily inet");
  write_file(path("authorized_keys"), "");
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr("Permission denied (publickey"));
}

TEST_F(ThroughSsh, AClosedPortIsSaidSo) {
  const Port closed(Port::Kind::closed);
  const auto answer = run({"n-127.0.0.1", "127.0.0.1", closed.number(), ""}, "true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason, HasSubstr("because of ProxyJump at"));
}

// The time to connect ends in the middle of a try, and the tries before it tell more.
TEST_F(ThroughSsh, AWayThatClosesSlowlyIsSaidSo) {
  limits.connect_timeout = std::chrono::seconds(2);
  configure("Host *\n  ProxyCommand sleep 0.7; false");
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason, HasSubstr("failed: 'Connection closed by "));
  EXPECT_THAT(answer.reply.reason, HasSubstr("; tried "));
}

TEST_F(ThroughSsh, AHostThatIsFrozenIsNotWaitedFor) {
  const Port silent(Port::Kind::silent);
  limits.connect_timeout = std::chrono::seconds(1);
  configure(base_ + "Host *\n  AddressFamily inet");
  const auto answer = run({"n1", "127.0.0.1", silent.number(), ""}, "true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_LT(answer.reply.elapsed, std::chrono::seconds(30));
}

TEST_F(ThroughSsh, AProxyCommandEndsWithTheSshThatStartedIt) {
  // It ignores the signals with which ssh or a terminal would stop it.
  write_file(path("proxy"), "trap '' HUP INT TERM\necho $$ >" + path("pid") + "\nexec sleep 600\n");
  configure(base_ + "ProxyCommand sh " + path("proxy"));
  limits.connect_timeout = std::chrono::seconds(3);
  EXPECT_EQ(run("true").reply.end, End::unreachable);
  const auto proxy = static_cast<pid_t>(std::stoi(read_file(path("pid"))));
  // The descriptor is readable once the proxy has exited. There is none when the proxy is already
  // gone.
  pollfd left{static_cast<int>(syscall(SYS_pidfd_open, proxy, 0)), POLLIN, 0};
  if (left.fd < 0) return;
  EXPECT_EQ(poll(&left, 1, 5000), 1) << "process " << proxy << " is still there";
  kill(proxy, SIGKILL);
  close(left.fd);
}

// The jump host says nothing, so both `ssh` and the one that it starts wait.
class WithASilentJumpHost : public ThroughSsh {
 protected:
  WithASilentJumpHost() {
    configure(base_ + "Host n-*\n  ProxyJump 127.0.0.1:" + std::to_string(silent_.number()));
  }

  // Counts the processes of this test: nobody else has this configuration.
  std::size_t processes() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const auto words = read_file(entry.path() / "cmdline");
      if (words.find(me.config) != std::string::npos) ++count;
    }
    return count;
  }

  bool comes_to(std::size_t least, std::size_t most) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (auto count = processes(); count < least || count > most; count = processes()) {
      if (std::chrono::steady_clock::now() > until) return false;
      usleep(10'000);
    }
    return true;
  }

 private:
  Port silent_{Port::Kind::silent};
};

TEST_F(WithASilentJumpHost, NothingStaysWhenItIsGivenUp) {
  limits.connect_timeout = std::chrono::seconds(1);
  EXPECT_EQ(run("true").reply.end, End::unreachable);
  EXPECT_TRUE(comes_to(0, 0)) << processes();
}

TEST_F(WithASilentJumpHost, NothingStaysWhenWeAreKilled) {
  for (const int number : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    const pid_t pid = fork();
    if (pid == 0) {
      run("true");
      _exit(0);
    }
    EXPECT_TRUE(comes_to(2, 2)) << processes();
    kill(pid, number);
    waitpid(pid, nullptr, 0);
    EXPECT_TRUE(comes_to(0, 0)) << processes() << " after signal " << number;
  }
}

TEST_F(ThroughSsh, TheTimeOfACommandIsBounded) {
  limits.command_timeout = std::chrono::seconds(4);
  const auto answer = run("echo begun; sleep 60");
  EXPECT_EQ(answer.reply.end, End::timed_out) << answer.reply.reason;
  EXPECT_EQ(answer.out, "begun\n");
  EXPECT_LT(answer.reply.elapsed, std::chrono::seconds(50));
}

TEST_F(ThroughSsh, AMatchThatOnlySshDecidesIsTaken) {
  configure(base_ + "Match exec \"true\"\n  User " + me.user);
  me.user = "nobody-at-all";
  const auto answer = run({"n1", "127.0.0.1", port(), ""}, "echo in");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.out, "in\n");
}

TEST_F(ThroughSsh, ACertificateIsShown) {
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("authority")});
  call({"ssh-keygen", "-q", "-s", path("authority"), "-I", "me", "-n", me.user,
        path(".ssh/id_ed25519.pub")});
  write_file(path("authorized_keys"), "cert-authority " + read_file(path("authority.pub")));
  // Beside its key it would be shown by itself.
  std::filesystem::rename(path(".ssh/id_ed25519-cert.pub"), path("certificate.pub"));
  configure(base_);
  EXPECT_EQ(run("true").reply.end, End::no_login);
  configure(base_ + "CertificateFile " + path("certificate.pub"));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

// The host takes no key of ours; only the connection that is open already leads there.
TEST_F(ThroughSsh, AnOpenMasterConnectionIsUsed) {
  configure(base_ + "ControlPath " + path("master-%r@%h:%p-%C"));
  const Background master(
      {"ssh", "-F", me.config, "-M", "-N", "-p", std::to_string(port()), "127.0.0.1"},
      path("master.log"));
  const auto is_open = [this] {
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      if (entry.is_socket()) return true;
    }
    return false;
  };
  while (!is_open()) usleep(1000);
  write_file(path("authorized_keys"), "");
  const auto answer = run("echo in; echo err >&2; exit 7");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.reply.status, 7);
  EXPECT_EQ(answer.out, "in\n");
  EXPECT_EQ(answer.err, "err\n");
  EXPECT_EQ(run("exit 255").reply.end, End::exited);
  auto by_attribute = target();
  by_attribute.through_openssh = true;  // which is the reason then, and not the ControlPath
  EXPECT_EQ(run(by_attribute, "exit 255").reply.end, End::exited);
  limits.command_timeout = std::chrono::seconds(2);
  EXPECT_EQ(run("sleep 60").reply.end, End::timed_out);
  limits.command_timeout = std::chrono::seconds(120);
  EXPECT_EQ(run(target("127.0.0.2"), "true").reply.end, End::no_login);  // it has no master
}

TEST_F(ThroughSsh, NoMasterConnectionIsLeftBehind) {
  configure(base_ + "ControlMaster auto\nControlPersist yes\nAddressFamily inet\nControlPath " +
            path("master-%C"));
  EXPECT_EQ(run("true").reply.end, End::exited);
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    EXPECT_FALSE(entry.is_socket()) << entry.path();
  }
}

TEST_F(ThroughSsh, NoSettingOfTheFileChangesTheCommand) {
  configure(base_ +
            "AddressFamily inet\nLogLevel QUIET\nRequestTTY force\nSessionType none\n"
            "StdinNull yes\nRemoteCommand uptime\nForkAfterAuthentication yes\nTunnel no");
  auto asked = target();
  asked.input = std::string("typed\n");
  const auto answer = run(asked, "cat; exit 3");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.reply.status, 3);
  EXPECT_EQ(answer.out, "typed\n");
  EXPECT_EQ(answer.err, "");
}

// libssh 0.10 has no such key exchange.
TEST_F(ThroughSsh, AServerWithOtherAlgorithmsIsEntered) {
  for (const std::string line :
       {"KexAlgorithms sntrup761x25519-sha512@openssh.com",
        "KexAlgorithms diffie-hellman-group-exchange-sha256",
        "Ciphers aes128-ctr\nMACs umac-128-etm@openssh.com", "Ciphers 3des-cbc"}) {
    start(line);
    configure(base_);
    const auto answer = run("echo in");
    const bool is_usual = line.find("3des") == std::string::npos;
    EXPECT_EQ(answer.out, is_usual ? "in\n" : "") << line << answer.reply.reason;
    EXPECT_EQ(answer.reply.tries, 1);
    if (is_usual) continue;
    EXPECT_EQ(answer.reply.end, End::unreachable);
    EXPECT_THAT(answer.reply.reason,
                AllOf(HasSubstr("(because of algorithms that libssh has not)"),
                      HasSubstr("under `Host n-127.0.0.1`: Ciphers +3des-cbc")));
  }
}

// The line that is named for each kind leads in, or to the next one that is named.
TEST_F(ThroughSsh, TheLineThatHelpsWithAlgorithmsIsNamed) {
  start(
      "Ciphers 3des-cbc\nMACs hmac-md5\nKexAlgorithms diffie-hellman-group14-sha1\n"
      "HostKeyAlgorithms ssh-ed25519");
  std::string lines = "HostKeyAlgorithms ecdsa-sha2-nistp256\n";
  for (const std::string line :
       {"KexAlgorithms +diffie-hellman-group14-sha1", "HostKeyAlgorithms +ssh-ed25519",
        "Ciphers +3des-cbc", "MACs +hmac-md5"}) {
    configure(base_ + lines);
    const auto answer = run("true");
    EXPECT_EQ(answer.reply.end, End::unreachable);
    EXPECT_THAT(answer.reply.reason, HasSubstr("under `Host n-127.0.0.1`: " + line));
    lines = line.starts_with("HostKey") ? lines.substr(lines.find('\n') + 1) + line + "\n"
                                        : lines + line + "\n";
  }
  configure(base_ + lines);
  EXPECT_EQ(run("true").reply.end, End::exited);
}

TEST_F(ThroughSsh, ARefusalIsToldWithWhatHelps) {
  configure(base_ + "AddressFamily inet");
  know("");
  auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  const auto print = call({"ssh-keygen", "-lf", path("host_key.pub")});
  const auto fingerprint = print.substr(print.find("SHA256:"), 50);
  EXPECT_THAT(answer.reply.reason,
              AllOf(HasSubstr("it shows ssh-ed25519, " + fingerprint),
                    HasSubstr("ssh_host_ed25519_key.pub` there, then: cluster sync host key ")));
  know("[127.0.0.1]:" + std::to_string(port()) + " " + host_key());
  write_file(path("authorized_keys"), "");
  answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr("; add one to ~/.ssh/authorized_keys there"));
}

}  // namespace
}  // namespace cluster::ssh
