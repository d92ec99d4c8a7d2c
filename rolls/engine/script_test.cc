#include "rolls/engine/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/engine/embedded.h"
#include "rolls/engine/script_report.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Makes rolls for hosts of "vm-container". sh runs their script with --dry-run, which does not need
// root and changes nothing.
class RollScript : public ::testing::Test {
 protected:
  static Roll roll(const std::string& name) {
    Roll made;
    made.name = name;
    made.version = "1.0";
    made.summary = "for tests";
    made.hosts.push_back({"vm-container", false, {}, {}, {}, {}, {}});
    return made;
  }

  static HostStep step(const std::string& name, const std::string& check) {
    return {name, "because", check + "\n", "false\n", nullptr, false};
  }

  static ScriptSpec spec(const std::vector<const Roll*>& rolls, const TemplateValues& values = {}) {
    ScriptSpec made{rolls, "vm-container", values, "cluster run roll"};
    for (const auto fact : kFacts) made.values.emplace(fact, "");
    return made;
  }

  // Returns the output of the script.
  std::string run(const ScriptSpec& what, int status = 0, const std::string& option = "") {
    replace_file(folder_.path() / "script", script(what));
    std::vector<std::string> words{"sh", (folder_.path() / "script").native(), "--dry-run"};
    if (!option.empty()) words.push_back(option);
    EXPECT_EQ(run_subprocess({words, ".", folder_.path() / "printed", {}}), status);
    return read_file(folder_.path() / "printed").value();
  }

  std::string refusal(const ScriptSpec& what, Fault fault) {
    try {
      script(what);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), fault);
      return error.what();
    }
    return "nothing was refused";
  }

  TempDir folder_;
};

TEST_F(RollScript, TellsWhatIsSoAndWhatIsNot) {
  auto demo = roll("demo");
  auto& part = demo.hosts[0];
  part.steps = {step("it is so", "true"), step("it is not", "false"), step("nothing can", "false")};
  part.steps[2].run = "";
  EXPECT_EQ(run(spec({&demo})),
            "demo: ok       it is so\n"
            "demo: would    it is not\n"
            "demo: needs    nothing can\n"
            "demo: dry run: 1 to be done\n");
}

TEST_F(RollScript, ReportsToWhomAsked) {
  auto demo = roll("demo");
  demo.hosts[0].steps = {step("it is not", "false")};
  EXPECT_THAT(run(spec({&demo})), Not(HasSubstr("\t")));
  const auto token = new_report_token();
  const auto printed = run(spec({&demo}), 0, "--report=" + token);
  const auto report = find_report(printed, token);
  ASSERT_TRUE(report) << printed;
  EXPECT_EQ(report->outcome, ScriptReport::Outcome::done);
  EXPECT_EQ(report->roll, "demo");
  EXPECT_EQ(report->words, "dry run: 1 to be done");
}

TEST_F(RollScript, ReportsWhatFailed) {
  auto base = roll("base");
  base.arch = "pdp11";
  const auto demo = roll("demo");
  const auto report = find_report(run(spec({&base, &demo}), 1, "--report=abc"), "abc");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->outcome, ScriptReport::Outcome::failed);
  EXPECT_EQ(report->roll, "base");
  EXPECT_THAT(report->words, HasSubstr("the machine is pdp11: it is "));
}

// A step has all variables of the script, and its environment; it can print anything.
TEST_F(RollScript, NoStepCanPassForTheReport) {
  auto demo = roll("demo");
  demo.hosts[0].steps = {step(
      "it prints",
      "{ env; set; ps -f; } >" + shell_word((folder_.path() / "seen").native()) + " 2>&1; false")};
  const auto printed = run(spec({&demo}), 0, "--report=abc");
  EXPECT_TRUE(find_report(printed, "abc"));
  const auto seen = read_file(folder_.path() / "seen").value();
  EXPECT_THAT(seen, HasSubstr("demo"));
  EXPECT_FALSE(find_report(seen, "abc")) << seen;
}

TEST_F(RollScript, ValuesReachTheStepsAsTheyAre) {
  constexpr std::string_view kLetters = "ab '\"$`\\!*?[]{}()<>|&;#~-=%";
  std::mt19937 random(1);
  auto demo = roll("demo");
  TemplateValues values;
  std::string check;
  std::string want;
  for (int i = 0; i < 60; ++i) {
    std::string value;
    for (auto left = random() % 15; left > 0; --left) {
      const auto letter = random() % (kLetters.size() + 1);
      value += letter == kLetters.size() ? "\u00e4" : kLetters.substr(letter, 1);
    }
    const auto name = "demo_" + std::to_string(i);
    demo.attributes.push_back({name, "", "help"});
    values[name] = value;
    check += "printf '<%s>' \"$" + name + "\"\n";
    want += "<" + value + ">";
  }
  const auto file = folder_.path() / "values";
  demo.hosts[0].steps = {step("they come", "{\n" + check + "} >" + shell_word(file.native()))};
  EXPECT_THAT(run(spec({&demo}, values)), HasSubstr("demo: ok       they come\n"));
  EXPECT_EQ(read_file(file), want);
}

