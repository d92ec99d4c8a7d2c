#include "ssh/config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Operator kMe{.user = "me", .home = "/home/me", .config = "", .agent_socket = "/run/agent"};

// Reads `text` as ~/.ssh/config; returns the route to `target`.
Route route(const std::string& text, const Target& target) {
  const ConfigFolders folders{.home = kMe.home, .includes = "/home/me/.ssh"};
  return Config(parse_config(text, "config", folders)).route(target, kMe);
}

Route route(const std::string& text, const std::string& name = "n1") {
  return route(text, Target{name, "", 0, ""});
}

std::string problem(const std::string& text) {
  try {
    route(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "";
}

TEST(Config, SaysTheUsualWhenItIsEmpty) {
  const auto usual = route("");
  EXPECT_EQ(usual.address, "n1");
  EXPECT_EQ(usual.port, 22);
  EXPECT_EQ(usual.user, "me");
  EXPECT_EQ(usual.agent_socket, "/run/agent");
  EXPECT_THAT(
      usual.identity_files,
      ElementsAre("/home/me/.ssh/id_rsa", "/home/me/.ssh/id_ecdsa", "/home/me/.ssh/id_ecdsa_sk",
                  "/home/me/.ssh/id_ed25519", "/home/me/.ssh/id_ed25519_sk"));
  EXPECT_THAT(usual.known_hosts_files,
              ElementsAre("/home/me/.ssh/known_hosts", "/home/me/.ssh/known_hosts2",
                          "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"));
  EXPECT_THAT(usual.known_names, ElementsAre("n1"));
  EXPECT_EQ(usual.needs_openssh, "");
}

TEST(Config, TakesTheFirstValue) {
  const auto first = route(
      "User a\n"
      "Host n1\n  User b\n  Port 2222\n"
      "Host *\n  Port 1\n  HostName %h.example\n");
  EXPECT_EQ(first.user, "a");
  EXPECT_EQ(first.port, 2222);
  EXPECT_EQ(first.address, "n1.example");
}

TEST(Config, ReadsEachSpellingOfALine) {
  EXPECT_EQ(route("port=2222").port, 2222);
  EXPECT_EQ(route("PORT = 2222").port, 2222);
  EXPECT_EQ(route("\t Port\t2222  \r\n").port, 2222);
  EXPECT_EQ(route("Port 2222 # the other one").port, 2222);
  EXPECT_EQ(route("# Port 1\n\nPort \"2222\"").port, 2222);
  EXPECT_THAT(route("IdentityFile \"/a b/\\\"c\"").identity_files, ElementsAre("/a b/\"c"));
}

TEST(Config, KnowsPatternsAndNegation) {
  const std::string text = "Host vm-* !vm-2 x\n  Port 2222\n";
  EXPECT_EQ(route(text, "vm-1").port, 2222);
  EXPECT_EQ(route(text, "x").port, 2222);
  EXPECT_EQ(route(text, "vm-2").port, 22);
  EXPECT_EQ(route(text, "y").port, 22);
}

TEST(Config, DecidesTheMatchesItCan) {
  EXPECT_EQ(route("Match all\n  Port 2222").port, 2222);
  EXPECT_EQ(route("Match originalhost n1,n2\n  Port 2222").port, 2222);
  EXPECT_EQ(route("Match originalhost n3\n  Port 2222").port, 22);
  EXPECT_EQ(route("Match !originalhost n3\n  Port 2222").port, 2222);
  EXPECT_EQ(route("HostName x1\nMatch host x*\n  Port 2222").port, 2222);
  EXPECT_EQ(route("HostName x1\nMatch host n1\n  Port 2222").port, 22);
}

TEST(Config, LeavesTheOtherMatchesToOpenSsh) {
  EXPECT_EQ(route("User a\nMatch exec \"test -f /x\"\n  Port 1").needs_openssh,
            "Match at config:2");
  EXPECT_EQ(route("Match host n2 exec true\n  Port 1").needs_openssh, "");
  EXPECT_EQ(route("Match final\n  Port 1").needs_openssh, "Match at config:1");
  EXPECT_EQ(route("Match localnetwork 10.0.0.0/8\n  Port 1").needs_openssh, "Match at config:1");
  EXPECT_EQ(route("Match host 'n1'\n  Port 1").needs_openssh, "Match at config:1");
  EXPECT_EQ(route("Match user a\\b\n  Port 1").needs_openssh, "Match at config:1");
}

TEST(Config, LeavesWhatLibsshCannotToOpenSsh) {
  EXPECT_EQ(route("Host n1\n ProxyJump gate").needs_openssh, "ProxyJump at config:2");
  EXPECT_EQ(route("ProxyCommand nc %h %p").needs_openssh, "ProxyCommand at config:1");
  EXPECT_EQ(route("CertificateFile ~/c").needs_openssh, "CertificateFile at config:1");
  EXPECT_EQ(route("RevokedHostKeys /krl").needs_openssh, "RevokedHostKeys at config:1");
  EXPECT_EQ(route("ProxyCommand none\nProxyJump gate").needs_openssh, "");  // the first wins
  EXPECT_EQ(route("ProxyJump none\nProxyJump gate").needs_openssh, "");
  EXPECT_EQ(route("ProxyJump none\nProxyCommand nc %h %p").needs_openssh,
            "ProxyCommand at config:2");
  EXPECT_EQ(route("Host n2\n ProxyJump gate").needs_openssh, "");
  EXPECT_EQ(route("Compression yes\nSendEnv LANG\nGSSAPIAuthentication yes").needs_openssh, "");
}

TEST(Config, GivesWayToTheInventory) {
  const auto mine = route("HostName x\nPort 1\nUser a", Target{"n1", "10.1.1.5", 2222, "root"});
  EXPECT_EQ(mine.address, "10.1.1.5");
  EXPECT_EQ(mine.port, 2222);
  EXPECT_EQ(mine.user, "root");
  EXPECT_THAT(mine.known_names, ElementsAre("[10.1.1.5]:2222", "[n1]:2222"));
}

TEST(Config, NamesTheKeysOfAHost) {
  EXPECT_THAT(route("HostName Big.Example").known_names, ElementsAre("big.example", "n1"));
  const auto alias = route("HostKeyAlias Node\nPort 2222");
  EXPECT_THAT(alias.known_names, ElementsAre("node"));
  EXPECT_TRUE(alias.has_alias);
}

TEST(Config, ReplacesTokens) {
  const auto files = route(
      "HostName h\nUser r\nIdentityFile ~/a\nIdentityFile %d/%h-%r-%u-%p-%n-%%\n"
      "UserKnownHostsFile ~/k/%k /second\nGlobalKnownHostsFile none\nIdentityAgent ~/agent");
  EXPECT_THAT(files.identity_files, ElementsAre("/home/me/a", "/home/me/h-r-me-22-n1-%"));
  EXPECT_THAT(files.known_hosts_files, ElementsAre("/home/me/k/n1", "/second"));
  EXPECT_EQ(files.agent_socket, "/home/me/agent");
}

TEST(Config, KnowsEachSpellingOfAnAgent) {
  setenv("CLUSTER_TEST_AGENT", "/of/environment", 1);
  EXPECT_EQ(route("IdentityAgent none").agent_socket, "");
  EXPECT_EQ(route("IdentityAgent SSH_AUTH_SOCK").agent_socket, "/run/agent");
  EXPECT_EQ(route("IdentityAgent $CLUSTER_TEST_AGENT").agent_socket, "/of/environment");
  EXPECT_EQ(route("IdentityAgent ${CLUSTER_TEST_AGENT}").agent_socket, "/of/environment");
  EXPECT_EQ(route("IdentityAgent $CLUSTER_TEST_NOTHING").agent_socket, "");
  unsetenv("CLUSTER_TEST_AGENT");
}

TEST(Config, KnowsTheOtherSettings) {
  EXPECT_EQ(route("ConnectTimeout 3").connect_timeout, std::chrono::seconds(3));
  EXPECT_EQ(route("ConnectTimeout none").connect_timeout, std::chrono::seconds(0));
  EXPECT_TRUE(route("IdentitiesOnly yes").identities_only);
  EXPECT_THAT(route("IdentityFile none").identity_files, IsEmpty());
}

// Two hosts with the same ones mean the same by them, whatever their names.
TEST(Config, TellsTheOtherSettings) {
  const auto others = [](const std::string& lines, const std::string& name = "n1") {
    return route(lines, name).other_settings;
  };
  for (const std::string same :
       {"HostName 10.0.0.1", "CertificateFile /k", "CertificateFile /k\nCertificateFile /l",
        "ProxyJump gw", "HostKeyAlias a", "ControlPath ~/%n", "IdentityFile /k",
        "PreferredAuthentications hostbased", "CanonicalizeHostname no"}) {
    EXPECT_EQ(others(same, "n1"), others(same, "n2")) << same;
  }
  for (const std::string of_name :
       {"CertificateFile /%n", "ProxyCommand a %n", "KnownHostsCommand /a %H", "NewKeyword a",
        "CanonicalizeHostname yes", "Match exec true\n  User a", "HostName %C",
        "IdentityFile /%C"}) {
    EXPECT_NE(others(of_name, "n1"), others(of_name, "n2")) << of_name;
  }
  EXPECT_NE(others("CertificateFile /k"), others(""));
  EXPECT_NE(others("CertificateFile /k\nCertificateFile /l"), others("CertificateFile /k"));
  EXPECT_NE(others("GSSAPIClientIdentity a"), others("GSSAPIClientIdentity b"));
}

TEST(Config, SaysWhereItMakesNoSense) {
  EXPECT_EQ(problem("User a\nPort x"), "config:2: 'port' wants a number from 1 to 65535, not 'x'");
  EXPECT_THAT(problem("Port 0"), HasSubstr("config:1"));
  EXPECT_THAT(problem("Port 65536"), HasSubstr("config:1"));
  EXPECT_EQ(problem("Port"), "config:1: 'port' has no value");
  EXPECT_EQ(problem("\nUser \"a"), "config:2: a quote has no end");
  EXPECT_EQ(problem("Port 22 23"), "config:1: 'port' has more than one value");
  EXPECT_EQ(problem("ConnectTimeout x"), "config:1: 'connecttimeout' wants a time, not 'x'");
  EXPECT_EQ(problem("UserKnownHostsFile none /a"),
            "config:1: 'none' in 'userknownhostsfile' must stand alone");
  // OpenSSH refuses a file with such a line for every host.
  EXPECT_THAT(problem("Host n2\n Port x"), HasSubstr("config:2"));
}

TEST(Config, LeavesToOpenSshWhatItDoesNotKnow) {
  EXPECT_EQ(route("IdentityFile %x").needs_openssh, "IdentityFile at config:1");
  EXPECT_EQ(route("IdentityFile ${CLUSTER_TEST_NOTHING}/a").needs_openssh,
            "IdentityFile at config:1");
  EXPECT_EQ(route("Host n2\nNewest yes").needs_openssh, "'newest' at config:2");
  EXPECT_EQ(route("IgnoreUnknown new*\nHost n2\nNewest yes").needs_openssh, "");
}

TEST(Config, LeavesOtherWaysToLogInToOpenSsh) {
  EXPECT_EQ(route("PreferredAuthentications gssapi-with-mic,publickey").needs_openssh, "");
  EXPECT_EQ(route("PreferredAuthentications hostbased").needs_openssh,
            "PreferredAuthentications at config:1");
  EXPECT_EQ(route("PubkeyAuthentication no").needs_openssh, "PubkeyAuthentication at config:1");
  auto me = kMe;
  me.has_ticket = true;
  const ConfigFolders folders{.home = me.home, .includes = "/home/me/.ssh"};
  const auto with_ticket = [&](const std::string& text) {
    return Config(parse_config(text, "config", folders)).route({"n1", "", 0, ""}, me).needs_openssh;
  };
  EXPECT_EQ(with_ticket("GSSAPIAuthentication yes"), "GSSAPIAuthentication at config:1");
  EXPECT_EQ(with_ticket("GSSAPIAuthentication no"), "");
}

TEST(Config, LeavesTheEnvironmentToOpenSshWhereItIsNotTheUsual) {
  setenv("CLUSTER_TEST_SENT", "1", 1);
  EXPECT_EQ(route("SendEnv LANG LC_*").needs_openssh, "");
  EXPECT_EQ(route("SendEnv LANG CLUSTER_TEST_*").needs_openssh, "SendEnv at config:1");
  unsetenv("CLUSTER_TEST_SENT");
  EXPECT_EQ(route("SendEnv CLUSTER_TEST_*").needs_openssh, "");
  setenv("LC_CLUSTER_TEST", "1", 1);  // servers that take LC_* take what is no language, too
  EXPECT_EQ(route("SendEnv LANG LC_*").needs_openssh, "SendEnv at config:1");
  unsetenv("LC_CLUSTER_TEST");
}

TEST(Config, TheInventoryWinsWhateverTheFileSays) {
  std::mt19937 random(73);
  const std::vector<std::string> lines{"Port 1", "User a",     "HostName x",   "Host n1",
                                       "Host *", "Host !n1 *", "Match all",    "Host n?",
                                       "",       "# a note",   "HostName %h.", "IdentitiesOnly no"};
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (auto count = random() % 8; count > 0; --count)
      text += lines[random() % lines.size()] + "\n";
    const auto mine = route(text, Target{"n1", "10.1.1.5", 2222, "root"});
    EXPECT_EQ(mine.name, "n1") << text;
    EXPECT_EQ(place(mine), "'10.1.1.5' port 2222") << text;
    EXPECT_EQ(mine.user, "root") << text;
    EXPECT_THAT(mine.known_names, ElementsAre("[10.1.1.5]:2222", "[n1]:2222")) << text;
    const auto other = route(text);
    EXPECT_FALSE(other.address.empty()) << text;
    EXPECT_FALSE(other.user.empty()) << text;
    EXPECT_TRUE(other.port == 22 || other.port == 1) << text;
  }
}

class ConfigFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((dir_.path() / name).parent_path());
    std::ofstream(dir_.path() / name) << text;
    return dir_.path() / name;
  }

  // Reads the file `config` alone.
  int port_of(const std::string& name) const {
    const Operator me{
        .user = "me", .home = dir_.path(), .config = dir_.path() / "config", .agent_socket = ""};
    return Config::read(me).route({name, "", 0, ""}, me).port;
  }

  const TempDir dir_;
};

