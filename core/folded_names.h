#pragma once

#include <string>
#include <vector>

namespace cluster {

/// Many names as few words, in natural order: "vm-container-1-[0-97] x7". A word is read back as a
/// selection of hosts, zeros in front and several numbers in a name included. A name that is there
/// twice counts once.
std::string folded_names(const std::vector<std::string>& names);

/// The same with their number, when there are several: "vm-container-1-[0-97] (98)".
std::string counted_names(const std::vector<std::string>& names);

}  // namespace cluster
