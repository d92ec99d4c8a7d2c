#include "ssh/public_key.h"

#include "core/base64.h"
#include "core/hex.h"
#include "core/sha256.h"

namespace cluster::ssh {

std::string fingerprint_of(std::string_view base64_text) {
  const auto bytes = parse_base64(base64_text);
  if (!bytes) return "";
  const auto digits = sha256_hex(*bytes);
  std::string hash;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    hash += static_cast<char>(parse_hex(std::string_view(digits).substr(i, 2)).value_or(0));
  }
  auto text = base64(hash);
  return "SHA256:" + text.erase(text.find_last_not_of('=') + 1);
}

bool is_public_key(std::string_view type, std::string_view base64_text) {
  const auto bytes = parse_base64(base64_text);
  const std::string size{0, 0, 0, static_cast<char>(type.size())};
  return bytes && bytes->size() > size.size() + type.size() + 4 &&
         bytes->starts_with(size + std::string(type));
}

}  // namespace cluster::ssh
