#include "cmd/inventory_place.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "core/variable.h"
#include "db/open_database.h"
#include "rolls/engine/document.h"

namespace cluster::cmd {
namespace {

// "postgresql" of "postgresql://host/name", RFC 3986; "" of a path.
std::string scheme_of(const std::string& text) {
  const auto end = text.find("://");
  if (end == std::string::npos || end == 0) return "";
  const auto scheme = text.substr(0, end);
  const bool named = std::ranges::all_of(
      scheme, [](char c) { return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.'; });
  return named ? scheme : "";
}

// True if there are but comments.
bool says_nothing(const std::string& text) {
  return std::ranges::all_of(split(text, '\n'), [](std::string_view line) {
    const auto words = trim(line);
    return words.empty() || words.starts_with('#');
  });
}

}  // namespace

// A URL may hold a password, so only its scheme is repeated.
InventoryPlace named_place(const std::string& text, const std::string& said_by) {
  if (!db::is_file(text)) return {text, said_by};
  if (const auto scheme = scheme_of(text); !scheme.empty()) {
    throw Error(Fault::usage,
                said_by + ": " + quote(scheme + "://...") +
                    " is no inventory (want the path of a file, or postgresql://HOST/DATABASE)");
  }
  // SQLite would take these for a database that nobody keeps, and for a URI.
  if (text == ":memory:" || text.starts_with("file:")) {
    throw Error(Fault::usage,
                said_by + ": " + quote(text) + " is no inventory (want the path of a file)");
  }
  // What looks like a URL or like options of PostgreSQL would make a file of that name. It may hold
  // a password, too.
  const auto mark = text.find_first_of("/:=");
  if (mark != std::string::npos && text[mark] != '/') {
    throw Error(Fault::usage, said_by + ": " + quote(text.substr(0, mark + 1) + "...") +
                                  " is no inventory (want postgresql://HOST/DATABASE, "
                                  "service=NAME, or the path of a file: ./NAME)");
  }
  if (text.starts_with('~')) {
    throw Error(Fault::usage, said_by + ": " + quote(text) +
                                  ": only a shell knows the home that ~ means (want the whole "
                                  "path)");
  }
  if (trim(text) != text || std::ranges::any_of(text, is_control)) {
    throw Error(Fault::usage, said_by + ": " + quote(printable(text)) +
                                  " has a blank at an end or a control character (want the path "
                                  "of a file)");
  }
  if (text.ends_with('/')) {
    throw Error(Fault::usage, said_by + ": " + quote(text) + " is a folder (want a file in it)");
  }
  return {text, said_by};
}

std::filesystem::path config_file() {
  const auto chosen = variable("CLUSTER_CONFIG");
  return chosen.empty() ? kConfigFile : chosen;
}

InventoryPlace inventory_place(const std::string& option) {
  if (!option.empty()) return named_place(option, "--db");
  if (const auto file = variable("CLUSTER_DB"); !file.empty())
    return named_place(file, "$CLUSTER_DB");
  const auto config = config_file();
  const auto text = read_file(config);
  if (!text || says_nothing(*text)) return {kDefaultInventory, "built in"};
  const rolls::Fields fields(rolls::parse_document(*text, config.native()), "the settings",
                             {"database"});
  const auto database = fields.find("database");
  if (!database) return {kDefaultInventory, "built in"};
  auto chosen = named_place(database->line("database"), config.native());
  if (!chosen.file.is_absolute() && db::is_file(chosen.file)) {
    database->refuse("database: want the whole path of a file, " + quote(kDefaultInventory) +
                     ", or postgresql://HOST/DATABASE");
  }
  return chosen;
}

}  // namespace cluster::cmd
