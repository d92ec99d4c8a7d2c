#include "frontend/rolls/roll_cache.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "frontend/rolls/frontend_places.h"
#include "frontend/rolls/roll_store.h"
#include "rolls/engine/folder.h"

namespace cluster::frontend {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{512} << 10U;  // bytes
constexpr std::chrono::hours kKept{24};                  // after the last look

// Writes the files of the roll below `folder`. False when a path among them leaves it.
bool write_files(InventoryFiles& kept, const StoredRoll& roll, const fs::path& folder) {
  fs::create_directory(folder);
  for (const auto& file : kept.files(roll)) {
    if (!rolls::why_not_inside(file.path).empty()) return false;
    const auto target = folder / file.path;
    fs::create_directories(target.parent_path());
    const FileDescriptor open(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                     file.is_executable ? 0755 : 0644));
    if (!open) cannot("make", target, errno);
    kept.read(file.sha256, [&](std::string_view bytes) { write_all(open, target, bytes); });
  }
  return true;
}

// Moves what nobody needs into `away`.
void forget_unnamed(Inventory& inventory, const fs::path& store, const fs::path& away) {
  std::vector<fs::path> named;
  for (const auto& roll : inventory.rolls()) named.push_back(cached_folder(roll));
  const auto long_ago = fs::file_time_type::clock::now() - kKept;
  for (const auto& entry : fs::directory_iterator(store)) {
    if (std::ranges::find(named, entry.path()) != named.end()) continue;
    std::error_code other_command;
    if (entry.last_write_time(other_command) > long_ago || other_command) continue;
    fs::rename(entry, away / entry.path().filename(), other_command);
  }
}

void send_file(InventoryFiles& kept, const KeptFile& file, const fs::path& path) {
  if (kept.has(file)) return;
  std::string piece;
  int number = 0;
  rolls::read_blocks(path, [&](std::string_view block) {
    piece += block;
    if (piece.size() < kPiece) return;
    kept.add_piece(file.sha256, number++, piece);
    piece.clear();
  });
  if (number == 0 || !piece.empty()) kept.add_piece(file.sha256, number, piece);
}

}  // namespace

fs::path cached_folder(const StoredRoll& roll) {
  constexpr std::size_t kEnough = 12;
  return cache_folder() / "rolls" / (roll.full_name() + "." + roll.checksum.substr(0, kEnough));
}

bool unpack_roll(Inventory& inventory, const StoredRoll& roll) {
  InventoryFiles kept(inventory);
  const auto target = cached_folder(roll);
  const auto store = target.parent_path();
  try {
    fs::create_directories(store);
    // Whoever adds a roll has the lock and the staging of the store already.
    const StoreLock lock(store.parent_path());
    const Staging staging(store.parent_path());
    const auto fresh = staging.path() / "roll";
    if (!write_files(kept, roll, fresh)) return false;
    if (rolls::checksum_of(fresh) != roll.checksum) return false;
    if (fs::exists(target)) fs::rename(target, staging.path() / "old");
    fs::rename(fresh, target);
    forget_unnamed(inventory, store, staging.path());
    return true;
  } catch (const fs::filesystem_error& error) {
    cannot("make", target, error.code().value());
  }
}

std::vector<KeptFile> send_files(Inventory& inventory, const fs::path& folder) {
  InventoryFiles kept(inventory);
  std::vector<KeptFile> files;
  for (const auto& entry : rolls::list_folder(folder, folder.native())) {
    if (entry.is_folder) continue;
    const auto path = folder / entry.path;
    files.push_back({entry.path, entry.is_executable, rolls::checksum_of_file(path), entry.size});
    send_file(kept, files.back(), path);
  }
  return files;
}

}  // namespace cluster::frontend
