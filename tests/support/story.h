#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "db/engine.h"
#include "tests/support/fake_domains.h"
#include "tests/support/fake_transport.h"
#include "tests/support/places.h"
#include "tests/support/temp_dir.h"

namespace cluster {

/// A story: command lines one after another, as an operator types them. Each story has its own
/// inventory, whose file is not there yet.
class Story : public ::testing::Test {
 protected:
  Story();
  ~Story() override;

  /// Runs `cluster WORDS...` and returns its standard output. The test fails unless the command
  /// exits with `status` and says exactly `error` on standard error (without "cluster: ").
  std::string cluster(const std::vector<std::string>& words, int status = 0,
                      const std::string& error = "");

  struct Result {
    std::string out;
    std::string err;
    int status;
  };

  Result run(const std::vector<std::string>& words);

  /// Everything that the inventory holds, as the commands that rebuild it.
  std::string dump();

  TempDir folder;
  Places places{folder.path()};
  std::string place = places.make("cluster.db");  ///< of the inventory, as --db names it
  std::filesystem::path file = folder.path() / "cluster.db";  ///< for stories of the file itself
  std::string called = "cluster";                             ///< the name by which it is called
  int outlet = -1;                                            ///< the descriptor of standard output
  FakeTransport transport;
  FakeDomains domains;
  std::ostringstream printed;  ///< on standard output, so far, by the last command
};

}  // namespace cluster
