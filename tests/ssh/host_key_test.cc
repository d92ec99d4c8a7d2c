// Some host keys are trusted; the message about any other says what is wrong.
#include "core/text.h"
#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class HostKeys : public Server {
 protected:
  HostKeys() { start(); }

  // The name of the server in known_hosts.
  std::string name() const { return "[127.0.0.1]:" + std::to_string(port()); }
  std::string other_key() const {
    call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("other")});
    return without_comment(read_file(path("other.pub")));
  }
  std::string fingerprint() const {
    const auto line = call({"ssh-keygen", "-lf", path("host_key.pub")});
    return std::string(split(line, ' ').at(1));
  }
};

TEST_F(HostKeys, UnknownIsRefusedAndCanBeLearned) {
  know("");
  auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  EXPECT_THAT(answer.reply.reason,
              AllOf(HasSubstr("ssh-ed25519, " + fingerprint()),
                    HasSubstr("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")));

  const auto at = answer.reply.reason.find("ssh-keyscan");
  ASSERT_NE(at, std::string::npos) << answer.reply.reason;
  call({"sh", "-c", answer.reply.reason.substr(at)});
  answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

TEST_F(HostKeys, UnknownUnderItsAliasCanBeLearned) {
  configure("GlobalKnownHostsFile none\nHostKeyAlias node-1");
  auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  const auto at = answer.reply.reason.find("ssh-keyscan");
  ASSERT_NE(at, std::string::npos) << answer.reply.reason;
  call({"sh", "-c", answer.reply.reason.substr(at)});
  answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

TEST_F(HostKeys, ChangedIsRefusedAndCanBeForgotten) {
  know("# mine\n" + name() + " " + other_key());
  auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  EXPECT_THAT(answer.reply.reason, AllOf(HasSubstr(path(".ssh/known_hosts") + ":2"),
                                         HasSubstr(fingerprint()), HasSubstr("changed")));
  const auto at = answer.reply.reason.find("ssh-keygen -f");
  ASSERT_NE(at, std::string::npos) << answer.reply.reason;
  call({"sh", "-c", answer.reply.reason.substr(at)});
  EXPECT_THAT(run("true").reply.reason, HasSubstr("is not known"));
}

TEST_F(HostKeys, OfAnotherTypeIsRefused) {
  call({"ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", path("other")});
  know(name() + " " + without_comment(read_file(path("other.pub"))));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  EXPECT_THAT(answer.reply.reason, HasSubstr("is not the one in"));
}

TEST_F(HostKeys, RevokedIsRefusedEvenIfKnown) {
  know(name() + " " + host_key() + "\n@revoked * " + host_key());
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  EXPECT_THAT(answer.reply.reason, AllOf(HasSubstr("revoked by"), HasSubstr("known_hosts:2")));
}

// 127.0.0.1 may be the end of somebody's tunnel.
TEST_F(HostKeys, OfLocalhostAreCheckedWhateverTheFileSays) {
  know("");
  configure("NoHostAuthenticationForLocalhost yes\nGlobalKnownHostsFile none\nIdentityFile " +
            path(".ssh/id_ed25519") + "\nUserKnownHostsFile " + path(".ssh/known_hosts"));
  auto asked = target();
  for (const bool through_openssh : {false, true}) {
    asked.through_openssh = through_openssh;
    EXPECT_EQ(run(asked, "true").reply.end, End::host_key) << through_openssh;
  }
}

TEST_F(HostKeys, HashedIsKnown) {
  know(name() + " " + host_key());
  call({"ssh-keygen", "-q", "-H", "-f", path(".ssh/known_hosts")});
  ASSERT_THAT(read_file(path(".ssh/known_hosts")), HasSubstr("|1|"));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

TEST_F(HostKeys, KnownByNameIsEnough) {
  know("[n-127.0.0.1]:" + std::to_string(port()) + " " + host_key());
  EXPECT_EQ(run("true").reply.end, End::exited);
}

// The key under the address is the one that counts, as for `ssh`.
TEST_F(HostKeys, KnownByNameIsNotEnoughWhereTheAddressHasAnother) {
  const auto by_name = "[n-127.0.0.1]:" + std::to_string(port()) + " " + host_key() + "\n";
  know(by_name + name() + " " + other_key());
  EXPECT_EQ(run("true").reply.end, End::host_key);
}

TEST_F(HostKeys, KnownWithoutThePortIsEnoughWhereThePortHasNone) {
  know("127.0.0.1 " + host_key());
  EXPECT_EQ(run("true").reply.end, End::exited);
  know("127.0.0.1 " + host_key() + "\n" + name() + " " + other_key());
  EXPECT_EQ(run("true").reply.end, End::host_key);
}

// Many sshds behind the ports of one address: that of its port 22 says nothing of them.
TEST_F(HostKeys, OfAnotherPortIsNoAlarm) {
  know("127.0.0.1 " + other_key());
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  EXPECT_THAT(answer.reply.reason, HasSubstr("is not known"));
}

TEST_F(HostKeys, RevokedForThePortIsRefusedAlsoWhereItIsKnownWithoutIt) {
  know("@revoked " + name() + " " + host_key() + "\n127.0.0.1 " + host_key());
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::host_key);
  EXPECT_THAT(answer.reply.reason, HasSubstr("revoked by"));
}

TEST_F(HostKeys, UnknownTypeOnALineSkipsThatLineOnly) {
  know(name() + " ssh-newest AAAA\n" + name() + " " + host_key());
  EXPECT_EQ(run("true").reply.end, End::exited);
}

// OpenSSH takes no line whose key is of another type than it says, and reads nothing behind a NUL.
TEST_F(HostKeys, AreReadAsSshReadsThem) {
  const auto key = host_key();
  know(name() + " ssh-rsa " + key.substr(key.find(' ') + 1));
  EXPECT_EQ(run("true").reply.end, End::host_key);
  know(name() + " " + host_key() + std::string("\0x", 2));
  EXPECT_EQ(run("true").reply.end, End::exited);
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh") + " " +
            path(".ssh/known_hosts"));
  EXPECT_EQ(run("true").reply.end, End::exited) << "a folder has no keys";
}

// Of a host with two keys the one is asked for that is not revoked.
TEST_F(HostKeys, OfSeveralNoRevokedOneIsAskedFor) {
  call({"ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", path("ecdsa")});
  start("HostKey " + path("ecdsa"));
  know("@revoked * " + host_key() + "\n" + name() + " " + host_key() + "\n" + name() + " " +
       without_comment(read_file(path("ecdsa.pub"))));
  EXPECT_EQ(run("true").reply.end, End::exited);
}

// Only OpenSSH knows the keys of tokens.
TEST_F(HostKeys, OfATokenGoThroughSsh) {
  const std::string key =
      " sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIFRlc3RUZXN0VGVzdFRl"
      "c3RUZXN0VGVzdFRlc3RUZXN0VGVzdAAAAARzc2g6";
  for (const std::string& line : {"@cert-authority *" + key, name() + key}) {
    know(line);
    EXPECT_THAT(run("true").reply.reason, HasSubstr("ssh to 'n-127.0.0.1' (because of ")) << line;
  }
  know("@cert-authority *" + key + "\n" + name() + " " + host_key());
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519"));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
}

TEST_F(HostKeys, StandInTheGlobalFileToo) {
  know("");
  configure("GlobalKnownHostsFile " + path("global"));
  write_file(path("global"), name() + " " + host_key() + "\n");
  EXPECT_EQ(run("true").reply.end, End::exited);
}

// libssh would take the first type that the server has; only the known one proves anything.
TEST_F(HostKeys, OfSeveralTheKnownOneIsAskedFor) {
  for (const std::string type : {"ecdsa", "rsa"}) {
    call({"ssh-keygen", "-q", "-t", type, "-N", "", "-f", path(type)});
    start("HostKey " + path(type));
    know(name() + " " + without_comment(read_file(path(type + ".pub"))));
    const auto answer = run("true");
    EXPECT_EQ(answer.reply.end, End::exited) << type << ": " << answer.reply.reason;
  }
}

TEST_F(HostKeys, SignedByAnAuthorityGoThroughSsh) {
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("authority")});
  call({"ssh-keygen", "-q", "-s", path("authority"), "-I", "host", "-h", "-n", "127.0.0.2",
        path("host_key.pub")});
  start("HostCertificate " + path("host_key-cert.pub"));
  const auto authority = read_file(path("authority.pub"));
  know("@cert-authority [127.0.0.*]:* " + authority);
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519"));
  const auto answer = run(target("127.0.0.2"), "echo signed");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.out, "signed\n");
  EXPECT_EQ(run(target("127.0.0.3"), "true").reply.end, End::host_key);
}

