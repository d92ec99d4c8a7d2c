#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace cluster::agent {

/// Reads the file in a child that has `patience` for it: `driver_override` answers only when nobody
/// binds or unbinds the device, which can be never. Returns nothing when it does not answer or
/// cannot be read.
std::optional<std::string> timed_read(const std::filesystem::path& file,
                                      std::chrono::milliseconds patience);

}  // namespace cluster::agent
