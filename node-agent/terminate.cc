// libstdc++'s own handler tells the type of an exception that nobody caught, and for that brings a
// demangler of 50 KB. main() catches all that there is to catch, so such an exception is our bug:
// this says so, and the process ends as it would have. It is linked into gpupci alone.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string_view>

namespace __gnu_cxx {

void __verbose_terminate_handler() {
  constexpr std::string_view kWords = "gpupci: internal error: an exception was not caught\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  std::abort();
}

}  // namespace __gnu_cxx
