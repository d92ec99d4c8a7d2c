#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {

/// What a neighbour's file came to: its commands with bars between the words, and then what has no
/// place, "line 7: kickstart=x".
inline std::vector<std::string> reading_lines(const NeighbourReading& reading) {
  std::vector<std::string> lines;
  for (const auto& command : reading.commands) lines.push_back(joined(command.words, "|"));
  lines.insert(lines.end(), reading.left.begin(), reading.left.end());
  return lines;
}

/// The same of a text; "refused: " and why, alone, when `read` refuses it.
template <typename ReadText>
std::vector<std::string> reading_lines(const ReadText& read, std::string_view text) {
  try {
    return reading_lines(read(text, "file"));
  } catch (const Error& error) {
    return {std::string("refused: ") + error.what()};
  }
}

}  // namespace cluster::frontend
