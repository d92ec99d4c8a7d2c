#include "ssh/known_hosts.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>

namespace cluster::ssh {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The keys that `text` gives to `names`, as "LINE MARK-OR-KEY".
std::vector<std::string> keys(const std::string& text, const std::vector<std::string>& names) {
  KnownHosts hosts({});
  hosts.add(text, "f");
  std::vector<std::string> found;
  for (const auto& key : hosts.lookup(names)) {
    const bool is_trusted = key.mark == KnownKey::Mark::trusted;
    const bool is_revoked = key.mark == KnownKey::Mark::revoked;
    found.push_back(key.where +
                    (is_trusted   ? " "
                     : is_revoked ? " revoked "
                                  : " authority ") +
                    key.base64);
  }
  return found;
}

TEST(KnownHosts, FindsPlainNames) {
  const std::string text =
      "# mine\n\nn1,10.1.1.5 ssh-ed25519 AAA1 comment\nn2\tssh-rsa   AAA2\r\n N1 ssh-rsa AAA3";
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:3 AAA1", "f:5 AAA3"));
  EXPECT_THAT(keys(text, {"10.1.1.5"}), ElementsAre("f:3 AAA1"));
  EXPECT_THAT(keys(text, {"n2", "10.1.1.5", "n1"}),
              ElementsAre("f:3 AAA1", "f:4 AAA2", "f:5 AAA3"));
  EXPECT_THAT(keys(text, {"n3"}), IsEmpty());
  EXPECT_THAT(keys(text, {"#"}), IsEmpty());
}

TEST(KnownHosts, KeepsPortsApart) {
  const std::string text = "[n1]:2222 ssh-ed25519 AAA1\nn1 ssh-ed25519 AAA2";
  EXPECT_THAT(keys(text, {"[n1]:2222"}), ElementsAre("f:1 AAA1"));
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:2 AAA2"));
}

TEST(KnownHosts, KnowsPatterns) {
  const std::string text = "vm-*,!vm-2 ssh-ed25519 AAA1\n[10.1.?.*]:22* ssh-ed25519 AAA2";
  EXPECT_THAT(keys(text, {"vm-1"}), ElementsAre("f:1 AAA1"));
  EXPECT_THAT(keys(text, {"vm-2"}), IsEmpty());
  EXPECT_THAT(keys(text, {"[10.1.1.5]:2222"}), ElementsAre("f:2 AAA2"));
}

// Lines made with `ssh-keygen -H` for "node-1" and "[node-1]:2222".
TEST(KnownHosts, KnowsHashedNames) {
  const std::string text =
      "|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjycXU= ssh-ed25519 AAA1\n"
      "|1|CBTA5DhzUCcZwecggNs+HubFpis=|s1aka5FWJcMsUBfZC/n6dnVdcyw= ssh-ed25519 AAA2\n"
      "|1|damaged|hash ssh-ed25519 AAA3\n|2|x|y ssh-ed25519 AAA4";
  EXPECT_THAT(keys(text, {"node-1"}), ElementsAre("f:1 AAA1"));
  EXPECT_THAT(keys(text, {"[node-1]:2222"}), ElementsAre("f:2 AAA2"));
  EXPECT_THAT(keys(text, {"node-2"}), IsEmpty());
}

TEST(KnownHosts, KnowsMarkers) {
  const std::string text =
      "@revoked * ssh-ed25519 AAA1\n@cert-authority *.example ssh-rsa AAA2\n@new n1 ssh-rsa AAA3";
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:1 revoked AAA1"));
  EXPECT_THAT(keys(text, {"n1.example"}), ElementsAre("f:1 revoked AAA1", "f:2 authority AAA2"));
}

TEST(KnownHosts, SkipsOnlyTheLinesItCannotUse) {
  const std::string text = "n1\nn1 ssh-ed25519\nn1 ssh-newest AAA0\n@revoked\nn1 ssh-rsa AAA1";
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:5 AAA1"));
}

TEST(KnownHosts, NeedsNoFile) {
  EXPECT_THAT(KnownHosts({"/no/such/file"}).lookup({"n1"}), IsEmpty());
}

}  // namespace
}  // namespace cluster::ssh
