#include "frontend/rolls/roll_arrival.h"

#include <system_error>

#include "core/error.h"
#include "core/text.h"
#include "frontend/rolls/roll_cache.h"
#include "rolls/engine/folder.h"

namespace cluster::frontend {

namespace fs = std::filesystem;

StoreFolder::StoreFolder(const fs::path& path) : path_(path) {
  std::error_code failed;  // who locks it says why
  made_ = fs::create_directories(path, failed);
}

StoreFolder::~StoreFolder() {
  std::error_code not_empty;
  if (made_) fs::remove(path_, not_empty);
}

Placed::Placed(const fs::path& folder, const StoredRoll& roll, const fs::path& store)
    : folder_(folder), target_(store / roll.full_name()) {
  if (fs::exists(target_)) {
    std::string there;
    try {
      there = rolls::checksum_of(target_);
    } catch (const Error&) {  // no roll at all
    }
    kept_ = there == roll.checksum;
    if (kept_) return;
    throw Error(Fault::exists, quote(target_.native()) +
                                   " is there, another roll of that name and version: if no other "
                                   "inventory has it, remove the folder");
  }
  std::error_code failed;
  fs::rename(folder, target_, failed);
  if (failed) {
    throw Error(Fault::io, "cannot make " + quote(target_.native()) + ": " + failed.message());
  }
}

Placed::Placed(Placed&& other) noexcept
    : folder_(std::move(other.folder_)), target_(std::move(other.target_)), kept_(other.kept_) {
  other.kept_ = true;
}

Placed::~Placed() {
  std::error_code ignored;
  if (!kept_) fs::rename(target_, folder_, ignored);
}

CopiedRolls::CopiedRolls(Inventory& from, Inventory& to)
    : store_(rolls_folder(to)), lock_(rolls_folder(to)), kept_(to) {
  const auto store = rolls_folder(to);
  std::error_code unseen;
  if (!fs::equivalent(rolls_folder(from), store, unseen)) {
    lock_of_source_.emplace(rolls_folder(from));
  }
  const auto rolls = from.rolls();
  if (rolls.empty()) return;
  const bool keeps = roll_place(to).is_cache;
  if (!keeps) staging_.emplace(store);
  for (const auto& roll : rolls) {
    refuse_changed(from, roll);
    const auto folder = folder_of(from, roll);
    if (keeps) {
      sent_.emplace_back(roll, send_files(to, folder));
      continue;
    }
    const auto copy = staging_->path() / roll.full_name();
    rolls::copy_folder(folder, rolls::list_folder(folder, folder.native()), copy);
    placed_.emplace_back(copy, roll, store);
  }
}

void CopiedRolls::name() {
  for (const auto& [roll, files] : sent_) kept_.name(roll, files);
}

void CopiedRolls::keep() {
  for (auto& placed : placed_) placed.keep();
}

}  // namespace cluster::frontend
