#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "cmd/line/output.h"
#include "db/inventory.h"
#include "ssh/transport.h"
#include "virt/domains.h"

namespace cluster::cmd {

/// Connects to libvirt on a host; may be called by several threads at once. The whole connection
/// lives within `limits.command_timeout`. Throws Error(unreachable) or Error(io), with the reason.
using DomainsOpener = std::function<std::unique_ptr<virt::Domains>(const ssh::Target& target,
                                                                   const ssh::Limits& limits)>;

/// What a command works with. There are no globals: tests build one with an inventory in memory.
class Context {
 public:
  /// Opens the inventory when a command first asks for it.
  using Opener = std::function<std::unique_ptr<Inventory>(Inventory::Open)>;

  Context(Opener open, ssh::Transport& to_hosts, DomainsOpener to_vms, Output& to_operator)
      : transport(to_hosts),
        open_domains(std::move(to_vms)),
        output(to_operator),
        open_(std::move(open)) {}

  /// Throws what Inventory's constructor throws. Call it after the arguments have become values:
  /// what was typed wrong must not even make an empty file.
  Inventory& inventory(Inventory::Open open = Inventory::Open::existing) {
    if (!inventory_) inventory_ = open_(open);
    return *inventory_;
  }

  ssh::Transport& transport;
  DomainsOpener open_domains;
  Output& output;

 private:
  Opener open_;
  std::unique_ptr<Inventory> inventory_;
};

/// A command whose arguments are parsed; returns the exit status of the program.
using Action = std::function<int(Context&)>;

/// One spelling, "add host gpu". Options are declared as "--key"; the operator types `key=value`,
/// or
/// `--key value`. A footer of the App is the long text of `--help`.
struct Command {
  std::string_view path;
  std::string_view summary;
  Action (*declare)(CLI::App& app);
};

/// What every command understands besides its own arguments.
struct CommonOptions {
  std::string db;                ///< inventory file, "" when not given
  std::string format = "table";  ///< of list commands
};

/// Declares all that may follow `command` on the command line, for parse() and for help alike.
Action declare(const Command& command, CLI::App& app, CommonOptions& common);

/// What CLI11 is to be given for `word`. (It reads "[ -f x ]" as a list in brackets, at the least
/// up to 2.3; declare() takes the shield off again before a command sees the word.)
std::string shielded(const std::string& word);

}  // namespace cluster::cmd
