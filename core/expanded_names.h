#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// The most names that a word may mean, however it is written.
inline constexpr std::size_t kMostNames = 100000;

/// The names that a word with ranges means, in the order that it names them: "r[1-2]n[08-10/2,20]"
/// is r1n08, r1n10, r1n20, r2n08, ... Several brackets multiply. A number keeps the zeros in front,
/// and a range has the width of its first number, as with nodeset(1) and in Slurm. A word without
/// brackets is itself. Throws Error(usage) for what is no range, for more than kMostNames, and for
/// names that are longer than any host's.
std::vector<std::string> expanded_names(std::string_view word);

}  // namespace cluster
