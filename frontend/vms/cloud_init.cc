#include "frontend/vms/cloud_init.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::string_view kConfig = "#cloud-config";

// The first lines by which cloud-init tells what user-data is:
// https://docs.cloud-init.io/en/latest/explanation/format.html
constexpr std::array<std::string_view, 9> kKinds{
    kConfig,        "#!",           "#include", "#cloud-boothook", "#part-handler", "## template:",
    "Content-Type", "MIME-Version", "From "};

constexpr std::array<std::string_view, 8> kKeyTypes{"ssh-ed25519",
                                                    "ssh-rsa",
                                                    "ecdsa-sha2-nistp256",
                                                    "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521",
                                                    "sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com",
                                                    "ssh-dss"};

// Always quoted: YAML would read a plain `yes` or `1` as no text.
void text_of(YAML::Emitter& out, const std::string& text) { out << YAML::DoubleQuoted << text; }

void pair_of(YAML::Emitter& out, const std::string& key, const std::string& value) {
  out << YAML::Key << key << YAML::Value;
  text_of(out, value);
}

void list_of(YAML::Emitter& out, const std::string& key, const std::vector<std::string>& values) {
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const auto& value : values) text_of(out, value);
  out << YAML::EndSeq;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) {
    const auto key = trim(line);
    if (!key.empty() && key.front() != '#') lines.emplace_back(key);
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (const auto word : split(text, ',')) {
    if (!trim(word).empty()) words.emplace_back(trim(word));
  }
  return words;
}

std::string meta_data(const GuestFacts& facts) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  pair_of(out, "instance-id", facts.uuid);
  pair_of(out, "local-hostname", facts.name);
  const auto keys = lines_of(facts.ssh_keys);
  if (!keys.empty()) list_of(out, "public-keys", keys);
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

// Writes a default route for each family, through the first gateway that the interface reaches.
void add_routes(YAML::Emitter& out, const GuestInterface& one, std::set<std::string>& routed,
                const std::vector<std::string>& gateways) {
  std::vector<std::pair<std::string, std::string>> routes;
  for (const auto& gateway : gateways) {
    for (const auto& address : one.addresses) {
      const std::string all = address.is_v6() ? "::/0" : "0.0.0.0/0";
      if (!address.reaches(gateway) || !routed.insert(all).second) continue;
      routes.emplace_back(all, gateway);
    }
  }
  if (routes.empty()) return;
  out << YAML::Key << "routes" << YAML::Value << YAML::BeginSeq;
  for (const auto& [to, via] : routes) {
    out << YAML::BeginMap;
    pair_of(out, "to", to);
    pair_of(out, "via", via);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

std::string network_config(const GuestFacts& facts) {
  const auto gateways = words_of(facts.gateways);
  const auto nameservers = words_of(facts.nameservers);
  std::set<std::string> routed;
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "version" << YAML::Value << 2;
  out << YAML::Key << "ethernets" << YAML::Value << YAML::BeginMap;
  for (const auto& one : facts.interfaces) {
    out << YAML::Key << one.name << YAML::Value << YAML::BeginMap;
    out << YAML::Key << "match" << YAML::Value << YAML::BeginMap;
    pair_of(out, "macaddress", one.mac);
    out << YAML::EndMap;
    if (one.addresses.empty()) {
      out << YAML::Key << "dhcp4" << YAML::Value << true;
    } else {
      std::vector<std::string> addresses;
      for (const auto& address : one.addresses) addresses.push_back(address.str());
      list_of(out, "addresses", addresses);
      add_routes(out, one, routed, gateways);
      if (!nameservers.empty()) {
        out << YAML::Key << "nameservers" << YAML::Value << YAML::BeginMap;
        list_of(out, "addresses", nameservers);
        out << YAML::EndMap;
      }
    }
    out << YAML::EndMap;
  }
  out << YAML::EndMap << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace

std::vector<IsoFile> cloud_init_files(const GuestFacts& facts) {
  // Without user-data cloud-init does not take the volume for its own.
  std::vector<IsoFile> files{
      {"meta-data", meta_data(facts)},
      {"user-data", facts.user_data.empty() ? std::string(kConfig) + "\n{}\n" : facts.user_data}};
  if (!facts.interfaces.empty()) files.emplace_back("network-config", network_config(facts));
  return files;
}

void check_ssh_keys(const std::string& text) {
  for (const auto& line : lines_of(text)) {
    const auto words = split(line, ' ');
    const auto is_type = [](std::string_view word) {
      return std::ranges::find(kKeyTypes, word) != kKeyTypes.end();
    };
    const auto type = std::ranges::find_if(words, is_type);
    if (line.find("PRIVATE KEY") != std::string::npos) {
      throw Error(Fault::usage, "that is a private key: want the public one, of a file .pub");
    }
    if (type == words.end() || std::next(type) == words.end() || std::next(type)->empty() ||
        !is_utf8_text(line)) {
      throw Error(Fault::usage, "want public keys, one a line: ssh-ed25519 AAAA... NAME");
    }
  }
}

void check_user_data(const std::string& text) {
  if (trim(text).empty()) return;
  const auto begins = [&](std::string_view kind) { return text.starts_with(kind); };
  if (std::ranges::none_of(kKinds, begins)) {
    throw Error(Fault::usage,
                "want a text that begins with #cloud-config, #! or another first "
                "line of cloud-init's user-data (file= reads one from a file)");
  }
  const auto first = trim(std::string_view(text).substr(0, text.find('\n')));
  if (first != kConfig) return;
  try {
    const auto config = YAML::Load(text);
    if (config.IsNull() || config.IsMap()) return;
  } catch (const YAML::Exception& error) {
    throw Error(Fault::usage, "line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  throw Error(Fault::usage, "want KEY: VALUE below #cloud-config");
}

void check_addresses(const std::string& text) {
  for (const auto& word : words_of(text)) {
    if (!is_ip_address(word)) {
      throw Error(Fault::usage, "want addresses with commas between them: 10.1.0.1,10.1.0.2");
    }
  }
}

}  // namespace cluster::frontend
