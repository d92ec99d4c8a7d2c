#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::agent {

/// A namespace that is not the one of this process, and one process that lives in it.
struct OtherNamespace {
  std::string id;  ///< "net:[4026532281]"; empty when the kernel does not tell it
  pid_t pid = 0;
};

/// The other namespaces of a kind, "net" or "mnt", in which any process lives (namespaces(7)). A
/// process that hides its namespace from us is passed over; the guard `holder` speaks of it.
std::vector<OtherNamespace> other_namespaces(const std::filesystem::path& proc,
                                             std::string_view kind);

/// True if a process hides from us in which namespace of the kind it lives, as from who is not
/// root.
bool hides_namespaces(const std::filesystem::path& proc, std::string_view kind);

/// True if this process lives in another namespace of the kind than the first process does. False
/// where the kernel tells one of the two not at all.
bool is_in_own_namespace(const std::filesystem::path& proc, std::string_view kind);

}  // namespace cluster::agent
