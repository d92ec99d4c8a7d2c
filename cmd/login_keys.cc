#include "cmd/login_keys.h"

#include "core/keys.h"

namespace cluster::cmd {
namespace {

constexpr int kMostSeconds = 7 * 24 * 3600;
constexpr int kMostAtOnce = 65535;

}  // namespace

void LoginKeys::declare(Options& options) {
  options.key("connect-timeout", connect_timeout, "seconds to connect, and again to log in [10]");
  options.key("num-threads", num_threads, "hosts at once [1024]");
}

ssh::Limits LoginKeys::limits() const {
  ssh::Limits limits;
  limits.connect_timeout =
      std::chrono::seconds(parse_int("connect-timeout", connect_timeout, 1, kMostSeconds));
  limits.at_once = static_cast<std::size_t>(parse_int("num-threads", num_threads, 1, kMostAtOnce));
  return limits;
}

}  // namespace cluster::cmd
