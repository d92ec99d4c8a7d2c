#include "rolls/engine/roll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kGood = R"(name: demo
version: 1.2.0
summary: for tests
requires: [base]
attributes:
  demo_mode:
    default: quiet
    help: loud or quiet
hosts:
  vm-container:
    packages:
      debian: [gcc]
    files:
      - from: files/a
        to: /etc/a
    steps:
      - name: it is so
        why: because
        check: test -e /x
        run: |
          touch /x
        reboot: yes
    units: [a.service]
    checks:
      - name: it works
        run: test -e /x
vm:
  - when: demo_mode
    place: devices
    from: vm/a.xml
commands:
  report demo:
    run: bin/report
    summary: say it
)";

class RollFile : public ::testing::Test {
 protected:
  RollFile() {
    write("roll.yaml", kGood);
    write("files/a", "mode {{ demo_mode }} on {{host}}\n");
    write("vm/a.xml", "<x a='{{ demo_mode }}'/>\n");
    write("bin/report", "#!/bin/sh\n");
    std::filesystem::permissions(folder_.path() / "bin/report", std::filesystem::perms(0755));
  }

  void write(const std::string& path, const std::string& text) const {
    replace_file(folder_.path() / path, text);
  }

  Roll read() const { return read_roll(folder_.path(), "demo"); }

  std::string refusal() const {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return error.what();
    }
    return "nothing was refused";
  }

  // Returns the refusal of roll.yaml with `from` in it changed to `to`.
  std::string refusal(const std::string& from, const std::string& to) const {
    std::string text = kGood;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    write("roll.yaml", text.replace(at, from.size(), to));
    return refusal();
  }

  TempDir folder_;
};

TEST_F(RollFile, IsReadWhole) {
  const auto roll = read();
  EXPECT_EQ(roll.full_name(), "demo-1.2.0");
  EXPECT_EQ(roll.arch, "any");
  EXPECT_EQ(roll.requires_rolls[0].where, "demo/roll.yaml:4:12");
  EXPECT_EQ(roll.attributes[0].value, "quiet");
  const auto* part = roll.part_for("vm-container");
  ASSERT_NE(part, nullptr);
  ASSERT_EQ(part->packages.size(), 1U);
  EXPECT_EQ(part->packages[0].family->word, "debian");
  EXPECT_THAT(part->packages[0].names, ElementsAre("gcc"));
  EXPECT_EQ(part->files[0].mode, "0644");
  EXPECT_EQ(part->steps[0].run, "touch /x\n");
  EXPECT_TRUE(part->steps[0].reboot);
  EXPECT_THAT(part->units, ElementsAre("a.service"));
  EXPECT_EQ(roll.vm[0].place, VmPlace::devices);
  EXPECT_EQ(roll.commands[0].path, "report demo");
  EXPECT_EQ(roll.part_for("vm"), nullptr);
}

TEST_F(RollFile, AStepThatNothingCanMakeSo) {
  EXPECT_EQ(refusal("        run: |\n          touch /x\n", ""), "nothing was refused");
  EXPECT_EQ(read().part_for("vm-container")->steps[0].run, "");
}

TEST_F(RollFile, AStepIsTakenBackOrSaysWhyNot) {
  const std::string reboot = "        reboot: yes\n";
  EXPECT_EQ(refusal(reboot, reboot + "        stays: it is for ever\n"), "nothing was refused");
  EXPECT_EQ(read().part_for("vm-container")->steps[0].stays, "it is for ever");
  EXPECT_THAT(refusal(reboot, reboot + "        undo: rm /x\n        stays: it is for ever\n"),
              ::testing::EndsWith(": a step has undo or stays, not both"));
}

// It stands before the steps, in one shell with that of other rolls.
TEST_F(RollFile, ShellIsFunctionsOfItsName) {
  const std::string units = "    units: [a.service]\n";
  const auto with = [&](const std::string& lines) {
    return refusal(units, units + "    shell: |\n" + lines);
  };
  EXPECT_EQ(with("      # why\n      demo_is() { test -e /x; }\n\n"
                 "      demo_is_not() {\n        ! demo_is\n      }\n"),
            "nothing was refused");
  EXPECT_EQ(read().part_for("vm-container")->functions,
            "# why\ndemo_is() { test -e /x; }\n\ndemo_is_not() {\n  ! demo_is\n}\n");
  for (const auto* line : {"touch /x", "demo_mode=loud", "is() { test -e /x; }"}) {
    EXPECT_THAT(with("      demo_is() {\n        :\n      }\n      " + std::string(line) + "\n"),
                ::testing::AllOf(HasSubstr("demo/roll.yaml:"),
                                 HasSubstr("want 'demo_words() {', indented lines and '}', not '"),
                                 HasSubstr(line)));
  }
}

