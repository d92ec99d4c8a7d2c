#include "tests/support/story.h"

#include <memory>

#include "cmd/program.h"
#include "core/text.h"

namespace cluster {

Story::Story() = default;
Story::~Story() = default;

std::string Story::cluster(const std::vector<std::string>& words, int status,
                           const std::string& error) {
  const auto [out, err, got] = run(words);
  EXPECT_EQ(err, error.empty() ? "" : "cluster: " + error + "\n");
  EXPECT_EQ(got, status);
  return out;
}

Story::Result Story::run(const std::vector<std::string>& words) {
  printed.str("");
  std::ostringstream err;
  const auto open = [this](const std::string& db, Inventory::Open how) {
    return std::make_unique<Inventory>(db.empty() ? place : db, how);
  };
  cmd::Surroundings around{open, transport, domains.opener(), printed, err};
  around.state_dir = folder.path() / "state";
  around.name = called;
  around.outlet = outlet;
  around.installed_rolls = folder.path() / "installed";
  around.find_me = [this] {
    ssh::Operator me;
    me.home = folder.path() / "home";
    return me;
  };
  const int status = cmd::run_program(words, around);
  return {printed.str(), err.str(), status};
}

std::string Story::dump() {
  std::string commands;
  for (const auto* noun : {"appliance", "network", "host", "host vm", "host gpu", "host interface",
                           "host key", "attr", "appliance attr", "host attr"}) {
    std::vector<std::string> words{"dump"};
    for (const auto word : split(noun, ' ')) words.emplace_back(word);
    commands += cluster(words);
  }
  return commands;
}

}  // namespace cluster
