#include "cmd/line/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <sstream>

#include "cmd/context.h"
#include "core/error.h"
#include "tests/support/fake_domains.h"
#include "tests/support/fake_transport.h"

namespace cluster::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Wants = Invocation::Wants;

// The arguments that the last action was given.
struct Given {
  std::string command;
  std::vector<std::string> words;
  std::string colour;
};
Given given;

Action declare_put(Options& options) {
  auto args = std::make_shared<Given>();
  args->command = "put box";
  options.argument("THING... [LAST]", args->words, "what to put").required();
  options.key("colour", args->colour, "its colour");
  return [args](Context&) {
    given = *args;
    return 7;
  };
}

Action declare_put_lid(Options& options) {
  auto args = std::make_shared<Given>();
  args->command = "put box lid";
  options.argument("LID", args->colour, "which lid").or_key("lid").required();
  return [args](Context&) {
    given = *args;
    return 0;
  };
}

Action declare_list(Options&) {
  return [](Context&) { return 0; };
}

constexpr std::array kLids{
    Command{"list box", "show boxes", "Boxes", declare_list, Answer::table},
    Command{"put box", "put something into a box", "Boxes", declare_put},
    Command{"put box lid", "close a box", "Boxes", declare_put_lid},
};

const CommandTable kLidTable{kLids, {}, {}, {}, {}};

// Runs `action` in empty surroundings; returns its exit status.
int run_action(const Action& action) {
  FakeTransport transport;
  FakeDomains domains;
  std::ostringstream out;
  Output output(out, out);
  Context context({}, transport, domains.opener(), output);
  return action(context);
}

Invocation parsed(const std::vector<std::string>& words) { return parse(words, kLidTable); }

// Runs the command of these words, and returns the arguments that it was given.
Given run(const std::vector<std::string>& words) {
  given = {};
  run_action(parsed(words).action);
  return given;
}

// Fails unless `words` are refused with this reason.
void expect_refused(const std::vector<std::string>& words, const std::string& why) {
  try {
    parsed(words);
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), why);
    EXPECT_EQ(error.fault(), Fault::usage);
  }
}

TEST(Parse, RunsTheCommandWithTheLongestPath) {
  EXPECT_EQ(run({"put", "box", "ball"}).command, "put box");
  EXPECT_EQ(run({"put", "box", "lid", "oak"}).command, "put box lid");
  EXPECT_EQ(run({"put", "box", "lids"}).words, std::vector<std::string>{"lids"});
}

TEST(Parse, ReturnsWhatTheActionReturns) {
  EXPECT_EQ(run_action(parsed({"put", "box", "ball"}).action), 7);
}

TEST(Parse, TakesAKeyInAllItsSpellings) {
  for (const std::vector<std::string>& key :
       {std::vector<std::string>{"colour=red"}, {"--colour=red"}, {"--colour", "red"}}) {
    std::vector<std::string> words{"put", "box", "ball"};
    words.insert(words.end(), key.begin(), key.end());
    EXPECT_EQ(run(words).colour, "red");
    EXPECT_THAT(given.words, ElementsAre("ball"));
  }
}

TEST(Parse, TakesAPositionalByItsKeyToo) {
  EXPECT_EQ(run({"put", "box", "lid", "lid=oak"}).colour, "oak");
}

TEST(Parse, LeavesAWordWithAnEqualsSignAloneWhereThereIsNoSuchKey) {
  EXPECT_THAT(run({"put", "box", "size=3", "A=1 cmd"}).words, ElementsAre("size=3", "A=1 cmd"));
}

TEST(Parse, LeavesEverythingAloneBehindTwoDashes) {
  EXPECT_THAT(run({"put", "box", "--", "colour=red", "--colour"}).words,
              ElementsAre("colour=red", "--colour"));
  EXPECT_EQ(given.colour, "");
}

TEST(Parse, KeepsAnEmptyValue) {
  EXPECT_EQ(run({"put", "box", "ball", "colour="}).colour, "");
  EXPECT_EQ(run({"put", "box", ""}).words, std::vector<std::string>{""});
}

