#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "rolls/engine/roll.h"

namespace cluster::rolls {

/// Makes `folder` the tree that hosts install from. Any web server can serve it:
///   debian/  *.deb of the `debs` folders, with Packages and Release: deb URL ./
///   rhel/    *.rpm of the `rpms` folders, with repodata: baseurl=URL
///   rolls/   all other files of the rolls, NAME-VERSION/...
/// `cluster create distro` makes this tree. It takes the place of an older tree at once. Throws
/// Error(refused) when `folder` is there and is no such tree. Throws Error(io), also when a tool
/// that it needs is not installed. With `key`, a folder as in package_signature.h, the tree is
/// signed where it has packages; without one it is not. Returns whether there are packages.
bool create_package_tree(const std::vector<Roll>& rolls, const std::filesystem::path& folder,
                         const std::optional<std::filesystem::path>& key = {});

}  // namespace cluster::rolls
