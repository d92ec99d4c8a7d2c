#include "cmd/line/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <sstream>

#include "cmd/line/output.h"
#include "core/error.h"

namespace cluster::cmd {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Action declare_tie(Options& options) {
  static std::string text;
  options.argument("ROPE", text, ".5 m or `\\n`").required();
  options.key("end", text, "'which' end [left]");
  return {};
}

Action declare_no_rope(Options&) { return {}; }

constexpr std::array kRopes{
    Command{"splice", "make one of two", "Ropes", declare_no_rope},
    Command{"tie long knot", "tie a knot", "Ropes", declare_tie},
};
constexpr std::array<std::string_view, 1> kRopeGroups{"Ropes"};
constexpr std::array kRopeTopics{
    Topic{"sail", [](Output& output) { output.line(".All of sails."); }, [](Output&) {}},
};
constexpr std::array kRopeTexts{
    HelpText{"manual.txt", "ENVIRONMENT\n\n    WIND  from where\n"},
    HelpText{"manual_description.txt", "Ropes and sails.\n"},
    HelpText{"splice.txt", "EXAMPLE\n    cluster splice\n"},
    HelpText{"tie_long_knot.txt", "Ties it.\n\nEXAMPLE\n    cluster tie long knot r1 end=right\n"},
};
const CommandTable kRopeTable{kRopes, kRopeGroups, {}, kRopeTopics, kRopeTexts};

std::string manual(const std::string& noun) {
  std::ostringstream out;
  Output output(out, out);
  print_manual(output, kRopeTable, noun);
  return out.str();
}

TEST(Manual, PrintsWhatIsSpecialToRoffAsItIs) {
  EXPECT_EQ(roff_words(R"(a-b \fB 'c' `d` "e" ^f ~g)"),
            R"(a\-b \(rsfB \(aqc\(aq \(gad\(ga \(dqe\(dq \(haf \(tig)");
}

TEST(Manual, NoLineOfATextIsARequest) {
  EXPECT_EQ(roff_text(".so /etc/passwd\n'br\n    .TH X\n\n    .\n"),
            ".PP\n\\&.so /etc/passwd\n\\(aqbr\n.PP\n.EX\n    .TH X\n\\&\n    .\n.EE\n");
  EXPECT_EQ(roff_text(".de X"), ".PP\n\\&.de X\n");
}

TEST(Manual, WhatIsInBackquotesIsBold) {
  EXPECT_EQ(roff_text("Type `a -b` and\n`c`."), ".PP\nType \\fBa \\-b\\fR and\n\\fBc\\fR.\n");
  EXPECT_EQ(roff_text("One ` alone"), ".PP\nOne \\(ga alone\n");
}

TEST(Manual, ParagraphsBlocksAndHeadingsStayApart) {
  EXPECT_EQ(roff_text("One\ntwo.\n\nThree:\n  a  b\n\n  c\n\nEXAMPLE\n    d\n\n"),
            ".PP\nOne\ntwo.\n.PP\nThree:\n.PP\n.EX\n  a  b\n\\&\n  c\n.EE\n"
            ".PP\n.B EXAMPLE\n.PP\n.EX\n    d\n.EE\n");
  EXPECT_EQ(roff_text(""), "");
}

TEST(Manual, APageOfANounHasItsCommandsAndNoOthers) {
  const auto page = manual("long knot");
  EXPECT_THAT(page, StartsWith(".TH CLUSTER-LONG-KNOT 8 \"\" \"Rollcall "));
  EXPECT_THAT(
      page,
      HasSubstr("\n.ad l\n.ds AD l\n.nh\n.SH NAME\ncluster\\-long\\-knot \\- the commands of "));
  EXPECT_THAT(page,
              HasSubstr("\n.SH SYNOPSIS\n.B cluster tie long knot ROPE [key=value...]\n.SH "));
  EXPECT_THAT(page, HasSubstr(".SS tie long knot\ntie a knot.\n.PP\n"
                              ".B cluster tie long knot ROPE [key=value...]\n"
                              ".TP\n.B ROPE\n\\&.5 m or \\fB\\(rsn\\fR\n"
                              ".TP\n.B end=\n\\(aqwhich\\(aq end [left]\n"));
  EXPECT_THAT(page, HasSubstr("\n.PP\nTies it.\n.PP\n.B EXAMPLE\n.PP\n.EX\n"
                              "    cluster tie long knot r1 end=right\n.EE\n"));
  EXPECT_THAT(page, EndsWith(".SH SEE ALSO\ncluster(8)\n"));
  EXPECT_THAT(page, Not(HasSubstr("splice")));
}

TEST(Manual, ATopicHasAPage) {
  EXPECT_THAT(manual("sail"),
              HasSubstr("\n.B cluster help sail\n.SH DESCRIPTION\n.EX\n\\&.All of sails.\n.EE\n"));
}

TEST(Manual, ThePageOfTheProgramNamesAllPagesAndHasWhatHasNoNoun) {
  const auto page = manual("");
  EXPECT_THAT(page, StartsWith(".TH CLUSTER 8 "));
  EXPECT_THAT(page, HasSubstr("\n.SS Ropes\n.TP\n.B splice\nmake one of two\n.TP\n"));
  EXPECT_THAT(page, HasSubstr("\n.SS splice\n"));
  EXPECT_THAT(page, HasSubstr("\n.SH ENVIRONMENT\n.EX\n    WIND  from where\n.EE\n"));
  EXPECT_THAT(page, HasSubstr(".SH SEE ALSO\ncluster\\-long\\-knot(8), cluster\\-sail(8), "));
}

TEST(Manual, RefusesWhatIsNoNoun) {
  for (const std::string what : {"knot", "tie long knot", "splice", "-"}) {
    try {
      manual(what);
      ADD_FAILURE() << "not refused: " << what;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), "no manual page of '" + what + "' (want a noun: host gpu)");
      EXPECT_EQ(error.fault(), Fault::usage);
    }
  }
}

}  // namespace
}  // namespace cluster::cmd