TEST_F(RollFile, SaysWhereItIsWrong) {
  EXPECT_EQ(refusal("summary:", "sumary:"),
            "demo/roll.yaml:3:1: unknown key 'sumary' in 'roll' (did you mean 'summary'?)");
  EXPECT_EQ(refusal("name: demo", "name: Demo"),
            "demo/roll.yaml:1:7: not a name: 'Demo' (want lower case, gpupt)");
  EXPECT_EQ(refusal("1.2.0", "[1, 2]"), "demo/roll.yaml:2:10: 'version' wants a text");
  EXPECT_EQ(refusal("1.2.0", "1-2"), "demo/roll.yaml:2:10: not a version: '1-2' (want 1.0.0)");
  EXPECT_EQ(refusal("[gcc]", "gcc"), "demo/roll.yaml:12:15: 'packages' wants a list");
  EXPECT_EQ(refusal("[gcc]", "[gcc, 'a b']"),
            "demo/roll.yaml:12:21: not a package: 'a b' (want gcc)");
  EXPECT_EQ(refusal("reboot: yes", "reboot: 3"),
            "demo/roll.yaml:22:17: 'reboot' wants yes or no, not '3'");
  EXPECT_EQ(refusal("        why: because\n", ""), "demo/roll.yaml:17:9: 'step' has no 'why'");
  EXPECT_EQ(refusal("  demo_mode:\n    default", "  mode:\n    default"),
            "demo/roll.yaml:6:3: attribute 'mode' of roll 'demo' has to start with 'demo_'");
  EXPECT_EQ(refusal("version: 1.2.0", "version: 1.2.0\nversion: 2"),
            "demo/roll.yaml:3:1: 'version' is given twice");
  EXPECT_THAT(refusal("name: demo", "name: {"), HasSubstr("demo/roll.yaml:"));
  EXPECT_EQ(refusal("commands:", "---\nx: 1\n---\ncommands:").substr(0, 15), "demo/roll.yaml:");
  EXPECT_EQ(refusal("requires: [base]", "requires: [demo]"),
            "demo/roll.yaml:4:12: roll 'demo' requires itself");
  EXPECT_EQ(refusal("when: demo_mode", "when: demo_mood"),
            "demo/roll.yaml:28:11: the roll has no attribute 'demo_mood'");
  EXPECT_EQ(refusal("place: devices", "place: device"),
            "demo/roll.yaml:29:12: no such place: 'device' (want domain, devices or features)");
  EXPECT_EQ(refusal("to: /etc/a", "to: /etc/a\n        mode: '4755'"),
            "demo/roll.yaml:16:15: not a mode: '4755' (want four octal digits, 0644)");
  EXPECT_EQ(refusal("default: quiet", "default: quiet\n    values: [loud, hush]"),
            "demo/roll.yaml:7:14: demo_mode='quiet': want loud, hush");
  EXPECT_EQ(refusal("for tests", "\"\\\x01\""),
            "demo/roll.yaml:3:13: unknown escape character: \\x01");
  EXPECT_EQ(refusal("name: it is so", "name: \"it\\nis so\""),
            "demo/roll.yaml:17:15: 'name' wants a single line");
}

TEST_F(RollFile, StaysInItsFolder) {
  EXPECT_EQ(refusal("files/a", "../a"), "demo/roll.yaml:14:15: path '../a' leaves the roll (..)");
  EXPECT_EQ(refusal("files/a", "/etc/passwd"),
            "demo/roll.yaml:14:15: path '/etc/passwd' is absolute; want one inside the roll");
  EXPECT_EQ(refusal("files/a", "files/b"),
            "demo/roll.yaml:14:15: the roll has no file 'files/b' (did you mean 'files/a'?)");
  EXPECT_EQ(refusal("files/a", "files"), "demo/roll.yaml:14:15: 'files' is a folder; want a file");
  EXPECT_THAT(refusal("to: /etc/a", "to: /etc/../a"), HasSubstr(":15:13: not a path on the host"));
  EXPECT_EQ(refusal("bin/report", "files/a"),
            "demo/roll.yaml:33:10: 'files/a' is not executable (chmod +x)");
  write("roll.yaml", kGood);
  write("files/\xc3\xa9", "x\n");
  EXPECT_EQ(refusal(), "demo: path 'files/\xc3\xa9' is not ASCII");
  std::filesystem::remove(folder_.path() / "files/\xc3\xa9");
  write("files/a\nb", "x\n");
  EXPECT_EQ(refusal(), "demo: path 'files/a\\x0ab' has a control character");
  std::filesystem::remove(folder_.path() / "files/a\nb");
  std::filesystem::create_symlink("/etc/passwd", folder_.path() / "files/b");
  EXPECT_EQ(refusal(), "demo: 'files/b' is a link; a roll holds plain files and folders alone");
}

