// What a roll.yaml may not say, key by key, with the line and the column of it. Its bounds, its
// paths and its templates are in roll_test.cc.

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "rolls/engine/roll.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kHead = "name: demo\nversion: 1.2.0\nsummary: for tests\n";

class RollReading : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    replace_file(folder_.path() / path, text);
  }

  // The roll whose roll.yaml is the head, in three lines, and `rest`.
  Roll read(const std::string& rest) const {
    write("roll.yaml", kHead + rest);
    return read_roll(folder_.path(), "demo");
  }

  std::string refusal_of(const std::string& rest) const {
    try {
      read(rest);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return error.what();
    }
    return "taken";
  }

  TempDir folder_;
};

TEST_F(RollReading, ThreeLinesAreARoll) {
  const auto roll = read("");
  EXPECT_EQ(roll.full_name(), "demo-1.2.0");
  EXPECT_EQ(roll.summary, "for tests");
  EXPECT_EQ(roll.folder, folder_.path());
  EXPECT_THAT(roll.requires_rolls, IsEmpty());
  EXPECT_THAT(roll.attributes, IsEmpty());
  EXPECT_THAT(roll.hosts, IsEmpty());
  EXPECT_THAT(roll.vm, IsEmpty());
  EXPECT_THAT(roll.commands, IsEmpty());
}

TEST_F(RollReading, AFolderWithoutARollIsNone) {
  try {
    read_roll(folder_.path(), "demo");
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    EXPECT_STREQ(error.what(), "demo: there is no roll.yaml");
  }
}

TEST_F(RollReading, EachOfTheThreeHasToBeThere) {
  for (const auto& [text, key] : {std::pair("version: 1\nsummary: a\n", "name"),
                                  std::pair("name: a\nsummary: a\n", "version"),
                                  std::pair("name: a\nversion: 1\n", "summary")}) {
    write("roll.yaml", text);
    try {
      read_roll(folder_.path(), "demo");
      FAIL() << key;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                "demo/roll.yaml:1:1: 'roll' has no '" + std::string(key) + "'");
    }
  }
}

struct RefusedLines {
  const char* rest;  // from line 4 on
  const char* words;
};

const std::vector<RefusedLines> kRefusedLines{
    {"arch: X86\n", "demo/roll.yaml:4:7: not an arch: 'X86' (want any, or what `uname -m` says)"},
    {"arch: ''\n", "demo/roll.yaml:4:7: 'arch' is empty"},
    {"requires: base\n", "demo/roll.yaml:4:11: 'requires' wants a list"},
    {"requires: [Base]\n", "demo/roll.yaml:4:12: not a requires: 'Base' (want the name of a roll)"},
    {"requires: [base, gds, base]\n", "demo/roll.yaml:4:23: 'base' is required twice"},
    {"attributes: [demo_mode]\n", "demo/roll.yaml:4:13: 'attributes' wants `key: value` lines"},
    {"attributes:\n  demo_mode: loud\n",
     "demo/roll.yaml:5:14: 'demo_mode' wants `key: value` lines"},
    {"attributes:\n  demo_mode: {help: h}\n", "demo/roll.yaml:5:14: 'demo_mode' has no 'default'"},
    {"attributes:\n  demo_mode: {default: a}\n", "demo/roll.yaml:5:14: 'demo_mode' has no 'help'"},
    {"attributes:\n  demo_mode: {default: a, help: ''}\n", "demo/roll.yaml:5:33: 'help' is empty"},
    {"attributes:\n  demo_mode: {default: a, help: h, value: [a]}\n",
     "demo/roll.yaml:5:36: unknown key 'value' in 'demo_mode' (did you mean 'values'?)"},
    {"attributes:\n  demo-mode: {default: a, help: h}\n",
     "demo/roll.yaml:5:3: not a name of an attribute: 'demo-mode' (want lower case letters, digits "
     "and _: demo_mode)"},
    {"attributes:\n  demo_mode: {default: a, help: h, values: [a, [b]]}\n",
     "demo/roll.yaml:5:48: 'values' wants a text"},
    {"hosts:\n  -compute: {}\n",
     "demo/roll.yaml:5:3: not an appliance: '-compute' (want vm-container)"},
    {"hosts:\n  compute: {step: []}\n",
     "demo/roll.yaml:5:13: unknown key 'step' in 'compute' (did you mean 'steps'?)"},
    {"hosts:\n  compute: {agent: 1}\n", "demo/roll.yaml:5:20: 'agent' wants yes or no, not '1'"},
    {"hosts:\n  compute: {needs_host: maybe}\n",
     "demo/roll.yaml:5:25: 'needs_host' wants yes or no, not 'maybe'"},
    {"hosts:\n  compute: {agent: yes}\n  compute: {}\n",
     "demo/roll.yaml:6:3: 'compute' is given twice"},
    {"vm:\n  - {place: devices, from: a}\n", "demo/roll.yaml:5:5: 'vm' has no 'when'"},
    {"vm:\n  - {when: host, place: devices, from: a}\n",
     "demo/roll.yaml:5:12: the roll has no attribute 'host'"},
    {"attributes: {demo_a: {default: n, help: h}}\nvm:\n  - {when: demo_a, from: a}\n",
     "demo/roll.yaml:6:5: 'vm' has no 'place'"},
    {"attributes: {demo_a: {default: n, help: h}}\nvm:\n  - {when: demo_a, place: domain}\n",
     "demo/roll.yaml:6:5: 'vm' has no 'from'"},
    {"commands:\n  report: {run: a, summary: s}\n",
     "demo/roll.yaml:5:3: not a command: 'report' (want VERB NOUN, report gds)"},
    {"commands:\n  report GDS: {run: a, summary: s}\n",
     "demo/roll.yaml:5:3: not a command: 'report GDS' (want VERB NOUN, report gds)"},
    {"commands:\n  report  gds: {run: a, summary: s}\n",
     "demo/roll.yaml:5:3: not a command: 'report  gds' (want VERB NOUN, report gds)"},
    {"commands:\n  a b c d e f: {run: a, summary: s}\n",
     "demo/roll.yaml:5:3: not a command: 'a b c d e f' (want VERB NOUN, report gds)"},
    {"commands:\n  report gds: {summary: s}\n", "demo/roll.yaml:5:15: 'report gds' has no 'run'"},
    {"commands:\n  report gds: {run: bin/a}\n",
     "demo/roll.yaml:5:15: 'report gds' has no 'summary'"},
};

