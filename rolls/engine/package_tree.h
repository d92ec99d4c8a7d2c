#pragma once

#include <filesystem>
#include <vector>

#include "rolls/engine/roll.h"

namespace cluster::rolls {

/// Makes `folder` the tree that hosts install from. Any web server can serve it:
///   debian/  *.deb of the `debs` folders, with Packages and Release: deb [trusted=yes] URL ./
///   rhel/    *.rpm of the `rpms` folders, with repodata: baseurl=URL
///   rolls/   all other files of the rolls, NAME-VERSION/...
/// `cluster create distro` makes this tree. It takes the place of an older tree at once. Throws
/// Error(refused) when `folder` is there and is no such tree. Throws Error(io), also when a tool
/// that it needs is not installed.
void create_package_tree(const std::vector<Roll>& rolls, const std::filesystem::path& folder);

}  // namespace cluster::rolls
