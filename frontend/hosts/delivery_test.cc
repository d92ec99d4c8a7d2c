#include "frontend/hosts/delivery.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdio>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// The host is this machine, and its login shell sh(1).
class ADelivery : public ::testing::Test {
 protected:
  AgentAnswer deliver(const std::vector<DeliveredFile>& files) {
    const Delivery delivery(files);
    return run(delivery.command(), std::string(delivery.input().text()));
  }

  AgentAnswer run(const std::string& command, const std::string& input) {
    replace_file(scratch_.path() / "in", input);
    replace_file(scratch_.path() / "command", command);
    const auto file = [this](const char* name) { return (scratch_.path() / name).native(); };
    const int status = system(
        ("sh " + file("command") + " <" + file("in") + " >" + file("out") + " 2>" + file("err"))
            .c_str());
    AgentAnswer answer{{HostName("n1"), "node", {}, {}, {}, {}, {}, {}, true},
                       {ssh::End::exited, WEXITSTATUS(status), "", {}},
                       *read_file(scratch_.path() / "out"),
                       *read_file(scratch_.path() / "err")};
    return answer;
  }

  std::string refusal(const std::vector<DeliveredFile>& files) {
    try {
      delivered(deliver(files), files.size());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::string place(const std::string& name) const { return folder_.path() / name; }
  std::string content(const std::string& name) const {
    return read_file(folder_.path() / name).value_or("(none)");
  }
  unsigned mode(const std::string& name) const {
    struct stat found {};
    stat(place(name).c_str(), &found);
    return found.st_mode & 07777U;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& one : std::filesystem::directory_iterator(folder_.path())) {
      all.push_back(one.path().filename());
    }
    return all;
  }

 private:
  TempDir folder_;
  TempDir scratch_;
};

const std::string kBytes = std::string("a\0b\n'\\ $HOME", 12) + std::string(100'000, '\xfe');

TEST_F(ADelivery, PutsWhatWasSentWithItsMode) {
  EXPECT_THAT(delivered(deliver({{place("it's new"), "x", kBytes, 0750}}), 1), ElementsAre(true));
  EXPECT_TRUE(content("it's new") == kBytes);
  EXPECT_EQ(mode("it's new"), 0750U);
  EXPECT_THAT(names(), ElementsAre("it's new"));
}

TEST_F(ADelivery, IntoAFolderGoesByItsName) {
  std::filesystem::create_directory(place("etc"));
  deliver({{place("etc"), "one", "1"}, {place("etc/"), "two", "2"}, {place("etc/3"), "x", ""}});
  EXPECT_EQ(content("etc/one"), "1");
  EXPECT_EQ(content("etc/two"), "2");
  EXPECT_EQ(content("etc/3"), "");
}

TEST_F(ADelivery, LeavesAloneWhatIsTheSame) {
  deliver({{place("a"), "a", "1"}, {place("b"), "b", "2"}, {place("c"), "c", "3"}});
  replace_file(place("b"), "other");
  EXPECT_THAT(
      delivered(deliver({{place("a"), "a", "1"}, {place("b"), "b", "2"}, {place("c"), "c", "3"}}),
                3),
      ElementsAre(false, true, false));
  EXPECT_EQ(content("b"), "2");
  EXPECT_THAT(delivered(deliver({{place("a"), "a", "1", 0600}}), 1), ElementsAre(true));
  EXPECT_EQ(mode("a"), 0600U);
}

TEST_F(ADelivery, KeepsTheOldOneWhenToldSo) {
  const DeliveredFile file{place("agent"), "agent", "new", 0755, true};
  EXPECT_THAT(delivered(deliver({file}), 1), ElementsAre(true));
  EXPECT_THAT(names(), ElementsAre("agent"));
  replace_file(place("agent"), "old");
  deliver({file});
  EXPECT_EQ(content("agent"), "new");
  EXPECT_EQ(content("agent.old"), "old");
}

TEST_F(ADelivery, AProgramThatDoesNotRunThereTakesNoPlace) {
  DeliveredFile file{place("agent"), "agent", "#!/bin/sh\nexit 3\n", 0755, true, true};
  replace_file(place("agent"), "old");
  EXPECT_EQ(refusal({file}), "agent does not run there");
  EXPECT_EQ(content("agent"), "old");
  EXPECT_THAT(names(), ElementsAre("agent"));
  file.bytes = "#!/bin/sh\n[ \"$1\" = --version ]\n";
  EXPECT_THAT(delivered(deliver({file}), 1), ElementsAre(true));
  EXPECT_EQ(content("agent.old"), "old");
}

TEST_F(ADelivery, ThatComesInPartsChangesNothing) {
  replace_file(place("a"), "old");
  const Delivery delivery({{place("a"), "a", kBytes}});
  const auto answer = run(delivery.command(), kBytes.substr(0, 5000));
  EXPECT_THROW(delivered(answer, 1), Error);
  EXPECT_THAT(answer.err, HasSubstr("is not what was sent"));
  EXPECT_EQ(content("a"), "old");
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(ADelivery, FollowsALinkAsCpDoes) {
  replace_file(place("real"), "old");
  std::filesystem::create_symlink("real", place("link"));
  deliver({{place("link"), "x", "new"}});
  EXPECT_EQ(content("real"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(place("link")));
  EXPECT_THAT(names(), UnorderedElementsAre("real", "link"));
}

TEST_F(ADelivery, SaysWhyItCannot) {
  EXPECT_EQ(refusal({{place("no/a"), "a", "1"}}), "there is no folder " + place("no"));
  EXPECT_EQ(refusal({{place("no/"), "a", "1"}}), "there is no folder " + place("no/"));
  EXPECT_EQ(refusal({{"/dev/null", "a", "1"}}), "/dev/null is no file");
  EXPECT_EQ(content("no"), "(none)");
}

TEST_F(ADelivery, IsReadWithItsMode) {
  replace_file(place("tool"), "#!");
  chmod(place("tool").c_str(), 04751);
  const auto file = read_for_delivery(place("tool"), "/usr/local/bin");
  EXPECT_EQ(file.name, "tool");
  EXPECT_EQ(file.mode, 0751U);  // no set-user-ID program by accident
  EXPECT_THROW(read_for_delivery(place("none"), "/"), Error);
  EXPECT_THROW(read_for_delivery(place(""), "/"), Error);
}

}  // namespace
}  // namespace cluster::frontend
