#include "node-agent/streams.h"

#include <unistd.h>

#include <cerrno>

namespace cluster::agent {

Stream& Stream::operator<<(std::string_view text) {
  line_ += text;
  if (!line_.ends_with('\n')) return *this;
  for (std::string_view rest = line_; good_ && !rest.empty();) {
    const auto count = ::write(file_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else {
      good_ = errno == EINTR;
    }
  }
  line_.clear();
  return *this;
}

}  // namespace cluster::agent
