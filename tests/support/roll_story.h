#pragma once

#include <filesystem>
#include <string>

#include "core/file.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/story.h"

namespace cluster {

namespace fs = std::filesystem;

/// A story of rolls: the one that `create new roll` lays out, changed as the test wants it.
class RollStory : public Story {
 protected:
  /// Makes the roll that `create new roll` lays out, in `folder`/demo.
  fs::path laid_out(const std::string& name = "demo") {
    const auto where = folder.path() / name;
    cluster({"create", "new", "roll", name, where.native()});
    return where;
  }

  void enabled_demo() {
    cluster({"add", "roll", laid_out().native()});
    cluster({"enable", "roll", "demo"});
    cluster({"add", "host", "n1"});
  }

  static void replace(const fs::path& file, const std::string& from, const std::string& to) {
    auto text = read_file(file).value();
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    replace_file(file, text.replace(at, from.size(), to));
  }

  fs::path stored(const std::string& path) const { return folder.path() / "rolls" / path; }

  /// Returns ShellCheck's own status. Its messages are in the test's output.
  int shellcheck(const std::string& script) {
    const auto path = folder.path() / "add-roll.sh";
    replace_file(path, script);
    return rolls::run_subprocess({{"shellcheck", path.native()}, ".", {}, {}}, "shellcheck");
  }
};

}  // namespace cluster
