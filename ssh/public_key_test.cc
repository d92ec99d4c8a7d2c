#include "ssh/public_key.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

// Made with `ssh-keygen -t ed25519`; the fingerprint is what `ssh-keygen -lf` said.
constexpr const char* kKey = "AAAAC3NzaC1lZDI1NTE5AAAAIEdPyeVcfABf3ufJTweQMUsoCEOmERpaqUZNmC16YKQq";

TEST(PublicKey, HasTheFingerprintOfSshKeygen) {
  EXPECT_EQ(fingerprint_of(kKey), "SHA256:qAbfz3nmjso5yV9WzV8nNZNNbkQ7ZQl7nm9dhuk0fJA");
  EXPECT_EQ(fingerprint_of("no base64!"), "");
}

TEST(PublicKey, SaysItsType) {
  EXPECT_TRUE(is_public_key("ssh-ed25519", kKey));
  EXPECT_FALSE(is_public_key("ssh-rsa", kKey));
  EXPECT_FALSE(is_public_key("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5"));
  EXPECT_FALSE(is_public_key("ssh-ed25519", "?"));
}

}  // namespace
}  // namespace cluster::ssh
