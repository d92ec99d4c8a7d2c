#include "node-agent/kernel/quiet_read.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {

std::string read_quietly(const std::filesystem::path& file) {
  return std::string(trim(read_all_quietly(file)));
}

std::string read_all_quietly(const std::filesystem::path& file) {
  try {
    return read_file(file).value_or("");
  } catch (const Error&) {
    return "";
  }
}

}  // namespace cluster::agent
