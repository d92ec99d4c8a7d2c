#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"

namespace cluster {

/// Parts of the names of attributes whose values may be secret: neither the history nor a report
/// has them.
inline constexpr std::array<std::string_view, 10> kSecretParts{
    "user_data", "password", "passwd",     "passphrase", "secret",
    "token",     "private",  "credential", "api_key",    "apikey"};

/// True if the value of an attribute of that name may be secret.
inline bool may_be_secret(std::string_view name) {
  const auto small = lower(name);
  return std::ranges::any_of(
      kSecretParts, [&](std::string_view part) { return small.find(part) != std::string::npos; });
}

}  // namespace cluster
