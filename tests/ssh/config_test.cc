// The reader of ssh_config is held against `ssh -G`: what OpenSSH makes of a file is what counts.
// This file passes 400 lines on purpose: most of it is one list of configurations.
#include "ssh/config.h"

#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "tests/ssh/server.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

using Said = std::map<std::string, std::vector<std::string>>;

// What `ssh -G` prints, by keyword; nothing when it refuses the file.
std::optional<Said> told_by_ssh(const std::string& file, const Target& target) {
  std::string command = "ssh -G -F " + shell_word(file);
  if (!target.address.empty()) command += " -o HostName=" + shell_word(target.address);
  if (target.port != 0) command += " -p " + std::to_string(target.port);
  if (!target.user.empty()) command += " -l " + shell_word(target.user);
  command += " -- " + shell_word(target.name) + " 2>/dev/null </dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  const int status = pclose(pipe);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  Said said;
  for (const auto line : split(text, '\n')) {
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    said[lower(line.substr(0, blank))].emplace_back(line.substr(blank + 1));
  }
  return said;
}

// Settings with which a host has to go through OpenSSH, unless they are as ssh has them by itself.
constexpr const char* kOnlyOpenSsh[]{"addressfamily",
                                     "bindaddress",
                                     "bindinterface",
                                     "canonicalizehostname",
                                     "casignaturealgorithms",
                                     "certificatefile",
                                     "checkhostip",
                                     "ciphers",
                                     "hostbasedauthentication",
                                     "hostkeyalgorithms",
                                     "kexalgorithms",
                                     "knownhostscommand",
                                     "macs",
                                     "pkcs11provider",
                                     "proxycommand",
                                     "proxyjump",
                                     "proxyusefdpass",
                                     "pubkeyauthentication",
                                     "requiredrsasize",
                                     "revokedhostkeys",
                                     "pubkeyacceptedalgorithms",
                                     "securitykeyprovider",
                                     "setenv",
                                     "verifyhostkeydns"};

class AsSshG : public ::testing::Test {
 protected:
  AsSshG() {
    const passwd* entry = getpwuid(getuid());
    me_ = {.user = entry->pw_name,
           .home = entry->pw_dir,
           .config = dir_.path() / "config",
           .agent_socket = "/run/an-agent",
           .has_ticket = false};
    write("empty", "");
    write("more", "Host n1\n  User of-more\nHost *\n  Port 77\n");
    write("d/1.conf", "IdentityFile /of/1\n");
    write("d/2.conf", "Match originalhost n2\n  IdentityFile /of/2\n");
    usual_ = *told_by_ssh(dir_.path() / "empty", {"n1", "", 0, ""});
  }

  void write(const std::string& name, const std::string& text) const {
    const auto file = dir_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    write_file(file, text);
    std::filesystem::permissions(file, std::filesystem::perms(0600));
  }

