#pragma once

#include <filesystem>
#include <vector>

#include "rolls/engine/roll.h"

namespace cluster::rolls {

/// Makes `folder` the tree that hosts install from, to be served by any web server:
///   debian/  *.deb of the `debs` folders, with Packages and Release: deb [trusted=yes] URL ./
///   rhel/    *.rpm of the `rpms` folders, with repodata: baseurl=URL
///   rolls/   what else is in the rolls, NAME-VERSION/...
/// The tree is what `cluster create distro` makes. It takes the place of an older one at once.
/// Throws Error(refused) when `folder` is there and no such tree, Error(io), also when a tool that
/// is needed is not installed.
void create_package_tree(const std::vector<Roll>& rolls, const std::filesystem::path& folder);

}  // namespace cluster::rolls
