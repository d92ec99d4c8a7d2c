#include "core/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/error.h"
#include "core/text.h"

namespace cluster {
namespace {

constexpr std::size_t kBitsOfByte = 8;

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(Fault::usage, "address=" + quote(text) + ": " + why);
}

// The bytes of an address in network order; "" when `text` is none.
std::string bytes_of(const std::string& text) {
  if (text.find('\0') != std::string::npos) return "";  // inet_pton(3) reads nothing behind it
  for (const auto& [family, size] : {std::pair(AF_INET, 4), std::pair(AF_INET6, 16)}) {
    std::string bytes(static_cast<std::size_t>(size), '\0');
    if (inet_pton(family, text.c_str(), bytes.data()) == 1) return bytes;
  }
  return "";
}

std::string spelled(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

bool bit(const std::string& bytes, std::size_t number) {
  const auto byte = static_cast<unsigned char>(bytes[number / kBitsOfByte]);
  return (byte >> (kBitsOfByte - 1 - number % kBitsOfByte) & 1U) != 0;
}

// True if all bits from `first` on are `value`.
bool rest_is(const std::string& bytes, std::size_t first, bool value) {
  for (auto i = first; i < bytes.size() * kBitsOfByte; ++i) {
    if (bit(bytes, i) != value) return false;
  }
  return true;
}

}  // namespace

IpAddress IpAddress::parse(std::string_view text) {
  constexpr const char* kForm = "want an address with its prefix, 10.1.0.5/24, or dhcp";
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) refuse(text, kForm);
  IpAddress one;
  one.bytes_ = bytes_of(std::string(text.substr(0, slash)));
  const auto prefix = parse_number(text.substr(slash + 1));
  if (one.bytes_.empty() || !prefix) refuse(text, kForm);
  const auto bits = one.bytes_.size() * kBitsOfByte;
  if (*prefix < 1 || *prefix > static_cast<long long>(bits)) {
    refuse(text, "want a prefix of 1 to " + std::to_string(bits));
  }
  one.prefix_ = static_cast<int>(*prefix);
  const auto first = static_cast<unsigned char>(one.bytes_[0]);
  const bool loopback = one.is_v6() ? one.bytes_ == std::string(15, '\0') + '\1' : first == 127;
  if (rest_is(one.bytes_, 0, false) || loopback || (one.is_v6() ? first == 255 : first >= 224)) {
    refuse(text, "want the address of one machine, no loopback, multicast or empty address");
  }
  const auto host = static_cast<std::size_t>(one.prefix_);
  if (host + 1 < bits &&
      (rest_is(one.bytes_, host, false) || (!one.is_v6() && rest_is(one.bytes_, host, true)))) {
    refuse(text, "it is that of the network or its broadcast, not of a machine in it");
  }
  one.text_ = spelled(one.bytes_);
  return one;
}

std::string IpAddress::str() const { return text_ + "/" + std::to_string(prefix_); }

bool IpAddress::reaches(const std::string& address) const {
  return share_prefix(text_, address, prefix_);
}

bool share_prefix(const std::string& one, const std::string& other, int bits) {
  const auto left = bytes_of(one);
  const auto right = bytes_of(other);
  if (left.empty() || left.size() != right.size()) return false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(bits); ++i) {
    if (bit(left, i) != bit(right, i)) return false;
  }
  return true;
}

bool is_local_address(const std::string& address) {
  const auto bare = address.substr(0, address.find('%'));
  return share_prefix(bare, "127.0.0.0", 8) || share_prefix(bare, "169.254.0.0", 16) ||
         share_prefix(bare, "::1", 128) || share_prefix(bare, "fe80::", 10);
}

bool is_ip_address(const std::string& text) { return !bytes_of(text).empty(); }

bool is_ip_v6(std::string_view address) { return address.find(':') != std::string_view::npos; }

std::string spelled_address(const std::string& text) {
  const auto bytes = bytes_of(text);
  return bytes.empty() ? "" : spelled(bytes);
}

std::vector<IpAddress> parse_ip_addresses(std::string_view text) {
  std::vector<IpAddress> addresses;
  if (text.empty() || text == "dhcp") return addresses;
  for (const auto one : split(text, ',')) {
    auto address = IpAddress::parse(one);
    if (std::ranges::find(addresses, address) != addresses.end()) refuse(text, "the same twice");
    addresses.push_back(std::move(address));
  }
  return addresses;
}

std::string ip_addresses_text(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const auto& one : addresses) texts.push_back(one.str());
  return joined(texts, ",");
}

}  // namespace cluster
