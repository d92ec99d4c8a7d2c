// The private keys of the operator: which can be used, and why the others cannot.

#include "ssh/identity.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/text.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

class IdentityTest : public ::testing::Test {
 protected:
  // A new key of OpenSSH's own, with this passphrase.
  std::string make(const std::string& name, const std::string& passphrase = "") const {
    std::string path = dir_.path() / name;
    const auto command = "ssh-keygen -q -t ed25519 -N " + shell_word(passphrase) + " -f " +
                         shell_word(path) + " </dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
  }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = dir_.path() / name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path;
  }

  const TempDir dir_{};
  const LibSsh libssh_{};
  Identities identities_{libssh_};
};

TEST_F(IdentityTest, AKeyCanBeUsed) {
  const auto& identity = identities_.load(make("key"));
  EXPECT_NE(identity.key, nullptr);
  EXPECT_EQ(identity.problem, "");
  EXPECT_EQ(libssh_.ssh_key_type(identity.key.get()), SSH_KEYTYPE_ED25519);
}

TEST_F(IdentityTest, AKeyWithAPassphraseNeedsItsAgent) {
  const auto& identity = identities_.load(make("key", "secret words"));
  EXPECT_EQ(identity.key, nullptr);
  EXPECT_EQ(identity.problem, "has a passphrase (ssh-add it)");
}

TEST_F(IdentityTest, AKeyThatOthersCanReadIsRefused) {
  const auto path = make("key");
  std::filesystem::permissions(path, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  const auto& identity = identities_.load(path);
  EXPECT_EQ(identity.key, nullptr);
  EXPECT_EQ(identity.problem, "can be read by others (chmod 600 it)");
}

TEST_F(IdentityTest, AFileThatIsNoKeySaysSo) {
  EXPECT_EQ(identities_.load(write("text", "no key")).problem,
            "is no private key that can be read");
  EXPECT_EQ(identities_.load(write("empty", "")).problem, "is no private key that can be read");
}

TEST_F(IdentityTest, AFileThatIsNotThereIsNoProblem) {
  const auto& identity = identities_.load(dir_.path() / "none");
  EXPECT_EQ(identity.key, nullptr);
  EXPECT_EQ(identity.problem, "");
}

TEST_F(IdentityTest, APublicKeyAloneNamesAKeyOfTheAgent) {
  const auto path = make("key");
  std::filesystem::remove(path);
  const auto& identity = identities_.load(path);
  EXPECT_EQ(identity.key, nullptr);
}

TEST_F(IdentityTest, APublicKeyIsNoSecret) {
  const auto& identity = identities_.load(make("key") + ".pub");
  EXPECT_EQ(identity.problem, "is a public key, and no agent has the private one");
  EXPECT_NE(identity.public_base64, "");
}

TEST_F(IdentityTest, EachFileIsReadOnce) {
  const auto path = make("key");
  const auto* first = &identities_.load(path);
  std::filesystem::remove(path);
  EXPECT_EQ(&identities_.load(path), first);
  EXPECT_NE(first->key, nullptr);
}

}  // namespace
}  // namespace cluster::ssh
