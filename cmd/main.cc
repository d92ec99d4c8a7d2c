#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <string_view>

#include "cmd/inventory_place.h"
#include "cmd/last_run.h"
#include "cmd/line/terminal.h"
#include "cmd/program.h"
#include "core/own_program.h"
#include "core/standard_streams.h"
#include "frontend/hosts/remote_domains.h"
#include "ssh/fan_out.h"
#include "ssh/operator.h"

namespace {

// Debian's /usr/bin/cluster is graphviz's, so the package has a second name.
std::string called(const char* program) {
  constexpr std::string_view kSecondName = "rollcall";
  const auto name = std::filesystem::path(program == nullptr ? "" : program).filename();
  return name == kSecondName ? std::string(kSecondName) : "cluster";
}

// PREFIX/share/rollcall/rolls of PREFIX/sbin/cluster.
std::filesystem::path installed_rolls() {
  return cluster::own_program().parent_path().parent_path() / "share/rollcall/rolls";
}

}  // namespace

int main(int argc, char** argv) {
  namespace cmd = cluster::cmd;
  cluster::hold_standard_streams();
  umask(umask(022) | 022);  // nobody else may write to what is made here
  cluster::ssh::FanOut transport;
  const auto open = [](const std::string& db, cluster::Inventory::Open how) {
    return std::make_unique<cluster::Inventory>(cmd::inventory_place(db).file, how);
  };
  const auto open_domains = [&transport](const cluster::ssh::Target& target,
                                         const cluster::ssh::Limits& limits) {
    return cluster::frontend::open_remote_domains(target, limits, transport.doorway());
  };
  return cmd::run_program(
      {argv + 1, argv + argc},
      {open,
       transport,
       open_domains,
       std::cout,
       std::cerr,
       cmd::terminal_width(STDOUT_FILENO),
       {isatty(STDOUT_FILENO) != 0, isatty(STDERR_FILENO) != 0},
       STDOUT_FILENO,
       cmd::progress_width(STDOUT_FILENO, STDERR_FILENO),
       cmd::state_dir(),
       isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0 ? &std::cin : nullptr,
       called(argv[0]),
       installed_rolls(),
       cluster::ssh::Operator::current});
}
