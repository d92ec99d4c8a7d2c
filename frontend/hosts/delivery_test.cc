#include "frontend/hosts/delivery.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
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

  // Sends `part` of the input for `files`, then `signal` (0: none) to the shell there, and no more.
  // Returns the exit status of the shell, or the negative number of the signal that ended it. What
  // is sent has to be longer than a pipe, so that the shell is in the middle of it by then.
  int cut_off(const std::vector<DeliveredFile>& files, std::string_view part, int signal) {
    int ends[2] = {};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const auto command = "exec " + Delivery(files).command();
    const pid_t shell = fork();
    if (shell == 0) {
      dup2(ends[0], STDIN_FILENO);
      const int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, STDOUT_FILENO);
      dup2(nowhere, STDERR_FILENO);
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
    close(ends[0]);
    EXPECT_EQ(write(ends[1], part.data(), part.size()), static_cast<ssize_t>(part.size()));
    if (signal != 0) kill(shell, signal);
    close(ends[1]);
    int status = 0;
    waitpid(shell, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
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

// The operator gives up, or the connection breaks: nothing is left there, and the old file is
// whole.
TEST_F(ADelivery, ThatIsCutOffLeavesNothing) {
  for (const int signal : {0, SIGHUP, SIGINT, SIGPIPE, SIGTERM}) {
    replace_file(place("a"), "old");
    const auto part = std::string_view(kBytes).substr(0, 90'000);
    EXPECT_EQ(cut_off({{place("a"), "a", kBytes}}, part, signal), 1) << signal;
    EXPECT_EQ(content("a"), "old") << signal;
    EXPECT_THAT(names(), ElementsAre("a")) << signal;
  }
}

// Nobody can clean up then, but what was there is whole, and the next delivery is right.
TEST_F(ADelivery, ThatIsKilledLeavesTheOldFileWhole) {
  replace_file(place("a"), "old");
  const auto part = std::string_view(kBytes).substr(0, 90'000);
  EXPECT_EQ(cut_off({{place("a"), "a", kBytes}}, part, SIGKILL), -SIGKILL);
  EXPECT_EQ(content("a"), "old");
  EXPECT_THAT(delivered(deliver({{place("a"), "a", kBytes}}), 1), ElementsAre(true));
  EXPECT_TRUE(content("a") == kBytes);
}

TEST_F(ADelivery, OfSeveralThatIsCutOffLeavesThoseThatWereWhole) {
  for (const auto* name : {"a", "b", "c"}) replace_file(place(name), "old");
  const std::vector<DeliveredFile> files{
      {place("a"), "a", "new"}, {place("b"), "b", kBytes}, {place("c"), "c", "new"}};
  EXPECT_EQ(cut_off(files, "new" + kBytes.substr(0, 90'000), SIGTERM), 1);
  EXPECT_EQ(content("a") + content("b") + content("c"), "newoldold");
  EXPECT_THAT(names(), UnorderedElementsAre("a", "b", "c"));
}

// Whatever is in a name, a shell there takes it as it is.
TEST_F(ADelivery, TakesAnyName) {
  for (const std::string name : {"a b", "it's", "\"q\"", "$HOME", "`id`", "a\\b", "-n", "*", "a!b",
                                 "#x", "~", "x;y", "ü", "a\tb", "%s", ".hidden", "a=b"}) {
    EXPECT_THAT(delivered(deliver({{place(name), "x", "1"}}), 1), ElementsAre(true)) << name;
    EXPECT_EQ(content(name), "1") << name;
    std::filesystem::create_directory(place("folder"));
    deliver({{place("folder"), name, "2"}});
    EXPECT_EQ(content("folder/" + name), "2") << name;
    EXPECT_THAT(names(), UnorderedElementsAre(name, "folder")) << "nothing is left beside it";
    std::filesystem::remove_all(place("folder"));
    std::filesystem::remove(place(name));
  }
}

TEST_F(ADelivery, OfNoBytesIsAnEmptyFile) {
  EXPECT_THAT(delivered(deliver({{place("a"), "a", ""}, {place("b"), "b", ""}}), 2),
              ElementsAre(true, true));
  EXPECT_EQ(content("a") + content("b"), "");
  EXPECT_THAT(delivered(deliver({{place("a"), "a", ""}}), 1), ElementsAre(false));
}

TEST_F(ADelivery, KeepsTheOwnerAndGivesTheMode) {
  replace_file(place("a"), "old");
  if (geteuid() == 0) {
    ASSERT_EQ(chown(place("a").c_str(), 65534, 65534), 0);
  }
  struct stat before {};
  stat(place("a").c_str(), &before);
  deliver({{place("a"), "a", "new", 0600}});
  struct stat after {};
  stat(place("a").c_str(), &after);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
  EXPECT_EQ(mode("a"), 0600U);
}

// What the host says is read as text: a banner before it is no outcome.
TEST_F(ADelivery, IsThereOnlyWhenTheHostSaysSoOfEachFile) {
  const AgentAnswer good{{HostName("n1"), "node", {}, {}, {}, {}, {}, {}, true},
                         {ssh::End::exited, 0, "", {}},
                         "Welcome\nrollcall put\nrollcall same\n",
                         ""};
  EXPECT_THAT(delivered(good, 2), ElementsAre(true, false));
  for (const auto files : {0U, 1U, 3U}) EXPECT_THROW(delivered(good, files), Error) << files;
  for (const auto* out : {"", "rollcall put", "rollcall puts\nrollcall put\n", "rollcall\nput\n",
                          " rollcall put\n rollcall put\n"}) {
    auto other = good;
    other.out = out;
    EXPECT_THROW(delivered(other, 2), Error) << out;
  }
}

TEST_F(ADelivery, TellsWhatTheHostSaidLastWithoutItsControls) {
  AgentAnswer answer{{HostName("n1"), "node", {}, {}, {}, {}, {}, {}, true},
                     {ssh::End::exited, 1, "", {}},
                     "",
                     "a warning\nhead: \x1b[31mNo space left on device\n"};
  const auto words = [&] {
    try {
      delivered(answer, 1);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(words(), HasSubstr("No space left on device"));
  EXPECT_EQ(words().find('\x1b'), std::string::npos);
  EXPECT_EQ(words().find("a warning"), std::string::npos);
  answer.err = " \n";
  EXPECT_EQ(words(), "the copy ended with status 1 and no word");
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
