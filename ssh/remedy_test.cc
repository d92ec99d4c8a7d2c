#include "ssh/remedy.h"

#include <gmock/gmock.h>

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string remedy_for(const std::string& complaint) { return login_remedy(login_ways(complaint)); }

TEST(LoginRemedy, IsForEachWayThatTheServerTakes) {
  EXPECT_EQ(remedy_for("root@n1: Permission denied (publickey)."),
            "; add one to ~/.ssh/authorized_keys there");
  EXPECT_EQ(remedy_for("root@n1: Permission denied (password,keyboard-interactive)."), "");
  EXPECT_THAT(remedy_for("root@n1: Permission denied (gssapi-with-mic,hostbased)."),
              AllOf(HasSubstr("kinit"), HasSubstr("HostbasedAuthentication yes"),
                    Not(HasSubstr("authorized_keys"))));
  EXPECT_THAT(remedy_for("root@n1: Permission denied (publickey,gssapi-keyex,gssapi-with-mic)."),
              AllOf(HasSubstr("authorized_keys"), HasSubstr("kinit"),
                    Not(HasSubstr("HostbasedAuthentication"))));
}

// Nothing is told of the ways: then a key may be one.
TEST(LoginRemedy, IsAKeyWhereNothingIsTold) {
  EXPECT_THAT(remedy_for("Too many authentication failures"), HasSubstr("authorized_keys"));
  EXPECT_THAT(login_remedy({}, "at gate"), HasSubstr("authorized_keys at gate"));
}

// The words before those of `ssh` may be of a server.
TEST(LoginRemedy, LooksAtTheLastBrackets) {
  EXPECT_EQ(remedy_for("Permission denied (hostbased); root@n1: Permission denied (publickey)."),
            "; add one to ~/.ssh/authorized_keys there");
  EXPECT_EQ(remedy_for("Permission denied (publickeys"), "");
}

std::string negotiation(const std::string& what, const std::string& offer) {
  return "Unable to negotiate with 10.0.0.1 port 22: no matching " + what +
         " found. Their offer: " + offer;
}

TEST(AlgorithmRemedy, NamesTheLine) {
  const std::string under = "; what helps in ~/.ssh/config, under `Host n1`: ";
  EXPECT_EQ(algorithm_remedy(negotiation("cipher", "3des-cbc"), "Host n1"),
            under + "Ciphers +3des-cbc");
  EXPECT_EQ(algorithm_remedy(negotiation("MAC", "hmac-md5,hmac-sha1-96"), "Host n1"),
            under + "MACs +hmac-sha1-96");
  EXPECT_EQ(algorithm_remedy(negotiation("key exchange method",
                                         "diffie-hellman-group1-sha1,diffie-hellman-group14-sha1"),
                             "Host n1"),
            under + "KexAlgorithms +diffie-hellman-group14-sha1");
  EXPECT_EQ(algorithm_remedy(negotiation("host key type", "ssh-dss,ssh-rsa"), "Host n1"),
            under + "HostKeyAlgorithms +ssh-rsa");
}

// The offer is in the server's own words, and only what OpenSSH has is repeated.
TEST(AlgorithmRemedy, RepeatsNothingThatIsNoAlgorithm) {
  for (const std::string offer : {"", "none", "\x1b[2J", "a b\nHost *", "3des-cbc "}) {
    EXPECT_EQ(algorithm_remedy(negotiation("cipher", offer), "Host n1"), "") << offer;
  }
  EXPECT_EQ(algorithm_remedy("Connection refused", "Host n1"), "");
  EXPECT_EQ(algorithm_remedy(negotiation("cipher", "\x1b,3des-cbc"), "Host n1"),
            "; what helps in ~/.ssh/config, under `Host n1`: Ciphers +3des-cbc");
}

}  // namespace
}  // namespace cluster::ssh
