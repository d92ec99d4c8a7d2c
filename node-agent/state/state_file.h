#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cluster::agent {

/// A file in which gpupci remembers something across calls: a JSON object with "version": 1 first.
/// Names, SavedDrivers, SliceRecord and WedgedCards each have one. Nothing is ever guessed from a
/// damaged file.
class StateFile {
 public:
  /// `what` and `remedy` are for the error of a damaged file: "not WHAT: 'FILE' (why); REMEDY".
  StateFile(std::filesystem::path path, std::string what, std::string remedy);

  /// Calls `parse` with the object; does nothing when there is no file. Throws FixableError(io)
  /// when the file cannot be read, when it is no such object or has another version, or when
  /// `parse` throws.
  void read(const std::function<void(const nlohmann::ordered_json&)>& parse) const;

  /// Replaces the file whole by the version and the members of `object`. Bytes that are not UTF-8
  /// are replaced: a step may quote libvirt, and so hold any bytes. Throws Error(io).
  void write(const nlohmann::ordered_json& object) const;

  /// Removes the file when there is nothing to remember.
  void remove() const;

 private:
  std::filesystem::path path_;
  std::string what_;
  std::string remedy_;
};

}  // namespace cluster::agent