  // `text` with @ for the folder of the test, as ssh and as this house read it for `target`.
  void compare(std::string text, const Target& target) {
    for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
      text.replace(at, 1, dir_.path().native());
    }
    SCOPED_TRACE(text + "\nfor " + target.name);
    write("config", text);
    const auto said = told_by_ssh(me_.config, target);
    std::optional<Route> route;
    try {
      route = Config::read(me_).route(target, me_);
    } catch (const Error& error) {
      EXPECT_FALSE(said) << "ssh reads it, but: " << error.what();
      return;
    }
    if (!said) {
      EXPECT_NE(route->needs_openssh, "") << "ssh refuses it";
      return;
    }
    if (std::ranges::any_of(kOnlyOpenSsh, [&](const char* key) { return differs(*said, key); })) {
      EXPECT_NE(route->needs_openssh, "");
    }
    if (!route->needs_openssh.empty()) {
      ++through_ssh_;
      return;
    }
    ++by_libssh_;
    EXPECT_EQ(route->address, one(*said, "hostname"));
    EXPECT_EQ(std::to_string(route->port), one(*said, "port"));
    EXPECT_EQ(route->user, one(*said, "user"));
    EXPECT_EQ(route->identities_only, one(*said, "identitiesonly") == "yes");
    EXPECT_EQ(route->identity_files, identities(*said, *route));
    EXPECT_EQ(route->agent_socket, agent(*said, *route));
    auto files = expanded(words(*said, "userknownhostsfile"), *said, *route);
    for (const auto& file : words(*said, "globalknownhostsfile")) files.push_back(file);
    EXPECT_EQ(route->known_hosts_files, files);
    const auto timeout = one(*said, "connecttimeout");
    EXPECT_EQ(route->connect_timeout.count(), timeout == "none" ? 0 : std::stoi(timeout));
    const auto alias = said->find("hostkeyalias");
    EXPECT_EQ(route->has_alias, alias != said->end());
    if (route->has_alias) {
      EXPECT_EQ(route->known_names.front(), lower(alias->second.front()));
    }
  }

  bool differs(const Said& said, const std::string& key) const {
    const auto here = said.find(key);
    const auto usual = usual_.find(key);
    if (here == said.end() || usual == usual_.end()) {
      return here != said.end() && here->second.front() != "none";
    }
    return here->second != usual->second;
  }

  static std::string one(const Said& said, const std::string& key) {
    const auto at = said.find(key);
    return at == said.end() ? "" : at->second.front();
  }
  static std::vector<std::string> words(const Said& said, const std::string& key) {
    std::vector<std::string> found;
    const auto line = one(said, key);
    for (const auto word : split(line, ' ')) {
      if (lower(word) != "none") found.emplace_back(word);
    }
    return found;
  }

  std::vector<std::string> identities(const Said& said, const Route& route) const {
    std::vector<std::string> found;
    for (const auto& file : said.at("identityfile")) {
      const bool is_old = file == "~/.ssh/id_dsa" || file == "~/.ssh/id_xmss";  // off by default
      if (lower(file) != "none" && !is_old) found.push_back(file);
    }
    return expanded(found, said, route);
  }

  std::string agent(const Said& said, const Route& route) const {
    const auto word = one(said, "identityagent");
    if (word.empty() || word == "SSH_AUTH_SOCK") return me_.agent_socket;
    if (word == "none") return "";
    return expanded({word}, said, route).front();
  }

  // `ssh -G` prints these as they were written.
  std::vector<std::string> expanded(std::vector<std::string> texts, const Said& said,
                                    const Route& route) const {
    const auto alias = one(said, "hostkeyalias");
    const std::vector<std::pair<std::string, std::string>> all{
        {"%d", me_.home},
        {"%u", me_.user},
        {"%h", one(said, "hostname")},
        {"%n", route.name},
        {"%p", one(said, "port")},
        {"%r", one(said, "user")},
        {"%i", std::to_string(getuid())},
        {"%k", alias.empty() ? route.name : alias},
        {"${CONFIG_TEST}", "/of/environment"},
        {"${CONFIG_TEST_PERCENT}", "/of/%h"},
        {"%%", "%"}};
    for (auto& text : texts) {
      if (text.starts_with("~/")) text = me_.home + text.substr(1);
      for (const auto& [what, value] : all) {
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) {
          text.replace(at, what.size(), value);
        }
      }
    }
    return texts;
  }

  TempDir dir_;
  Operator me_;
  Said usual_;
  int by_libssh_ = 0;
  int through_ssh_ = 0;
};

