#include "rolls/engine/shell_check.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::rolls {
namespace {

std::string shell_refusal(const std::string& text) {
  Roll roll;
  roll.hosts.emplace_back();
  roll.hosts.back().shell.push_back({"demo/roll.yaml:3:9", "run", text});
  try {
    check_shell(roll);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "nothing was refused";
}

TEST(CheckShell, TakesWhatShCanRead) {
  for (const auto* good :
       {"true\n", "if a; then b; fi\n", "cat <<X\n$y\nX\n", "a 'b\nc'\n", "case x in a) ;; esac\n",
        "-n\n", "touch /x/never; exit 7\n", "'\\'\n"}) {
    EXPECT_EQ(shell_refusal(good), "nothing was refused") << good;
  }
}

TEST(CheckShell, SaysInOneLineWhereShCannotGoOn) {
  const std::string start = "demo/roll.yaml:3:9: sh cannot read 'run': line ";
  for (const auto* bad : {"if true\n", "true; }\nrm -r /; {\n", "echo 'x\n", "cat <<X\n",
                          "touch x \\\n", "a &&\n", "for\n", "f() (\n"}) {
    const auto said = shell_refusal(bad);
    EXPECT_TRUE(said.starts_with(start)) << bad << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
  EXPECT_TRUE(shell_refusal("true\ntrue\nfi\n").starts_with(start + "3: ")) << "the line of it";
  EXPECT_EQ(shell_refusal(std::string(200'000, 'x')),
            "demo/roll.yaml:3:9: 'run' is longer than 100000 bytes");
}

}  // namespace
}  // namespace cluster::rolls
