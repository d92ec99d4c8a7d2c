// What a shell is offered, of the names in the inventory too.

#include <gmock/gmock.h>

#include "core/text.h"
#include "db/engine.h"
#include "db/sqlite_engine.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class CompletionStory : public Story {
 protected:
  std::vector<std::string> after(std::vector<std::string> words) {
    words.insert(words.begin(), {"complete", "--"});
    std::vector<std::string> found;
    const auto out = cluster(words);
    for (const auto line : split(out, '\n')) {
      const auto word = line.substr(0, line.find('\t'));
      if (!word.empty()) found.emplace_back(word);
    }
    return found;
  }
};

TEST_F(CompletionStory, WithoutAnInventoryItKnowsTheCommands) {
  EXPECT_THAT(after({"det"}), ElementsAre("detach"));
  EXPECT_THAT(after({"list", "host", "vm", "sta"}), ElementsAre("status="));
  EXPECT_THAT(after({"load", "format=x"}), ElementsAre("format=xcat"));
  EXPECT_THAT(after({"list", "host", "n"}), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(file)) << "it makes none";
}

TEST_F(CompletionStory, NamesHostsCardsVmsAndAppliances) {
  cluster({"add", "host", "n2"});
  cluster({"add", "host", "n10"});
  cluster({"add", "host", "gpu", "n2", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "n10", "gpupci7", "02:00.0"});
  cluster({"add", "host", "vm", "v1", "n2"});
  EXPECT_THAT(after({"run", "host", "n"}), Contains("n10"));
  EXPECT_THAT(after({"list", "host", "n"}), ElementsAre("n2", "n10"));
  EXPECT_THAT(after({"start", "host", "vm", "v"}), Contains("v1"));
  EXPECT_THAT(after({"detach", "host", "gpu", "n2", "gpu"}), ElementsAre("gpupci1"));
  EXPECT_THAT(after({"detach", "host", "gpu", "gpu"}), ElementsAre("gpupci1", "gpupci7"));
  EXPECT_THAT(after({"set", "host", "vm", "v1", "container=n"}),
              ElementsAre("container=n2", "container=n10"));
  EXPECT_THAT(after({"list", "appliance", "attr", "vm-"}), Contains("vm-container"));
}

TEST_F(CompletionStory, NamesNoVmWhereACommandRefusesVms) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "vm", "nv", "n1"});
  for (const auto& path : {std::vector<std::string>{"set", "host", "power"},
                           std::vector<std::string>{"discover", "host", "vm"}}) {
    auto begun = path;
    begun.emplace_back("n");
    EXPECT_THAT(after(begun), ElementsAre("n1"));
    begun.back() = "vm";
    EXPECT_THAT(after(begun), ElementsAre("vm-container"));
  }
}

TEST_F(CompletionStory, NamesAttributesOfVmsAndOfTheSite) {
  EXPECT_THAT(after({"set", "attr", "vm_firm"}), ElementsAre("vm_firmware"));
  cluster({"add", "host", "n1"});
  cluster({"set", "attr", "contact", "me"});
  EXPECT_THAT(after({"set", "host", "attr", "n1", "cont"}), ElementsAre("contact"));
  EXPECT_THAT(after({"list", "host", "attr", "attr=cont"}), ElementsAre("attr=contact"));
}

TEST_F(CompletionStory, LeavesAnOlderInventoryAsItIs) {
  cluster({"add", "host", "n1"});
  const auto version = [&] {
    const auto sql = db::open_sqlite(file);
    const auto query = sql->prepare("PRAGMA user_version");
    query->step();
    return query->number(0);
  };
  const int older = version() - 1;
  db::open_sqlite(file)->run("PRAGMA user_version = " + std::to_string(older));
  EXPECT_THAT(after({"list", "host", "n"}), IsEmpty());
  EXPECT_THAT(after({"det"}), ElementsAre("detach"));
  EXPECT_THAT(run({"help"}).out,
              ::testing::HasSubstr("detach host gpu"));  // nor does help touch it
  EXPECT_EQ(version(), older);
}

TEST_F(CompletionStory, IsInNoHelpAndNeverFails) {
  EXPECT_THAT(after({"compl"}), IsEmpty());
  EXPECT_THAT(run({"help"}).out, Not(::testing::HasSubstr("complete")));
  EXPECT_THAT(after({"list", "host", "'\"$(reboot)"}), IsEmpty());
  EXPECT_THAT(after({"db=" + (folder.path() / "none.db").string(), ""}), IsEmpty());
}

}  // namespace
}  // namespace cluster
