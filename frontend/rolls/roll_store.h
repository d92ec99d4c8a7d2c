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

// The commands about rolls share these functions.
namespace cluster::frontend {

/// Where the rolls of an inventory are. Who looks at several of them asks once, and passes it on.
struct RollPlace {
  /// The folder that holds the folders of stored rolls: that of the global attribute `roll_store`,
  /// else `rolls` beside the inventory; of an inventory that keeps them itself, the cache.
  std::filesystem::path folder;

  /// True if the inventory itself keeps the files of rolls, for several frontends.
  bool is_cache = false;
};

/// Throws Error(usage) when `roll_store` is no whole path.
RollPlace roll_place(Inventory& inventory);

/// The folder of roll_place().
std::filesystem::path rolls_folder(Inventory& inventory);

/// The folder where `create distro` makes the tree of packages when no folder is named.
std::filesystem::path packages_folder(Inventory& inventory);

/// The folder of the key that signs those packages, as rolls/engine/package_signature.h has it.
std::filesystem::path signing_key_folder(Inventory& inventory);

/// The folder of a stored roll. What the inventory keeps is unpacked first; then there is no folder
/// when that is not whole.
std::filesystem::path folder_of(Inventory& inventory, const StoredRoll& roll,
                                const std::optional<RollPlace>& known = {});

/// True if the folder is not as it was when the roll was added. One that the inventory keeps is
/// made anew first, so that what it keeps is judged.
bool is_changed(Inventory& inventory, const StoredRoll& roll,
                const std::optional<RollPlace>& known = {});

/// Throws Error(refused) when it is_changed().
void refuse_changed(Inventory& inventory, const StoredRoll& roll);

/// The stored roll that is meant. Without a version it is the enabled one, or the only one. Throws
/// Error(not_found) with the nearest name, Error(usage) when there are several.
StoredRoll find_roll(Inventory& inventory, const std::string& name, const std::string& version);

/// The stored rolls of these names; all of them when there are no names. Throws as find_roll()
/// does.
std::vector<StoredRoll> select_rolls(Inventory& inventory, const std::vector<std::string>& names);

/// Reads a stored roll. Throws Error(refused) when its folder was changed, and throws as
/// rolls::read_roll() does.
rolls::Roll read_stored(Inventory& inventory, const StoredRoll& roll,
                        const std::optional<RollPlace>& known = {});

/// All enabled rolls, by name. Throws as read_stored() does.
std::vector<rolls::Roll> enabled_rolls(Inventory& inventory);

/// Reads what stored rolls say of themselves. It does not look at their checksums, so do not use it
/// for what rolls do. A roll that cannot be read is left out; `list roll` shows it as changed.
std::vector<rolls::Roll> described(Inventory& inventory, const std::vector<StoredRoll>& stored);

/// Does the same for the enabled rolls.
std::vector<rolls::Roll> described_rolls(Inventory& inventory);

/// The facts for no particular host: each is "", except the appliance.
rolls::TemplateValues no_facts(const std::string& appliance);

/// Adds the attributes of `roll` to `values`: the value that the inventory sets, else the default.
/// Throws Error(refused) when the set value is not valid for the attribute.
void add_attributes(const rolls::Roll& roll, const ResolvedAttributes& resolved,
                    rolls::TemplateValues& values);

/// The enabled rolls, with `roll` in the place of its other versions. Throws as read_stored() does.
std::vector<rolls::Roll> enabled_with(Inventory& inventory, const rolls::Roll& roll);

/// Throws Error(refused) when `roll` has a command that could never be reached, or that would hide
/// another command. The other command may be one of `built_in`, paths such as "add host gpu", or
/// belong to one of `others`. Also throws it when `roll` has an attribute that one of `others` has.
void refuse_clashes(const rolls::Roll& roll, const std::vector<rolls::Roll>& others,
                    const std::vector<std::string_view>& built_in);

/// Allows one change of the stored rolls at a time: the next change waits until this object is
/// gone, 30 seconds at the most. Without the folder there are no stored rolls. Throws Error(io).
class StoreLock {
 public:
  explicit StoreLock(const std::filesystem::path& store);

 private:
  FileDescriptor folder_;
};

/// A folder in the store for a roll on its way into the store or out of it. Only the holder of the
/// lock has one. A folder that is already there was left by a command that was killed. The folder
/// is removed with this object. Throws Error(io).
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

/// The values of the names in `rolls` on the host of `scope`, or on any host of its appliance. They
/// are the facts, the attributes' defaults, and what `site` sets in place of the defaults.
rolls::TemplateValues values_for(Inventory& inventory, const std::vector<const rolls::Roll*>& rolls,
                                 const AttributeResolver& site, const AttributeScope& scope);

}  // namespace cluster::frontend
