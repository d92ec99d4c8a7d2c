#include "node-agent/transaction/mig_steps.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/text.h"
#include "tests/support/fake_nvidia_smi.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MigSteps : public ::testing::Test {
 protected:
  MigSteps() {
    environment_.sysfs = fake_.root();
    environment_.proc = proc_.root();
    environment_.nvidia_smi = program_;
    environment_.keep_state_in(fake_.root());
    fake_.add_card("0000:02:00", 1, 13);
  }

  Card card() const { return find_cards(fake_.sysfs(), settings_).front(); }
  std::vector<MigInstance> there() const { return mig_instances({card()}, proc_.root()); }

  // Adds an instance that somebody else has made.
  void add(int number, const std::vector<int>& compute_instances) const {
    const auto folder = smi_.instances() / ("gi" + std::to_string(number));
    replace_file(folder / "access", "DeviceFileMinor: 30\n");
    for (const int one : compute_instances) {
      replace_file(folder / ("ci" + std::to_string(one)) / "access", "DeviceFileMinor: 31\n");
    }
  }

  // Returns the name of the new instance, "none", or the reason why it failed.
  std::string make(const Card& card, virt::Mode mode = virt::Mode::act) {
    SliceSteps steps(environment_, mode);
    std::string answer;
    try {
      const auto made = make_mig(card, "1g.5gb", environment_, steps);
      answer = made ? made->name() : "none";
    } catch (const Error& error) {
      fault_ = error.fault();
      answer = error.what();
    }
    keep(steps);
    return answer;
  }
  std::string make() { return make(card()); }

  // Removes the last instance that is there. Returns "removed", or the reason why it failed.
  std::string remove(virt::Mode mode = virt::Mode::act) {
    const auto sysfs = fake_.sysfs();
    const auto input = guard_input(environment_, sysfs, settings_);
    SliceSteps steps(environment_, mode);
    std::string answer = "removed";
    try {
      remove_mig(there().back(), card(), input, environment_, steps);
    } catch (const Error& error) {
      fault_ = error.fault();
      answer = error.what();
    }
    keep(steps);
    return answer;
  }

  // The steps without "nvidia-smi mig -i ADDRESS ", with which each begins.
  void keep(const SliceSteps& steps) {
    const auto begin = program_.native() + " mig -i 0000:02:00.0 ";
    steps_.clear();
    for (const auto& step : steps.all()) {
      ASSERT_TRUE(step.starts_with(begin)) << step;
      steps_.push_back(step.substr(begin.size()));
    }
  }

  FakeSysfs fake_;
  FakeProc proc_;
  std::filesystem::path program_ = fake_.root() / "nvidia-smi";
  FakeNvidiaSmi smi_{proc_, program_};
  Environment environment_;
  Settings settings_;
  Fault fault_ = Fault::usage;
  std::vector<std::string> steps_;
};

TEST_F(MigSteps, MakeTheInstanceThatWasNotThereBefore) {
  add(3, {0});
  EXPECT_EQ(make(), "gpupci1-gi7");
  EXPECT_THAT(steps_, ElementsAre("-cgi 1g.5gb -C"));
  ASSERT_EQ(there().size(), 2U);
  EXPECT_EQ(there().back().number, 7);
  EXPECT_THAT(there().back().compute_instances, ElementsAre(0));
}

TEST_F(MigSteps, OfADryRunChangeNothing) {
  EXPECT_EQ(make(card(), virt::Mode::dry_run), "none");
  EXPECT_THAT(steps_, ElementsAre("-cgi 1g.5gb -C"));
  EXPECT_THAT(there(), IsEmpty());
  add(7, {0, 1});
  EXPECT_EQ(remove(virt::Mode::dry_run), "removed");
  EXPECT_THAT(steps_, ElementsAre("-dci -gi 7", "-dgi -gi 7"));
  EXPECT_THAT(there().back().compute_instances, ElementsAre(0, 1));
}

TEST_F(MigSteps, AreTakenOnlyOnAWholeCardOfNvidiasDriver) {
  auto other = card();
  other.slice = 0;
  EXPECT_EQ(make(other),
            "0000:02:00.0 is on nvidia, and MIG instances are made of whole cards that NVIDIA's "
            "driver has");
  EXPECT_EQ(fault_, Fault::refused);
  other = card();
  other.functions.front().driver = "nouveau";
  EXPECT_THAT(make(other), HasSubstr("0000:02:00.0 is on nouveau, and MIG instances "));
  other.functions.front().driver.reset();
  EXPECT_THAT(make(other), HasSubstr("0000:02:00.0 has no driver, and MIG instances "));
  EXPECT_EQ(fault_, Fault::refused);
  EXPECT_THAT(steps_, IsEmpty());
}

TEST_F(MigSteps, WantTheProgramOfNvidiasDriver) {
  add(7, {0});
  std::filesystem::remove(program_);
  const auto missing = "there is no " + program_.native() +
                       ", which makes and removes MIG instances; it comes with NVIDIA's driver";
  EXPECT_EQ(make(), missing);
  EXPECT_EQ(fault_, Fault::not_found);
  EXPECT_EQ(remove(), missing);
  EXPECT_EQ(there().size(), 1U);
}

