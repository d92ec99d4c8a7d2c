#include "db/inventory_files.h"

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/refusals.h"
#include "db/rows.h"

namespace cluster {
namespace {

// Runs `work` without a transaction around it.
template <typename Work>
auto alone(const char* what, const Work& work) {
  try {
    return work();
  } catch (const db::Failure& failure) {
    throw Error(fault_of(failure), std::string(what) + ": " + failure.what());
  }
}

}  // namespace

db::FileStore* InventoryRows::files_of(Inventory& inventory) { return inventory.db_->files(); }

InventoryFiles::InventoryFiles(Inventory& inventory)
    : inventory_(inventory), store_(InventoryRows::files_of(inventory)) {}

bool InventoryFiles::has(const KeptFile& file) {
  return alone("add roll", [&] { return store_->size(file.sha256) == file.size; });
}

void InventoryFiles::add_piece(const std::string& sha256, int number, std::string_view bytes) {
  alone("add roll", [&] { store_->add_piece(sha256, number, bytes); });
}

void InventoryFiles::add_roll(const StoredRoll& roll, const std::vector<KeptFile>& files) {
  inventory_.together("add roll", [&] {
    inventory_.add_roll(roll);
    name(roll, files);
  });
}

void InventoryFiles::name(const StoredRoll& roll, const std::vector<KeptFile>& files) {
  inventory_.together("add roll", [&] {
    for (const auto& file : files) {
      if (store_->size(file.sha256) == file.size) continue;
      throw Error(Fault::io, "another command took away what this one had stored of roll " +
                                 quote(roll.name) + ": do it again");
    }
    store_->name(roll.name, roll.version, files);
  });
}

void InventoryFiles::remove_roll(const StoredRoll& roll) {
  inventory_.together("remove roll", [&] {
    std::vector<std::string> sums;
    for (const auto& file : store_->files(roll.name, roll.version)) sums.push_back(file.sha256);
    inventory_.remove_roll(roll.name, roll.version);
    store_->remove_unnamed(sums);
  });
}

std::vector<KeptFile> InventoryFiles::files(const StoredRoll& roll) {
  std::vector<KeptFile> files;
  inventory_.look_together("read roll", [&] { files = store_->files(roll.name, roll.version); });
  return files;
}

void InventoryFiles::read(const std::string& sha256,
                          const std::function<void(std::string_view)>& take) {
  for (int number = 0;; ++number) {
    const auto piece = alone("read roll", [&] { return store_->piece(sha256, number); });
    if (!piece) return;
    take(*piece);
  }
}

std::vector<std::string> InventoryFiles::unnamed() {
  std::vector<std::string> sums;
  inventory_.look_together("check database", [&] { sums = store_->unnamed(); });
  return sums;
}

void InventoryFiles::remove_unnamed() {
  inventory_.together("check database", [&] { store_->remove_unnamed(store_->unnamed()); });
}

}  // namespace cluster
