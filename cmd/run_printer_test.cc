#include "cmd/run_printer.h"

#include <gtest/gtest.h>

#include <sstream>

namespace cluster::cmd {
namespace {

class RunPrinterTest : public ::testing::Test {
 protected:
  std::ostringstream out_;
  std::ostringstream err_;
  Output output_{out_, err_};
  std::vector<ssh::Target> targets_{{"a", "", 0, ""}, {"b", "", 0, ""}};
};

TEST_F(RunPrinterTest, LinesOfTwoHostsNeverMix) {
  RunPrinter printer(output_, targets_, true, false);
  printer.out(0, "on");
  printer.out(1, "two\nthr");
  printer.out(0, "e\n");
  printer.out(1, "ee");
  EXPECT_EQ(out_.str(), "b: two\na: one\n");
  printer.ended(1, {ssh::End::exited, 0, "", {}});
  EXPECT_EQ(out_.str(), "b: two\na: one\nb: three\n");
}

TEST_F(RunPrinterTest, WithoutPrefixBytesPassAsTheyAre) {
  RunPrinter printer(output_, targets_, false, false);
  const std::string bytes("a\0b\xff", 4);
  printer.out(0, bytes);
  EXPECT_EQ(out_.str(), bytes);
}

TEST_F(RunPrinterTest, NoByteOfOneOfSeveralHostsActsOnATerminal) {
  for (const bool out_is : {true, false}) {
    Output output(out_, err_, 80, {out_is, !out_is});
    RunPrinter printer(output, targets_, false, false);
    printer.out(0, "\x1b[2J\xc3");
    printer.err(0, "\x1b[2J\xc3");
    printer.out(1,
                "\xc2\x9b"
                "b\n");
    printer.err(1,
                "\xc2\x9b"
                "b\n");
    printer.out(0, "\x9f\n\x1b");
    printer.err(0, "\x9f\n\x1b");
    printer.ended(0, {ssh::End::exited, 0, "", {}});
    const std::string escaped = "\\xc2\\x9bb\n\\x1b[2J\xc3\x9f\n\\x1b\n";
    const std::string passed =
        "\x1b[2J\xc3\xc2\x9b"
        "b\n\x9f\n\x1b";
    EXPECT_EQ(out_.str(), out_is ? escaped : passed);
    EXPECT_EQ(err_.str(), out_is ? passed : escaped);
    out_.str("");
    err_.str("");
  }
}

TEST_F(RunPrinterTest, OfOneHostBytesPassToATerminal) {
  targets_.resize(1);
  Output output(out_, err_, 80, {true, true});
  RunPrinter printer(output, targets_, false, false);
  printer.out(0, "\x1b[1mbold");
  EXPECT_EQ(out_.str(), "\x1b[1mbold");
}

TEST_F(RunPrinterTest, AnEndlessLineDoesNotFillTheMemory) {
  RunPrinter printer(output_, targets_, true, false);
  const std::string chunk(1 << 20, 'x');
  printer.out(0, chunk);
  EXPECT_EQ(out_.str(), "");
  printer.out(0, chunk);
  EXPECT_EQ(out_.str(), "a: " + chunk + chunk + "\n");
}

TEST_F(RunPrinterTest, EndlessLinesOfManyDoNotFillTheMemory) {
  constexpr std::size_t kHosts = 70;
  targets_.resize(kHosts, {"c", "", 0, ""});
  RunPrinter printer(output_, targets_, true, false);
  const std::string chunk(1 << 20, 'x');
  const auto line = "c: " + chunk + "\n";
  for (std::size_t i = 0; i < kHosts; ++i) printer.out(i, chunk);
  EXPECT_EQ(out_.str().size(), (kHosts - 64) * line.size());
  for (std::size_t i = 0; i < kHosts; ++i) printer.ended(i, {ssh::End::exited, 0, "", {}});
  EXPECT_EQ(out_.str().size(), kHosts * line.size());
}

TEST_F(RunPrinterTest, SaysWhoFailedAndHowMany) {
  RunPrinter printer(output_, targets_, true, false);
  const std::vector<ssh::Reply> replies{{ssh::End::exited, 7, "", {}},
                                        {ssh::End::unreachable, -1, "connection refused", {}}};
  printer.ended(0, replies[0]);
  printer.ended(1, replies[1]);
  printer.summarize(replies);
  EXPECT_EQ(err_.str(),
            "cluster: a: exit status 7\ncluster: b: connection refused\n"
            "cluster: run host: failed on 1, did not reach 1 of 2 hosts\n");
}

TEST_F(RunPrinterTest, CountsTriesInWords) {
  RunPrinter printer(output_, targets_, true, false);
  for (const int tries : {2, 10, 11, 21, 22}) {
    printer.ended(0, {ssh::End::exited, 0, "", {}, tries});
  }
  std::string counted;
  for (const std::string word : {"second", "tenth", "11th", "21st", "22nd"}) {
    counted += err_.str().find("the " + word + " try") == std::string::npos ? word : "";
  }
  EXPECT_EQ(counted, "") << err_.str();
}

TEST_F(RunPrinterTest, SaysAtWhichTryAHostWasIn) {
  RunPrinter printer(output_, targets_, true, false);
  printer.ended(0, {ssh::End::exited, 0, "", {}, 3});
  printer.ended(1, {ssh::End::unreachable, -1, "refused; tried 9 times", {}, 9});
  EXPECT_EQ(err_.str(),
            "cluster: a: in at the third try: an sshd on the way turned it away before "
            "(MaxStartups in its sshd_config)\ncluster: b: refused; tried 9 times\n");
}

}  // namespace
}  // namespace cluster::cmd