// Many a site has an authority for some of its hosts, and the keys of the others.
TEST_F(HostKeys, KnownByNameIsEnoughBesideAnAuthorityOfAll) {
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("authority")});
  const auto authority = "@cert-authority * " + read_file(path("authority.pub"));
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519"));
  for (const auto& name : {"[n-127.0.0.1]:" + std::to_string(port()), std::string("n-127.0.0.1")}) {
    know(authority + name + " " + host_key());
    const auto answer = run("true");
    EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  }
  know(authority + "[n-127.0.0.1]:" + std::to_string(port()) + " " + other_key());
  EXPECT_EQ(run("true").reply.end, End::host_key);
  know(authority + "[n-127.0.0.1]:" + std::to_string(port()) + " " + host_key() + "\n@revoked * " +
       host_key());
  EXPECT_EQ(run("true").reply.end, End::host_key);
}

class InventoryKeys : public HostKeys {
 protected:
  InventoryKeys() {
    base_ = "GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519") + "\n";
    configure(base_);
  }
  static PublicKey as_key(const std::string& line) {
    const auto words = split(line, ' ');
    return {std::string(words.at(0)), std::string(trim(words.at(1)))};
  }
  Target with(const std::string& line) const {
    auto one = target();
    one.keys = {as_key(line)};
    return one;
  }
  Target asked(const std::string& config) {
    configure(base_ + config);
    auto one = target();
    one.shows_key = true;
    return one;
  }
  std::string base_;
};

