#include "cmd/consent.h"

#include <gmock/gmock.h>

#include <sstream>

#include "cmd/program.h"
#include "tests/support/fake_domains.h"
#include "tests/support/fake_transport.h"
#include "tests/support/temp_dir.h"

namespace cluster::cmd {
namespace {

using ::testing::HasSubstr;

class ConsentTest : public ::testing::Test {
 protected:
  // Runs a command of an operator who types `answer` when asked.
  int run(const std::vector<std::string>& words, const std::string& answer) {
    err.str("");
    std::istringstream typed(answer);
    Surroundings around{[&](const std::string&, Inventory::Open how) {
                          return std::make_unique<Inventory>(folder.path() / "cluster.db", how);
                        },
                        transport, domains.opener(), out, err};
    around.answers = &typed;
    return run_program(words, around);
  }

  TempDir folder;
  FakeTransport transport;
  FakeDomains domains;
  std::ostringstream out;
  std::ostringstream err;
};

TEST_F(ConsentTest, OnATerminalItShowsWhatIsMeantAndAsks) {
  ASSERT_EQ(run({"add", "host", "n[1-3]"}, ""), 0);
  for (const auto* no : {"", "\n", "n\n", "no\n", "yess\n", "q"}) {
    EXPECT_EQ(run({"remove", "host", "n*"}, no), 1) << no;
    EXPECT_EQ(err.str(),
              "cluster: remove host: 'n*' means 3 hosts, n[1-3]: go on? [y/N] "
              "cluster: remove host: nothing was done\n");
  }
  EXPECT_EQ(run({"remove", "host", "n3"}, "n\n"), 0);
  EXPECT_EQ(err.str(), "");
  EXPECT_EQ(run({"remove", "host", "n*"}, "Yes\n"), 0);
  EXPECT_THAT(err.str(), HasSubstr("removed 2 hosts"));
}

}  // namespace
}  // namespace cluster::cmd