// Something of that name that is no program can do nothing.
TEST_F(MigSteps, FailWithAProgramThatCannotRun) {
  std::filesystem::remove(program_);
  std::filesystem::create_directory(program_);
  EXPECT_THAT(make(), HasSubstr("/nvidia-smi failed with status 127 (is MIG on, "));
  EXPECT_EQ(fault_, Fault::io);
}

TEST_F(MigSteps, PutBackAnInstanceWithoutCompute) {
  smi_.obey("[ $1 = -cgi ] && { mkdir gi7; exit 0; }");
  EXPECT_EQ(make(), "the new instance has no compute; put back: gpupci1-gi7 is removed");
  EXPECT_EQ(fault_, Fault::io);
  EXPECT_THAT(steps_, ElementsAre("-cgi 1g.5gb -C", "-dgi -gi 7"));
  EXPECT_THAT(there(), IsEmpty());
}

TEST_F(MigSteps, SayWhatCouldNotBePutBack) {
  smi_.obey("[ $1 = -cgi ] && { mkdir gi7; exit 4; }; [ $1 = -dgi ] && exit 19");
  const auto why = make();
  EXPECT_THAT(why, HasSubstr("/nvidia-smi failed with status 4 (is MIG on, and is there room? "
                             "nvidia-smi mig -i 0000:02:00.0 -lgip lists the profiles); NOT put "
                             "back: gpupci1-gi7 ("));
  EXPECT_THAT(why, HasSubstr("failed with status 19)"));
  EXPECT_EQ(there().size(), 1U);
}

// Whose the other one is cannot be told, so both stay.
TEST_F(MigSteps, LeaveBothOfTwoNewInstances) {
  smi_.obey("[ $1 = -cgi ] && mkdir gi4");
  EXPECT_EQ(make(),
            "there are several new instances, so others make some as well; there is a new "
            "gpupci1-gi4 now, which stays");
  EXPECT_EQ(there().size(), 2U);
  EXPECT_THAT(steps_, ElementsAre("-cgi 1g.5gb -C"));
}

TEST_F(MigSteps, RemoveWhatIsThere) {
  add(3, {0});
  add(7, {});
  EXPECT_EQ(remove(), "removed");
  EXPECT_THAT(steps_, ElementsAre("-dgi -gi 7")) << "it has no compute to remove";
  EXPECT_EQ(there().size(), 1U);
  EXPECT_EQ(remove(), "removed");
  EXPECT_THAT(steps_, ElementsAre("-dci -gi 3", "-dgi -gi 3"));
  EXPECT_THAT(there(), IsEmpty());
}

TEST_F(MigSteps, RemoveNothingThatAProgramUses) {
  ASSERT_EQ(make(), "gpupci1-gi7");
  proc_.process(813, "python3").open(813, 9, "/dev/zero");  // 1:5, its compute instance
  EXPECT_EQ(remove(),
            "process 813 ('python3') has /dev/nvidia-caps/nvidia-cap5 open; stop it (kill 813)");
  EXPECT_EQ(fault_, Fault::refused);
  EXPECT_THAT(steps_, IsEmpty());
  EXPECT_EQ(there().size(), 1U);
}

TEST_F(MigSteps, GiveTheComputeBackOfAnInstanceThatStays) {
  add(7, {0});
  smi_.obey("[ $1 = -dgi ] && exit 19");
  EXPECT_THAT(remove(), HasSubstr("failed with status 19; put back: its compute instance"));
  EXPECT_THAT(steps_, ElementsAre("-dci -gi 7", "-dgi -gi 7", "-cci -gi 7"));
  EXPECT_THAT(there().back().compute_instances, ElementsAre(0));
}

// How the compute was divided is not known any more.
TEST_F(MigSteps, TellHowToMakeSeveralComputeInstancesAgain) {
  add(7, {0, 1});
  smi_.obey("[ $1 = -dgi ] && exit 19");
  EXPECT_THAT(remove(), HasSubstr("failed with status 19; NOT put back: its compute instances "
                                  "(nvidia-smi mig -i 0000:02:00.0 -cci -gi 7)"));
  EXPECT_THAT(steps_, ElementsAre("-dci -gi 7", "-dgi -gi 7"));
}

TEST_F(MigSteps, PutNothingBackWhenNothingWasChanged) {
  add(7, {0});
  smi_.obey("exit 6");
  EXPECT_EQ(remove(), program_.native() + " failed with status 6");
  EXPECT_THAT(steps_, ElementsAre("-dci -gi 7"));
  smi_.obey("exit 0");
  EXPECT_EQ(remove(), "nvidia-smi says that it is done, and the instance is still there");
  EXPECT_EQ(fault_, Fault::io);
  EXPECT_THAT(there().back().compute_instances, ElementsAre(0));
}

// The card waits for the step, and each further one would wait as well.
TEST_F(MigSteps, EndWithOneThatDoesNot) {
  environment_.act_deadline = 200ms;
  add(7, {0});
  smi_.obey("rm -r gi$3/ci* && exec sleep 3");
  EXPECT_THAT(remove(), HasSubstr("no end after "));
  EXPECT_THAT(steps_, ElementsAre("-dci -gi 7"));
  fake_.lock({0, 2, 0, 0});
  EXPECT_THAT(make(), HasSubstr("wedged since "));
  EXPECT_EQ(fault_, Fault::refused);
}

}  // namespace
}  // namespace cluster::agent
