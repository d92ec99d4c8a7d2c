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
  EXPECT_THAT(keys("@revoked\tn1 ssh-rsa AAA4", {"n1"}), ElementsAre("f:1 revoked AAA4"));
  EXPECT_THAT(keys(text, {"n1.example"}), ElementsAre("f:1 revoked AAA1", "f:2 authority AAA2"));
}

TEST(KnownHosts, SkipsOnlyTheLinesItCannotUse) {
  const std::string text = "n1\nn1 ssh-ed25519\nn1 ssh-newest AAA0\n@revoked\nn1 ssh-rsa AAA1";
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:5 AAA1"));
}

TEST(KnownHosts, ReadsLinesAsPeopleLeaveThem) {
  const std::string text =
      "  \tn1\t \tssh-ed25519  AAA1\r\n"           // blanks
      "n1 ssh-ed25519 AAA2 # a comment, of two\n"  // a comment
      "#n1 ssh-ed25519 AAA3\n"                     // a line that was taken out
      "n1,,n1 ssh-ed25519 AAA5\n"                  // an empty name, and one twice
      "n1 ssh-ed25519 AAA6";                       // no end of the line
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:1 AAA1", "f:2 AAA2", "f:4 AAA5", "f:5 AAA6"));
  EXPECT_THAT(keys(text, {""}), ElementsAre("f:4 AAA5"));
}

TEST(KnownHosts, ReadsNothingBehindANul) {
  const std::string text("n1 ssh-ed25519 AAA1\0,n2\nn2\0 ssh-ed25519 AAA2\n", 45);
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:1 AAA1"));
  EXPECT_THAT(keys(text, {"n2"}), IsEmpty());
}

TEST(KnownHosts, KnowsAddressesWithColons) {
  const std::string text = "fe80::1%eth0 ssh-rsa AAA1\n[2001:db8::5]:2222,::1 ssh-rsa AAA2";
  EXPECT_THAT(keys(text, {"fe80::1%eth0"}), ElementsAre("f:1 AAA1"));
  EXPECT_THAT(keys(text, {"fe80::1"}), IsEmpty());
  EXPECT_THAT(keys(text, {"[2001:db8::5]:2222"}), ElementsAre("f:2 AAA2"));
  EXPECT_THAT(keys(text, {"2001:db8::5"}), IsEmpty());
}

TEST(KnownHosts, LeavesOutWhatAPatternLeavesOutWhereverItStands) {
  const std::string text = "!n2,n* ssh-rsa AAA1\n!n1 ssh-rsa AAA2\nn?,!*1 ssh-rsa AAA3";
  EXPECT_THAT(keys(text, {"n1"}), ElementsAre("f:1 AAA1"));
  EXPECT_THAT(keys(text, {"n2"}), ElementsAre("f:3 AAA3"));
}

// A key of a line stands once, however many of the names it has.
TEST(KnownHosts, TellsALineOnce) {
  EXPECT_THAT(keys("n1,10.1.1.5 ssh-rsa AAA1", {"n1", "10.1.1.5", "n1"}), ElementsAre("f:1 AAA1"));
}

TEST(KnownHosts, NeedsNoFile) {
  EXPECT_THAT(KnownHosts({"/no/such/file"}).lookup({"n1"}), IsEmpty());
}

}  // namespace
}  // namespace cluster::ssh
