#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace cluster::ssh {

/// A folder for the sockets over which a second `ssh` uses the connection of a first one
/// (ControlPath in ssh_config(5)). It is private, made with the first socket, and goes with its
/// owner.
class ControlFolder {
 public:
  ControlFolder() = default;
  ~ControlFolder();
  ControlFolder(const ControlFolder&) = delete;
  ControlFolder& operator=(const ControlFolder&) = delete;

  /// The socket for host `number`; "" when there can be none.
  std::string socket(std::size_t number);

 private:
  std::filesystem::path path_;
  bool was_tried_ = false;
};

}  // namespace cluster::ssh
