#include "rolls/engine/new_roll.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "rolls/engine/roll.h"
#include "rolls/engine/step_kind.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

TEST(NewRoll, IsOneThatCanBeRead) {
  const TempDir folder;
  for (const std::string name : {"demo", "a-b", "x1", "name", "prefix"}) {
    lay_out(folder.path() / name, name);
    const auto roll = read_roll(folder.path() / name, name);
    EXPECT_EQ(roll.name, name);
    ASSERT_EQ(roll.attributes.size(), 1U);
    EXPECT_EQ(roll.attributes[0].name, attribute_prefix(name) + "greeting");
    EXPECT_EQ(roll.commands[0].path, "report " + name);
  }
}

// A person who starts with it sees every key that there is.
TEST(NewRoll, ShowsEveryKindOfStep) {
  const TempDir folder;
  lay_out(folder.path() / "demo", "demo");
  const auto text = read_file(folder.path() / "demo/roll.yaml").value();
  for (const auto& kind : step_kinds()) {
    EXPECT_NE(text.find("\n    " + std::string(kind.key) + ":"), std::string::npos) << kind.key;
  }
  for (const auto& family : host_families()) {
    EXPECT_NE(text.find("\n      " + std::string(family.word) + ":"), std::string::npos)
        << family.word;
  }
}

TEST(NewRoll, TakesNoPlaceThatIsTaken) {
  const TempDir folder;
  const auto refusal = [&](const std::string& name) {
    try {
      lay_out(folder.path(), name);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("it was laid out");
  };
  EXPECT_EQ(refusal("demo"), "'" + folder.path().native() + "' is there already");
  for (const auto* name : {"", "Demo", "1a", "a_b", "a b", "-a"}) {
    EXPECT_EQ(refusal(name), "not a name of a roll: '" + std::string(name) +
                                 "' (want lower case letters, digits and '-', gpupt)");
  }
}

}  // namespace
}  // namespace cluster::rolls
