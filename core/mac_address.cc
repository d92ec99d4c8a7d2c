#include "core/mac_address.h"

#include <algorithm>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"

namespace cluster {
namespace {

[[noreturn]] void refuse(std::string_view text, const char* why) {
  throw Error(Fault::usage, "not a MAC address: " + quote(text) + " (" + why + ")");
}

}  // namespace

MacAddress MacAddress::parse(std::string_view text) {
  constexpr const char* kForm = "want six pairs of hex digits: 52:54:00:1a:2b:3c";
  MacAddress mac;
  const auto pairs = split(text, ':');
  if (pairs.size() != mac.bytes_.size()) refuse(text, kForm);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto byte = parse_hex(pairs[i]);
    if (pairs[i].size() != 2 || !byte) refuse(text, kForm);
    mac.bytes_[i] = static_cast<std::uint8_t>(*byte);
  }
  if ((mac.bytes_[0] & 1U) != 0) refuse(text, "a multicast address: want an even first byte");
  if (mac == MacAddress()) refuse(text, "all zero");
  return mac;
}

MacAddress MacAddress::made_of(std::string_view uuid, std::string_view interface,
                               unsigned attempt) {
  // The hash is FNV-1a of 64 bits (draft-eastlake-fnv), folded to 24.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c :
       std::string(uuid) + "/" + std::string(interface) + "/" + std::to_string(attempt)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  hash ^= hash >> 24U ^ hash >> 48U;
  MacAddress mac;
  mac.bytes_ = {0x52,
                0x54,
                0x00,
                static_cast<std::uint8_t>(hash >> 16U & 0xffU),
                static_cast<std::uint8_t>(hash >> 8U & 0xffU),
                static_cast<std::uint8_t>(hash & 0xffU)};
  return mac;
}

std::string MacAddress::str() const {
  std::string text;
  for (const auto byte : bytes_) {
    if (!text.empty()) text += ':';
    text += to_hex(byte, 2);
  }
  return text;
}

}  // namespace cluster
