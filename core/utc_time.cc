#include "core/utc_time.h"

#include <array>

namespace cluster {

std::string utc_text(std::time_t seconds) {
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

std::string utc_now() { return utc_text(std::time(nullptr)); }

std::optional<std::time_t> utc_seconds(const std::string& text) {
  std::tm fields{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&fields);
}

}  // namespace cluster