// Each line of this list is a file; | ends a line.
constexpr const char* kWritten[]{
    "",
    "User a|Port 2200|HostName h.example",
    "Port=2200|User = a|HostName\th",
    "\"Port\" 2200|\"User\" \"a b\"",
    "= Port 2200",
    "Port == 22",
    "Port 22 23",
    "Port 22=23",
    "Port 22#3",
    "Port 22 # the usual",
    "Port ssh",
    "Port 0",
    "Port 65536",
    "Port",
    "Host n2|Port x",
    "Host n2|Port 22 23",
    "User a'b c'd",
    "User a\\ b",
    "User \"a\\\"b\"",
    "User 'a\\'b'",
    "User \"\"",
    "User \"a",
    "User a\"",
    "User $USER|HostName $HOME",
    "User %u",
    "uSER a|pORT 7",
    "User a\f",
    "  # note|\t|\tUser a   ",
    "Foo bar",
    "Host n2|Foo bar",
    "IgnoreUnknown foo*|Foo bar|Host n2|FooBar x",
    "Host n2|IgnoreUnknown foo*|Host n1|FooBar x",
    "Host n1|IgnoreUnknown foo*,Bar|Host n2|FooBar x|BAR y",
    "HostName %h.example",
    "HostName %%h",
    "HostName %n",
    "HostName BIG.Example|IdentityFile /k/%h",
    "HostName ::1",
    "HostName 0:0:0:0:0:0:0:1",
    "HostName 127.1|IdentityFile /%h",
    "HostName 127.1",
    "HostName 127.0.0.1|IdentityFile ~/%h-%p-%r-%n-%u-%i-%k-%%",
    "HostKeyAlias Node|UserKnownHostsFile /k/%k /k/%h",
    "UserKnownHostsFile /k/%k ~/k",
    "UserKnownHostsFile none",
    "UserKnownHostsFile none /x",
    "UserKnownHostsFile /x none",
    "UserKnownHostsFile ${CONFIG_TEST}/k",
    "GlobalKnownHostsFile /a /b|GlobalKnownHostsFile /c",
    "GlobalKnownHostsFile none",
    "GlobalKnownHostsFile /k/%h",
    "IdentityFile ~/a|IdentityFile /b|IdentityFile ~/a|Host n1|IdentityFile c",
    "IdentityFile none",
    "IdentityFile none|IdentityFile /b",
    "IdentityFile /a /b",
    "IdentityFile ${CONFIG_TEST}/id",
    "IdentityFile ${CONFIG_TEST_NOT_SET}/id",
    "IdentityFile ~root/id",
    "IdentityFile /k/%C",
    "IdentityFile /k/%L-%l",
    "IdentityFile /k/%z",
    "IdentityFile /k/%",
    "IdentityFile2 /old",
    "IdentitiesOnly yes",
    "IdentitiesOnly TRUE",
    "IdentitiesOnly true|IdentitiesOnly no",
    "IdentitiesOnly no",
    "IdentityAgent none",
    "IdentityAgent SSH_AUTH_SOCK",
    "IdentityAgent ~/agent|IdentityAgent /b",
    "IdentityAgent ${CONFIG_TEST}/agent",
    "IdentityAgent ${CONFIG_TEST_NOT_SET}",
    "IdentityAgent /a/%u-%r",
    "ConnectTimeout 5",
    "ConnectTimeout 1m30s",
    "ConnectTimeout none",
    "ConnectTimeout x",
    "Host n1 n2|Port 5|Host *|Port 6",
    "Host n? !n1|Port 5|Host !n2 *|Port 6",
    "Host N1|Port 5",
    "Host \"n1\" 'n2'|Port 5",
    "Host n1 # n2|Port 5",
    "Host \"\"|Port 5",
    "Host [n]1|Port 5",
    "Host|Port 5",
    "Match all|Port 5",
    "Match !all|Port 5",
    "Match host n1 all|Port 5",
    "Match all host n1|Port 5",
    "Match host n1|Port 5|Match host n2|Port 6",
    "Match host N1|Port 5",
    "HostName X.Y|Match host x.y|Port 5",
    "HostName x.y|Match host X.Y|Port 5",
    "HostName x|Match originalhost n1 host x|Port 5",
    "Match host=n1|Port 5",
    "Match host \"n1,n2\"|Port 5",
    "Match host 'n1'|Port 5",
    "Match !host n2,n3|Port 5",
    "Match host n*,!n1|Port 5",
    "Match user root|Port 5",
    "User a|Match user a|Port 5|Match user b|Port 6",
    "Match user r* localuser r*|Port 5",
    "Match localuser nobody|Port 5",
    "Match exec true|Port 5",
    "Match exec false|Port 5",
    "Match host n2 exec true|Port 5",
    "Match canonical|Port 5|Match !canonical|User x",
    "Match final|Port 5",
    "Match host n2 final|Port 5",
    "Match final all|Port 5",
    "Match host|Port 5",
    "Match nonsense x|Port 5",
    "Match host n2 nonsense x|Port 5",
    "Match|Port 5",
    "Match host n1 # note|Port 5",
    "Match user root|User x|Match user x|Port 5",
    "Include @/more|User a",
    "Include @/d/*.conf|IdentityFile /last",
    "Include @/none|User a",
    "Host n2|Include @/more|Host n1|Include @/d/*.conf",
    "Match user root|Include @/more|Port 5|Host *|User z",
    "Include \"@/more\" @/d/1.conf",
    "Include @/config",
    "ProxyJump gate",
    "ProxyJump none|ProxyCommand nc %h %p",
    "ProxyCommand none|ProxyJump gate",
    "ProxyCommand false",
    "ProxyCommand no",
    "ProxyJump no",
    "BindAddress any",
    "ProxyCommand sh -c 'it",
    "Host n2|ProxyJump gate",
    "CertificateFile /c",
    "Ciphers aes128-ctr",
    "Ciphers +aes128-cbc",
    "MACs ^hmac-sha2-256",
    "KexAlgorithms -diffie-hellman*",
    "HostKeyAlgorithms +ssh-rsa",
    "PubkeyAcceptedAlgorithms +ssh-rsa",
    "PubkeyAcceptedKeyTypes +ssh-rsa",
    "CASignatureAlgorithms ssh-ed25519",
    "AddressFamily any",
    "AddressFamily inet",
    "BindAddress 127.0.0.1",
    "CanonicalizeHostname yes",
    "CanonicalizeHostname no",
    "CheckHostIP yes",
    "HostbasedAuthentication yes",
    "PubkeyAuthentication no",
    "PubkeyAuthentication yes",
    "DSAAuthentication no",
    "KnownHostsCommand /bin/echo %H",
    "RevokedHostKeys /krl",
    "RevokedHostKeys none",
    "PKCS11Provider /p.so",
    "SecurityKeyProvider /p.so",
    "SecurityKeyProvider internal",
    "SetEnv A=b",
    "VerifyHostKeyDNS ask",
    "RequiredRSASize 4096",
    "Compression yes|LogLevel DEBUG3|ServerAliveInterval 5|ForwardAgent yes|RequestTTY force",
    "RemoteCommand uptime|SessionType none|StdinNull yes|AddKeysToAgent 1h|UpdateHostKeys ask",
    "HashKnownHosts yes|StrictHostKeyChecking accept-new|NoHostAuthenticationForLocalhost yes",
    "Protocol 2|Cipher 3des|UseRoaming no|KbdInteractiveAuthentication no|BatchMode yes",
    "ControlMaster auto|ControlPersist 10m|ControlPath /nowhere/%C",
    "User ${LOGNAME}",
    "Include ${CONFIG_TEST}/more",
    "Include @/%n|Port 5",
    "Include @|Include @/d|Port 5",
    "IdentityFile ${CONFIG_TEST_PERCENT}/%n",
    "GlobalKnownHostsFile ~/k ~root/k",
    "UserKnownHostsFile @/d",
    "Port 022",
    "Port +22",
    "Port \" 22\"",
    "Port 00000000000000000000022",
    "Port ++22",
    "Host #|Port 5",
    "Host # nobody|Port 5|Host *|Port 6",
    "SendEnv #|Include # none|UserKnownHostsFile #x|GlobalKnownHostsFile #|LogVerbose #",
    "CanonicalDomains #|SetEnv #",
    "IdentityFile #",
    "IgnoreUnknown #",
    "ConnectTimeout NONE",
    "CanonicalizePermittedCNAMEs none",
    "CanonicalizePermittedCNAMEs a",
    "Host !n2|Port 5",
    "Host !n2 n1|Port 5",
    "Host n1,n2|Port 5",
    "Host \"n1 n2\"|Port 5",
    "Host =n1|Port 5",
    "Host n1\\|Port 5",
    "Host n1#x|Port 5",
    "Host !!n1|Port 5",
    "Host * !*|Port 5",
    "Match host n1,!n1|Port 5",
    "Match host !n2|Port 5",
    "Match host  n1  user  *|Port 5",
    "Match HOST n1|Port 5",
    "Match \"host\" n1|Port 5",
    "Match host \"\"|Port 5",
    "Match all #x y|Port 5",
    "Match tagged x|Port 5",
    "Match localnetwork 127.0.0.0/8|Port 5",
    "Host n2|Match host n1|Port 5",
    "HostName a.b.|User x",
    "HostName ::ffff:1.2.3.4",
    "HostName 010.1.1.1",
    "HostName 2130706433",
    "HostName fe80::1%%lo",
    "User a;b`c$d",
    "User \"\"|User x",
    "User =x",
    "User \"x\\\\\"",
    "User x\"y z\"w'u v'",
    "IdentityFile relative/id",
    "IdentityFile %d/%k|HostKeyAlias B",
    "IdentityFile NONE|IdentityFile x",
    "HostKeyAlias \"a b\"",
    "HostKeyAlias none",
    "IdentityAgent NONE",
    "IdentityAgent ssh_auth_sock",
    "ConnectTimeout 1w1d",
    "ConnectTimeout 5s5",
    "PreferredAuthentications password,publickey",
    "IgnoreUnknown UseKeychain|UseKeychain yes|AddKeysToAgent yes",
    "Host *|UseKeychain yes",
    "IgnoreUnknown !foo,*|Foo 1",
    "ProxyJump a|ProxyJump none",
    "ProxyJump a,none",
    "ProxyCommand none|ProxyJump none|ProxyJump a",
    "ControlMaster auto|ControlPath ~/.ssh/%r-%h-%p|ControlPersist yes",
    "StrictHostKeyChecking off|UserKnownHostsFile=/dev/null",
};