TEST_F(RollReading, EachLineThatIsWrongIsToldWithItsPlace) {
  write("bin/a", "#!/bin/sh\n");
  std::filesystem::permissions(folder_.path() / "bin/a", std::filesystem::perms(0755));
  for (const auto& one : kRefusedLines) EXPECT_EQ(refusal_of(one.rest), one.words) << one.rest;
}

TEST_F(RollReading, AnAttributeMayBeEmptyAndOfferThat) {
  const auto roll = read("attributes:\n  demo_bind: {default: '', help: h, values: ['', all]}\n");
  ASSERT_EQ(roll.attributes.size(), 1U);
  EXPECT_EQ(roll.attributes[0].value, "");
  EXPECT_THAT(roll.attributes[0].values, ElementsAre("", "all"));
}

TEST_F(RollReading, ADashInTheNameIsNoneInItsAttributes) {
  write("roll.yaml",
        "name: a-b\nversion: 1\nsummary: s\nattributes:\n  a_b_mode: {default: x, help: h}\n");
  EXPECT_EQ(read_roll(folder_.path(), "demo").attributes.at(0).name, "a_b_mode");
}

TEST_F(RollReading, AHostIsThereForItsAgentAlone) {
  const auto roll = read("hosts:\n  my_Hosts-2: {agent: yes, needs_host: true}\n");
  const auto* part = roll.part_for("my_Hosts-2");
  ASSERT_NE(part, nullptr);
  EXPECT_TRUE(part->agent);
  EXPECT_TRUE(part->needs_host);
  EXPECT_EQ(part->where, "demo/roll.yaml:5:3");
  EXPECT_EQ(roll.part_for("my_hosts-2"), nullptr);
}

TEST_F(RollReading, AFragmentHasOneOfThreePlaces) {
  write("vm/a.xml", "<x/>\n");
  const auto roll = read(
      "attributes: {demo_a: {default: n, help: h}}\nvm:\n"
      "  - {when: demo_a, place: domain, from: vm/a.xml}\n"
      "  - {when: demo_a, place: devices, from: vm/a.xml}\n"
      "  - {when: demo_a, place: features, from: vm/a.xml}\n");
  std::vector<VmPlace> places;
  for (const auto& one : roll.vm) places.push_back(one.place);
  EXPECT_THAT(places, ElementsAre(VmPlace::domain, VmPlace::devices, VmPlace::features));
  EXPECT_EQ(roll.vm[2].from, "vm/a.xml");
  EXPECT_EQ(roll.vm[2].text, "<x/>\n");
}

TEST_F(RollReading, ACommandHasTwoWordsToFive) {
  write("bin/a", "#!/bin/sh\n");
  std::filesystem::permissions(folder_.path() / "bin/a", std::filesystem::perms(0755));
  const auto roll = read(
      "commands:\n  report gds: {run: bin/a, summary: one}\n"
      "  check host gpu-2 gds now: {run: bin/a, summary: two}\n");
  ASSERT_EQ(roll.commands.size(), 2U);
  EXPECT_EQ(roll.commands[1].path, "check host gpu-2 gds now");
  EXPECT_EQ(roll.commands[1].run, "bin/a");
  EXPECT_EQ(roll.commands[1].summary, "two");
}

}  // namespace
}  // namespace cluster::rolls
