// What no OpenSSH refuses is told here; all else is left to the OpenSSH that is installed.
// tests/ssh/config_test.cc asks `ssh -G` about the same.

#include "ssh/config_check.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "ssh/config_keyword.h"

namespace cluster::ssh {
namespace {

// Reads "keyword word word": `''` is an empty word.
Setting line_of(std::string_view text) {
  Setting setting;
  for (const auto word : split(text, ' ')) {
    if (setting.keyword.empty()) {
      setting.keyword = word;
    } else {
      setting.words.emplace_back(word == "''" ? "" : word);
    }
  }
  setting.use = keyword_row(setting.keyword).use;
  return setting;
}

bool is_usual(std::string_view text) {
  const auto line = line_of(text);
  EXPECT_NE(line.use, Use::unknown) << text << ": no such keyword";
  return is_usual_value(line.keyword, line.words);
}

// A list of lines that are usual, and one of lines that are not.
struct Values {
  std::vector<const char*> usual;
  std::vector<const char*> unusual;

  void expect() const {
    for (const auto* line : usual) EXPECT_TRUE(is_usual(line)) << line;
    for (const auto* line : unusual) EXPECT_FALSE(is_usual(line)) << line;
  }
};

TEST(UsualValue, OfASwitchIsYesOrNoInAnyCase) {
  Values{{"batchmode yes", "batchmode NO", "checkhostip True", "hashknownhosts false"},
         {"batchmode on", "batchmode 1", "batchmode ''", "batchmode yes yes", "compression true"}}
      .expect();
}

TEST(UsualValue, OfAChoiceIsInItsList) {
  Values{{"addressfamily INET6", "controlmaster autoask", "loglevel Debug3", "requesttty force",
          "sessiontype none", "stricthostkeychecking accept-new", "syslogfacility local7",
          "tunnel point-to-point", "updatehostkeys ask", "verifyhostkeydns ask",
          "fingerprinthash md5", "pubkeyauthentication host-bound"},
         {"addressfamily ipv4", "controlmaster never", "loglevel debug4", "requesttty always",
          "sessiontype shell", "stricthostkeychecking new", "syslogfacility local8",
          "tunnel layer2", "updatehostkeys auto", "fingerprinthash sha1", "identitiesonly ask"}}
      .expect();
}

TEST(UsualValue, OfATimeHasUnitsBehindNumbers) {
  Values{{"connecttimeout 0", "connecttimeout 90", "connecttimeout 1m30s", "connecttimeout 1H2m",
          "connecttimeout none", "serveraliveinterval 2w", "controlpersist 4h",
          "controlpersist yes", "addkeystoagent 1h", "addkeystoagent ask"},
         {"connecttimeout m", "connecttimeout 1mm", "connecttimeout -1", "connecttimeout 1.5",
          "connecttimeout ''", "connecttimeout 99999999", "controlpersist none",
          "addkeystoagent yes 1h"}}
      .expect();
}

// OpenSSH compares this `none` as it is written.
TEST(UsualValue, OfATimeIsNoneInLowerCaseOnly) {
  Values{{"connecttimeout none", "forwardx11timeout none", "serveraliveinterval none"},
         {"connecttimeout NONE", "forwardx11timeout None", "serveraliveinterval nOne"}}
      .expect();
}

TEST(UsualValue, OfANumberIsOfDigits) {
  Values{{"canonicalizemaxdots 0", "connectionattempts 1", "numberofpasswordprompts 3",
          "requiredrsasize 2048", "serveralivecountmax 10"},
         {"connectionattempts 0", "connectionattempts 000", "connectionattempts 1 2",
          "numberofpasswordprompts -1", "requiredrsasize 0x800", "serveralivecountmax 1e3",
          "requiredrsasize 123456789"}}
      .expect();
}

TEST(UsualValue, OfOneWordIsNeitherMissingNorEmpty) {
  Values{{"hostname %h.example", "bindaddress *", "forwardagent $SSH_AUTH_SOCK",
          "certificatefile ~/.ssh/id-cert.pub"},
         {"hostname a b", "bindaddress ''", "forwardagent ''", "revokedhostkeys a b"}}
      .expect();
}

TEST(UsualValue, OfAlgorithmsHasNamesThatEachOpenSshKnows) {
  Values{{"ciphers aes256-ctr,aes128-gcm@openssh.com", "ciphers +3des-cbc",
          "macs ^hmac-sha2-256-etm@openssh.com", "kexalgorithms +diffie-hellman-group1-sha1",
          "hostkeyalgorithms ssh-ed25519,ssh-rsa", "pubkeyacceptedalgorithms +ssh-rsa"},
         {"ciphers aes256-ctr,", "ciphers arcfour", "ciphers aes256-ctr aes128-ctr",
          "macs hmac-ripemd160", "kexalgorithms mlkem768x25519-sha256",
          "hostkeyalgorithms +ssh-dss", "ciphers +"}}
      .expect();
}

// What is taken away may be a pattern, and of no known name.
TEST(UsualValue, OfAlgorithmsMayTakeAwayAnything) {
  Values{{"ciphers -*cbc", "kexalgorithms -nothing", "hostkeyalgorithms -ssh-*"}, {"ciphers -a -b"}}
      .expect();
}

TEST(UsualValue, OfAForwardNamesTwoEnds) {
  Values{{"localforward 8080 web:80", "localforward *:8080 web:80", "localforward [::1]:1 [::1]:2",
          "localforward /run/a.sock /run/b.sock", "remoteforward 9000 localhost:9000",
          "remoteforward 9000", "dynamicforward 1080", "dynamicforward [::1]:1080"},
         {"localforward 8080", "localforward 8080:web:80", "localforward 80 ::1:80",
          "localforward 80 web:http", "localforward 80 web:80 x", "remoteforward x y",
          "dynamicforward socks", "dynamicforward 1080 1081"}}
      .expect();
}

TEST(UsualValue, OfAForwardHasPortsThatThereAre) {
  Values{{"localforward 1 web:65535", "dynamicforward 65535", "remoteforward 0"},
         {"localforward 0 web:80", "localforward 80 web:0", "localforward 65536 web:80",
          "localforward 80 web:65536", "dynamicforward 0", "dynamicforward 99999",
          "remoteforward 99999999999999999999"}}
      .expect();
}

TEST(UsualValue, OfWhatMayBeForwardedIsHostsWithPorts) {
  Values{{"permitremoteopen any", "permitremoteopen none", "permitremoteopen web:80 db:*",
          "permitremoteopen *:443", "permitremoteopen [::1]:80"},
         {"permitremoteopen web", "permitremoteopen web:0", "permitremoteopen any web:80",
          "permitremoteopen web:65536"}}
      .expect();
}

TEST(UsualValue, OfARekeyLimitIsASizeAndATime) {
  Values{{"rekeylimit 1G", "rekeylimit 512m 1h", "rekeylimit default none", "rekeylimit 4096"},
         {"rekeylimit 3", "rekeylimit G", "rekeylimit none", "rekeylimit 1G 1h 1h",
          "rekeylimit 1G x", "rekeylimit 1T"}}
      .expect();
}

TEST(UsualValue, OfDomainsIsNamesWithoutPatterns) {
  Values{{"canonicaldomains a.example b-c.example", "canonicaldomains none"},
         {"canonicaldomains *.example", "canonicaldomains .example", "canonicaldomains -x",
          "canonicaldomains a..b", "canonicaldomains a ''"}}
      .expect();
}

TEST(UsualValue, OfPermittedNamesIsPairs) {
  Values{{"canonicalizepermittedcnames *.a:*.b,*.c d:e", "canonicalizepermittedcnames None"},
         {"canonicalizepermittedcnames a", "canonicalizepermittedcnames :b",
          "canonicalizepermittedcnames a:", "canonicalizepermittedcnames none a:b"}}
      .expect();
}

TEST(UsualValue, OfAMaskIsThreeOctalDigits) {
  Values{{"streamlocalbindmask 0", "streamlocalbindmask 0177", "streamlocalbindmask 0000777"},
         {"streamlocalbindmask 1000", "streamlocalbindmask 9", "streamlocalbindmask ''",
          "streamlocalbindmask 7 7"}}
      .expect();
}

TEST(UsualValue, OfTheSmallerKeywords) {
  Values{{"escapechar ~", "escapechar none", "ipqos lowdelay throughput", "ipqos AF21",
          "tunneldevice any:1", "sendenv LANG LC_*", "sendenv -LC_*"},
         {"escapechar ab", "escapechar ''", "ipqos fast", "ipqos ef ef ef", "tunneldevice tun0",
          "sendenv A=b", "gssapikexalgorithms gss-group14-sha1-"}}
      .expect();
}

// Whatever the words are, `ssh` takes them or reads no more than one.
TEST(UsualValue, OfAnyOtherKeywordIsAnything) {
  for (const auto* line : {"user ''", "identityfile a", "proxycommand nc %h %p", "setenv A=b",
                           "remotecommand tmux attach"}) {
    EXPECT_TRUE(is_usual(line)) << line;
  }
}

TEST(SwitchedOff, IsWhatChangesNothing) {
  for (const auto* line :
       {"proxyjump none", "proxyjump NONE", "proxycommand none", "certificatefile none",
        "revokedhostkeys None", "canonicalizepermittedcnames none", "canonicalizehostname no",
        "checkhostip false", "hostbasedauthentication No", "pubkeyauthentication no",
        "verifyhostkeydns no", "proxyusefdpass no", "gssapikeyexchange no", "addressfamily ANY",
        "securitykeyprovider internal"}) {
    EXPECT_TRUE(is_off(line_of(line))) << line;
  }
}

// "no" may be a jump host, a program or a file.
TEST(SwitchedOff, IsNoWordThatMeansSomething) {
  for (const auto* line :
       {"proxyjump no", "proxycommand no", "proxycommand none of it", "certificatefile no",
        "bindaddress any", "pkcs11provider internal", "addressfamily inet", "checkhostip yes",
        "canonicalizehostname always", "ciphers any", "pubkeyauthentication yes"}) {
    EXPECT_FALSE(is_off(line_of(line))) << line;
  }
}

}  // namespace
}  // namespace cluster::ssh
