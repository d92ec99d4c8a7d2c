#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "db/file_store.h"
#include "db/inventory.h"

namespace cluster {

/// The files of rolls where the inventory itself keeps them, as a database that several frontends
/// use does. Of an SQLite file they are in folders beside it. All methods throw Error(io) when the
/// database fails.
class InventoryFiles {
 public:
  explicit InventoryFiles(Inventory& inventory);

  /// False: no other method may be called.
  bool are_kept() const { return store_ != nullptr; }

  /// True when a file with that sum is there whole.
  bool has(const KeptFile& file);

  /// Adds one piece of the file. It is final at once, and nobody waits for it.
  void add_piece(const std::string& sha256, int number, std::string_view bytes);

  /// Adds the row of a roll with its files, whose pieces are there. Throws Error(exists) as
  /// Inventory::add_roll() does.
  void add_roll(const StoredRoll& roll, const std::vector<KeptFile>& files);

  /// Says that `roll`, whose row was added in this transaction, has these files. Throws Error(io)
  /// when a piece of one was taken away meanwhile.
  void name(const StoredRoll& roll, const std::vector<KeptFile>& files);

  /// Removes the row of a roll, and its files unless another roll has them. Throws as
  /// Inventory::remove_roll() does.
  void remove_roll(const StoredRoll& roll);

  std::vector<KeptFile> files(const StoredRoll& roll);  ///< by path

  /// Passes the bytes of a file to `take`, piece by piece, and throws what `take` throws.
  void read(const std::string& sha256, const std::function<void(std::string_view)>& take);

  /// The sums of files that no roll has: an `add roll` was cut off.
  std::vector<std::string> unnamed();
  void remove_unnamed();

 private:
  Inventory& inventory_;
  db::FileStore* store_;  // of the inventory
};

}  // namespace cluster
