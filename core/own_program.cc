#include "core/own_program.h"

namespace cluster {

std::filesystem::path own_program() {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/self/exe", none);
}

}  // namespace cluster
