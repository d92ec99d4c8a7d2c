#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::frontend {

/// The groups of a file, with the words that name their hosts.
using Groups = std::map<std::string, std::vector<std::string>, std::less<>>;

/// The groups in `text`, as ClusterShell has them (clush-groups, groups.conf(5)): "NAME: NODES", in
/// YAML below the name of a source, where NODES may be a list. A line that is no group is passed
/// over.
Groups clush_groups(std::string_view text);

/// The groups in `text`, a genders file (libgenders(3)): "NODES ATTR[=VALUE],...". A host is in the
/// group "ATTR", and in "ATTR=VALUE".
Groups genders_groups(std::string_view text);

/// The files with groups of hosts: those that $CLUSTER_GROUPS names with ':' between them, else
/// /etc/clustershell/groups.d/*.yaml and *.cfg, and /etc/genders, as far as they are there.
std::vector<std::filesystem::path> group_files();

/// The groups of `files`; of two with one name the first one counts. A file that is called genders
/// is read as such. Throws Error(io) when one cannot be read.
Groups groups_in(const std::vector<std::filesystem::path>& files);

}  // namespace cluster::frontend
