#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace cluster::frontend {

/// The line of the file on which `node` begins, from 1.
inline int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

/// Calls `read` with the document. Throws Error(usage), with the line, when the text is no YAML, or
/// when `read` finds another kind of node than it wants.
template <typename Read>
void read_yaml_file(std::string_view text, const Read& read) {
  try {
    read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    throw Error(Fault::usage,
                "line " + std::to_string(error.mark.line + 1) + ": it is no YAML: " + error.msg);
  }
}

}  // namespace cluster::frontend
