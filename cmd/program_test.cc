#include "cmd/program.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "core/error.h"
#include "core/version.h"
#include "tests/support/fake_domains.h"
#include "tests/support/fake_transport.h"

namespace cluster::cmd {
namespace {

class RunProgram : public ::testing::Test {
 protected:
  // Runs `cluster list host` when the inventory cannot be opened for this reason.
  template <typename Reason>
  int list_without_inventory(const Reason& why) {
    return run(
        {"list", "host"},
        [&](const std::string&, Inventory::Open) -> std::unique_ptr<Inventory> { throw why; });
  }

  int run(
      const std::vector<std::string>& words,
      std::function<std::unique_ptr<Inventory>(const std::string&, Inventory::Open)> open = {}) {
    return run_program(words, {std::move(open), transport, domains.opener(), out, err});
  }

  FakeTransport transport;
  FakeDomains domains;
  std::ostringstream out;
  std::ostringstream err;
};

TEST_F(RunProgram, TheExitStatusSaysWhoseFaultItWas) {
  EXPECT_EQ(list_without_inventory(Error(Fault::refused, "a")), 1);
  EXPECT_EQ(list_without_inventory(Error(Fault::io, "b")), 1);
  EXPECT_EQ(list_without_inventory(Error(Fault::not_found, "c")), 1);
  EXPECT_EQ(list_without_inventory(Error(Fault::usage, "d")), 2);
  EXPECT_EQ(list_without_inventory(Error(Fault::unreachable, "e")), 3);
  EXPECT_EQ(err.str(), "cluster: a\ncluster: b\ncluster: c\ncluster: d\ncluster: e\n");
  EXPECT_EQ(out.str(), "");
}

TEST_F(RunProgram, AnExceptionThatIsNoErrorIsOurBug) {
  EXPECT_EQ(list_without_inventory(std::runtime_error("no such thing")), 70);
  EXPECT_EQ(err.str(), "cluster: internal error: no such thing\n");
}

TEST_F(RunProgram, AnAnswerThatCannotBePrintedIsAFailure) {
  out.setstate(std::ios::badbit);
  EXPECT_EQ(run({"--version"}), 1);
  EXPECT_EQ(err.str(), "cluster: cannot write the answer: standard output is full or closed\n");
}

// What others call a thing, or the program that they would type elsewhere, leads to a command.
TEST_F(RunProgram, WordsOfOtherProgramsLeadToACommand) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> meant = {
      {{"list", "gpus"}, "list host gpu"},
      {{"show", "gpus", "n1"}, "list host gpu"},
      {{"gpus"}, "list host gpu"},
      {{"nvidia-smi"}, "list host gpu"},
      {{"list", "cards"}, "list host gpu"},
      {{"list", "vms"}, "list host vm"},
      {{"virsh", "list", "--all"}, "list host vm"},
      {{"create", "vm", "a"}, "add host vm"},
      {{"stop", "vm", "a"}, "stop host vm"},
      {{"ssh", "n1", "true"}, "run host"},
      {{"history"}, "list change"},
      {{"list", "log"}, "list change"},
      {{"undo", "17"}, "undo change"},
      {{"backup", "database"}, "save database"},
      {{"migrate", "database"}, "copy database"},
      {{"import", "hosts.txt"}, "load"},
      {{"edit", "host", "n1"}, "set host"},
      {{"rename", "host", "n1"}, "help set host"},
      {{"del", "host", "n1"}, "help remove host"},
      {{"get", "config"}, "show config"},
      {{"report", "slurm"}, "report fleet"},
      {{"report", "host", "dhcpd"}, "report network dhcp"},
      {{"free"}, "list host gpu"},
  };
  for (const auto& [words, command] : meant) {
    err.str("");
    EXPECT_EQ(run(words,
                  [](const std::string&, Inventory::Open) -> std::unique_ptr<Inventory> {
                    throw Error(Fault::not_found, "no inventory");
                  }),
              2);
    EXPECT_NE(err.str().find("(did you mean '" + command + "'?)"), std::string::npos) << err.str();
  }
}

TEST_F(RunProgram, HelpAndVersionNeedNoInventory) {
  EXPECT_EQ(run({"--version"}), 0);
  EXPECT_EQ(out.str(), "cluster " + std::string(version()) + "\n");
  EXPECT_EQ(run({}), 0);
  EXPECT_EQ(run({"help", "add", "host", "gpu"}), 0);
  EXPECT_EQ(run({"add", "host", "gpu", "--help"}), 0);
  EXPECT_EQ(err.str(), "");
}

TEST_F(RunProgram, PassesWhatDbSaysToWhoeverOpensTheInventory) {
  std::string opened = "nothing";
  const auto open = [&](const std::string& db, Inventory::Open) -> std::unique_ptr<Inventory> {
    opened = db;
    throw Error(Fault::io, "not today");
  };
  run({"list", "host", "db=/x/y.db"}, open);
  EXPECT_EQ(opened, "/x/y.db");
  run({"list", "host"}, open);
  EXPECT_EQ(opened, "");
}

}  // namespace
}  // namespace cluster::cmd
