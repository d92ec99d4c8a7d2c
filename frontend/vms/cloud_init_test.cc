#include "frontend/vms/cloud_init.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <map>

#include "core/error.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;

constexpr const char* kKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@it's";

std::map<std::string, std::string> files_of(const GuestFacts& facts) {
  std::map<std::string, std::string> files;
  for (auto& [name, text] : cloud_init_files(facts)) files[name] = text;
  return files;
}

TEST(CloudInit, IsToldWhoItIs) {
  auto files = files_of({"c2177883-f1bb-47f0-914d-32a22e3a8804",
                         "yes",
                         std::string("# mine\n\n") + kKey + "\n",
                         "",
                         "",
                         "",
                         {}});
  EXPECT_EQ(files.size(), 2U);
  EXPECT_EQ(files["user-data"], "#cloud-config\n{}\n");
  EXPECT_EQ(files["meta-data"],
            "instance-id: \"c2177883-f1bb-47f0-914d-32a22e3a8804\"\n"
            "local-hostname: \"yes\"\n"
            "public-keys:\n"
            "  - \"" +
                std::string(kKey) + "\"\n");
}

TEST(CloudInit, SetsUpEachInterfaceByItsMac) {
  GuestFacts facts{"u", "v1", "", "#!/bin/sh\n", "10.1.0.1,fd00::1,10.2.0.1", "10.1.0.2", {}};
  facts.interfaces = {{"eth0", "52:54:00:00:00:01", parse_ip_addresses("10.1.0.5/24,fd00::5/64")},
                      {"eth1", "52:54:00:00:00:02", {}},
                      {"eth2", "52:54:00:00:00:03", parse_ip_addresses("10.2.0.5/24")}};
  auto files = files_of(facts);
  EXPECT_EQ(files["user-data"], "#!/bin/sh\n");
  const auto config = YAML::Load(files["network-config"]);
  EXPECT_EQ(config["version"].as<int>(), 2);
  const auto nets = config["ethernets"];
  EXPECT_EQ(nets["eth0"]["match"]["macaddress"].as<std::string>(), "52:54:00:00:00:01");
  EXPECT_EQ(nets["eth0"]["addresses"][1].as<std::string>(), "fd00::5/64");
  EXPECT_EQ(nets["eth0"]["routes"].size(), 2U);
  EXPECT_EQ(nets["eth0"]["routes"][0]["to"].as<std::string>(), "0.0.0.0/0");
  EXPECT_EQ(nets["eth0"]["routes"][1]["via"].as<std::string>(), "fd00::1");
  EXPECT_EQ(nets["eth0"]["nameservers"]["addresses"][0].as<std::string>(), "10.1.0.2");
  EXPECT_FALSE(nets["eth0"]["dhcp4"]);
  EXPECT_TRUE(nets["eth1"]["dhcp4"].as<bool>());
  EXPECT_FALSE(nets["eth2"]["routes"]) << "one default route is enough";
}

// Any text is read back as it was.
TEST(CloudInit, QuotesWhatYamlWouldTakeForSomethingElse) {
  for (const std::string text :
       {"yes", "1e3", "a: b", "- x", "\"q\" \\ '", "\xc3\xa9", "#c", "~"}) {
    const auto keys = "ssh-rsa AAAA " + text;
    const auto meta = YAML::Load(files_of({text, text, keys, "", "", "", {}})["meta-data"]);
    EXPECT_EQ(meta["instance-id"].as<std::string>(), text);
    EXPECT_EQ(meta["public-keys"][0].as<std::string>(), keys);
  }
}

template <typename Check>
std::string said_by(Check check, const std::string& text) {
  try {
    check(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CloudInit, ChecksKeys) {
  for (const auto* good :
       {"", "# none", kKey, "no-pty ssh-rsa AAAA", "ssh-rsa AAAA\nssh-rsa AAAB"}) {
    EXPECT_EQ(said_by(check_ssh_keys, good), "") << good;
  }
  EXPECT_THAT(said_by(check_ssh_keys, "-----BEGIN OPENSSH PRIVATE KEY-----"),
              HasSubstr("a private key"));
  for (const auto* bad : {"/root/.ssh/id.pub", "ssh-rsa", "ssh-rsa ", "ssh-foo AAAA"}) {
    EXPECT_THAT(said_by(check_ssh_keys, bad), HasSubstr("one a line")) << bad;
  }
}

TEST(CloudInit, ChecksUserData) {
  for (const auto* good :
       {"", "#cloud-config\npackages: [pciutils]\n", "#cloud-config\n", "#!/bin/sh\nx: y: z",
        "#cloud-config-archive\n- type: x", "## template: jinja\n#cloud-config\n{{ x }}",
        "Content-Type: multipart/mixed"}) {
    EXPECT_EQ(said_by(check_user_data, good), "") << good;
  }
  EXPECT_THAT(said_by(check_user_data, "packages: [x]"), HasSubstr("begins with #cloud-config"));
  EXPECT_THAT(said_by(check_user_data, "/root/user-data"), HasSubstr("file="));
  EXPECT_THAT(said_by(check_user_data, "#cloud-config\na: b\n c: [\n"), HasSubstr("line "));
  EXPECT_THAT(said_by(check_user_data, "#cloud-config\n- a\n"), HasSubstr("KEY: VALUE"));
}

}  // namespace
}  // namespace cluster::frontend
