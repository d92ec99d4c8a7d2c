#include "db/postgres_files.h"

#include "core/base64.h"
#include "core/text.h"

namespace cluster::db {
namespace {

constexpr int kPlain = 0644;
constexpr int kExecutable = 0755;

std::uintmax_t bytes(std::string_view text) {
  return static_cast<std::uintmax_t>(parse_number(text).value_or(0));
}

// Bytes go through the seam as text in base64: a text of PostgreSQL has no NUL.
class PostgresFiles : public FileStore {
 public:
  explicit PostgresFiles(Connection& connection) : connection_(connection) {}

  std::optional<std::uintmax_t> size(const std::string& sha256) override {
    const auto query = connection_.prepare(
        "SELECT CAST(sum(octet_length(data)) AS text) FROM roll_chunk WHERE sha256 = :sha256");
    query->bind(":sha256", std::string_view(sha256));
    if (!query->step() || query->is_null(0)) return std::nullopt;
    return bytes(query->text(0));
  }

  void add_piece(const std::string& sha256, int number, std::string_view bytes) override {
    const auto insert = connection_.prepare(
        "INSERT INTO roll_chunk (sha256, number, data) "
        "VALUES (:sha256, CAST(:number AS integer), decode(:data, 'base64')) "
        "ON CONFLICT (sha256, number) DO NOTHING");
    insert->bind(":sha256", std::string_view(sha256));
    insert->bind(":number", number);
    const auto data = base64(bytes);
    insert->bind(":data", std::string_view(data));
    insert->execute();
  }

  std::optional<std::string> piece(const std::string& sha256, int number) override {
    const auto query = connection_.prepare(
        "SELECT encode(data, 'base64') FROM roll_chunk "
        "WHERE sha256 = :sha256 AND number = CAST(:number AS integer)");
    query->bind(":sha256", std::string_view(sha256));
    query->bind(":number", number);
    if (!query->step()) return std::nullopt;
    return parse_base64(query->text(0));
  }

  void name(const std::string& roll, const std::string& version,
            const std::vector<KeptFile>& files) override {
    const auto insert = connection_.prepare(
        "INSERT INTO roll_file (roll, version, path, mode, sha256) "
        "VALUES (:roll, :version, :path, CAST(:mode AS integer), :sha256)");
    insert->bind(":roll", std::string_view(roll));
    insert->bind(":version", std::string_view(version));
    for (const auto& file : files) {
      insert->bind(":path", std::string_view(file.path));
      insert->bind(":mode", file.is_executable ? kExecutable : kPlain);
      insert->bind(":sha256", std::string_view(file.sha256));
      insert->execute();
    }
  }

  std::vector<KeptFile> files(const std::string& roll, const std::string& version) override {
    std::vector<KeptFile> files;
    const auto query = connection_.prepare(
        "SELECT path, mode, sha256, (SELECT CAST(coalesce(sum(octet_length(data)), 0) AS text) "
        "FROM roll_chunk WHERE roll_chunk.sha256 = roll_file.sha256) FROM roll_file "
        "WHERE roll = :roll AND version = :version ORDER BY path");
    query->bind(":roll", std::string_view(roll));
    query->bind(":version", std::string_view(version));
    while (query->step()) {
      files.push_back({query->string(0), query->number(1) == kExecutable, query->string(2),
                       bytes(query->text(3))});
    }
    return files;
  }

  std::vector<std::string> unnamed() override {
    std::vector<std::string> sums;
    const auto query = connection_.prepare(
        "SELECT sha256 FROM roll_chunk WHERE number = 0 AND NOT EXISTS "
        "(SELECT 1 FROM roll_file WHERE roll_file.sha256 = roll_chunk.sha256) ORDER BY sha256");
    while (query->step()) sums.push_back(query->string(0));
    return sums;
  }

  void remove_unnamed(const std::vector<std::string>& sums) override {
    const auto remove = connection_.prepare(
        "DELETE FROM roll_chunk WHERE sha256 = :sha256 AND NOT EXISTS "
        "(SELECT 1 FROM roll_file WHERE roll_file.sha256 = roll_chunk.sha256)");
    for (const auto& sum : sums) {
      remove->bind(":sha256", std::string_view(sum));
      remove->execute();
    }
  }

 private:
  Connection& connection_;
};

}  // namespace

std::unique_ptr<FileStore> postgres_files(Connection& connection) {
  return std::make_unique<PostgresFiles>(connection);
}

}  // namespace cluster::db
