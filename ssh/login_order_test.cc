// The keys of a login come in the order of OpenSSH, or through OpenSSH.

#include "ssh/login_order.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "core/base64.h"
#include "core/file.h"
#include "core/text.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LoginOrder : public ::testing::Test {
 protected:
  std::string make(const std::string& name, const std::string& passphrase = "") const {
    std::string path = dir_.path() / name;
    const auto command = "ssh-keygen -q -t ed25519 -N " + shell_word(passphrase) + " -f " +
                         shell_word(path) + " </dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return path;
  }
  static AgentKey held(const std::string& path) {
    const auto text = read_file(path + ".pub").value();
    const auto words = split(text, ' ');
    return {std::string(words.at(0)), std::string(words.at(1))};
  }
  std::string order(const std::vector<std::string>& files, const std::vector<AgentKey>& keys,
                    bool only = false) {
    route_ = {};
    route_.identity_files = files;
    route_.agent_socket = "/agent";
    route_.identities_only = only;
    return order_login(route_, identities_, keys);
  }

  const TempDir dir_;
  const LibSsh libssh_{};
  Identities identities_{libssh_};
  Route route_;
};

TEST_F(LoginOrder, HasTheAgentFirst) {
  const auto a = make("a");
  const auto b = make("b");
  EXPECT_EQ(order({a}, {held(b)}), "");
  EXPECT_EQ(route_.agent_at, 0U);
  EXPECT_THAT(route_.identity_files, ElementsAre(a));
  EXPECT_EQ(order({a, b}, {held(b)}), "");  // and offers b once
  EXPECT_EQ(route_.agent_at, 0U);
  EXPECT_THAT(route_.identity_files, ElementsAre(a));
}

TEST_F(LoginOrder, HasTheChosenKeyOfTheAgentBeforeItsOthers) {
  const auto a = make("a");
  const auto b = make("b");
  const auto locked = make("locked", "secret");
  EXPECT_EQ(order({b}, {held(a), held(b)}), "");
  EXPECT_EQ(route_.agent_at, 1U);
  EXPECT_THAT(route_.identity_files, ElementsAre(b));
  EXPECT_EQ(order({locked}, {held(a), held(locked)}), "one of 2 keys of the agent");
  EXPECT_EQ(order({locked}, {held(locked), held(a)}), "");
  EXPECT_EQ(route_.agent_at, 0U);
}

TEST_F(LoginOrder, KnowsALockedKeyWithoutItsPublicHalfBeside) {
  const auto a = make("a");
  const auto locked = make("locked", "secret");
  const auto key = held(locked);
  std::filesystem::remove(locked + ".pub");
  EXPECT_EQ(order({locked}, {held(a), key}), "one of 2 keys of the agent");
}

TEST_F(LoginOrder, TakesAPublicKeyForTheChoiceOfOne) {
  const auto a = make("a");
  const auto b = make("b");
  EXPECT_EQ(order({b + ".pub"}, {held(a), held(b)}), "one of 2 keys of the agent");
  EXPECT_EQ(order({b + ".pub"}, {held(a), held(b)}, true), "IdentitiesOnly");
  EXPECT_EQ(order({b + ".pub"}, {held(b)}, true), "");
  EXPECT_EQ(route_.agent_at, 0U);
}

TEST_F(LoginOrder, AsksTheAgentOnlyForWhatWasNamed) {
  const auto a = make("a");
  const auto b = make("b");
  EXPECT_EQ(order({a}, {held(b)}, true), "");
  EXPECT_EQ(route_.agent_socket, "");
  EXPECT_EQ(order({a}, {held(b), held(a)}, true), "");
  EXPECT_EQ(route_.agent_socket, "");
  EXPECT_THAT(route_.identity_files, ElementsAre(a));
}

TEST_F(LoginOrder, LeavesCertificatesAndUnusualKeysToOpenSsh) {
  const auto a = make("a");
  EXPECT_THAT(order({a}, {{"ssh-ed25519-cert-v01@openssh.com", "AAAA"}}), HasSubstr("-cert-v01"));
  EXPECT_THAT(order({a}, {{"sk-ssh-ed25519@openssh.com", "AAAA"}}), HasSubstr("sk-ssh"));
  EXPECT_EQ(order({a}, {{"sk-ssh-ed25519@openssh.com", "AAAA"}}, true), "");
  const auto b = make("b");
  std::ofstream(b + "-cert.pub") << "ssh-ed25519-cert-v01@openssh.com AAAA\n";
  EXPECT_EQ(order({b}, {}), "the certificate " + b + "-cert.pub");
}

// Its private half is for OpenSSH alone. The test has none.
TEST_F(LoginOrder, LeavesASecurityKeyForTheEnd) {
  const auto a = make("a");
  const auto file = dir_.path() / "sk";
  const std::string type = "sk-ssh-ed25519@openssh.com";
  const auto text = [](const std::string& bytes) {
    return std::string{0, 0, 0, static_cast<char>(bytes.size())} + bytes;
  };
  const auto blob = text(type) + text(std::string(32, 'k')) + text("ssh:");
  std::ofstream(file) << "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  std::ofstream(file.native() + ".pub") << type << ' ' << base64(blob) << '\n';
  const std::string reason = "the security key " + file.native();
  EXPECT_EQ(order({a, file}, {}), "");
  EXPECT_EQ(route_.at_last, reason);
  EXPECT_EQ(order({file}, {held(a)}), "");
  EXPECT_EQ(route_.at_last, reason);
  EXPECT_EQ(order({file, a}, {}), reason);
  EXPECT_EQ(order({a}, {}), "");
  EXPECT_EQ(route_.at_last, "");
}

}  // namespace
}  // namespace cluster::ssh