// Every typed value arrives byte by byte, even if CLI11 would read it in another way.
TEST(Parse, PassesEveryValueUntouched) {
  std::mt19937 random(11);  // the same values in every run
  constexpr std::string_view kBytes = "ab=-[],\"'\\ \n\t$`{}%#\x1f\xc3\xa4";
  for (int i = 0; i < 600; ++i) {
    std::string value;
    for (auto size = random() % 8; size > 0; --size) value += kBytes[random() % kBytes.size()];
    EXPECT_EQ(run({"put", "box", "ball", "colour=" + value}).colour, value);
    EXPECT_THAT(run({"put", "box", "--", "x" + value}).words, ElementsAre("x" + value));
    if (value.starts_with('-') || value.starts_with("colour=")) continue;
    EXPECT_THAT(run({"put", "box", value}).words, ElementsAre(value));
  }
}

TEST(Parse, ReadsDbAndTheFormatOfATable) {
  const auto invocation = parsed({"list", "box", "db=/x/y.db", "--format=json"});
  EXPECT_EQ(invocation.wants, Wants::command);
  EXPECT_EQ(invocation.db, "/x/y.db");
  EXPECT_EQ(invocation.format, Format::json);
  EXPECT_EQ(parsed({"list", "box"}).format, Format::table);
}

TEST(Parse, ReadsThemBeforeTheVerbToo) {
  const auto typed = parsed({"--db", "x.db", "--format=json", "list", "box"});
  EXPECT_EQ(typed.db, "x.db");
  EXPECT_EQ(typed.format, Format::json);
  EXPECT_EQ(parsed({"--db=x.db"}).wants, Wants::help);
  EXPECT_EQ(parsed({"--db"}).wants, Wants::help);
  EXPECT_THROW(parsed({"--format=json", "put", "box", "ball"}), Error) << "it prints no table";
  EXPECT_THROW(parsed({"--colour=red", "put", "box", "ball"}), UnknownCommand);
}

TEST(Parse, RefusesAFormatWhereThereIsNoTable) {
  EXPECT_THROW(parsed({"put", "box", "ball", "--format", "json"}), Error);
  expect_refused({"list", "box", "format=xml"}, "not a format: 'xml' (want table, json or csv)");
}

TEST(Parse, WantsHelpForNoWordsAndForTheBeginningOfACommand) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"--help"}, {"-h"}, {"-h", "list"}}) {
    EXPECT_EQ(parsed(words).wants, Wants::help);
    EXPECT_EQ(parsed(words).help_for, "");
  }
  EXPECT_EQ(parsed({"put"}).help_for, "put");
  EXPECT_EQ(parsed({"put", "--help"}).help_for, "put");
}

TEST(Parse, WantsHelpForACommandEvenWhenItsWordsAreWrong) {
  for (const auto* flag : {"--help", "-h"}) {
    EXPECT_EQ(parsed({"put", "box", flag}).help_for, "put box");
    EXPECT_EQ(parsed({"list", "box", "--no-such-option", flag}).wants, Wants::help);
  }
}

TEST(Parse, WantsTheVersion) {
  for (const auto* word : {"--version", "-V", "version"}) {
    EXPECT_EQ(parsed({word}).wants, Wants::version);
  }
  EXPECT_THROW(parsed({"version", "box"}), UnknownCommand);
}

TEST(Parse, NamesTheArgumentThatIsMissingAsTheUsageLineDoes) {
  expect_refused({"put", "box"},
                 "put box: THING... [LAST] is required (see `cluster put box --help`)");
  expect_refused({"put", "box", "lid"},
                 "put box lid: LID is required (see `cluster put box lid --help`)");
}

TEST(Parse, RefusesAWordTooManyInOneLine) {
  try {
    parsed({"put", "box", "lid", "oak", "elm"});
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    const std::string why = error.what();
    EXPECT_THAT(why, HasSubstr("put box lid: "));
    EXPECT_THAT(why, HasSubstr("elm"));
    EXPECT_EQ(why.find('\n'), std::string::npos);
  }
}

TEST(Parse, SuggestsTheNearestCommand) {
  EXPECT_THROW(parsed({"lst", "box"}), UnknownCommand);
  expect_refused({"lst", "box"}, "no command 'lst box' (did you mean 'list box'?)");
  expect_refused({"list", "bxo", "red"}, "no command 'list bxo red' (did you mean 'list box'?)");
  expect_refused({"fly"}, "no command 'fly' (see `cluster help`)");
}

