#include "node-agent/binding/run_program.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

Fault fault(const std::string& program) {
  try {
    run_program({program});
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault::usage;
}

TEST(RunProgram, GivesTheExitStatus) {
  EXPECT_EQ(run_program({"/bin/sh", "-c", "exit 0"}), 0);
  EXPECT_EQ(run_program({"/bin/sh", "-c", "exit 3"}), 3);
  EXPECT_EQ(run_program({"/bin/sh", "-c", "kill -9 $$"}), -1);
}

TEST(RunProgram, HandsOverEachWordAsItIs) {
  const TempDir folder;
  const auto file = (folder.path() / "words").native();
  EXPECT_EQ(run_program({"/bin/sh", "-c", R"(printf '%s|' "$@" > "$0")", file, "a b", "$HOME", ""}),
            0);
  EXPECT_EQ(read_file(file), "a b|$HOME||");
}

TEST(RunProgram, GivesAPathAndNoOtherVariable) {
  const TempDir folder;
  const auto file = (folder.path() / "variables").native();
  ::setenv("ROLLCALL_A", "b", 1);
  EXPECT_EQ(run_program({"/bin/sh", "-c", "tr '\\0' '\\n' </proc/$$/environ >\"$0\"", file}), 0);
  ::unsetenv("ROLLCALL_A");
  EXPECT_EQ(read_file(file), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n");
}

TEST(RunProgram, SaysWhenThereIsNone) {
  EXPECT_EQ(fault("/nonexistent/program"), Fault::not_found);
  EXPECT_EQ(fault("/etc"), Fault::io);  // a folder is no program
}

}  // namespace
}  // namespace cluster::agent
