#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "ssh/config.h"
#include "ssh/operator.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// Finds the door of each host. `ssh` starts a process for each jump host, which reads the
/// configuration again for that host; with "Host *" and ProxyJump each of them would start another,
/// without end. Many hosts have the same jump hosts, whose ways are found once.
class DoorFinder {
 public:
  /// `config` and `me` outlive it.
  DoorFinder(const Config& config, const Operator& me) : config_(config), me_(me) {}

  /// Sets `route.door`, what is said there of it, and `route.loop`.
  void find(Route& route);

 private:
  using Place = std::tuple<std::string, int, std::string>;  // host, port, user

  const std::optional<Route>& way_to(const Place& jump_host);
  std::string login_at(const Place& jump_host);

  const Config& config_;
  const Operator& me_;
  std::map<Place, std::optional<Route>> ways_;  // none: a setting makes no sense
};

}  // namespace cluster::ssh
