#include "core/keys.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace cluster {

int parse_int(const std::string& key, const std::string& text, int min, int max) {
  const auto value = parse_number(text);
  if (!value || *value < min || *value > max) {
    throw Error(Fault::usage, key + "=" + quote(text) + ": want a whole number from " +
                                  std::to_string(min) + " to " + std::to_string(max));
  }
  return static_cast<int>(*value);
}

std::optional<int> parse_optional_int(const std::string& key, const std::string& text, int min,
                                      int max) {
  if (text.empty()) return std::nullopt;
  return parse_int(key, text, min, max);
}

bool parse_yes_no(const std::string& key, const std::string& text) {
  for (const auto* yes : {"yes", "true", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const auto* no : {"no", "false", "off", "0"}) {
    if (text == no) return false;
  }
  throw Error(Fault::usage, key + "=" + quote(text) + ": want yes or no");
}

std::string parse_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
      inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return text;
  }
  try {
    // A text that looks like an IPv4 address but is none is a typing mistake, not a DNS name.
    if (text.find_first_not_of("0123456789.") != std::string::npos) return HostName(text).str();
  } catch (const Error&) {  // said below, as an address
  }
  throw Error(Fault::usage, "address=" + quote(text) + ": want an IP address or a DNS name");
}

std::string parse_user(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '@';
  };
  if (text.empty() || text[0] == '-' || text.size() > 256 || !std::ranges::all_of(text, fits)) {
    throw Error(Fault::usage, "user=" + quote(text) + ": want a login name");
  }
  return text;
}

}  // namespace cluster
