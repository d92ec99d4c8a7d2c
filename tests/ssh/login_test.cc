// Keys are tried in ssh's order; the message says what was tried when none is taken.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <thread>

#include "core/text.h"
#include "tests/ssh/server.h"

// libssh 0.10 loses the list of an agent's keys when it asks the agent again. We make no such
// buffer.
extern "C" const char* __lsan_default_suppressions() { return "leak:ssh_buffer_new"; }

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Login : public Server {
 protected:
  Login() { start(); }

  // Moves the operator's key away from its usual place. The server still accepts it.
  std::string move_key(const std::string& name = "elsewhere") {
    std::filesystem::rename(path(".ssh/id_ed25519"), path(name));
    std::filesystem::rename(path(".ssh/id_ed25519.pub"), path(name + ".pub"));
    return path(name);
  }
  void start_agent() {
    me.agent_socket = path("agent");
    agent_ = std::make_unique<Background>(
        std::vector<std::string>{"ssh-agent", "-D", "-a", me.agent_socket}, path("agent.log"));
    // The agent says so once it listens; the socket is there a moment earlier.
    while (read_file(path("agent.log")).find("SSH_AUTH_SOCK=") == std::string::npos) usleep(1000);
  }
  void add_to_agent(const std::string& key) {
    call({"env", "SSH_AUTH_SOCK=" + me.agent_socket, "ssh-add", "-q", key});
  }

  std::unique_ptr<Background> agent_;
};

TEST_F(Login, WithNoKeySaysSo) {
  move_key();
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, AllOf(HasSubstr("takes no key of ours for '" + me.user + "'"),
                                         HasSubstr("none to try")));
}

TEST_F(Login, WithARefusedKeyNamesIt) {
  write_file(path("authorized_keys"), "");
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason,
              AllOf(HasSubstr("tried " + path(".ssh/id_ed25519")), HasSubstr("authorized_keys")));
}

TEST_F(Login, AsARefusedUserNamesIt) {
  auto somebody = target();
  somebody.user = "no-such-user";
  const auto answer = run(somebody, "true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr("for 'no-such-user'"));
}

TEST_F(Login, TakesTheIdentityFileOfTheConfiguration) {
  const auto key = move_key();
  configure("GlobalKnownHostsFile none\nIdentityFile %d/nothing\nIdentityFile ~/elsewhere");
  EXPECT_EQ(run("true").reply.end, End::exited);
}

TEST_F(Login, TakesEachUsualType) {
  for (const std::string type : {"ecdsa", "rsa"}) {
    move_key("old-" + type);
    call({"ssh-keygen", "-q", "-t", type, "-N", "", "-f", path(".ssh/id_" + type)});
    write_file(path("authorized_keys"), read_file(path(".ssh/id_" + type + ".pub")));
    const auto answer = run("true");
    EXPECT_EQ(answer.reply.end, End::exited) << type << ": " << answer.reply.reason;
    std::filesystem::rename(path(".ssh/id_" + type), path(".ssh/id_ed25519"));
    std::filesystem::rename(path(".ssh/id_" + type + ".pub"), path(".ssh/id_ed25519.pub"));
  }
}

TEST_F(Login, NamesAKeyThatIsLocked) {
  const auto key = move_key();
  call({"ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", key});
  configure("GlobalKnownHostsFile none\nIdentityFile " + key);
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr(key + " has a passphrase (ssh-add it)"));
}

TEST_F(Login, DoesNotUseAKeyThatOthersCanRead) {
  chmod(path(".ssh/id_ed25519").c_str(), 0644);
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr("chmod 600"));
}

TEST_F(Login, NamesAKeyThatIsDamaged) {
  write_file(path(".ssh/id_ed25519"), "no key\n");
  EXPECT_THAT(run("true").reply.reason, HasSubstr("is no private key"));
}

TEST_F(Login, NamesAKeyThatIsNotThere) {
  configure("IdentityFile " + path(".ssh/id_ed25520"));
  EXPECT_THAT(run("true").reply.reason,
              HasSubstr("there was none to try; " + path(".ssh/id_ed25520") + " is not there"));
}

TEST_F(Login, AsksTheAgent) {
  start_agent();
  add_to_agent(move_key());
  const auto answer = run("echo in");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.out, "in\n");
}

TEST_F(Login, AsksTheAgentForManyHosts) {
  start_agent();
  add_to_agent(move_key());
  std::vector<Target> targets;
  for (int i = 1; i <= 8; ++i) targets.push_back(target("127.0.8." + std::to_string(i)));
  Heard heard(targets.size());
  FanOut fan_out(me);
  for (const auto& reply : fan_out.run(targets, "true", limits, heard)) {
    EXPECT_EQ(reply.end, End::exited) << reply.reason;
  }
}

