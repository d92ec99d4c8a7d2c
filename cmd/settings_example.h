#pragma once

#include <string_view>

namespace cluster::cmd {

/// The text of packaging/cluster.yaml: the settings that a frontend begins with.
std::string_view settings_example();

}  // namespace cluster::cmd
