// What hosts say is kept, and printed when all have ended: folded for people, as JSON for programs.

#include "cmd/run_record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "core/text.h"

namespace cluster::cmd {
namespace {

const ssh::Reply kDone{ssh::End::exited, 0, "", {}};

class Recorded : public ::testing::Test {
 protected:
  explicit Recorded(std::size_t hosts = 3) {
    for (std::size_t i = 1; i <= hosts; ++i)
      targets_.push_back({"n" + std::to_string(i), "", 0, ""});
  }

  std::ostringstream out_;
  std::ostringstream err_;
  Output output_{out_, err_};
  std::vector<ssh::Target> targets_;
};

class Folded : public Recorded {
 protected:
  // Says `texts`, one a host, and ends with `replies`.
  void run(const std::vector<std::string>& texts, const std::vector<ssh::Reply>& replies) {
    FoldedRun folded(output_, targets_, false);
    for (std::size_t i = 0; i < texts.size(); ++i) folded.out(i, texts[i]);
    folded.summarize(replies);
  }
};

TEST_F(Folded, IsInTheOrderInWhichAnAnswerIsFirst) {
  run({"b\n", "a\n", "b\n"}, {kDone, kDone, kDone});
  EXPECT_EQ(out_.str(),
            "---------------\nn[1,3] (2)\n---------------\nb\n"
            "---------------\nn2\n---------------\na\n");
}

TEST_F(Folded, EndsItsLastLine) {
  run({"no end", "no end\n"}, {kDone, kDone, kDone});
  EXPECT_EQ(out_.str(),
            "---------------\nn1\n---------------\nno end\n"
            "---------------\nn2\n---------------\nno end\n");
}

TEST_F(Folded, SaysNothingOfWhoSaidNothing) {
  run({"", "", ""}, {kDone, kDone, kDone});
  EXPECT_EQ(out_.str() + err_.str(), "");
}

// The same words with another end are no same answer.
TEST_F(Folded, TellsApartWhoFailed) {
  run({"x\n", "x\n", "x\n"}, {kDone, {ssh::End::exited, 3, "", {}}, kDone});
  EXPECT_EQ(out_.str(),
            "---------------\nn[1,3] (2)\n---------------\nx\n"
            "---------------\nn2\n---------------\nx\n");
  EXPECT_EQ(err_.str(), "cluster: n2: exit status 3\ncluster: run host: failed on 1 of 3 hosts\n");
}

TEST_F(Folded, HasTheNamesBeforeEachLineOfErrors) {
  FoldedRun folded(output_, targets_, false);
  for (std::size_t i = 0; i < 2; ++i) folded.err(i, "one\n\ntwo\n");
  folded.summarize({kDone, kDone, kDone});
  EXPECT_EQ(err_.str(), "n[1-2] (2): one\nn[1-2] (2): \nn[1-2] (2): two\n");
}

TEST_F(Folded, KeepsBytesThatAreNoTextForAFile) {
  const std::string bytes("\x1b[31m\0\xff\n", 8);
  run({bytes}, {kDone, kDone, kDone});
  EXPECT_NE(out_.str().find(bytes), std::string::npos);
}

TEST_F(Folded, SaysHowLongEachTookWhenThatIsAsked) {
  FoldedRun folded(output_, targets_, true);
  folded.ended(0, {ssh::End::exited, 0, "", std::chrono::milliseconds(250)});
  folded.ended(1, {ssh::End::lost, -1, "the connection broke", std::chrono::milliseconds(1000)});
  EXPECT_EQ(err_.str(),
            "cluster: n1: 0.25 s, exit status 0\ncluster: n2: 1.00 s, the connection broke\n");
}

// A host cannot fill the memory of the frontend, and what is missing is said.
TEST_F(Folded, KeepsSixteenMebibytesOfAHost) {
  FoldedRun folded(output_, targets_, false);
  const std::string half(8U << 20U, 'x');
  folded.out(0, half);
  folded.err(0, half);
  folded.out(0, "one more");
  folded.out(1, half);
  folded.summarize({kDone, kDone, kDone});
  EXPECT_EQ(out_.str().find("one more"), std::string::npos);
  EXPECT_NE(err_.str().find("cluster: n1: not all was kept, but 16 MiB of a host"),
            std::string::npos);
}

TEST_F(Folded, DoesNotSayOfAHostThatJustFitsThatItWasCut) {
  FoldedRun folded(output_, targets_, false);
  folded.out(0, std::string(16U << 20U, 'x'));
  folded.out(0, "");
  folded.summarize({kDone, kDone, kDone});
  EXPECT_EQ(err_.str(), "");
}

class InJson : public Recorded {
 protected:
  InJson() : Recorded(1) {}

  nlohmann::json object(const ssh::Reply& reply, const std::string& out = "",
                        const std::string& err = "") {
    JsonRun run(output_, targets_, false);
    run.out(0, out);
    run.err(0, err);
    out_.str("");
    run.summarize({reply});
    return nlohmann::json::parse(out_.str()).at(0);
  }
};

// What a program may compare.
TEST_F(InJson, EachEndHasAWord) {
  const std::vector<std::pair<ssh::End, const char*>> words{
      {ssh::End::exited, "exited"},           {ssh::End::signaled, "signaled"},
      {ssh::End::timed_out, "timed_out"},     {ssh::End::lost, "lost"},
      {ssh::End::unreachable, "unreachable"}, {ssh::End::host_key, "host_key"},
      {ssh::End::no_login, "no_login"},       {ssh::End::interrupted, "interrupted"}};
  for (const auto& [end, word] : words) {
    const auto said = object({end, 5, "why", {}});
    EXPECT_EQ(said["outcome"], word);
    EXPECT_EQ(said["status"].is_null(), end != ssh::End::exited) << word;
    EXPECT_EQ(said["reason"], "why") << word;
  }
}

TEST_F(InJson, WhatIsNoTextIsReplacedAndAllElseReadsBack) {
  for (const std::string text : {"", "two\nlines\n", "\x1b[31mred\x07\r", "\"quoted\\", "Grüße 🚀",
                                 "</script>", "]}", "\n}\n"}) {
    EXPECT_EQ(object(kDone, text)["stdout"], text);
    EXPECT_EQ(object(kDone, "", text)["stderr"], text);
  }
  EXPECT_EQ(object(kDone, std::string("a\0b", 3))["stdout"], std::string("a\0b", 3));
  EXPECT_EQ(object(kDone, "a\xff z\xc3")["stdout"], "a\xef\xbf\xbd z\xef\xbf\xbd");
}

TEST_F(InJson, IsAnArrayInTheOrderOfTheHosts) {
  for (int i = 2; i <= 20; ++i) targets_.push_back({"n" + std::to_string(i), "", 0, ""});
  JsonRun run(output_, targets_, false);
  run.summarize(std::vector<ssh::Reply>(targets_.size(), kDone));
  const auto said = nlohmann::json::parse(out_.str());
  ASSERT_EQ(said.size(), targets_.size());
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i]["host"], targets_[i].name);
}

}  // namespace
}  // namespace cluster::cmd
