#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "frontend/hosts/context.h"

namespace cluster::cmd {

/// What the program finds around itself; tests bring an inventory in memory and fakes of what is
/// far away.
struct Surroundings {
  /// Opens the inventory; `db` is what --db said, "" when it was not given.
  std::function<std::unique_ptr<Inventory>(const std::string& db, Inventory::Open)> open;
  ssh::Transport& transport;
  frontend::DomainsOpener open_domains;
  std::ostream& out;
  std::ostream& err;
  std::size_t width = 80;  ///< characters in a line of help
};

/// The whole program: `words` are those after its name. Prints errors as "cluster: MESSAGE" and
/// returns the exit status: 0, 1, 2, 3 or 70, or a remote command's own.
int run_program(const std::vector<std::string>& words, const Surroundings& around);

}  // namespace cluster::cmd
