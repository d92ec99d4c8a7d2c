#include "node-agent/kernel/quiet_read.h"

#include <algorithm>
#include <system_error>

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

std::vector<std::filesystem::path> entries_quietly(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code none;
  for (std::filesystem::directory_iterator at(folder, none), end; !none && at != end;
       at.increment(none)) {
    found.push_back(at->path());
  }
  return found;
}

std::vector<std::string> names_quietly(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : entries_quietly(folder)) names.push_back(entry.filename().native());
  std::ranges::sort(names, natural_less);
  return names;
}

}  // namespace cluster::agent
