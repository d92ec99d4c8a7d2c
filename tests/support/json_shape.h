#pragma once

#include <string>

namespace cluster {

/// The test fails unless `printed` is JSON of the shape docs/json/NAME.json, and not an empty
/// array.
void expect_shape(const std::string& printed, const std::string& name);

}  // namespace cluster
