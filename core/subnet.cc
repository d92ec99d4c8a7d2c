#include "core/subnet.h"

#include <arpa/inet.h>

#include <array>
#include <optional>

#include "core/error.h"
#include "core/ip_address.h"
#include "core/text.h"

namespace cluster {
namespace {

constexpr int kBitsOfByte = 8;

int family_of(const std::string& address) { return is_ip_v6(address) ? AF_INET6 : AF_INET; }

int bits_of(const std::string& address) { return family_of(address) == AF_INET ? 32 : 128; }

using Bytes = std::array<unsigned char, 16>;

std::string spelled_bytes(int family, const Bytes& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

// The mask of `prefix` bits, as an address of the family.
std::string mask_of(int family, int prefix) {
  Bytes bytes{};
  for (int bit = 0; bit < prefix; ++bit) {
    bytes[static_cast<std::size_t>(bit / kBitsOfByte)] |=
        static_cast<unsigned char>(0x80U >> static_cast<unsigned>(bit % kBitsOfByte));
  }
  return spelled_bytes(family, bytes);
}

// The length of "16", or of a mask such as "255.255.0.0", for an address of `bits`; nothing when it
// is neither.
std::optional<int> prefix_of(const std::string& address, const std::string& mask) {
  const auto number = parse_number(mask);
  const int bits = bits_of(address);
  if (number && *number >= 1 && *number <= bits) return static_cast<int>(*number);
  const auto spelled = spelled_address(mask);
  for (int prefix = 1; prefix <= bits; ++prefix) {
    if (mask_of(family_of(address), prefix) == spelled) return prefix;
  }
  return std::nullopt;
}

// The first address of the network that `address` is in.
std::string first_address(const std::string& address, int prefix) {
  const int family = family_of(address);
  Bytes bytes{};
  Bytes mask{};
  inet_pton(family, address.c_str(), bytes.data());
  inet_pton(family, mask_of(family, prefix).c_str(), mask.data());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] &= mask[i];
  return spelled_bytes(family, bytes);
}

[[noreturn]] void refuse(const std::string& text, const std::string& mask, const std::string& why) {
  throw Error(Fault::usage, "subnet=" + quote(text) +
                                (mask.empty() ? "" : " netmask=" + quote(mask)) + ": " + why);
}

}  // namespace

Subnet Subnet::read(const std::string& text, const std::string& mask) {
  const auto slash = text.find('/');
  const bool has_both = slash != std::string::npos && !mask.empty();
  Subnet subnet;
  subnet.address_ = spelled_address(text.substr(0, slash));
  const auto prefix =
      subnet.address_.empty() || has_both
          ? std::nullopt
          : prefix_of(subnet.address_, slash == std::string::npos ? mask : text.substr(slash + 1));
  if (!prefix) refuse(text, mask, "want 10.1.0.0/16, or 10.1.0.0 and 255.255.0.0");
  subnet.prefix_ = *prefix;
  return subnet;
}

Subnet Subnet::parse(const std::string& text, const std::string& mask) {
  auto subnet = read(text, mask);
  const auto first = first_address(subnet.address_, subnet.prefix_);
  if (first != subnet.address_) {
    refuse(text, mask,
           "the address of that network is " + first + "/" + std::to_string(subnet.prefix_));
  }
  return subnet;
}

Subnet Subnet::around(const std::string& address, const std::string& mask) {
  auto subnet = read(address, mask);
  subnet.address_ = first_address(subnet.address_, subnet.prefix_);
  return subnet;
}

std::string Subnet::str() const { return address_ + "/" + std::to_string(prefix_); }

std::string Subnet::mask() const { return mask_of(family_of(address_), prefix_); }

bool Subnet::has(const std::string& address) const {
  return share_prefix(address_, address, prefix_);
}

}  // namespace cluster
