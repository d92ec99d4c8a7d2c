#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cluster::cmd {

/// The folder for what a program keeps of a person: $XDG_STATE_HOME/cluster, else
/// ~/.local/state/cluster (XDG Base Directory Specification); "" when neither is known.
std::filesystem::path state_dir();

/// Where a person's last `run host` is kept: a file in `folder`, one for each inventory.
std::filesystem::path last_run_file(const std::filesystem::path& folder,
                                    const std::filesystem::path& inventory);

/// Keeps the names of the hosts on which it failed. Throws Error(io).
void keep_last_run(const std::filesystem::path& file, const std::vector<std::string>& failed);

/// Forgets them, as a run begins that may never end. Throws nothing.
void forget_last_run(const std::filesystem::path& file);

/// Their names; nothing when no run is kept there. Throws Error(io).
std::optional<std::vector<std::string>> failed_in_last_run(const std::filesystem::path& file);

}  // namespace cluster::cmd
