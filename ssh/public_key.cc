#include "ssh/public_key.h"

#include <algorithm>

#include "core/base64.h"
#include "core/sha256.h"

namespace cluster::ssh {

bool is_plain_type(std::string_view type) {
  return std::ranges::find(kKeyTypes, type, &KeyType::name) != kKeyTypes.end();
}

bool is_openssh_type(std::string_view type) {
  return type == "sk-ssh-ed25519@openssh.com" || type == "sk-ecdsa-sha2-nistp256@openssh.com";
}

std::string fingerprint_of(std::string_view base64_text) {
  const auto bytes = parse_base64(base64_text);
  if (!bytes) return "";
  auto text = base64(sha256(*bytes));
  return "SHA256:" + text.erase(text.find_last_not_of('=') + 1);
}

bool is_key_of_other_type(std::string_view type, std::string_view base64_text) {
  constexpr std::size_t kSizeBytes = 4;
  const auto bytes = parse_base64(base64_text);
  if (!bytes || bytes->size() < kSizeBytes) return false;
  std::size_t size = 0;
  for (std::size_t i = 0; i < kSizeBytes; ++i) {
    size = size << 8U | static_cast<unsigned char>((*bytes)[i]);
  }
  return std::string_view(*bytes).substr(kSizeBytes, size) != type;
}

bool is_public_key(std::string_view type, std::string_view base64_text) {
  const auto bytes = parse_base64(base64_text);
  const std::string size{0, 0, 0, static_cast<char>(type.size())};
  return bytes && bytes->size() > size.size() + type.size() + 4 &&
         bytes->starts_with(size + std::string(type));
}

std::string family_of(std::string_view type) {
  const auto* at = std::ranges::find(kKeyTypes, type, &KeyType::name);
  return std::string(at == kKeyTypes.end() ? "ed25519" : at->family);
}

std::string comparison(std::string_view type) {
  return "compare it with `ssh-keygen -lf /etc/ssh/ssh_host_" + family_of(type) + "_key.pub` there";
}

}  // namespace cluster::ssh
