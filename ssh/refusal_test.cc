#include "ssh/refusal.h"

#include <gmock/gmock.h>

namespace cluster::ssh {
namespace {

using Lines = std::vector<std::string>;

TEST(Refusal, KnowsTheLastWordsOfSshd) {
  EXPECT_EQ(refusal_of_greeting("Not allowed at this time\r\n"), Refusal::penalty);
  EXPECT_EQ(refusal_of_greeting("Exceeded MaxStartups\r\n"), Refusal::momentary);
  EXPECT_EQ(refusal_of_greeting("SSH-2.0-OpenSSH_9.2\r\n"), Refusal::final);
  EXPECT_EQ(refusal_of_greeting("HTTP/1.1 400 Bad Request\r\n"), Refusal::final);
  EXPECT_EQ(refusal_of_greeting(""), Refusal::final);
}

TEST(Refusal, OfSshBeforeTheVersionIsMomentary) {
  const Lines closed{"kex_exchange_identification: Connection closed by remote host",
                     "Connection closed by 127.0.0.1 port 22"};
  const Lines reset{"kex_exchange_identification: read: Connection reset by peer",
                    "Connection reset by 127.0.0.1 port 22"};
  EXPECT_EQ(refusal_of_ssh(closed, "", false, false), Refusal::momentary);
  EXPECT_EQ(refusal_of_ssh(reset, "", false, false), Refusal::momentary);
  EXPECT_EQ(refusal_of_ssh({"ssh_exchange_identification: Connection closed by remote host"}, "",
                           false, false),
            Refusal::momentary);
}

TEST(Refusal, OfSshInTheKeyExchangeIsMomentary) {
  const Lines closed{"Connection closed by 127.0.0.1 port 22"};
  EXPECT_EQ(refusal_of_ssh(closed, "", true, false), Refusal::momentary);
  // Without the lines of debugging nobody knows how far it came.
  EXPECT_EQ(refusal_of_ssh(closed, "", false, false), Refusal::final);
}

TEST(Refusal, OfALoginIsFinal) {
  EXPECT_EQ(refusal_of_ssh({"Connection closed by 127.0.0.1 port 22"}, "", true, true),
            Refusal::final);
  EXPECT_EQ(refusal_of_ssh({"me@n1: Permission denied (publickey)."}, "", true, false),
            Refusal::final);
  EXPECT_EQ(refusal_of_ssh({}, "", true, false), Refusal::final);
}

TEST(Refusal, APenaltyIsSaidOfWhomItIsMeantFor) {
  EXPECT_TRUE(
      penalty_words("'n1' port 22").starts_with("the sshd at 'n1' port 22 turns this address"));
  EXPECT_TRUE(penalty_words("'n1' port 22", true)
                  .starts_with("the sshd at 'n1' port 22 turns the address of its jump host away"));
}

TEST(Refusal, OfAJumpHostIsReadFromItsOwnSsh) {
  const Lines log{"kex_exchange_identification: Connection closed by remote host",
                  "Connection closed by UNKNOWN port 65535"};
  const auto with = [&log](std::string_view err) { return refusal_of_ssh(log, err, false, false); };
  EXPECT_EQ(with("kex_exchange_identification: read: Connection reset by peer\r\n"
                 "Connection reset by 127.0.0.5 port 22\r\n"),
            Refusal::momentary);
  EXPECT_EQ(with(""), Refusal::momentary);  // the host behind it
  EXPECT_EQ(with("debug1: kex_exchange_identification: banner line 0: Not allowed at this time"),
            Refusal::penalty);
  EXPECT_EQ(with("me@gw: Permission denied (publickey).\r\n"), Refusal::final);
  EXPECT_EQ(with("Host key verification failed.\r\n"), Refusal::final);
  EXPECT_EQ(with("channel 0: open failed: connect failed: Connection refused\r\n"
                 "stdio forwarding failed\r\n"),
            Refusal::final);
  EXPECT_EQ(with("ssh: Could not resolve hostname gw: Name or service not known\r\n"),
            Refusal::final);
  EXPECT_EQ(with("sh: 1: nc: not found\n"), Refusal::final);
}

TEST(Refusal, OfAHostBehindAJumpHostThatHasABannerIsMomentary) {
  const Lines log{"kex_exchange_identification: Connection closed by remote host",
                  "Connection closed by UNKNOWN port 65535"};
  const std::string banner = "WELCOME TO ACME\r\nAuthorized use only\r\n";
  const auto with = [&](const std::string& last) {
    return refusal_of_ssh(log, banner + last, false, false, true);
  };
  EXPECT_EQ(with(""), Refusal::momentary);
  EXPECT_EQ(with("Connection closed by 127.0.0.5 port 22\r\n"), Refusal::momentary);
  EXPECT_EQ(with("me@gw: Permission denied (publickey).\r\n"), Refusal::final);
  EXPECT_EQ(with("channel 0: open failed: connect failed: Connection refused\r\n"
                 "stdio forwarding failed\r\n"),
            Refusal::final);
  EXPECT_EQ(with("ssh: connect to host gw port 22: Connection refused\r\n"), Refusal::final);
  EXPECT_EQ(with("Unable to negotiate with 127.0.0.5 port 22: no matching cipher\r\n"),
            Refusal::final);
  // Of another program nobody knows what its words mean.
  EXPECT_EQ(refusal_of_ssh(log, banner, false, false), Refusal::final);
}

}  // namespace
}  // namespace cluster::ssh
