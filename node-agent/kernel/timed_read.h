#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace cluster::agent {

/// The file, read in a child that is given `patience`: `driver_override` answers only when nobody
/// binds or unbinds the device, which can be never. Nothing when it does not answer or cannot be
/// read.
std::optional<std::string> timed_read(const std::filesystem::path& file,
                                      std::chrono::milliseconds patience);

}  // namespace cluster::agent