TEST_F(Login, AsksTheAgentForAnRsaKey) {
  start_agent();
  move_key();
  call({"ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", path("rsa")});
  write_file(path("authorized_keys"), read_file(path("rsa.pub")));
  add_to_agent(path("rsa"));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

TEST_F(Login, NamesWhatTheAgentTried) {
  start_agent();
  add_to_agent(move_key());
  write_file(path("authorized_keys"), "");
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr("tried 1 key of the agent"));
}

// libssh could not offer the key that was meant before the others.
TEST_F(Login, OffersTheLockedKeyThatWasMeantFirst) {
  start_agent();
  for (int i = 1; i <= 7; ++i) {
    const auto key = path("other" + std::to_string(i));
    call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key});
    add_to_agent(key);
  }
  const auto key = move_key();
  add_to_agent(key);
  call({"ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", key});
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + key);
  setenv("SSH_AUTH_SOCK", me.agent_socket.c_str(), 1);  // for `ssh`
  const auto answer = run("echo in");
  unsetenv("SSH_AUTH_SOCK");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.out, "in\n");
}

// sshd hangs up in the middle of the agent's keys.
TEST_F(Login, EndsWhereTheServerHasHadEnough) {
  move_key();
  start("MaxAuthTries 3");
  start_agent();
  for (int i = 1; i <= 5; ++i) {
    const auto key = path("other" + std::to_string(i));
    call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key});
    add_to_agent(key);
  }
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, AllOf(HasSubstr("tried 5 keys of the agent"),
                                         HasSubstr("it said 'Too many authentication failures'")));
}

TEST_F(Login, NamesAnAgentThatIsNotThere) {
  move_key();
  me.agent_socket = path("nobody");
  EXPECT_THAT(run("true").reply.reason, HasSubstr("the agent at '" + me.agent_socket + "' cannot"));
}

TEST_F(Login, DoesNotAskTheAgentWhenConfiguredSo) {
  start_agent();
  add_to_agent(move_key());
  configure("GlobalKnownHostsFile none\nIdentityAgent none");
  EXPECT_THAT(run("true").reply.reason, Not(HasSubstr("agent")));
}

TEST_F(Login, IsNotHeldUpByAStoppedAgent) {
  start_agent();
  add_to_agent(move_key());
  agent_->signal(SIGSTOP);
  // libssh would connect by itself to the agent of the environment, and wait for ever.
  setenv("SSH_AUTH_SOCK", me.agent_socket.c_str(), 1);
  const auto answer = run("true");
  unsetenv("SSH_AUTH_SOCK");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr("does not answer"));
  EXPECT_LT(answer.reply.elapsed, std::chrono::seconds(30));
}

// Lists a key when asked to, and never signs.
class LazyAgent {
 public:
  LazyAgent(const std::string& path, const std::string& key_base64)
      : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    listen(socket_, 8);
    const auto number = [](std::size_t value) {
      return std::string{static_cast<char>(value >> 24U), static_cast<char>(value >> 16U),
                         static_cast<char>(value >> 8U), static_cast<char>(value)};
    };
    std::string blob = call({"sh", "-c", "printf %s '" + key_base64 + "' | base64 -d"});
    blob = "\x0c" + number(1) + number(blob.size()) + blob + number(4) + "lazy";
    list_ = number(blob.size()) + blob;
    thread_ = std::thread([this] { serve(); });
  }
  ~LazyAgent() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }

 private:
  void serve() {
    std::vector<int> callers;
    std::vector<std::thread> threads;
    for (int fd = 0; (fd = accept(socket_, nullptr, nullptr)) >= 0;) {
      callers.push_back(fd);
      threads.emplace_back([this, fd] {
        std::array<char, 4096> request{};
        std::string all;
        for (ssize_t size = 0; (size = read(fd, request.data(), request.size())) > 0;) {
          all.append(request.data(), static_cast<std::size_t>(size));
          if (all != std::string("\0\0\0\1\x0b", 5)) continue;
          all.clear();
          static_cast<void>(write(fd, list_.data(), list_.size()) < 0);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    for (const int fd : callers) close(fd);
  }

  int socket_;
  std::string list_;
  std::thread thread_;
};

TEST_F(Login, IsNotHeldUpByAnAgentThatDoesNotSign) {
  const auto key = read_file(move_key() + ".pub");
  me.agent_socket = path("lazy");
  const LazyAgent agent(me.agent_socket, std::string(split(key, ' ').at(1)));
  Heard heard(2);
  FanOut fan_out(me);
  const auto replies = fan_out.run({target(), target("127.0.0.2")}, "true", limits, heard);
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::no_login);
    EXPECT_THAT(reply.reason, HasSubstr("does not answer"));
    EXPECT_LT(reply.elapsed, std::chrono::seconds(30));
  }
}

TEST_F(Login, WithOneKeyOfTheAgentGoesThroughSsh) {
  start_agent();
  const auto key = move_key();
  add_to_agent(key);
  std::filesystem::remove(key);  // only KEY.pub is left, to say which one
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentitiesOnly yes\nIdentityFile " + key + "\nIdentityAgent " + me.agent_socket);
  const auto answer = run("echo in");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.out, "in\n");
}

