// What the files and the agent of the operator have beside a usual key, as `ssh` takes it.
#include <unistd.h>

#include "core/text.h"
#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Keys "first" and "second", of which the server takes both, and prints which it was.
class Keys : public Server {
 protected:
  Keys() {
    std::string taken;
    for (const std::string name : {"first", "second"}) {
      make(name);
      taken += "command=\"echo " + name + "\" " + read_file(path(name + ".pub"));
    }
    make("authority");
    make("signed");
    taken += "cert-authority,command=\"echo certificate\" " + read_file(path("authority.pub"));
    write_file(path("authorized_keys"), taken);
    start();
  }
  ~Keys() override { unsetenv("SSH_AUTH_SOCK"); }

  void make(const std::string& name) const {
    call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(name)});
  }
  void copy(const std::string& from, const std::string& to) const {
    std::filesystem::copy(path(from), path(to));
  }
  void sign(const std::string& name) const {
    call({"ssh-keygen", "-q", "-s", path("authority"), "-I", "me", "-n", me.user,
          path(name + ".pub")});
  }
  void use(const std::string& lines) {
    configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") + "\n" +
              lines);
  }
  void start_agent() {
    me.agent_socket = path("agent");
    agent_ = std::make_unique<Background>(
        std::vector<std::string>{"ssh-agent", "-D", "-a", me.agent_socket}, path("agent.log"));
    while (read_file(path("agent.log")).find("SSH_AUTH_SOCK=") == std::string::npos) usleep(1000);
    setenv("SSH_AUTH_SOCK", me.agent_socket.c_str(), 1);  // for `ssh`
  }

  // What `ssh` gets, "" = it does not get in; the same is expected of this house.
  std::string in_as_ssh() {
    std::string by_ssh;
    try {
      by_ssh = call({"ssh", "-F", me.config, "-o", "BatchMode=yes", "-p", std::to_string(port()),
                     "127.0.0.1", "true"});
    } catch (const std::runtime_error&) {
      by_ssh = "";
    }
    const auto answer = run("true");
    reason_ = answer.reply.reason;
    EXPECT_EQ(answer.out, by_ssh) << reason_;
    return by_ssh;
  }

  std::unique_ptr<Background> agent_;
  std::string reason_;
};

TEST_F(Keys, HaveTheirCertificateWhereSshLooksForIt) {
  sign("signed");  // signed-cert.pub
  use("IdentityFile " + path("signed"));
  EXPECT_EQ(in_as_ssh(), "certificate\n");

  copy("signed", "a");
  copy("signed.pub", "a.pub");
  copy("signed-cert.pub", "a-cert");
  use("IdentityFile " + path("a"));
  EXPECT_EQ(in_as_ssh(), "certificate\n");

  copy("signed", "b");
  copy("signed-cert.pub", "b.pub");
  use("IdentityFile " + path("b"));
  EXPECT_EQ(in_as_ssh(), "certificate\n");

  start_agent();
  copy("signed", "c");
  call({"ssh-add", "-q", path("c")});
  std::filesystem::remove(path("c"));
  copy("signed.pub", "d.pub");
  copy("signed-cert.pub", "d.pub-cert.pub");
  use("IdentityFile " + path("d.pub"));
  EXPECT_EQ(in_as_ssh(), "certificate\n");
}

// `ssh` offers the key in KEY.pub and signs with no other.
TEST_F(Keys, AreNotUsedWhereAnotherIsBesideThem) {
  make("other");
  std::filesystem::copy_file(path("other.pub"), path("first.pub"),
                             std::filesystem::copy_options::overwrite_existing);
  use("IdentityFile " + path("first"));
  EXPECT_EQ(in_as_ssh(), "");
  EXPECT_THAT(reason_, HasSubstr(path("first") + " is not the key of " + path("first.pub")));
  use("IdentityFile " + path("first") + "\nIdentityFile " + path("second"));
  EXPECT_EQ(in_as_ssh(), "second\n");
  std::filesystem::remove(path("first.pub"));
  EXPECT_EQ(in_as_ssh(), "first\n");
}

// As of a token that is not plugged in, or of a user who says no.
TEST_F(Keys, OfAnAgentThatDoesNotSignAreNotTheLast) {
  start_agent();
  call({"ssh-add", "-q", "-c", path("first")});  // nobody can confirm
  std::filesystem::remove(path("first"));
  use("IdentityFile none");
  EXPECT_EQ(in_as_ssh(), "");
  EXPECT_THAT(reason_, HasSubstr("refused to sign"));
  use("IdentityFile " + path("second"));
  EXPECT_EQ(in_as_ssh(), "second\n");
  call({"ssh-add", "-q", path("second")});
  use("IdentityFile none");
  EXPECT_EQ(in_as_ssh(), "second\n");

  Heard heard(3);
  FanOut fan_out(me);
  const auto replies =
      fan_out.run({target(), target("127.0.0.2"), target("127.0.0.3")}, "true", limits, heard);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(heard.out(i), "second\n") << replies[i].reason;
    EXPECT_EQ(replies[i].tries, 1);
  }
}

TEST_F(Keys, ThatWereTheLastStrawAreNamed) {
  make("other");
  start("MaxAuthTries 1");
  use("IdentityFile " + path("other") + "\nIdentityFile " + path("first"));
  EXPECT_EQ(in_as_ssh(), "");
  EXPECT_THAT(reason_, AllOf(HasSubstr("tried " + path("other")),
                             HasSubstr("it said 'Too many authentication failures'")));
}

}  // namespace
}  // namespace cluster::ssh
