#include "ssh/hashed_name.h"

#include <array>

#include "core/text.h"

namespace cluster::ssh {
namespace {

constexpr std::size_t kSha1Bytes = 20;
constexpr std::size_t kSha1Base64 = 28;  // it has one '=' at its end

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::optional<HashedName> NameHasher::parse(std::string_view text) const {
  const auto pieces = split(text, '|');
  if (pieces.size() != 4 || !pieces[0].empty() || pieces[1] != "1") return std::nullopt;
  const auto salt = decode(pieces[2]);
  const auto hash = decode(pieces[3]);
  if (!salt || !hash) return std::nullopt;
  return HashedName{*salt, *hash};
}

bool NameHasher::matches(const HashedName& hashed, std::string_view name) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  hmac_(sha1_(), hashed.salt.data(), static_cast<int>(hashed.salt.size()), bytes(name), name.size(),
        out.data(), &size);
  return std::string_view(reinterpret_cast<const char*>(out.data()), size) == hashed.hash;
}

std::optional<std::string> NameHasher::decode(std::string_view base64) const {
  if (base64.size() != kSha1Base64) return std::nullopt;
  std::array<unsigned char, kSha1Bytes + 1> out{};  // EVP_DecodeBlock writes the padding too
  if (decode_block_(out.data(), bytes(base64), static_cast<int>(kSha1Base64)) < 0) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(out.data()), kSha1Bytes);
}

}  // namespace cluster::ssh