TEST_F(RollScript, AStepEndsAtItsFirstLineThatFailsAndReachesNoOther) {
  auto demo = roll("demo");
  demo.hosts[0].steps = {step("sets", "x=1; cd /; false\ntrue"),
                         step("sees none of it", "[ -z \"${x-}\" ] && [ \"$PWD\" != / ]")};
  EXPECT_EQ(run(spec({&demo})),
            "demo: would    sets\n"
            "demo: ok       sees none of it\n"
            "demo: dry run: 1 to be done\n");
}

TEST_F(RollScript, AFileMayHaveAnyLines) {
  auto demo = roll("demo");
  const std::string text = "END_OF_FILE\n$HOME `id` \\\n'\nEND_OF_FILE_\n{{ demo_a }}\n";
  demo.attributes.push_back({"demo_a", "", "help"});
  demo.hosts[0].files = {{"files/a", text, (folder_.path() / "there").native()}};
  auto& file = demo.hosts[0].files[0];
  file.mode = "0600";
  const auto what = spec({&demo}, {{"demo_a", "END_OF_FILE__"}});
  EXPECT_THAT(run(what), HasSubstr("demo: would    file " + file.to + "\n"));
  EXPECT_FALSE(read_file(file.to));  // --dry-run
  EXPECT_THAT(script(what), HasSubstr("\nEND_OF_FILE__\nEND_OF_FILE___\n"));
}

TEST_F(RollScript, WhatIsOfOneFamilyIsLeftAloneElsewhere) {
  auto demo = roll("demo");
  for (const auto& family : host_families()) {
    auto one = step(std::string(family.word), "false");
    one.family = &family;
    demo.hosts[0].steps.push_back(one);
    demo.hosts[0].checks.push_back({"check " + std::string(family.word), "false\n", &family});
  }
  EXPECT_EQ(run(spec({&demo})),
            "demo: would    debian\n"
            "demo: skipped  check: check debian: dry run\n"
            "demo: dry run: 1 to be done\n");
  EXPECT_THAT(script(spec({&demo})), HasSubstr("#   check    check rhel (rhel)\n"));
}

TEST_F(RollScript, RequiredRollsComeFirstAndTheAskedOneHasTheLastWord) {
  auto base = roll("base");
  base.hosts[0].steps = {step("base is so", "true")};
  base.hosts[0].checks = {{"base works", "true\n"}};
  const auto demo = roll("demo");
  EXPECT_EQ(run(spec({&base, &demo})),
            "base: ok       base is so\n"
            "base: skipped  check: base works: dry run\n"
            "demo: dry run: 0 to be done\n");
  const auto text = script(spec({&base, &demo}));
  EXPECT_TRUE(text.ends_with("fi\n\nroll=demo\nfinish\n")) << text.substr(text.size() - 200);
}

TEST_F(RollScript, WhatNobodyLookedAtIsNotSaidToBeSo) {
  auto demo = roll("demo");
  demo.hosts[0].steps = {step("a choice", "skip 'nobody chose it'; true"),
                         step("a kernel", "await_reboot 'it is the old one'"),
                         step("a status", "exit 77"), step("no help", "echo 'do this' >&2; false")};
  demo.hosts[0].steps[3].run = "";
  EXPECT_EQ(run(spec({&demo})),
            "demo: skipped  a choice: nobody chose it\n"
            "demo: waits    a kernel: it is the old one\n"
            "demo: would    a status\n"
            "demo: needs    no help: do this\n"
            "demo: dry run: 1 to be done\n");
}

// What is taken from a machine is taken from one that the inventory has.
TEST_F(RollScript, ForNoHostItDoesNothingWhereTheRollWantsOne) {
  auto demo = roll("demo");
  demo.hosts[0].needs_host = true;
  demo.hosts[0].steps = {step("it is taken", "false")};
  EXPECT_EQ(run(spec({&demo}), 1), "");
  EXPECT_EQ(run(spec({&demo}, {{"host", "n1"}})),
            "demo: would    it is taken\ndemo: dry run: 1 to be done\n");
}

