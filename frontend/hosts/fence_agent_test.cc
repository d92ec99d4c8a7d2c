#include "frontend/hosts/fence_agent.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;

std::string why_not_fence(const std::string& value) {
  try {
    parse_fence(value, HostName("n1"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(FenceAgent, IsAnAgentWithItsOptions) {
  const auto device = parse_fence(
      "fence_ipmilan ip=bmc-{host}.{host} username='a b' password_file=/etc/bmc lanplus=1",
      HostName("n1"));
  EXPECT_EQ(device.agent, "fence_ipmilan");
  EXPECT_EQ(device.options, (std::map<std::string, std::string>{
                                {"ip", "bmc-n1.n1"}, {"username", "a b"}, {"lanplus", "1"}}));
  EXPECT_EQ(device.secrets,
            (std::map<std::string, std::filesystem::path>{{"password", "/etc/bmc"}}));
}

TEST(FenceAgent, OptionsOfFilesThatAreNoSecretsStayOptions) {
  const auto device = parse_fence("fence_dummy status_file=/run/x", HostName("n1"));
  EXPECT_EQ(device.options.at("status_file"), "/run/x");
  EXPECT_TRUE(device.secrets.empty());
}

TEST(FenceAgent, WhatIsNoneIsRefused) {
  for (const auto* value :
       {"", "ipmilan", "/bin/sh", "fence_", "fence_../sh", "fence_IPMI ip=a",
        "../fence_ipmilan ip=a", "fence_ipmilan ip", "fence_ipmilan =a", "fence_ipmilan IP=a",
        "fence_ipmilan ip=a; reboot", "fence_ipmilan ip=a\nfence_ipmilan ip=b",
        "fence_ipmilan 'ip=a\nb=c'", "fence_ipmilan action=off", "fence_ipmilan option=off"}) {
    EXPECT_THAT(why_not_fence(value), HasSubstr(":")) << value;
  }
}

// The name of an agent becomes the name of a file in /usr/sbin, and that of an option a line of
// what it reads.
TEST(FenceAgent, NamesAreSmallLettersDigitsAndUnderscores) {
  const std::string begins = "abcdefghijklmnopqrstuvwxyz";
  const auto taken = [](const std::string& value) { return why_not_fence(value).empty(); };
  for (int number = 0; number < 256; ++number) {
    // In quotes each byte is as it is; a quote is none of them.
    const std::string byte =
        number == '\'' ? "\\'" : "'" + std::string(1, static_cast<char>(number)) + "'";
    const bool first = begins.find(static_cast<char>(number)) != std::string::npos;
    const bool later = first || (number >= '0' && number <= '9') || number == '_';
    EXPECT_EQ(taken("fence_" + byte + "a ip=b"), later) << number;
    EXPECT_EQ(taken(byte + "ence_a ip=b"), number == 'f') << number;
    EXPECT_EQ(taken("fence_a " + byte + "p=b"), first) << number;
    // `p=q=b` is the option p.
    EXPECT_EQ(taken("fence_a p" + byte + "q=b"), later || number == '=') << number;
  }
}

TEST(FenceAgent, NoSecretIsAnOption) {
  for (const auto* name : {"password", "passwd", "snmp_priv_passwd", "snmp_auth_passwd",
                           "community", "api_token", "client_secret", "key_passphrase"}) {
    EXPECT_THAT(why_not_fence("fence_x " + std::string(name) + "=a"),
                HasSubstr(std::string(name) + "_file=PATH"));
  }
  EXPECT_THAT(why_not_fence("fence_x password_file=bmc"), HasSubstr("want a whole path"));
}

TEST(FenceAgent, NoOptionNamesAProgram) {
  for (const auto* name :
       {"password_script", "passwd_script", "ipmitool_path", "sudo_path", "ssh_cmd"}) {
    EXPECT_THAT(why_not_fence("fence_x " + std::string(name) + "=/tmp/a"),
                HasSubstr("names a program"));
  }
}

// fence_dummy of the distribution: its switch is a file.
class FenceDummyTest : public ::testing::Test {
 protected:
  PowerAnswer does(Power power, const std::string& more = "") {
    const auto device = parse_fence("fence_dummy type=file status_file=" + state + more, host);
    return switch_power(warden, device, power, std::chrono::seconds(60));
  }
  std::string failure(const std::string& more) {
    try {
      does(Power::status, more);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir folder;
  const HostName host{"n1"};
  const std::string state = folder.path() / "state";
  const std::string secret = folder.path() / "secret";
  ssh::Warden warden;
};

TEST_F(FenceDummyTest, SwitchesThePower) {
  EXPECT_EQ(does(Power::status).state, "off");
  EXPECT_EQ(does(Power::on).state, "");
  EXPECT_EQ(does(Power::status).state, "on");
  does(Power::off);
  EXPECT_EQ(does(Power::status).state, "off");
  does(Power::cycle);
  EXPECT_EQ(does(Power::status).state, "on");
}

TEST_F(FenceDummyTest, AnOptionThatItDoesNotKnowIsTold) {
  EXPECT_EQ(does(Power::status).warning, "");
  EXPECT_THAT(does(Power::status, " lanpls=1").warning, HasSubstr("lanpls"));
}

TEST_F(FenceDummyTest, ASecretIsItsOwnersAlone) {
  const auto option = " password_file=" + secret;
  EXPECT_THAT(failure(option), HasSubstr("No such file"));
  replace_file(secret, "sesame\n");
  EXPECT_THAT(failure(option), HasSubstr("chmod 600")) << "its mode is 0644";
  ::chmod(secret.c_str(), 0640);
  EXPECT_THAT(failure(option), HasSubstr("chmod 600"));
  ::chmod(secret.c_str(), 0600);
  EXPECT_EQ(failure(option), "");
  replace_file(secret, "\nsesame\n");
  ::chmod(secret.c_str(), 0600);
  EXPECT_THAT(failure(option), HasSubstr("empty"));
  EXPECT_THAT(failure(" password_file=/dev/null"), HasSubstr("it is no file"));
}

TEST_F(FenceDummyTest, FailsInTheWordsOfTheAgent) {
  try {
    switch_power(warden, parse_fence("fence_ipmilan username=a", host), Power::status,
                 std::chrono::seconds(60));
    FAIL() << "it has no address";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "fence_ipmilan: Failed: You have to enter fence address");
  }
}

TEST_F(FenceDummyTest, AnAgentThatIsNotThereIsNamed) {
  try {
    switch_power(warden, parse_fence("fence_of_nobody ip=a", host), Power::status,
                 std::chrono::seconds(60));
    FAIL() << "there is none";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::not_found);
    EXPECT_THAT(error.what(), HasSubstr("install fence-agents"));
  }
}

TEST_F(FenceDummyTest, WhatTakesTooLongIsEnded) {
  const auto device = parse_fence("fence_dummy type=file delay=60 status_file=" + state, host);
  try {
    switch_power(warden, device, Power::off, std::chrono::seconds(1));
    FAIL() << "it waits for a minute";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "fence_dummy did not end in 1 s: see action=status");
  }
  EXPECT_FALSE(read_file(state)) << "nothing was switched";
}

}  // namespace
}  // namespace cluster::frontend