// The key that lets in decides what may be done there, so the order is that of `ssh`.
class LoginWithTwoKeys : public Login {
 protected:
  LoginWithTwoKeys() {
    start("AuthenticationMethods publickey,publickey");
    call({"ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", path(".ssh/id_ecdsa")});
    write_file(path("authorized_keys"),
               read_file(path(".ssh/id_ed25519.pub")) + read_file(path(".ssh/id_ecdsa.pub")));
    configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
              "\nIdentityFile " + path(".ssh/id_ed25519") + "\nIdentityFile " +
              path(".ssh/id_ecdsa"));
  }

  void expect_in(bool through_openssh) {
    auto asked = target();
    asked.through_openssh = through_openssh;
    const auto answer = run(asked, "echo in");
    EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
    EXPECT_EQ(answer.out, "in\n");
  }
};

TEST_F(LoginWithTwoKeys, TakesTwoFiles) {
  for (const bool through_openssh : {false, true}) expect_in(through_openssh);
}

TEST_F(LoginWithTwoKeys, TakesTwoOfTheAgent) {
  start_agent();
  for (const auto* name : {"id_ed25519", "id_ecdsa"}) {
    add_to_agent(path(std::string(".ssh/") + name));
    std::filesystem::remove(path(std::string(".ssh/") + name));
    std::filesystem::remove(path(std::string(".ssh/") + name + ".pub"));
  }
  expect_in(false);
}

TEST_F(LoginWithTwoKeys, TakesOneOfTheAgentAndOneFile) {
  start_agent();
  const auto key = move_key();
  add_to_agent(key);
  std::filesystem::remove(key);
  expect_in(false);
}

TEST_F(LoginWithTwoKeys, SaysThatOneIsTooFew) {
  std::filesystem::remove(path(".ssh/id_ecdsa"));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::no_login);
  EXPECT_THAT(answer.reply.reason, HasSubstr("wants more than our keys from "));
}

// A server that lets in without a key is asked for that at last.
TEST_F(Login, OffersNothingAtLast) {
  start("LogLevel DEBUG3");
  move_key();
  EXPECT_EQ(run("true").reply.end, End::no_login);
  EXPECT_THAT(read_file(path("sshd.log")), HasSubstr(" service ssh-connection method none"));
}

TEST_F(Login, ShowsTheSameKeyAsSsh) {
  start_agent();
  const auto held = path("held");
  const auto chosen = path(".ssh/id_ed25519");
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", held});
  write_file(path("authorized_keys"), "command=\"echo held\" " + read_file(held + ".pub") +
                                          "command=\"echo chosen\" " + read_file(chosen + ".pub"));
  const std::string base = "GlobalKnownHostsFile none\nUserKnownHostsFile " +
                           path(".ssh/known_hosts") + "\nIdentityAgent " + me.agent_socket + "\n";
  const auto compare = [&](const std::string& lines) {
    configure(base + lines);
    const auto by_ssh = call({"ssh", "-F", me.config, "-o", "BatchMode=yes", "-p",
                              std::to_string(port()), "127.0.0.1", "true"});
    const auto answer = run("true");
    EXPECT_EQ(answer.out, by_ssh) << lines << answer.reply.reason;
  };
  compare("IdentityFile " + chosen);
  add_to_agent(held);
  compare("IdentityFile " + chosen);
  compare("IdentitiesOnly yes\nIdentityFile " + chosen);
  compare("IdentitiesOnly yes\nIdentityFile " + held + ".pub");
  add_to_agent(chosen);
  compare("IdentityFile " + chosen);
  compare("IdentityFile " + chosen + ".pub");
  compare("IdentityFile " + held + "\nIdentityFile " + chosen);
  compare("IdentitiesOnly yes\nIdentityFile " + chosen + "\nIdentityFile " + held);
  compare("IdentitiesOnly yes\nIdentityFile " + chosen + ".pub");
}

TEST_F(Login, WithACertificateBesideTheKeyGoesThroughSsh) {
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("authority")});
  call({"ssh-keygen", "-q", "-s", path("authority"), "-I", "me", "-n", me.user,
        path(".ssh/id_ed25519.pub")});
  write_file(path("authorized_keys"), "cert-authority " + read_file(path("authority.pub")));
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519"));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

}  // namespace
}  // namespace cluster::ssh
