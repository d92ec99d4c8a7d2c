#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <utility>

#include "cmd/inventory_place.h"
#include "cmd/line/output.h"
#include "frontend/hosts/context.h"
#include "ssh/operator.h"

namespace cluster::cmd {

/// The things that a command works with: those of the frontend, and the place where the answer
/// goes.
class Context : public frontend::Context {
 public:
  Context(Opener open, ssh::Transport& to_hosts, frontend::DomainsOpener to_vms,
          Output& to_operator)
      : frontend::Context(std::move(open), to_hosts, std::move(to_vms)), output(to_operator) {}

  Output& output;
  std::istream* answers = nullptr;  ///< what the operator types when asked; nobody is there: none
  std::filesystem::path last_run;   ///< the file with the operator's last `run host`; "": none
  InventoryPlace place;             ///< where the inventory is, and who says so
  std::filesystem::path installed_rolls;   ///< the folder of the rolls that came with the program
  std::function<ssh::Operator()> find_me;  ///< who runs this, and where the keys are
};

}  // namespace cluster::cmd
