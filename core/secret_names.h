#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"

namespace cluster {

/// Parts of the names of what may be secret, an attribute or an option of another tool: neither the
/// history nor a report has such a value, and no message. They are looked for in "_name$", in lower
/// case, so that "_pass$" is a last word alone: vm_passthrough is none.
inline constexpr std::array<std::string_view, 11> kSecretParts{
    "user_data", "passw",   "_pass$",     "passphrase", "secret", "token",
    "community", "private", "credential", "api_key",    "apikey"};

/// True if the value of an attribute of that name may be secret.
inline bool may_be_secret(std::string_view name) {
  const auto whole = "_" + lower(name) + "$";
  return std::ranges::any_of(
      kSecretParts, [&](std::string_view part) { return whole.find(part) != std::string::npos; });
}

}  // namespace cluster
