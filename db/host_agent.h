#pragma once

#include <optional>
#include <string>

namespace cluster {

/// The gpupci of a host, as the host told it.
struct HostAgent {
  std::optional<std::string> version;   ///< "1.0.0"; nothing: there is none, or it does not run
  std::string seen;                     ///< when that was told, "2026-11-21T01:20:00Z"
  std::string path;                     ///< where it is, or would go
  std::optional<std::string> checksum;  ///< SHA-256 of the program

  bool operator==(const HostAgent&) const = default;
};

}  // namespace cluster
