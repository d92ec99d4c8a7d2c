#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "db/engine.h"

namespace cluster {

/// Where the inventories of one test are: files in its folder. Where $ROLLCALL_TEST_POSTGRESQL is
/// the URI of a server's database, they are other databases there, copies of `inventory`, which are
/// dropped at the end of the test.
class Places {
 public:
  explicit Places(std::filesystem::path folder);
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;
  ~Places();

  /// A new place, as --db names it: a file `name` that is not there yet, or a database that is
  /// empty.
  std::string make(const std::string& name);

  /// Connects to the inventory there past what `cluster` refuses, as one who may do everything.
  static std::unique_ptr<db::Connection> connect(const std::string& place);

 private:
  std::filesystem::path folder_;
  std::vector<std::string> databases_;
};

}  // namespace cluster
