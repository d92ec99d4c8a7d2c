#pragma once

#include <filesystem>

namespace cluster::rolls {

/// Signs what apt and dnf read first in the tree that package_tree.h makes, with gpg and the key in
/// the folder `home`, which only its owner reads. A key is made there when there is none: RSA, as
/// rpm of RHEL 8 knows no Ed25519. debian/ gets InRelease and Release.gpg, rhel/ gets
/// repodata/repomd.xml.asc, and key.asc in `tree` is the public key, which is kept beside `home`,
/// too. Throws Error(io), also when gpg is not installed.
void sign_package_tree(const std::filesystem::path& tree, const std::filesystem::path& home);

/// The file beside the folder `home` that has the public key, for all to read.
std::filesystem::path public_key_of(const std::filesystem::path& home);

}  // namespace cluster::rolls
