#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/file.h"
#include "node-agent/kernel/process_table.h"

namespace cluster::agent {

/// What a look into processes tells as it goes along.
struct ProcessFilesListener {
  std::function<void(const Handle&)> found;
  std::function<void(pid_t)> unreadable;
  std::function<void(pid_t)> handed_over;
  std::function<void(pid_t)> ending;
  std::function<void()> moved;  ///< called often: it goes on
};

/// Looks at the open files and the mappings of one process after the other. Any of its calls may
/// wait for ever, when a driver holds the memory of a process: a child with a deadline makes them.
class ProcessFiles {
 public:
  /// `wanted` must outlive it. Throws Error(io) when /proc cannot be read.
  ProcessFiles(const std::filesystem::path& proc, const Wanted& wanted,
               ProcessFilesListener listener);

  void look_into(pid_t pid);

 private:
  /// What lies on a file system of the kernel, by its device number.
  enum class Kind { plain, sysfs, anonymous, buffer };

  /// What was seen of a process and does not count alone.
  struct Seen {
    bool other_gpu = false;           ///< a node of a GPU that is not wanted
    bool vfio_group = false;          ///< a node of any group
    bool buffer_file = false;         ///< an open dma-buf
    std::set<std::string> buffers{};  ///< things that count when no other GPU was seen
    bool vfio_device = false;         ///< one of which the kernel does not tell the function
  };

  int look_at_files(const std::string& task);
  void look_at_file(const std::string& task, int folder, const char* name);
  bool look_at(int folder, const char* name, struct statx& status);
  void look_at_node(const struct statx& status);
  void look_at_special(const std::string& task, int folder, const char* name, Kind kind);
  void look_at_anonymous(const std::string& task, const char* name, std::string_view text);
  void look_at_socket(const std::string& info);
  void look_at_ring(const std::string& info);
  void look_at_buffer(const std::string& info);
  void look_at_vfio_device(const std::string& info);
  void look_at_region(std::string_view path);
  bool is_alone(const std::string& process);
  bool has_memory(const std::string& process) const;
  bool is_ending(const std::string& process);
  bool stays_ending(const std::string& process);
  void look_at_threads(const std::string& process, int files);
  bool look_at_mappings(const std::string& task);
  void look_at_mapping(const std::string& task, std::string_view line);
  void judge();

  Kind kind_of(const struct statx& status, int folder, const char* name);
  bool may_be_special(const struct statx& status) const;
  bool is_local(std::string_view path) const;
  std::string link_text(int folder, const char* name) const;
  std::string read_all(const std::string& path);
  void found_thing(std::string thing, bool of_vfio = false);
  void note(int code);

  template <typename Visit>
  void each_entry(const std::string& path, Visit visit);

  FileDescriptor proc_;
  const Wanted& wanted_;
  ProcessFilesListener listener_;
  bool real_ = true;  ///< a /proc of the kernel, not a folder
  std::vector<std::string> remote_;
  std::map<std::pair<unsigned, unsigned>, Kind> kinds_;
  std::map<std::string, DeviceNumber, std::less<>> names_;  ///< by the last part of the path
  std::unordered_set<std::string> harmless_;
  std::array<char, 32768> block_{};
  Seen seen_;
  pid_t pid_ = 0;
  bool is_wanted_ = false;
};

}  // namespace cluster::agent