// What OpenSSH refuses for a value, wherever that stands; @ is not a folder here.
constexpr const char* kOdd[]{
    "AddKeysToAgent foo",
    "AddressFamily inet5",
    "CanonicalizePermittedCNAMEs a",
    "DynamicForward 0",
    "ForwardAgent \"\"",
    "GSSAPIKexAlgorithms none-such",
    "LocalForward 0 x:80",
    "LocalForward 80 x:99999",
    "PermitRemoteOpen x",
    "ServerAliveInterval NONE",
    "StreamLocalBindMask 1000",
    "BatchMode maybe",
    "CanonicalDomains -x",
    "CanonicalizeHostname none",
    "CanonicalizeMaxDots x",
    "Ciphers foo",
    "Ciphers aes128-ctr,foo",
    "Compression true",
    "Compression yes no",
    "ConnectTimeout 1x",
    "ControlMaster perhaps",
    "ControlPersist foo",
    "DynamicForward x",
    "EscapeChar foo",
    "FingerprintHash foo",
    "ForwardX11 maybe",
    "ForwardX11Timeout 1q",
    "GSSAPIAuthentication 1",
    "HashKnownHosts maybe",
    "HostKeyAlgorithms +foo",
    "IdentitiesOnly ask",
    "IPQoS foo",
    "IPQoS ef ef ef",
    "KexAlgorithms ^foo",
    "LocalForward x",
    "LocalForward 80 x",
    "LogLevel LOUD",
    "MACs foo",
    "NumberOfPasswordPrompts x",
    "PasswordAuthentication 0",
    "PubkeyAcceptedAlgorithms foo",
    "PubkeyAuthentication maybe",
    "RekeyLimit 3",
    "RekeyLimit 1M x",
    "RemoteForward x y",
    "RequestTTY foo",
    "RequiredRSASize x",
    "SendEnv a=b",
    "ServerAliveCountMax x",
    "ServerAliveInterval x",
    "SessionType foo",
    "StdinNull ask",
    "StreamLocalBindMask 9",
    "StrictHostKeyChecking foo",
    "SyslogFacility foo",
    "TCPKeepAlive foo",
    "Tunnel foo",
    "TunnelDevice foo",
    "UpdateHostKeys foo",
    "VerifyHostKeyDNS foo",
    "VisualHostKey foo",
    "HostbasedAuthentication x",
    "KbdInteractiveAuthentication x",
    "ConnectionAttempts 0",
    "ConnectionAttempts x",
};

