#pragma once

#include <string>
#include <string_view>

namespace cluster::agent {

/// Standard output or standard error. It is no std::ostream: linked statically, that brings 400 KB
/// of locales, a third of the size that gpupci had.
class Stream {
 public:
  /// Writes to an open file, which the caller keeps.
  explicit Stream(int file) : file_(file) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Writes whole lines at once: the reader has the lines about one card even if the next card
  /// hangs. A text that ends without a newline waits for the rest of its line.
  Stream& operator<<(std::string_view text);

  /// True if all lines so far could be written.
  bool good() const { return good_; }

 private:
  int file_;
  std::string line_;
  bool good_ = true;
};

}  // namespace cluster::agent
