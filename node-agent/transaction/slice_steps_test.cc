#include "node-agent/transaction/slice_steps.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/error.h"
#include "node-agent/state/wedged.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const PciAddress kPci{0, 2, 0, 0};

class Steps : public ::testing::Test {
 protected:
  Steps() {
    environment_.proc = folder_.path() / "proc";
    environment_.keep_state_in(folder_.path());
  }

  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  // The message of the error that `act` throws.
  template <typename Act>
  static std::string refused(Act act) {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  }

  TempDir folder_;
  Environment environment_;
};

TEST_F(Steps, AreTakenAndSpelledAsAShellDoesThem) {
  replace_file(file("sriov_numvfs"), "0\n");
  SliceSteps steps(environment_, virt::Mode::act);
  EXPECT_TRUE(steps.acts());
  steps.write(file("sriov_numvfs"), "2");
  steps.run({"/bin/sh", "-c", "echo 3 >>" + file("sriov_numvfs").native()});
  EXPECT_EQ(read_file(file("sriov_numvfs")), "2\n3\n");
  EXPECT_THAT(steps.all(),
              ElementsAre("echo 2 > " + file("sriov_numvfs").native(),
                          "/bin/sh -c 'echo 3 >>" + file("sriov_numvfs").native() + "'"));
  EXPECT_THAT(steps.stuck(), IsEmpty());
}

TEST_F(Steps, OfARehearsalAreSpelledOnly) {
  replace_file(file("sriov_numvfs"), "0\n");
  SliceSteps steps(environment_, virt::Mode::dry_run);
  EXPECT_FALSE(steps.acts());
  steps.write(file("sriov_numvfs"), "2");
  steps.run({"/bin/false"});
  steps.note("# and so on");
  EXPECT_EQ(read_file(file("sriov_numvfs")), "0\n");
  EXPECT_THAT(steps.all(), ElementsAre(StartsWith("echo 2 > "), "/bin/false", "# and so on"));
}

TEST_F(Steps, SayHowAProgramFailed) {
  SliceSteps steps(environment_, virt::Mode::act);
  EXPECT_EQ(refused([&] {
              steps.run({"/bin/sh", "-c", "exit 3"});
            }),
            "/bin/sh failed with status 3");
  EXPECT_EQ(refused([&] { steps.run({"/bin/sh", "-c", "kill -9 $$"}); }), "/bin/sh was killed");
  EXPECT_EQ(refused([&] { steps.run({"/no/such/program"}); }),
            "/no/such/program failed with status 127");
  EXPECT_THAT(refused([&] { steps.write(file("none"), "1"); }), StartsWith("cannot "));
}

// A step that does not end marks its card, and no other step is taken after it.
TEST_F(Steps, ThatDoNotEndMarkTheirCard) {
  environment_.act_deadline = 100ms;
  environment_.write_attribute = [](const std::filesystem::path&, std::string_view) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  };
  SliceSteps steps(environment_, virt::Mode::act);
  steps.concern(kPci);
  const auto step = "echo 1 > " + file("numvfs").native();
  EXPECT_EQ(refused([&] { steps.write(file("numvfs"), "1"); }),
            "no end after 0 s of: " + step + "; reboot the host");
  EXPECT_EQ(steps.stuck(), step);
  EXPECT_EQ(refused([&] { steps.run({"/bin/true"}); }), "not tried, an earlier step is stuck");
  EXPECT_THAT(steps.all(), ElementsAre(step));
  const auto wedge = WedgedCards(environment_.wedged, environment_.boot_id()).find(kPci);
  ASSERT_TRUE(wedge);
  EXPECT_EQ(wedge->step, step);
  replace_file(environment_.proc / std::to_string(wedge->task) / "comm", "gpupci-worker\n");
  SliceSteps later(environment_, virt::Mode::dry_run);
  EXPECT_THAT(refused([&] { later.concern(kPci); }), StartsWith("wedged since "));
  later.concern({0, 3, 0, 0});  // no other card is wedged
}

}  // namespace
}  // namespace cluster::agent