// What people write, which needs no OpenSSH.
constexpr const char* kUsual[]{
    "AddKeysToAgent 1h",
    "AddKeysToAgent yes",
    "BatchMode YES",
    "CanonicalDomains a.example b-c.example",
    "CanonicalizeHostname FALSE",
    "CheckHostIP no",
    "Compression yes",
    "ConnectTimeout 1h30m",
    "ConnectionAttempts 1",
    "ControlPersist 4h",
    "DynamicForward 1080",
    "EscapeChar none",
    "EscapeChar ~",
    "FingerprintHash md5",
    "ForwardAgent /run/agent",
    "ForwardX11 yes",
    "HashKnownHosts true",
    "Host n2|Ciphers +aes128-cbc|KexAlgorithms +diffie-hellman-group1-sha1",
    "Host n2|HostKeyAlgorithms +ssh-rsa|MACs ^hmac-md5|PubkeyAcceptedAlgorithms -ssh-*",
    "IPQoS lowdelay throughput",
    "IPQoS none",
    "LocalForward 8080 web:80",
    "LocalForward [::1]:8080 /run/x.sock",
    "LogLevel quiet",
    "NumberOfPasswordPrompts 1",
    "RekeyLimit 1G 1h",
    "RekeyLimit default none",
    "RemoteForward 9000 localhost:9000",
    "RequestTTY force",
    "ServerAliveInterval 30|ServerAliveCountMax 4",
    "StrictHostKeyChecking accept-new",
    "SyslogFacility LOCAL3",
    "TCPKeepAlive no",
    "Tunnel no",
    "UpdateHostKeys ask",
    "User a|UserKnownHostsFile /k|PasswordAuthentication no",
};

