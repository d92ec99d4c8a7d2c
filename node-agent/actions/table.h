#pragma once

#include <span>
#include <string_view>

#include "node-agent/actions/options.h"
#include "node-agent/environment.h"
#include "node-agent/streams.h"

namespace cluster::agent {

/// One call of gpupci: the request, the streams for the answer, and the host.
struct Call {
  const Options& options;
  Stream& out;
  Stream& err;
  const Environment& environment;
};

/// One thing that gpupci does: a row of the table in table.cc, and a file for its function.
struct Action {
  std::string_view short_name;  ///< "-s"; "" when there is only a long one
  std::string_view long_name;   ///< "--status"

  /// The words that follow it, as --help shows them, each taken as one argument. A word in brackets
  /// may be left out: "NAME|all", "[NAME|all]", "NAME COUNT". For NAME the parser refuses what
  /// cannot be the name of a card. For NAME|all it refuses what is neither "all" nor the name of a
  /// card or slice, nor such names with commas between them. PARENT is the device from which a vGPU
  /// is made (vgpu_parents.h).
  std::string_view arguments;
  std::string_view help;  ///< half a line

  /// Returns the exit status; throws Error.
  int (*run)(const Call& call);

  bool takes_dry_run = false;  ///< takes --dry-run
  bool takes_force = false;    ///< takes --force
  bool wants_lease = false;    ///< wants --lease
};

/// Every action, in the order of --help.
std::span<const Action> actions();

// The functions of the table, each in the file behind it. --help and --version are in table.cc.
int list(const Call& call);            ///< list.cc
int status(const Call& call);          ///< status.cc
int detach(const Call& call);          ///< detach_attach.cc
int attach(const Call& call);          ///< detach_attach.cc
int restore(const Call& call);         ///< restore.cc
int print_unit(const Call& call);      ///< print_unit.cc
int print_modprobe(const Call& call);  ///< print_modprobe.cc
int print_cmdline(const Call& call);   ///< print_cmdline.cc
int serve_ssh(const Call& call);       ///< serve_ssh.cc
int check(const Call& call);           ///< check.cc
int vfs(const Call& call);             ///< vfs.cc
int tree(const Call& call);            ///< tree.cc
int types(const Call& call);           ///< types.cc
int vgpus(const Call& call);           ///< vgpus.cc
int create_vgpu(const Call& call);     ///< create_vgpu.cc
int remove_vgpu(const Call& call);     ///< remove_vgpu.cc

}  // namespace cluster::agent