// What several steps say stands once, before them, and before what takes them back.
TEST_F(RollScript, HasTheFunctionsOfARollBeforeItsSteps) {
  auto demo = roll("demo");
  demo.hosts[0].functions = "demo_is() { return 1; }\n";
  demo.hosts[0].steps = {step("it is so", "! demo_is"), step("it is not", "demo_is")};
  demo.hosts[0].steps[1].undo = "demo_is\n";
  EXPECT_EQ(run(spec({&demo})),
            "demo: ok       it is so\ndemo: would    it is not\ndemo: dry run: 1 to be done\n");
  const auto text = undo_script(spec({&demo}), {});
  EXPECT_LT(text.find(demo.hosts[0].functions), text.find("undo_1() {\ndemo_is\n"));
}

TEST_F(RollScript, TheWayBackIsTheOtherWayRound) {
  auto demo = roll("demo");
  auto& part = demo.hosts[0];
  part.files.resize(2);
  part.files[0].to = "/etc/a";
  part.files[1].to = "/etc/b";
  part.steps = {step("one", "true"), step("two", "true"), step("only looks", "true"),
                step("three", "true")};
  part.steps[0].undo = "afterwards update-grub\n";
  part.steps[0].reboot = true;
  part.steps[2].run = "";
  part.steps[3].stays = "it's for ever";
  part.units = {"a.service"};
  const auto text = undo_script(spec({&demo}), {"other"});
  EXPECT_THAT(text.substr(text.find("\nunless_needed other")),
              ::testing::StrEq("\nunless_needed other\n"
                               "undo_unit a.service\n"
                               "\nbegin three\nundo_step '' no 'it'\\''s for ever'\n"
                               "\nbegin two\nundo_step '' no\n"
                               "\nundo_1() {\nafterwards update-grub\n}\n"
                               "begin one\nundo_step undo_1 yes\n"
                               "put_back /etc/b\nput_back /etc/a\n"
                               "undo_packages\n"
                               "\nfinish_undo\n"));
}

TEST_F(RollScript, NumbersGoOnFromRollToRoll) {
  auto base = roll("base");
  base.hosts[0].steps = {step("one", "true"), step("two", "true")};
  auto demo = roll("demo");
  demo.hosts[0].steps = {step("three", "false")};
  EXPECT_EQ(run(spec({&base, &demo})),
            "base: ok       one\n"
            "base: ok       two\n"
            "demo: would    three\n"
            "demo: dry run: 1 to be done\n");
}

TEST_F(RollScript, IsTheSameForTheSameValue) {
  auto demo = roll("demo");
  demo.hosts[0].steps = {step("it is so", "true")};
  EXPECT_EQ(script(spec({&demo})), script(spec({&demo})));
  EXPECT_THAT(script(spec({&demo})), HasSubstr(std::string(prelude())));
}

TEST_F(RollScript, ItsHeadSaysWhatItWillDo) {
  auto demo = roll("demo");
  auto& part = demo.hosts[0];
  part.packages = {{host_families().data(), {"gcc", "make"}}};
  part.files = {{"files/a", "x\n", "/etc/a"}};
  part.steps = {step("it is so", "true")};
  part.steps[0].reboot = true;
  part.units = {"a.service"};
  part.checks = {{"it works", "true\n"}};
  EXPECT_THAT(script(spec({&demo}, {{"host", "n1"}})),
              testing::StartsWith("#!/bin/sh\n"
                                  "# Roll demo 1.0: for tests\n"
                                  "# For host n1 of appliance vm-container; written by `cluster "
                                  "run roll`.\n"));
  EXPECT_THAT(script(spec({&demo})), HasSubstr("#   packages gcc make (debian)\n"
                                               "#   file     /etc/a\n"
                                               "#   step     it is so; needs a reboot\n"
                                               "#   unit     a.service\n"
                                               "#   check    it works\n"));
}

TEST_F(RollScript, RefusesWhatItCannotWrite) {
  auto demo = roll("demo");
  EXPECT_EQ(refusal(spec({&demo}, {{"host", "a\nid"}}), Fault::usage),
            "the value of 'host' is not a single line: 'a\\x0aid'");
  demo.attributes.push_back({"demo_a", "", "help"});
  EXPECT_EQ(refusal(spec({&demo}), Fault::usage), "no value for 'demo_a'");
  auto other = spec({&demo}, {{"demo_a", ""}});
  other.appliance = "compute";
  EXPECT_EQ(refusal(other, Fault::refused),
            "roll 'demo' has nothing for hosts of 'compute', only for those of vm-container");
  demo.hosts.clear();
  EXPECT_EQ(refusal(other, Fault::refused), "roll 'demo' has nothing for hosts of 'compute'");
}

TEST_F(RollScript, RefusesOtherWords) {
  const auto demo = roll("demo");
  EXPECT_EQ(run(spec({&demo}), 2, "--no-such-option"), "");
}

}  // namespace
}  // namespace cluster::rolls