TEST_F(AsSshG, AreFilesOfEachKind) {
  setenv("CONFIG_TEST", "/of/environment", 1);
  setenv("CONFIG_TEST_PERCENT", "/of/%h", 1);
  for (const std::string all : kWritten) {
    std::string text;
    for (const auto line : split(all, '|')) text += std::string(line) + "\n";
    compare(text, {"n1", "", 0, ""});
  }
  unsetenv("CONFIG_TEST");
  EXPECT_GT(by_libssh_, 60);
  EXPECT_GT(through_ssh_, 30);
}

TEST_F(AsSshG, AreValuesThatSshRefuses) {
  for (const std::string line : kOdd) {
    for (const std::string before : {"", "Host n2\n"}) {
      write("config", before + line + "\n");
      const bool counts_only_there = line.starts_with("ConnectionAttempts 0");
      if (!counts_only_there) {
        EXPECT_FALSE(told_by_ssh(me_.config, {"n1", "", 0, ""})) << line;
      }
      try {
        EXPECT_NE(Config::read(me_).route({"n1", "", 0, ""}, me_).needs_openssh, "") << line;
      } catch (const Error&) {
        SUCCEED() << "it is refused here";
      }
    }
  }
}

TEST_F(AsSshG, AreValuesThatNeedNoOpenSsh) {
  for (const std::string all : kUsual) {
    std::string text;
    for (const auto line : split(all, '|')) text += std::string(line) + "\n";
    const auto before = through_ssh_;
    compare(text, {"n1", "", 0, ""});
    EXPECT_EQ(through_ssh_, before) << text;
  }
}

TEST_F(AsSshG, AreFilesWithTheFieldsOfTheInventory) {
  for (const std::string text :
       {"", "HostName x|Port 1|User a", "Match host 10.1.1.5|IdentityFile /a",
        "Match host n1|IdentityFile /a", "Match user root|IdentityFile /a|Match user a|Port 9",
        "IdentityFile /%h-%p-%r-%n", "Host 10.1.1.5|IdentityFile /a"}) {
    std::string lines;
    for (const auto line : split(text, '|')) lines += std::string(line) + "\n";
    compare(lines, {"n1", "10.1.1.5", 2222, "root"});
    compare(lines, {"n1", "", 2222, ""});
    compare(lines, {"n1", "", 0, "a"});
  }
}

TEST_F(AsSshG, AreFilesThatChanceWrote) {
  const std::vector<std::string> lines{"User a",
                                       "User 'b c'",
                                       "Port 2200",
                                       "Port = 2201 # note",
                                       "HostName %h.x",
                                       "HostName Y",
                                       "IdentityFile /%h/%r",
                                       "IdentityFile ~/k-%n",
                                       "IdentitiesOnly yes",
                                       "IdentitiesOnly no",
                                       "Host n1",
                                       "Host n2 !n1",
                                       "Host *",
                                       "Host n? !n2",
                                       "Match all",
                                       "Match host n1,y",
                                       "Match user a",
                                       "Match !host y",
                                       "Match originalhost n2 user root",
                                       "Match !user a localuser *",
                                       "Match host *.x canonical",
                                       "Include @/more",
                                       "Include @/d/*.conf",
                                       "HostKeyAlias Z",
                                       "IdentityAgent none",
                                       "IdentityAgent /a/%h",
                                       "UserKnownHostsFile /k/%h /l",
                                       "GlobalKnownHostsFile none",
                                       "ConnectTimeout 2m",
                                       "# a note",
                                       "",
                                       "ProxyJump gate",
                                       "ProxyJump none",
                                       "Compression yes",
                                       "IgnoreUnknown x*",
                                       "Xyz 1",
                                       "Ciphers +aes128-cbc",
                                       "Match exec true"};
  std::mt19937 random(1311);
  for (int i = 0; i < 150; ++i) {
    std::string text;
    for (auto count = 1 + random() % 9; count > 0; --count) {
      text += std::string(random() % 3, ' ') + lines[random() % lines.size()] + "\n";
    }
    compare(text, {random() % 2 == 0 ? "n1" : "n2", random() % 4 == 0 ? "10.1.1.5" : "",
                   random() % 4 == 0 ? 2222 : 0, random() % 4 == 0 ? "root" : ""});
  }
  EXPECT_GT(by_libssh_, 40);
}

}  // namespace
}  // namespace cluster::ssh
