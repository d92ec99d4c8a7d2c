#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "cmd/line/output.h"
#include "frontend/hosts/context.h"
#include "ssh/operator.h"

namespace cluster::cmd {

/// The surroundings of the program. Tests give it an inventory in memory, and fakes of the things
/// that are far away.
struct Surroundings {
  /// Opens the inventory; `db` is the value of --db, "" when it was not given.
  std::function<std::unique_ptr<Inventory>(const std::string& db, Inventory::Open)> open;
  ssh::Transport& transport;
  frontend::DomainsOpener open_domains;
  std::ostream& out;
  std::ostream& err;
  std::size_t width = 80;  ///< characters in a line of help
  Terminals terminals = {};
  int outlet = -1;                       ///< the descriptor behind `out`, -1 when there is none
  std::size_t progress_width = 0;        ///< characters of a sign of life on `err`, 0: none
  std::filesystem::path state_dir = "";  ///< where a person's last run is kept; "": nowhere
  std::istream* answers = nullptr;       ///< what the operator types when asked, if one is there
  std::string name = "cluster";          ///< of the program, as it was called
  std::filesystem::path installed_rolls = "";  ///< the rolls that came with it; "": none
  /// Finds out whose keys are used, which may ask a directory service.
  std::function<ssh::Operator()> find_me = {};
};

/// Runs the whole program; `words` are those after its name. Prints errors as "NAME: MESSAGE",
/// and returns the exit status: 0, 1, 2, 3 or 70, or the status of a remote command;
/// 128 and the number of the signal that ended it early.
int run_program(const std::vector<std::string>& words, const Surroundings& around);

}  // namespace cluster::cmd
