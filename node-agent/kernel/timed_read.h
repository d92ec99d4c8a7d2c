#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cluster::agent {

/// The patience for what the kernel answers at once, or never.
inline constexpr std::chrono::seconds kReadPatience{2};

/// Reads the file in a child that has `patience` for it: `driver_override` answers only when nobody
/// binds or unbinds the device, which can be never, and `config` only when nobody resets it.
/// Returns nothing when it does not answer or cannot be read.
std::optional<std::string> timed_read(const std::filesystem::path& file,
                                      std::chrono::milliseconds patience = kReadPatience);

/// The same of several files, by one child that has `patience` for all of them. Those after one
/// that does not answer are not read.
std::vector<std::optional<std::string>> timed_read(
    const std::vector<std::filesystem::path>& files,
    std::chrono::milliseconds patience = kReadPatience);

}  // namespace cluster::agent