TEST_F(RollFile, ChecksItsTemplates) {
  write("files/a", "one\nmode {{ demo_mod }}\n");
  EXPECT_EQ(refusal(), "demo/files/a:2:6: unknown name 'demo_mod' (did you mean 'demo_mode'?)");
  write("files/a", "{{ demo_mode\n}}\n");
  EXPECT_EQ(refusal(), "demo/files/a:1:1: '{{' without its '}}' on the same line");
  write("files/a", "no end");
  EXPECT_EQ(refusal(), "demo/files/a:1:7: the last line has no end");
  write("files/a", std::string("a\0b\n", 4));
  EXPECT_EQ(refusal(), "demo/files/a:1:2: a control character; want a text file");
}

TEST_F(RollFile, IsNoBomb) {
  EXPECT_EQ(refusal("requires: [base]", "requires: &a [base]\narch: *a"),
            "demo/roll.yaml:5:7: a reference (`*name`); want the text itself");
  EXPECT_THAT(refusal("requires: [base]", "requires: " + std::string(100'000, '[')),
              HasSubstr("demo/roll.yaml:"));
  EXPECT_THAT(refusal("requires: [base]", "requires: " + std::string(100'000, '{')),
              HasSubstr("demo/roll.yaml:"));
  EXPECT_EQ(refusal("for tests", std::string(1001, 'x')),
            "demo/roll.yaml:3:10: 'summary' is longer than 1000 bytes");
  EXPECT_EQ(refusal("files/a", std::string(900'000, 'x')),
            "demo/roll.yaml:14:15: 'from' is longer than 1000 bytes");
  std::string many = "base";
  for (int i = 0; i < 1000; ++i) many += ", b" + std::to_string(i);
  EXPECT_EQ(refusal("[base]", "[" + many + "]"),
            "demo/roll.yaml:4:11: 'requires' has more than 1000 members");
  write("roll.yaml", std::string((1U << 20U) + 1, '#'));
  EXPECT_EQ(refusal(), "demo/roll.yaml: is larger than 1048576 bytes");
}

TEST_F(RollFile, SaysWhatTheScriptCouldNotKeepTo) {
  EXPECT_THAT(refusal("to: /etc/a", "to: /etc/a\n        mode: '0044'"), HasSubstr("not a mode"));
  EXPECT_THAT(refusal("to: /etc/a", "to: /etc/a\n        owner: '0:0'"), HasSubstr("not an owner"));
  EXPECT_THAT(refusal("name: demo", "name: dry"), HasSubstr("has to start with 'dry_'"));
  EXPECT_EQ(refusal("    steps:", "      - {from: vm/a.xml, to: /etc/a, family: rhel}\n    steps:"),
            "demo/roll.yaml:16:30: a second file '/etc/a' for the same hosts");
  const std::string twin = "      - {name: it is so, why: y, check: 'true'";
  EXPECT_EQ(refusal("    units:", twin + "}\n    units:"),
            "demo/roll.yaml:23:9: a second step 'it is so'; want another name");
  std::string text = kGood;
  for (auto at = text.find("demo"); at != std::string::npos; at = text.find("demo"))
    text.replace(at, 4, "dry");
  for (auto at = text.find("dry_mode"); at != std::string::npos; at = text.find("dry_mode")) {
    text.replace(at, 8, "dry_run");
  }
  write("roll.yaml", text);
  EXPECT_EQ(refusal(), "demo/roll.yaml:6:3: the script itself has a variable 'dry_run'");
}

Roll requiring(const std::string& name, const std::vector<std::string>& names) {
  Roll roll;
  roll.name = name;
  for (const auto& one : names) roll.requires_rolls.push_back({one, name + "/roll.yaml:4:12"});
  return roll;
}

TEST(Required, ComesFirst) {
  const std::vector<Roll> rolls{requiring("a", {"b", "c"}), requiring("b", {"c"}),
                                requiring("c", {})};
  std::vector<std::string> names;
  for (const auto* roll : with_required(rolls[0], rolls)) names.push_back(roll->name);
  EXPECT_THAT(names, ElementsAre("c", "b", "a"));
  EXPECT_THROW(with_required(rolls[0], {rolls[0], rolls[1]}), Error);
}

TEST(Required, GoesInNoCircle) {
  try {
    refuse_cycles({requiring("a", {"b"}), requiring("b", {"c"}), requiring("c", {"b"})});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "c/roll.yaml:4:12: rolls require each other: b -> c -> b");
  }
}

}  // namespace
}  // namespace cluster::rolls
