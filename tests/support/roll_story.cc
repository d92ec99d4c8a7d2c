#include "tests/support/roll_story.h"

#include <algorithm>

#include "core/file.h"
#include "db/postgres_place.h"
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

fs::path RollStory::stored(const std::string& path) const {
  if (!db::is_postgres(place)) return folder.path() / "rolls" / path;
  const auto store = folder.path() / "cache/cluster/rolls";
  const auto end = std::min(path.find('/'), path.size());
  if (fs::exists(store) && end > 0) {
    for (const auto& entry : fs::directory_iterator(store)) {
      if (entry.path().filename().native().starts_with(path.substr(0, end) + ".")) {
        return entry.path().native() + path.substr(end);
      }
    }
  }
  return store / path;
}

fs::path RollStory::beside(const std::string& name) const {
  return folder.path() / (db::is_postgres(place) ? "state/cluster" : "") / name;
}

int RollStory::shellcheck(const std::string& script) {
  const auto path = folder.path() / "add-roll.sh";
  replace_file(path, script);
  return rolls::run_subprocess({{"shellcheck", path.native()}, ".", {}, {}}, "shellcheck");
}

}  // namespace cluster
