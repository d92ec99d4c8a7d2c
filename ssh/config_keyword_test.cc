// What becomes of each keyword is a promise: one that reaches another host, trusts another key or
// logs in as somebody else is never passed over.

#include "ssh/config_keyword.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace cluster::ssh {
namespace {

void expect_use(Use use, std::initializer_list<const char*> keywords) {
  for (const auto* keyword : keywords) EXPECT_EQ(keyword_row(lower(keyword)).use, use) << keyword;
}

TEST(Keyword, ThatReachesAnotherHostNeedsOpenSsh) {
  expect_use(Use::openssh,
             {"AddressFamily", "BindAddress", "BindInterface", "CanonicalizeHostname",
              "CanonicalizePermittedCNAMEs", "ProxyCommand", "ProxyJump", "ProxyUseFdpass"});
}

TEST(Keyword, ThatTrustsOtherKeysNeedsOpenSsh) {
  expect_use(Use::openssh, {"CASignatureAlgorithms", "CheckHostIP", "HostKeyAlgorithms",
                            "KnownHostsCommand", "RequiredRSASize", "RevokedHostKeys",
                            "VerifyHostKeyDNS", "KexAlgorithms", "Ciphers", "MACs"});
}

TEST(Keyword, ThatLogsInOtherwiseNeedsOpenSsh) {
  expect_use(Use::openssh,
             {"CertificateFile", "GSSAPIKeyExchange", "HostbasedAuthentication", "PKCS11Provider",
              "PubkeyAcceptedAlgorithms", "SecurityKeyProvider", "SetEnv"});
}

TEST(Keyword, ThatIsHonouredIsReadHere) {
  expect_use(Use::honoured,
             {"ConnectTimeout", "ControlPath", "GlobalKnownHostsFile", "GSSAPIAuthentication",
              "Host", "HostKeyAlias", "HostName", "IdentitiesOnly", "IdentityAgent", "IdentityFile",
              "IgnoreUnknown", "Include", "Match", "Port", "PreferredAuthentications",
              "PubkeyAuthentication", "SendEnv", "User", "UserKnownHostsFile"});
}

// A newer OpenSSH may have it, and then it has to be asked.
TEST(Keyword, ThatIsNotInTheTableIsUnknown) {
  expect_use(Use::unknown, {"", "UseKeychain", "Tag", "ObscureKeystrokeTiming", "ChannelTimeout",
                            "Hostnam", "HostNames", "RefuseConnection", "VersionAddendum", "zzz"});
}

TEST(Keyword, IsFoundInLowerCaseOnly) {
  EXPECT_EQ(keyword_row("proxyjump").spelled, "ProxyJump");
  EXPECT_EQ(keyword_row("ProxyJump").use, Use::unknown);
}

struct Older {
  const char* name;
  const char* present;
};

TEST(Keyword, OfAnOlderSpellingIsThePresentOne) {
  for (const auto& [name, present] :
       {Older{"dsaauthentication", "pubkeyauthentication"}, Older{"identityfile2", "identityfile"},
        Older{"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"},
        Older{"hostbasedkeytypes", "hostbasedacceptedalgorithms"},
        Older{"challengeresponseauthentication", "kbdinteractiveauthentication"},
        Older{"skeyauthentication", "kbdinteractiveauthentication"},
        Older{"tisauthentication", "kbdinteractiveauthentication"}}) {
    EXPECT_EQ(keyword_row(name).name, present) << name;
  }
}

}  // namespace
}  // namespace cluster::ssh