TEST_F(ConfigFiles, IncludeOthers) {
  write("config", "Include conf.d/* ~/more\nHost n1\n Include inner\nPort 5\nHost *\n Port 9");
  write(".ssh/conf.d/1", "Host a\n Port 1\n");
  write(".ssh/conf.d/2", "Host b\n Port 2\n");
  write("more", "Host c\n Port 3");
  write(".ssh/inner", "Host d n1\n Port 4");
  EXPECT_EQ(port_of("a"), 1);
  EXPECT_EQ(port_of("b"), 2);
  EXPECT_EQ(port_of("c"), 3);
  EXPECT_EQ(port_of("n1"), 4);
  EXPECT_EQ(port_of("d"), 9);  // the Include counts for n1 only
}

TEST_F(ConfigFiles, MayNotIncludeThemselves) {
  const auto file = write("config", "Include " + (dir_.path() / "config").native());
  EXPECT_THROW(port_of("a"), Error);
}

TEST_F(ConfigFiles, MustExistWhenNamed) { EXPECT_THROW(port_of("a"), Error); }

TEST_F(ConfigFiles, NeedNotExistAtTheUsualPlace) {
  Operator me{.user = "me", .home = dir_.path(), .config = "", .agent_socket = ""};
  EXPECT_NO_THROW(Config::read(me));
  write(".ssh/config", "Port 2222");
  EXPECT_EQ(Config::read(me).route({"n1", "", 0, ""}, me).port, 2222);
}

TEST_F(ConfigFiles, MustNotBeWritableByOthers) {
  const Operator me{.user = "me", .home = dir_.path(), .config = "", .agent_socket = ""};
  const auto file = write(".ssh/config", "Port 2222");
  std::filesystem::permissions(file, std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_THROW(Config::read(me), Error);
}

}  // namespace
}  // namespace cluster::ssh
