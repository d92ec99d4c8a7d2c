#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "db/attribute.h"
#include "db/inventory.h"
#include "rolls/engine/roll.h"
#include "rolls/engine/template.h"

// What the nouns of rolls have in common.
namespace cluster::frontend {

/// Where the folders of stored rolls are.
std::filesystem::path rolls_folder(const Inventory& inventory);

/// Where `create distro` makes the tree of packages when no folder is named.
std::filesystem::path packages_folder(const Inventory& inventory);

/// The folder of a stored roll.
std::filesystem::path folder_of(const Inventory& inventory, const StoredRoll& roll);

/// Whether the folder is not as it was when the roll was added.
bool is_changed(const Inventory& inventory, const StoredRoll& roll);

/// Which of the stored rolls is meant; without a version the enabled one, or the only one. Throws
/// Error(not_found) with the nearest name, Error(usage) when there are several.
StoredRoll find_roll(Inventory& inventory, const std::string& name, const std::string& version);

/// The stored rolls of these names, all of them when there are no names; throws as find_roll().
std::vector<StoredRoll> select_rolls(Inventory& inventory, const std::vector<std::string>& names);

/// Reads a stored roll. Throws Error(refused) when its folder was changed, and as
/// rolls::read_roll().
rolls::Roll read_stored(const Inventory& inventory, const StoredRoll& roll);

/// All that are enabled, by name; throws as read_stored().
std::vector<rolls::Roll> enabled_rolls(Inventory& inventory);

/// What stored rolls say of themselves, and not what they do: their checksums are not looked at.
/// One that cannot be read is left out; `list roll` shows it as changed.
std::vector<rolls::Roll> described(const Inventory& inventory,
                                   const std::vector<StoredRoll>& stored);

/// The same of those that are enabled.
std::vector<rolls::Roll> described_rolls(Inventory& inventory);

/// The facts of no host in particular: each "", but for the appliance.
rolls::Values no_facts(const std::string& appliance);

/// Adds the attributes of `roll` to `values`: what the inventory sets, else the default. Throws
/// Error(refused) when what is set is no value for one.
void add_attributes(const rolls::Roll& roll, const ResolvedAttributes& resolved,
                    rolls::Values& values);

/// The rolls that are enabled, with `roll` in the place of its other versions; throws as
/// read_stored().
std::vector<rolls::Roll> enabled_with(Inventory& inventory, const rolls::Roll& roll);

/// Throws Error(refused) when `roll` has a command that could never be reached, or would hide
/// another: one of `built_in`, paths such as "add host gpu", or of `others`; or an attribute that
/// one of `others` has.
void refuse_clashes(const rolls::Roll& roll, const std::vector<rolls::Roll>& others,
                    const std::vector<std::string_view>& built_in);

/// One change of the stored rolls at a time: the next one waits until this is gone. Without the
/// folder there are none. Throws Error(io).
class StoreLock {
 public:
  explicit StoreLock(const std::filesystem::path& store);

 private:
  FileDescriptor folder_;
};

/// A folder in the store for what is on its way into it or out of it, of whoever has the lock. One
/// that is there was left by a command that was killed. Gone with its owner; throws Error(io).
class Staging {
 public:
  explicit Staging(const std::filesystem::path& store);
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What the names in `rolls` stand for on the host of `scope`, or on any of its appliance: the
/// facts, the attributes' defaults, and what `site` sets in their place.
rolls::Values values_for(Inventory& inventory, const std::vector<const rolls::Roll*>& rolls,
                         const AttributeResolver& site, const AttributeScope& scope);

}  // namespace cluster::frontend
