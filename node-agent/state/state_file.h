#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cluster::agent {

/// A file in which gpupci remembers something across calls: a JSON object with "version": 1 first.
/// Names, SavedDrivers, SliceRecord and WedgedCards each have one. Nothing is ever guessed from a
/// damaged file, nor from the file of another machine, which came here with an image of its disk.
class StateFile {
 public:
  /// `what` and `remedy` are for the error of a damaged file: "not WHAT: 'FILE' (why); REMEDY".
  /// `machine` is Environment::machine(), for a record that only its own machine may act upon; it
  /// is written too.
  StateFile(std::filesystem::path path, std::string what, std::string remedy,
            std::string machine = {});

  /// Calls `parse` with the object. Does nothing when there is no file, and when it is of another
  /// machine; then it returns false. Throws FixableError(io)
  /// when the file cannot be read, when it is no such object or has another version, or when
  /// `parse` throws.
  bool read(const std::function<void(const nlohmann::ordered_json&)>& parse) const;

  /// Replaces the file whole by the version and the members of `object`. Bytes that are not UTF-8
  /// are replaced: a step may quote libvirt, and so hold any bytes. Throws Error(io).
  void write(const nlohmann::ordered_json& object) const;

  /// Removes the file when there is nothing to remember. Throws Error(io).
  void remove() const;

 private:
  std::filesystem::path path_;
  std::string what_;
  std::string remedy_;
  std::string machine_;
};

}  // namespace cluster::agent
