#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "frontend/hosts/ask.h"

// Files that are put on hosts over the connection that is there.
namespace cluster::frontend {

/// A file to be put on a host.
struct DeliveredFile {
  std::string path;      ///< there: the file, or a folder that is there, in which it gets its name
  std::string name;      ///< in such a folder
  std::string bytes;     ///< what it is to hold
  unsigned mode = 0644;  ///< its permissions, 0 to 0777
  bool keeps_old = false;   ///< the file that was there before stays as PATH.old
  bool has_to_run = false;  ///< a program: it takes its place when it runs there with --version
};

/// Reads a file of this machine, with its permissions. Throws Error(io) when it is no file, or
/// cannot be read.
DeliveredFile read_for_delivery(const std::filesystem::path& from, const std::string& to);

/// The one command and the one input that put `files` on any number of hosts, which share the
/// input. The command is words for any login shell; "sudo -n " may stand before it. Each file is
/// written beside its place, compared by its SHA-256, and renamed over what was there: whatever
/// fails, the old file stays whole. It keeps the owner that it had. A link is followed, as cp(1)
/// does. The host needs a POSIX shell and coreutils or busybox.
class Delivery {
 public:
  explicit Delivery(const std::vector<DeliveredFile>& files);

  const std::string& command() const { return command_; }
  const ssh::Input& input() const { return input_; }

 private:
  std::string command_;
  ssh::Input input_;
};

/// True for each file that is new there, false where the same was there already. Throws Error(io)
/// with the host's reason when not all `files` are there, Error(unreachable) when it was not
/// reached.
std::vector<bool> delivered(const AgentAnswer& answer, std::size_t files);

}  // namespace cluster::frontend
