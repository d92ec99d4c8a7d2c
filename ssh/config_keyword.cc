#include "ssh/config_keyword.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cluster::ssh {
namespace {

// The keywords of OpenSSH 9.2 with Debian's patches, sorted. A keyword that is not here goes to
// OpenSSH, so what a later one adds is never overlooked.
constexpr std::array kKeywords{
    Keyword{"addkeystoagent", "AddKeysToAgent", Use::comfort},
    Keyword{"addressfamily", "AddressFamily", Use::openssh},
    Keyword{"batchmode", "BatchMode", Use::comfort},
    Keyword{"bindaddress", "BindAddress", Use::openssh},
    Keyword{"bindinterface", "BindInterface", Use::openssh},
    Keyword{"canonicaldomains", "CanonicalDomains", Use::comfort},
    Keyword{"canonicalizefallbacklocal", "CanonicalizeFallbackLocal", Use::comfort},
    Keyword{"canonicalizehostname", "CanonicalizeHostname", Use::openssh},
    Keyword{"canonicalizemaxdots", "CanonicalizeMaxDots", Use::comfort},
    Keyword{"canonicalizepermittedcnames", "CanonicalizePermittedCNAMEs", Use::openssh},
    Keyword{"casignaturealgorithms", "CASignatureAlgorithms", Use::openssh},
    Keyword{"certificatefile", "CertificateFile", Use::openssh},
    Keyword{"checkhostip", "CheckHostIP", Use::openssh},
    Keyword{"cipher", "Cipher", Use::comfort},
    Keyword{"ciphers", "Ciphers", Use::openssh},
    Keyword{"clearallforwardings", "ClearAllForwardings", Use::comfort},
    Keyword{"compression", "Compression", Use::comfort},
    Keyword{"connectionattempts", "ConnectionAttempts", Use::comfort},
    Keyword{"connecttimeout", "ConnectTimeout", Use::honoured},
    Keyword{"controlmaster", "ControlMaster", Use::comfort},
    Keyword{"controlpath", "ControlPath", Use::honoured},
    Keyword{"controlpersist", "ControlPersist", Use::comfort},
    Keyword{"dynamicforward", "DynamicForward", Use::comfort},
    Keyword{"enableescapecommandline", "EnableEscapeCommandline", Use::comfort},
    Keyword{"enablesshkeysign", "EnableSSHKeysign", Use::comfort},
    Keyword{"escapechar", "EscapeChar", Use::comfort},
    Keyword{"exitonforwardfailure", "ExitOnForwardFailure", Use::comfort},
    Keyword{"fallbacktorsh", "FallBackToRsh", Use::comfort},
    Keyword{"fingerprinthash", "FingerprintHash", Use::comfort},
    Keyword{"forkafterauthentication", "ForkAfterAuthentication", Use::comfort},
    Keyword{"forwardagent", "ForwardAgent", Use::comfort},
    Keyword{"forwardx11", "ForwardX11", Use::comfort},
    Keyword{"forwardx11timeout", "ForwardX11Timeout", Use::comfort},
    Keyword{"forwardx11trusted", "ForwardX11Trusted", Use::comfort},
    Keyword{"gatewayports", "GatewayPorts", Use::comfort},
    Keyword{"globalknownhostsfile", "GlobalKnownHostsFile", Use::honoured},
    Keyword{"globalknownhostsfile2", "GlobalKnownHostsFile2", Use::comfort},
    Keyword{"gssapiauthentication", "GSSAPIAuthentication", Use::honoured},
    Keyword{"gssapiclientidentity", "GSSAPIClientIdentity", Use::comfort},
    Keyword{"gssapidelegatecredentials", "GSSAPIDelegateCredentials", Use::comfort},
    Keyword{"gssapikexalgorithms", "GSSAPIKexAlgorithms", Use::comfort},
    Keyword{"gssapikeyexchange", "GSSAPIKeyExchange", Use::openssh},
    Keyword{"gssapirenewalforcesrekey", "GSSAPIRenewalForcesRekey", Use::comfort},
    Keyword{"gssapiserveridentity", "GSSAPIServerIdentity", Use::comfort},
    Keyword{"gssapitrustdns", "GSSAPITrustDns", Use::comfort},
    Keyword{"hashknownhosts", "HashKnownHosts", Use::comfort},
    Keyword{"host", "Host", Use::honoured},
    Keyword{"hostbasedacceptedalgorithms", "HostbasedAcceptedAlgorithms", Use::comfort},
    Keyword{"hostbasedauthentication", "HostbasedAuthentication", Use::openssh},
    Keyword{"hostkeyalgorithms", "HostKeyAlgorithms", Use::openssh},
    Keyword{"hostkeyalias", "HostKeyAlias", Use::honoured},
    Keyword{"hostname", "HostName", Use::honoured},
    Keyword{"identitiesonly", "IdentitiesOnly", Use::honoured},
    Keyword{"identityagent", "IdentityAgent", Use::honoured},
    Keyword{"identityfile", "IdentityFile", Use::honoured},
    Keyword{"ignoreunknown", "IgnoreUnknown", Use::honoured},
    Keyword{"include", "Include", Use::honoured},
    Keyword{"ipqos", "IPQoS", Use::comfort},
    Keyword{"kbdinteractiveauthentication", "KbdInteractiveAuthentication", Use::comfort},
    Keyword{"kbdinteractivedevices", "KbdInteractiveDevices", Use::comfort},
    Keyword{"kexalgorithms", "KexAlgorithms", Use::openssh},
    Keyword{"knownhostscommand", "KnownHostsCommand", Use::openssh},
    Keyword{"localcommand", "LocalCommand", Use::comfort},
    Keyword{"localforward", "LocalForward", Use::comfort},
    Keyword{"loglevel", "LogLevel", Use::comfort},
    Keyword{"logverbose", "LogVerbose", Use::comfort},
    Keyword{"macs", "MACs", Use::openssh},
    Keyword{"match", "Match", Use::honoured},
    Keyword{"nohostauthenticationforlocalhost", "NoHostAuthenticationForLocalhost", Use::comfort},
    Keyword{"numberofpasswordprompts", "NumberOfPasswordPrompts", Use::comfort},
    Keyword{"passwordauthentication", "PasswordAuthentication", Use::comfort},
    Keyword{"permitlocalcommand", "PermitLocalCommand", Use::comfort},
    Keyword{"permitremoteopen", "PermitRemoteOpen", Use::comfort},
    Keyword{"pkcs11provider", "PKCS11Provider", Use::openssh},
    Keyword{"port", "Port", Use::honoured},
    Keyword{"preferredauthentications", "PreferredAuthentications", Use::honoured},
    Keyword{"protocol", "Protocol", Use::comfort},
    Keyword{"protocolkeepalives", "ProtocolKeepAlives", Use::comfort},
    Keyword{"proxycommand", "ProxyCommand", Use::openssh},
    Keyword{"proxyjump", "ProxyJump", Use::openssh},
    Keyword{"proxyusefdpass", "ProxyUseFdpass", Use::openssh},
    Keyword{"pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms", Use::openssh},
    Keyword{"pubkeyauthentication", "PubkeyAuthentication", Use::honoured},
    Keyword{"rekeylimit", "RekeyLimit", Use::comfort},
    Keyword{"remotecommand", "RemoteCommand", Use::comfort},
    Keyword{"remoteforward", "RemoteForward", Use::comfort},
    Keyword{"requesttty", "RequestTTY", Use::comfort},
    Keyword{"requiredrsasize", "RequiredRSASize", Use::openssh},
    Keyword{"revokedhostkeys", "RevokedHostKeys", Use::openssh},
    Keyword{"rhostsauthentication", "RhostsAuthentication", Use::comfort},
    Keyword{"securitykeyprovider", "SecurityKeyProvider", Use::openssh},
    Keyword{"sendenv", "SendEnv", Use::honoured},
    Keyword{"serveralivecountmax", "ServerAliveCountMax", Use::comfort},
    Keyword{"serveraliveinterval", "ServerAliveInterval", Use::comfort},
    Keyword{"sessiontype", "SessionType", Use::comfort},
    Keyword{"setenv", "SetEnv", Use::openssh},
    Keyword{"setuptimeout", "SetupTimeOut", Use::comfort},
    Keyword{"stdinnull", "StdinNull", Use::comfort},
    Keyword{"streamlocalbindmask", "StreamLocalBindMask", Use::comfort},
    Keyword{"streamlocalbindunlink", "StreamLocalBindUnlink", Use::comfort},
    Keyword{"stricthostkeychecking", "StrictHostKeyChecking", Use::comfort},
    Keyword{"syslogfacility", "SyslogFacility", Use::comfort},
    Keyword{"tcpkeepalive", "TCPKeepAlive", Use::comfort},
    Keyword{"tunnel", "Tunnel", Use::comfort},
    Keyword{"tunneldevice", "TunnelDevice", Use::comfort},
    Keyword{"updatehostkeys", "UpdateHostKeys", Use::comfort},
    Keyword{"useblacklistedkeys", "UseBlacklistedKeys", Use::comfort},
    Keyword{"useprivilegedport", "UsePrivilegedPort", Use::comfort},
    Keyword{"user", "User", Use::honoured},
    Keyword{"userknownhostsfile", "UserKnownHostsFile", Use::honoured},
    Keyword{"userknownhostsfile2", "UserKnownHostsFile2", Use::comfort},
    Keyword{"useroaming", "UseRoaming", Use::comfort},
    Keyword{"usersh", "UseRsh", Use::comfort},
    Keyword{"verifyhostkeydns", "VerifyHostKeyDNS", Use::openssh},
    Keyword{"visualhostkey", "VisualHostKey", Use::comfort},
    Keyword{"xauthlocation", "XAuthLocation", Use::comfort},
};
static_assert(std::ranges::is_sorted(kKeywords, {}, &Keyword::name));

using Name = std::pair<std::string_view, std::string_view>;

constexpr std::array kOlderNames{
    Name{"challengeresponseauthentication", "kbdinteractiveauthentication"},
    Name{"dsaauthentication", "pubkeyauthentication"},
    Name{"hostbasedkeytypes", "hostbasedacceptedalgorithms"},
    Name{"identityfile2", "identityfile"},
    Name{"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"},
    Name{"skeyauthentication", "kbdinteractiveauthentication"},
    Name{"tisauthentication", "kbdinteractiveauthentication"},
};

constexpr Keyword kUnknown{};

}  // namespace

const Keyword& keyword_row(std::string_view name) {
  const auto* older = std::ranges::find(kOlderNames, name, &Name::first);
  if (older != kOlderNames.end()) name = older->second;
  const auto* at = std::ranges::lower_bound(kKeywords, name, {}, &Keyword::name);
  return at != kKeywords.end() && at->name == name ? *at : kUnknown;
}

}  // namespace cluster::ssh
