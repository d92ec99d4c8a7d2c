#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace cluster::frontend {

/// The line of the file on which `node` begins, from 1.
inline int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

/// `node` on one line: a text as it is, a list as "[a, b]", a map as "{a: 1}".
std::string one_line(const YAML::Node& node);

/// The same for people to read, without secrets.
std::string told_line(const YAML::Node& node);

/// The only document of `text`, in which maps have what they merge (`<<: *name`). Throws
/// Error(usage), with the line, when there are several, and when references to references make
/// more of it than anybody wrote; throws a YAML::Exception when it is no YAML.
YAML::Node only_document(std::string_view text);

/// Calls `read` with that document. Throws Error(usage), with the line, when the text is no YAML,
/// or when `read` finds another kind of node than it wants.
template <typename Read>
void read_yaml_file(std::string_view text, const Read& read) {
  try {
    read(only_document(text));
  } catch (const YAML::Exception& error) {
    throw Error(Fault::usage,
                "line " + std::to_string(error.mark.line + 1) + ": it is no YAML: " + error.msg);
  }
}

}  // namespace cluster::frontend
