#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "cmd/program.h"
#include "core/text.h"
#include "tests/support/fake_domains.h"
#include "tests/support/fake_transport.h"
#include "tests/support/temp_dir.h"

namespace cluster {

/// A story: command lines one after another, as an operator types them. Each story has its own
/// inventory file, which is not there yet.
class Story : public ::testing::Test {
 protected:
  /// Runs `cluster WORDS...` and returns its standard output. The test fails unless the command
  /// exits with `status` and says exactly `error` on standard error (without "cluster: ").
  std::string cluster(const std::vector<std::string>& words, int status = 0,
                      const std::string& error = "") {
    const auto [out, err, got] = run(words);
    EXPECT_EQ(err, error.empty() ? "" : "cluster: " + error + "\n");
    EXPECT_EQ(got, status);
    return out;
  }

  struct Result {
    std::string out;
    std::string err;
    int status;
  };

  Result run(const std::vector<std::string>& words) {
    printed.str("");
    std::ostringstream err;
    const auto open = [this](const std::string& db, Inventory::Open how) {
      return std::make_unique<Inventory>(db.empty() ? file.native() : db, how);
    };
    const int status = cmd::run_program(words, {open, transport, domains.opener(), printed, err});
    return {printed.str(), err.str(), status};
  }

  /// Everything that the inventory holds, as the commands that rebuild it.
  std::string dump() {
    std::string commands;
    for (const auto* noun :
         {"host", "host vm", "host gpu", "host interface", "attr", "appliance attr", "host attr"}) {
      std::vector<std::string> words{"dump"};
      for (const auto word : split(noun, ' ')) words.emplace_back(word);
      commands += cluster(words);
    }
    return commands;
  }

  TempDir folder;
  std::filesystem::path file = folder.path() / "cluster.db";
  FakeTransport transport;
  FakeDomains domains;
  std::ostringstream printed;  ///< on standard output, so far, by the last command
};

}  // namespace cluster