// The two ways to a host: through libssh, and through `ssh`.
constexpr const char* kWays[]{"", "AddressFamily inet\n"};

TEST_F(InventoryKeys, AreEnoughWithoutKnownHosts) {
  know("");
  for (const std::string way : kWays) {
    configure(base_ + way);
    const auto answer = run(with(host_key()), "echo in");
    EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
    EXPECT_EQ(answer.out, "in\n");
  }
}

TEST_F(InventoryKeys, ComeBeforeKnownHosts) {
  const auto other = other_key();
  for (const std::string way : kWays) {
    configure(base_ + way);
    know(name() + " " + host_key());
    const auto refused = run(with(other), "true");
    EXPECT_EQ(refused.reply.end, End::host_key) << refused.reply.reason;
    know(name() + " " + other);
    EXPECT_EQ(run(with(host_key()), "true").reply.end, End::exited);
    know("@revoked * " + host_key());
    EXPECT_EQ(run(with(host_key()), "true").reply.end, End::host_key);
  }
}

TEST_F(InventoryKeys, OfTheOtherKindAreSaidWithBothFingerprints) {
  const auto other = with(other_key());
  const auto reason = run(other, "true").reply.reason;
  EXPECT_THAT(reason, AllOf(HasSubstr("not the one in the inventory"), HasSubstr(fingerprint()),
                            HasSubstr("cluster remove host key n-127.0.0.1")));
  configure(base_ + "AddressFamily inet");
  EXPECT_THAT(run(other, "true").reply.reason,
              AllOf(HasSubstr("not the one in the inventory"),
                    HasSubstr("cluster remove host key n-127.0.0.1")));
}

TEST_F(InventoryKeys, AreLearnedWithoutALogin) {
  know("");
  write_file(path("authorized_keys"), "");
  for (const std::string way : {"", "AddressFamily inet\n", "KexAlgorithms curve25519-sha256\n"}) {
    const auto answer = run(asked(way), "true");
    EXPECT_EQ(answer.reply.end, End::exited) << way << answer.reply.reason;
    EXPECT_EQ(answer.reply.key.type, "ssh-ed25519");
    EXPECT_EQ(answer.reply.key.base64, as_key(host_key()).base64);
    EXPECT_EQ(read_file(path(".ssh/known_hosts")), "\n");  // as it was
  }
}

// A key of another type, which `ssh` likes better, is no sign that the known one has changed.
TEST_F(InventoryKeys, OfOneTypeAreAskedForAgain) {
  know("");
  for (const std::string type : {"ecdsa", "rsa"}) {
    call({"ssh-keygen", "-q", "-t", type, "-N", "", "-f", path(type)});
    start("HostKey " + path(type));
    const auto known = as_key(read_file(path(type + ".pub")));
    for (const std::string way : kWays) {
      auto one = asked(way);
      one.keys = {known};
      const auto answer = run(one, "true");
      EXPECT_EQ(answer.reply.end, End::exited) << type << way << ": " << answer.reply.reason;
      EXPECT_EQ(answer.reply.key.base64, known.base64);
    }
  }
}

TEST_F(InventoryKeys, AreLearnedBehindAJumpHost) {
  know("[127.0.0.5]:" + std::to_string(port()) + " " + host_key());
  const auto answer =
      run(asked("Host n-127.0.0.1\n  ProxyJump 127.0.0.5:" + std::to_string(port())), "true");
  EXPECT_EQ(answer.reply.key.base64, as_key(host_key()).base64) << answer.reply.reason;
}

TEST_F(InventoryKeys, ThatChangedAreNotLearned) {
  const auto other = other_key();
  for (const std::string way : kWays) {
    auto one = asked(way);
    know("");
    one.keys = {as_key(other)};
    EXPECT_EQ(run(one, "true").reply.end, End::host_key);
    one.keys.clear();
    know(name() + " " + other);
    const auto answer = run(one, "true");
    EXPECT_EQ(answer.reply.end, End::host_key);
    EXPECT_EQ(answer.reply.key.base64, "");
  }
}

TEST_F(InventoryKeys, HostsGoThroughOpensshWhereTheyAreToldTo) {
  auto one = target();
  one.through_openssh = true;
  EXPECT_EQ(run(one, "echo in").out, "in\n");
  write_file(path("authorized_keys"), "");
  EXPECT_THAT(run(one, "true").reply.reason, HasSubstr("because of ssh_client=openssh"));
}

}  // namespace
}  // namespace cluster::ssh
