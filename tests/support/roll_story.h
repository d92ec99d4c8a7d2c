#pragma once

#include <filesystem>
#include <string>

#include "tests/support/story.h"

namespace cluster {

namespace fs = std::filesystem;

/// A story of rolls: the one that `create new roll` lays out, changed as the test wants it.
class RollStory : public Story {
 protected:
  /// Makes the roll that `create new roll` lays out, in `folder`/demo.
  fs::path laid_out(const std::string& name = "demo");

  void enabled_demo();

  static void replace(const fs::path& file, const std::string& from, const std::string& to);

  /// A path in the store of rolls, like demo-0.1.0/roll.yaml. Of an inventory on PostgreSQL the
  /// store is the copy that this frontend has, since it first read the roll.
  fs::path stored(const std::string& path) const;

  /// What the frontend keeps of the inventory under that name: beside its file, if it is one.
  fs::path beside(const std::string& name) const;

  /// Returns ShellCheck's own status. Its messages are in the test's output.
  int shellcheck(const std::string& script);
};

}  // namespace cluster
