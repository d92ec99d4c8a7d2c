#pragma once

#include <cstddef>
#include <functional>

namespace cluster {

/// Calls `work` with each number from 0 to `count` - 1, in up to `threads` threads, and returns
/// when all calls are done. Throws what one of them threw, after the others have ended.
void at_once(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& work);

}  // namespace cluster
