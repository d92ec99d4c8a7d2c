#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "db/inventory.h"
#include "db/inventory_files.h"
#include "frontend/rolls/roll_store.h"

namespace cluster::frontend {

/// The folder of a store. If it was made for a roll that is refused, it is removed again.
class StoreFolder {
 public:
  explicit StoreFolder(const std::filesystem::path& path);
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  ~StoreFolder();

 private:
  std::filesystem::path path_;
  bool made_ = false;
};

/// A roll's folder that has its place in the store while no row of the inventory is about it yet:
/// then a row always has its folder, whenever a command is killed. It is removed again unless it is
/// kept. Whoever has one has the StoreLock.
class Placed {
 public:
  /// `folder` of a Staging becomes the folder of `roll` in `store`. If that is there already, an
  /// `add roll` that was killed has left it, or it belongs to another inventory beside this one. It
  /// stays when it is the same; else this throws Error(exists). Throws Error(io).
  Placed(const std::filesystem::path& folder, const StoredRoll& roll,
         const std::filesystem::path& store);
  Placed(Placed&& other) noexcept;
  Placed& operator=(Placed&& other) = delete;
  Placed(const Placed&) = delete;
  Placed& operator=(const Placed&) = delete;
  ~Placed();

  void keep() { kept_ = true; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path target_;
  bool kept_ = false;
};

/// What all rolls of an inventory say, copied to the store of another one. Folders are removed
/// again unless they are kept. Until this is gone no roll comes or goes on either side.
class CopiedRolls {
 public:
  /// Throws Error(refused) when a folder is not as it was when its roll was added, Error(exists)
  /// when `to` has another roll of that name and version, and Error(io).
  CopiedRolls(Inventory& from, Inventory& to);

  /// In the transaction in which `to` got the rows of the rolls: says what each of them has, where
  /// the inventory itself keeps it.
  void name();

  void keep();

 private:
  StoreFolder store_;
  StoreLock lock_;
  std::optional<StoreLock> lock_of_source_;  // of two inventories in one folder there is one lock
  std::optional<Staging> staging_;
  std::vector<Placed> placed_;
  InventoryFiles kept_;
  std::vector<std::pair<StoredRoll, std::vector<KeptFile>>> sent_;
};

}  // namespace cluster::frontend
