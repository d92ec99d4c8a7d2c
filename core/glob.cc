#include "core/glob.h"

namespace cluster {

bool matches_glob(std::string_view text, std::string_view pattern) {
  // It backs up to the last `*` only, so a hostile pattern costs at most text * pattern steps.
  std::size_t at = 0;
  std::size_t wanted = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_at = 0;
  while (at < text.size()) {
    if (wanted < pattern.size() && pattern[wanted] == '*') {
      star = wanted++;
      star_at = at;
    } else if (wanted < pattern.size() && (pattern[wanted] == '?' || pattern[wanted] == text[at])) {
      ++at;
      ++wanted;
    } else if (star != std::string_view::npos) {
      wanted = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', wanted) == std::string_view::npos;
}

}  // namespace cluster
