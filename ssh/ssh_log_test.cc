#include "ssh/ssh_log.h"

#include <gmock/gmock.h>

namespace cluster::ssh {
namespace {

using ::testing::ElementsAre;

TEST(SshLog, TellsHowFarItHasCome) {
  SshLog log;
  log.take("debug1: Authenticating to 127.0.0.1:22 as 'me'\r\ndebug1: SSH2_MSG_KEX");
  EXPECT_FALSE(log.has_sent_key_exchange());
  log.take("INIT sent\r\n");
  EXPECT_TRUE(log.has_sent_key_exchange());
  EXPECT_FALSE(log.has_begun_login());
  log.take("debug1: SSH2_MSG_SERVICE_ACCEPT received\r\n");
  EXPECT_TRUE(log.has_begun_login());
  EXPECT_FALSE(log.is_in());
  log.take("Authenticated to 127.0.0.1 ([127.0.0.1]:22) using \"publickey\".\r\n");
  EXPECT_TRUE(log.is_in());
  EXPECT_FALSE(log.has_started());
  log.take("debug1: Sending command: true\r\n");
  EXPECT_TRUE(log.has_started());
  EXPECT_THAT(log.said(), ElementsAre());
}

TEST(SshLog, TellsHowTheCommandEnded) {
  SshLog log;
  log.take("debug1: client_input_channel_req: channel 0 rtype exit-status reply 0\n");
  EXPECT_TRUE(log.has_status());
  EXPECT_FALSE(log.has_signal());
  log.take("debug1: client_input_channel_req: channel 0 rtype exit-signal reply 0\n");
  EXPECT_TRUE(log.has_signal());
}

TEST(SshLog, TellsTheKeyOfTheHost) {
  SshLog log;
  EXPECT_EQ(log.shown_key(), "");
  log.take("debug1: Server host key: ssh-ed25519 SHA256:abc\r\n");
  EXPECT_EQ(log.shown_key(), "ssh-ed25519 SHA256:abc");
  EXPECT_THAT(log.said(), ElementsAre());
}

TEST(SshLog, HearsAPenalty) {
  SshLog log;
  log.take("debug1: kex_exchange_identification: banner line 0: Not allowed at this time\n");
  EXPECT_TRUE(log.is_penalty());
}

TEST(SshLog, IsBounded) {
  SshLog log;
  log.take(std::string(100'000, 'x') + "\n");
  for (int i = 0; i < 10'000; ++i) log.take("line " + std::to_string(i) + "\n");
  EXPECT_EQ(log.said().size(), 64U);
  EXPECT_LT(log.said().front().size(), 5000U);
  EXPECT_EQ(log.said().back(), "line 9999");
}

}  // namespace
}  // namespace cluster::ssh
