#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "db/history.h"
#include "db/inventory.h"

namespace cluster {

namespace db {
class FileStore;
class RowInsert;
class Statement;
struct TableShape;
}  // namespace db

/// The table to which the schema itself adds rows.
inline constexpr std::string_view kSeededTable = "appliance";

/// What add_later() was given and the inventory did not take.
struct RefusedRow : Error {
  RefusedRow(const Error& error, std::size_t number) : Error(error), row(number) {}

  std::size_t row;  ///< how many were given to add_later() before it
};

/// How many rows of a table were copied.
struct CopiedTable {
  std::string name;
  int rows = 0;
};

/// The rows of an inventory as they are stored, whatever they mean: all of them can be written down
/// and read back. What the schema has is asked of the database, so that no table and no column can
/// be forgotten. All methods throw Error(io) when the file fails.
class InventoryRows {
 public:
  /// Columns and their values; a column that is NULL is left out.
  using Values = std::vector<std::pair<std::string_view, std::string_view>>;

  explicit InventoryRows(Inventory& inventory);
  InventoryRows(const InventoryRows&) = delete;
  InventoryRows& operator=(const InventoryRows&) = delete;
  ~InventoryRows();

  using Each = std::function<void(std::string_view table, const Values& values)>;

  /// Calls `with` for each row, in an order in which they can be added again. The views last until
  /// it returns.
  void each(const Each& with);

  /// Adds a row; a kind of host (`appliance`) that is there already gets the new values. Throws
  /// Error(usage) for an unknown table, column or value, Error(exists), Error(refused), and
  /// Error(not_found) when a row that it points to is not there.
  void add(const std::string& table, const Values& values);

  /// Does the same in the open transaction, for a row of many. A database of many machines gets
  /// many rows with one question, so this row may wait until a later call or settle(), which then
  /// throws RefusedRow for it; of one that does not wait this throws as add() does.
  void add_later(const std::string& table, const Values& values);

  /// Adds the rows that wait. Throws RefusedRow for the first that is refused.
  void settle();

  /// Makes `file` hold a copy of one moment, while others go on. What was in it is replaced as one
  /// transaction; `locked` is called when nobody else can write to it any more.
  void save(const std::filesystem::path& file, const std::function<void()>& locked = {});

  /// Throws Error(refused), which names what is there, unless the inventory is as a new one: it has
  /// no rows but those of the schema, and no history.
  void require_empty();

  /// Adds all rows of this inventory, as they are at one moment, to `target`, and its history with
  /// them: who, when and what. It is one transaction there. Throws as require_empty() of the target
  /// does, and as add() does when its schema refuses a row. db/copy.cc has it.
  std::vector<CopiedTable> copy_to(InventoryRows& target);

  /// What is wrong with the file, one line each: what its engine finds, and rows that break the
  /// rules that the schema holds when rows are added (db/rules.cc).
  std::vector<std::string> faults();

  /// How what is stored could be lost although nothing is wrong, one line each.
  std::vector<std::string> remarks();

  /// Where the inventory keeps the files of rolls; null when it keeps none (db/inventory_files.h).
  static db::FileStore* files_of(Inventory& inventory);

  /// The value of the attribute `name` of no host and no appliance.
  static std::optional<std::string> global_attribute(Inventory& inventory, const std::string& name);

  // --- names for whoever types them: db/name_list.cc

  /// The names that begin with `begun`, of hosts of that appliance ("": of all), in no order.
  static std::vector<std::string> host_names(Inventory& inventory, std::string_view begun,
                                             std::string_view appliance);

  /// Each name of a card once, of those among `hosts` that are there, else of all.
  static std::vector<std::string> card_names(Inventory& inventory,
                                             const std::vector<HostName>& hosts);

  // --- the history: db/history.h has what these are for

  void sign(const Author& author);
  /// `only`: the change of that number; 0: all.
  std::vector<Change> changes(const std::string& since, const std::string& login, int only = 0);
  std::vector<HostName> changed_hosts();
  void undo(int number);

  // --- when cards and VMs were as they are to be: db/synced.h

  void store_synced(const HostName& host, const std::vector<GpuName>& cards,
                    const std::string& now);
  std::map<HostName, std::string> synced_vms(const OnlyHosts& only);

 private:
  struct Inserts;

  void each_of(const std::vector<db::TableShape>& tables, const Each& with);
  std::vector<db::TableShape>& tables();
  void settle(db::RowInsert& insert);

  Inventory& inventory_;
  std::unique_ptr<Inserts> inserts_;
};

}  // namespace cluster