TEST(Parse, SuggestsNoCommandOfAnotherVerb) {
  expect_refused({"list", "lid"}, "no command 'list lid' (see `cluster help list`)");
  expect_refused({"put", "bag"}, "no command 'put bag' (see `cluster help put`)");
}

TEST(Parse, SaysOfAKeyWhatIsWrongWithIt) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"list", "box", "db="}, {"--db=", "list", "box"}}) {
    expect_refused(words, "list box: db= is empty (want the path of a file, or leave it out)");
  }
  expect_refused({"put", "box", "ball", "colour=red", "--colour=blue"},
                 "put box: colour= is given more than once (see `cluster put box --help`)");
  expect_refused({"put", "box", "lid", "oak", "--lid", "elm"},
                 "put box lid: lid= is given more than once (see `cluster put box lid --help`)");
  expect_refused({"put", "box", "ball", "--colour"},
                 "put box: --colour wants a value (see `cluster put box --help`)");
}

// The hint of an error that a command of `paths` throws, whose arguments are `words`.
std::string told(const std::string& why, const std::vector<std::string>& words) {
  static std::string thrown;
  thrown = why;
  const auto declare = [](Options& options) {
    auto args = std::make_shared<Given>();
    options.argument("BOX", args->words, "which");
    options.key("address", args->colour, "its address");
    return Action([args](Context&) -> int { throw Error(Fault::not_found, thrown); });
  };
  const std::array commands{Command{"set box", "change boxes", "Boxes", declare},
                            Command{"set box lid", "change lids", "Boxes", declare_list},
                            Command{"set shelf", "change shelves", "Boxes", declare_list},
                            Command{"stop box", "stop boxes", "Boxes", declare},
                            Command{"stop box lid", "stop lids", "Boxes", declare_list}};
  const CommandTable table{commands, {}, {}, {}, {}};
  try {
    run_action(parse(words, table).action);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Parse, TellsTheCommandWhoseNounWasTakenForAnArgument) {
  const auto missing = [](const std::string& name, const std::vector<std::string>& words) {
    return told("box '" + name + "' is not in the inventory", words);
  };
  const std::string end = "' is not in the inventory";
  EXPECT_EQ(missing("lids", {"set", "box", "lids"}),
            "box 'lids" + end + " (did you mean 'set box lid'?)");
  EXPECT_EQ(missing("lidd", {"set", "box", "lidd"}),
            "box 'lidd" + end + " (did you mean 'set box lid'?)");
  EXPECT_EQ(missing("shelf", {"set", "box", "shelf", "x"}),
            "box 'shelf" + end + " (did you mean 'set shelf'?)");
  for (const auto* name : {"other", "lid7"}) {
    EXPECT_EQ(missing(name, {"set", "box", name}), "box '" + (name + end));
  }
  EXPECT_EQ(missing("x", {"set", "box", "lids"}), "box 'x" + end);
  EXPECT_EQ(missing("lids", {"stop", "box", "lids"}), "box 'lids" + end) << "it would stop it";
  EXPECT_EQ(told("box 'lids' is full", {"set", "box", "lids"}), "box 'lids' is full");
}

TEST(Parse, TellsThatAWordTakenForANameHasNoKey) {
  EXPECT_EQ(told("box 'size=3' is not in the inventory", {"set", "box", "b1", "size=3"}),
            "box 'size=3' is not in the inventory ('size=' is no key of this command)");
  EXPECT_EQ(told("no box has 'size=3'", {"set", "box", "size=3"}), "no box has 'size=3'");
}

TEST(Parse, TellsHowAKeyIsTypedThatRocksHasInFront) {
  EXPECT_EQ(told("no box 'address'", {"set", "box", "address", "b 1", "b2", "10.0.0.1"}),
            "no box 'address' (did you mean 'set box 'b 1' b2 address=10.0.0.1'?)");
  EXPECT_EQ(told("no box 'ip'", {"set", "box", "ip", "b1", "address=10.0.0.1"}),
            "no box 'ip' (did you mean 'set box b1 address=10.0.0.1'?)");
  EXPECT_EQ(told("no box 'colour'", {"set", "box", "colour", "b1", "red"}), "no box 'colour'");
}

}  // namespace
}  // namespace cluster::cmd
