#include "frontend/rolls/roll_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <set>
#include <system_error>
#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "db/inventory_files.h"
#include "db/rows.h"
#include "frontend/rolls/frontend_places.h"
#include "frontend/rolls/roll_cache.h"
#include "rolls/engine/folder.h"
#include "rolls/engine/package_signature.h"

namespace cluster::frontend {
namespace {

constexpr std::chrono::seconds kLongestWait{30};  // for another command that has the store

// Adds what the inventory knows of a host's cards that may go to VMs.
void add_cards(Inventory& inventory, const HostName& host, rolls::TemplateValues& values) {
  std::vector<std::string> cards;
  std::vector<std::string> functions;
  std::set<std::string> models;
  for (const auto& card : inventory.gpu_cards(host)) {
    if (card.missing || card.wish == GpuWish::host) continue;
    cards.push_back(card.pci.sysfs());
    for (const auto& function : card.functions) {
      functions.push_back(function.pci.sysfs());
      models.insert(function.vendor + ":" + function.device);
    }
    if (card.functions.empty()) functions.push_back(card.pci.sysfs());
  }
  values["cards"] = joined(cards, " ");
  values["functions"] = joined(functions, " ");
  values["models"] = joined({models.begin(), models.end()}, ",");
}

// The key in one line, as values of rolls are; "" before `create distro` has made one.
std::string distro_key(Inventory& inventory) {
  const auto text = read_file(rolls::public_key_of(signing_key_folder(inventory)));
  std::string key(trim(text.value_or("")));
  std::ranges::replace(key, '\n', '|');
  return key;
}

// The folder that the site says, if it says one.
std::optional<std::filesystem::path> shared_store(Inventory& inventory) {
  const auto said = InventoryRows::global_attribute(inventory, "roll_store");
  if (!said || said->empty()) return std::nullopt;
  if (said->starts_with('/')) return *said;
  throw Error(Fault::usage,
              "attribute roll_store: " + quote(*said) + " is not the whole path of a folder");
}

bool differs(const std::filesystem::path& folder, const StoredRoll& roll) {
  std::error_code unseen;
  if (!std::filesystem::exists(folder, unseen) && !unseen) return true;
  try {
    return rolls::checksum_of(folder) != roll.checksum;
  } catch (const Error& error) {
    if (error.fault() != Fault::usage) throw;  // it cannot be looked at
    return true;                               // it has what no roll may hold
  }
}

}  // namespace

RollPlace roll_place(Inventory& inventory) {
  if (auto shared = shared_store(inventory)) return {*std::move(shared), false};
  if (InventoryFiles(inventory).are_kept()) return {cache_folder() / "rolls", true};
  return {state_folder(inventory) / "rolls", false};
}

std::filesystem::path rolls_folder(Inventory& inventory) { return roll_place(inventory).folder; }

std::filesystem::path packages_folder(Inventory& inventory) {
  return state_folder(inventory) / "distro";
}

std::filesystem::path signing_key_folder(Inventory& inventory) {
  return state_folder(inventory) / "distro-key";
}

std::filesystem::path folder_of(Inventory& inventory, const StoredRoll& roll,
                                const std::optional<RollPlace>& known) {
  const auto place = known ? *known : roll_place(inventory);
  if (!place.is_cache) return place.folder / roll.full_name();
  auto folder = cached_folder(roll);
  std::error_code failed;  // its time is that of the last look
  std::filesystem::last_write_time(folder, std::filesystem::file_time_type::clock::now(), failed);
  if (failed == std::errc::no_such_file_or_directory) unpack_roll(inventory, roll);
  return folder;
}

bool is_changed(Inventory& inventory, const StoredRoll& roll,
                const std::optional<RollPlace>& known) {
  const auto place = known ? *known : roll_place(inventory);
  return differs(folder_of(inventory, roll, place), roll) &&
         !(place.is_cache && unpack_roll(inventory, roll));
}

StoredRoll find_roll(Inventory& inventory, const std::string& name, const std::string& version) {
  std::vector<std::string> names;
  std::vector<StoredRoll> found;
  for (const auto& roll : inventory.rolls()) {
    names.push_back(roll.name);
    if (roll.name == name && (version.empty() || roll.version == version)) found.push_back(roll);
  }
  if (found.empty()) {
    throw Error(Fault::not_found,
                "roll " + quote(name) + (version.empty() ? "" : " " + version) +
                    " is not in the inventory" +
                    (std::ranges::find(names, name) == names.end() ? did_you_mean(name, names)
                                                                   : " (`cluster list roll`)"));
  }
  const auto enabled = std::ranges::find(found, true, &StoredRoll::enabled);
  if (enabled != found.end()) return *enabled;
  if (found.size() > 1) {
    std::vector<std::string> versions;
    for (const auto& roll : found) versions.push_back(roll.version);
    throw Error(Fault::usage, "roll " + quote(name) + " is there as " + joined(versions, ", ") +
                                  ": want version=");
  }
  return found[0];
}

std::vector<StoredRoll> select_rolls(Inventory& inventory, const std::vector<std::string>& names) {
  for (const auto& name : names) find_roll(inventory, name, "");
  auto rolls = inventory.rolls();
  std::erase_if(rolls, [&](const StoredRoll& roll) {
    return !names.empty() && std::ranges::find(names, roll.name) == names.end();
  });
  return rolls;
}

void refuse_changed(Inventory& inventory, const StoredRoll& roll) {
  if (!is_changed(inventory, roll)) return;
  throw Error(Fault::refused, "roll " + quote(roll.name) + " " + roll.version +
                                  " was changed after it was added (" +
                                  quote(folder_of(inventory, roll).native()) +
                                  "); remove it and add it again");
}

rolls::Roll read_stored(Inventory& inventory, const StoredRoll& roll,
                        const std::optional<RollPlace>& known) {
  const auto folder = folder_of(inventory, roll, known);
  // The roll is read first, so that the check below covers all that was read.
  std::optional<rolls::Roll> read;
  std::exception_ptr failure;
  const auto read_it = [&] {
    failure = nullptr;
    try {
      read = rolls::read_roll(folder, folder.native());
    } catch (const Error&) {
      failure = std::current_exception();
    }
  };
  read_it();
  if (differs(folder, roll)) {
    refuse_changed(inventory, roll);  // unless it is made anew
    read_it();
  }
  if (failure) std::rethrow_exception(failure);
  return *std::move(read);
}

std::vector<rolls::Roll> enabled_rolls(Inventory& inventory) {
  std::vector<rolls::Roll> rolls;
  const auto place = roll_place(inventory);
  for (const auto& roll : inventory.rolls()) {
    if (roll.enabled) rolls.push_back(read_stored(inventory, roll, place));
  }
  return rolls;
}

std::vector<rolls::Roll> described(Inventory& inventory, const std::vector<StoredRoll>& stored) {
  std::vector<rolls::Roll> rolls;
  if (stored.empty()) return rolls;
  const auto place = roll_place(inventory);
  for (const auto& roll : stored) {
    try {
      const auto folder = folder_of(inventory, roll, place);
      rolls.push_back(rolls::read_roll(folder, folder.native()));
    } catch (const Error&) {
      continue;
    }
  }
  return rolls;
}

std::vector<rolls::Roll> described_rolls(Inventory& inventory) {
  auto stored = inventory.rolls();
  std::erase_if(stored, [](const StoredRoll& roll) { return !roll.enabled; });
  return described(inventory, stored);
}

std::vector<rolls::Roll> enabled_with(Inventory& inventory, const rolls::Roll& roll) {
  std::vector<rolls::Roll> rolls{roll};
  const auto place = roll_place(inventory);
  for (const auto& other : inventory.rolls()) {
    if (!other.enabled || other.name == roll.name) continue;
    rolls.push_back(read_stored(inventory, other, place));
  }
  return rolls;
}

void refuse_clashes(const rolls::Roll& roll, const std::vector<rolls::Roll>& others,
                    const std::vector<std::string_view>& built_in) {
  const auto starts = [](const std::string& path, std::string_view with) {
    return path == with || path.starts_with(std::string(with) + " ");
  };
  for (const auto& own : roll.attributes) {
    for (const auto& other : others) {
      if (other.name == roll.name ||
          std::ranges::find(other.attributes, own.name, &rolls::RollAttribute::name) ==
              other.attributes.end()) {
        continue;
      }
      throw Error(Fault::refused, "rolls " + quote(roll.name) + " and " + quote(other.name) +
                                      " both have an attribute " + quote(own.name));
    }
  }
  for (const auto& own : roll.commands) {
    for (const auto command : built_in) {
      if (starts(own.path, command) || starts(std::string(command), own.path)) {
        throw Error(Fault::refused, "roll " + quote(roll.name) + " has a command " +
                                        quote(own.path) + ", and there is " + quote(command) +
                                        " already");
      }
    }
    for (const auto& other : others) {
      for (const auto& command : other.commands) {
        if (other.name != roll.name &&
            (starts(own.path, command.path) || starts(command.path, own.path))) {
          throw Error(Fault::refused, "roll " + quote(roll.name) + " has a command " +
                                          quote(own.path) + ", and roll " + quote(other.name) +
                                          " has " + quote(command.path));
        }
      }
    }
  }
}

StoreLock::StoreLock(const std::filesystem::path& store) {
  folder_ = FileDescriptor(::open(store.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_ && errno == ENOENT) return;
  if (!folder_) cannot("lock", store, errno);
  const auto until = std::chrono::steady_clock::now() + kLongestWait;
  while (::flock(folder_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) cannot("lock", store, errno);
    if (std::chrono::steady_clock::now() > until) {
      throw Error(Fault::io, "another command has been changing " + quote(store.native()) +
                                 " for 30 seconds: wait for its end, or end it");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Staging::Staging(const std::filesystem::path& store) : path_(store / ".new") {
  std::error_code failed;
  std::filesystem::remove_all(path_, failed);
  if (!failed) std::filesystem::create_directories(path_, failed);
  if (failed) {
    throw Error(Fault::io, "cannot make " + quote(path_.native()) + ": " + failed.message());
  }
}

Staging::~Staging() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

rolls::TemplateValues no_facts(const std::string& appliance) {
  rolls::TemplateValues values;
  for (const auto fact : rolls::kFacts) values.emplace(fact, "");
  values["appliance"] = appliance;
  return values;
}

void add_attributes(const rolls::Roll& roll, const ResolvedAttributes& resolved,
                    rolls::TemplateValues& values) {
  for (const auto& attribute : roll.attributes) {
    const auto set = resolved.find(attribute.name);
    const auto& value = set == resolved.end() ? attribute.value : set->second.value;
    try {
      attribute.check(value);
    } catch (const Error& error) {  // the value was set before the roll was there
      const auto host = values.find("host");
      const bool known = host != values.end() && !host->second.empty();
      throw Error(Fault::refused,
                  "attribute " + std::string(error.what()) +
                      (known ? " (`cluster list host attr " + host->second + "`)" : ""));
    }
    values[attribute.name] = value;
  }
}

rolls::TemplateValues values_for(Inventory& inventory, const std::vector<const rolls::Roll*>& rolls,
                                 const AttributeResolver& site, const AttributeScope& scope) {
  auto values = no_facts(scope.appliance.value());
  values["distro_key"] = distro_key(inventory);
  if (scope.host) values["host"] = scope.host->str();
  if (scope.host && !scope.container) add_cards(inventory, *scope.host, values);
  const auto resolved = site.resolve(scope);
  for (const auto* roll : rolls) add_attributes(*roll, resolved, values);
  return values;
}

}  // namespace cluster::frontend
