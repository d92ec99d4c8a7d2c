#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "virt/domains.h"

namespace cluster::frontend {

/// A program that qemu-guest-agent starts in a guest.
struct GuestProgram {
  std::string path;  ///< "/bin/sh"
  std::vector<std::string> arguments;
  std::string input;  ///< its standard input
};

/// What became of it in one guest.
struct GuestOutput {
  std::string out;
  int status = 0;
  std::optional<Error> failure;  ///< there is no agent, it does not allow it, or the time was up
};

/// Runs `program` in the guests of one host, all at once, through their agents: guest-exec of
/// qemu-ga-ref(7). The outputs are in the order of `uuids`. A program that is not done within
/// `deadline` goes on in the guest.
std::vector<GuestOutput> run_in_guests(virt::Domains& domains,
                                       const std::vector<std::string>& uuids,
                                       const GuestProgram& program, std::chrono::seconds deadline);

}  // namespace cluster::frontend
