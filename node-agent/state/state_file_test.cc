#include "node-agent/state/state_file.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;

class StateFileOfATest : public ::testing::Test {
 protected:
  ordered_json read() const {
    ordered_json found;
    file_.read([&](const ordered_json& document) { found = document; });
    return found;
  }
  std::string refusal(const std::function<void(const ordered_json&)>& parse) const {
    try {
      file_.read(parse);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::io);
      return error.what();
    }
    return "it was read";
  }

  TempDir folder_;
  std::filesystem::path path_ = folder_.path() / "below/state.json";
  StateFile file_{path_, "a record of things", "move it away"};
};

TEST_F(StateFileOfATest, IsNotReadWhereThereIsNone) { EXPECT_TRUE(read().is_null()); }

TEST_F(StateFileOfATest, GivesBackWhatWasWritten) {
  for (const auto& object :
       {ordered_json::object(), ordered_json{{"a", nullptr}, {"b", {1, 2}}},
        ordered_json{{"text", "a \"b\" \\ \n \xc3\xa4"}, {"deep", {{"x", {{"y", true}}}}}}}) {
    file_.write(object);
    auto found = read();
    EXPECT_EQ(found["version"], 1);
    found.erase("version");
    EXPECT_EQ(found, object);
  }
}

TEST_F(StateFileOfATest, HasItsVersionFirstAndEndsWithItsLine) {
  file_.write({{"a", 1}});
  EXPECT_EQ(read_file(path_), "{\n  \"version\": 1,\n  \"a\": 1\n}\n");
}

TEST_F(StateFileOfATest, IsLeftAsideWhenItIsOfAnotherMachine) {
  const auto reads = [this](const std::string& machine) {
    bool parsed = false;
    const StateFile file(path_, "a record of things", "move it away", machine);
    EXPECT_EQ(file.read([&](const ordered_json&) { parsed = true; }), parsed);
    return parsed;
  };
  file_.write({{"a", 1}});
  EXPECT_TRUE(reads("9c0b")) << "it is older than this";
  StateFile(path_, "a record of things", "move it away", "9c0b").write({{"a", 1}});
  EXPECT_TRUE(reads("9c0b"));
  EXPECT_FALSE(reads("77ae"));
  EXPECT_TRUE(reads("")) << "this machine has no id";
}

TEST_F(StateFileOfATest, HoldsNoBytesThatAreNoText) {
  file_.write({{"step", "echo \xff"}});
  EXPECT_EQ(read()["step"], "echo \xef\xbf\xbd");
}

TEST_F(StateFileOfATest, IsNeverGuessedAtWhenItIsDamaged) {
  for (const auto* text : {"", "{", "[]", "7", "{}", R"({"version": 2})", R"({"version": "1"})"}) {
    replace_file(path_, text);
    const auto why = refusal([&](const ordered_json&) { ADD_FAILURE() << text; });
    EXPECT_THAT(why, HasSubstr("not a record of things: '" + path_.native() + "' ("));
    EXPECT_THAT(why, HasSubstr("); move it away"));
  }
}

TEST_F(StateFileOfATest, IsDamagedWhenAValueOfItIsWrong) {
  file_.write({{"pci", "x"}});
  EXPECT_EQ(refusal([](const ordered_json&) { throw Error(Fault::usage, "no address"); }),
            "not a record of things: '" + path_.native() + "' (no address); move it away");
}

TEST_F(StateFileOfATest, IsGoneWhenItIsRemoved) {
  file_.write(ordered_json::object());
  file_.remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
  file_.remove();  // once more is right too
}

}  // namespace
}  // namespace cluster::agent
