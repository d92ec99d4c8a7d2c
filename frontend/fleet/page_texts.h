#pragma once

#include <string_view>

namespace cluster::frontend {

/// A file of frontend/fleet/page, "view.js"; embedded at build time.
std::string_view page_text(std::string_view name);

}  // namespace cluster::frontend
