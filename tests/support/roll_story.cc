#include "tests/support/roll_story.h"

#include "core/file.h"
#include "rolls/engine/subprocess.h"

namespace cluster {

fs::path RollStory::laid_out(const std::string& name) {
  auto where = folder.path() / name;
  cluster({"create", "new", "roll", name, where.native()});
  return where;
}

void RollStory::enabled_demo() {
  cluster({"add", "roll", laid_out().native()});
  cluster({"enable", "roll", "demo"});
  cluster({"add", "host", "n1"});
}

void RollStory::replace(const fs::path& file, const std::string& from, const std::string& to) {
  auto text = read_file(file).value();
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  replace_file(file, text.replace(at, from.size(), to));
}

fs::path RollStory::stored(const std::string& path) const { return folder.path() / "rolls" / path; }

int RollStory::shellcheck(const std::string& script) {
  const auto path = folder.path() / "add-roll.sh";
  replace_file(path, script);
  return rolls::run_subprocess({{"shellcheck", path.native()}, ".", {}, {}}, "shellcheck");
}

}  // namespace cluster
