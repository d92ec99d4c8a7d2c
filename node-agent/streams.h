#pragma once

#include <string>
#include <string_view>

namespace cluster::agent {

/// Standard output or standard error. No std::ostream: linked statically it brings 400 KB of
/// locales, a third of all that gpupci was.
class Stream {
 public:
  /// Writes to an open file, which stays the caller's.
  explicit Stream(int file) : file_(file) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Writes whole lines at once: whoever reads has what was said of one card even if the next one
  /// hangs. What ends without a newline waits for the rest of its line.
  Stream& operator<<(std::string_view text);

  /// Whether all lines so far were taken.
  bool good() const { return good_; }

 private:
  int file_;
  std::string line_;
  bool good_ = true;
};

}  // namespace cluster::agent
