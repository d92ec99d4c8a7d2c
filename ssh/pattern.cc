#include "ssh/pattern.h"

#include "core/glob.h"

namespace cluster::ssh {

bool matches_list(std::string_view text, const std::vector<std::string>& patterns) {
  bool found = false;
  for (const std::string_view pattern : patterns) {
    if (pattern.starts_with('!')) {
      if (matches_glob(text, pattern.substr(1))) return false;
    } else {
      found = found || matches_glob(text, pattern);
    }
  }
  return found;
}

}  // namespace cluster::ssh
