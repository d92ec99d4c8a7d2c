#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/new_names.h"
#include "core/error.h"
#include "core/file.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "db/inventory_files.h"
#include "db/open_database.h"
#include "db/outdated_inventory.h"
#include "db/rows.h"
#include "frontend/rolls/roll_store.h"

namespace cluster::cmd {
namespace database {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBefore = ".before-";  // in the name of what restore has put away
constexpr mode_t kPrivate = 0600;            // an inventory may hold passwords of guests

struct SaveArgs {
  std::string file;
  std::string overwrite;
};

// What SQLite may have beside a file.
constexpr std::array kBeside{"-wal", "-shm", "-journal"};

void remove_with_log(const fs::path& file) {
  std::error_code ignored;
  for (const auto* end : kBeside) fs::remove(file.native() + end, ignored);
  fs::remove(file, ignored);
}

// A file beside `wanted` that goes unless it was put there. Its log goes, too.
class Draft {
 public:
  // `unmade`: whoever opens it makes it, with the rights of an inventory; else only its owner may
  // read it.
  explicit Draft(const fs::path& wanted, bool unmade = false) {
    remove_those_of_the_dead(wanted);
    for (int number = 1;; ++number) {
      path_ = wanted.native() + kMark + std::to_string(getpid()) + "-" + std::to_string(number);
      if (unmade && !fs::exists(path_)) return;
      const FileDescriptor made(
          open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate));
      if (made) {
        fchmod(made.get(), kPrivate);
        return;
      }
      if (errno != EEXIST) cannot("make", path_, errno);
    }
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { remove_with_log(path_); }

  const fs::path& path() const { return path_; }

  // Gives it the name `to`, which is replaced only when `over` says so. Nobody may have it open.
  void put(const fs::path& to, bool over) const {
    const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || fsync(file.get()) != 0) cannot("write", path_, errno);
    if (over) {
      // SQLite would carry out a log that is not of this file.
      std::error_code ignored;
      for (const auto* end : kBeside) fs::remove(to.native() + end, ignored);
      if (rename(path_.c_str(), to.c_str()) != 0) cannot("make", to, errno);
    } else if (link(path_.c_str(), to.c_str()) != 0) {
      if (errno != EEXIST) cannot("make", to, errno);
      throw Error(Fault::exists, quote(to.native()) + " is there already (want overwrite=yes)");
    }
    const FileDescriptor around(open(folder_of(to).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (around) fsync(around.get());
  }

 private:
  static constexpr const char* kMark = ".new-";

  static fs::path folder_of(const fs::path& file) {
    return file.parent_path().empty() ? fs::path(".") : file.parent_path();
  }

  // What commands that were killed have left, for `wanted` or for what was before it.
  static void remove_those_of_the_dead(const fs::path& wanted) {
    const auto whole = wanted.filename().native();
    const auto name = whole.substr(0, whole.find(kBefore));
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_of(wanted), ignored)) {
      const auto draft = entry.path().filename().native();
      const auto mark = draft.rfind(kMark);
      if (mark == std::string::npos || mark < name.size() || !draft.starts_with(name)) continue;
      const auto between = std::string_view(draft).substr(name.size(), mark - name.size());
      if (!between.empty() && !between.starts_with(kBefore)) continue;
      pid_t pid = 0;
      std::from_chars(draft.data() + mark + std::string_view(kMark).size(),
                      draft.data() + draft.size(), pid);
      if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), ignored);
    }
  }

  fs::path path_;
};

// Makes `file` an SQLite file with the rows of an inventory that is none.
void save_rows(Context& context, Inventory& inventory, const fs::path& file) {
  Inventory copy(file, Inventory::Open::create);
  InventoryRows rows(copy);
  InventoryRows(inventory).copy_to(rows);
  if (!inventory.rolls().empty()) {
    context.output.note(
        "the files of the rolls are not in it: `cluster copy database` takes them along");
  }
}

int run_save(Context& context, const SaveArgs& args) {
  const bool over = parse_yes_no("overwrite", args.overwrite);
  std::error_code unseen;
  const auto there = fs::symlink_status(args.file, unseen);
  if (fs::exists(there) && !fs::is_regular_file(there)) {
    throw Error(Fault::usage, quote(args.file) + " is no plain file (want a name for the copy)");
  }
  if (!over && fs::exists(there)) {
    throw Error(Fault::exists, quote(args.file) + " is there already (want overwrite=yes)");
  }
  auto& inventory = context.inventory();
  if (std::error_code unknown; fs::equivalent(args.file, inventory.where(), unknown)) {
    throw Error(Fault::usage, quote(args.file) + " is the inventory itself");
  }
  const Draft draft(args.file);
  if (InventoryFiles(inventory).are_kept()) {
    save_rows(context, inventory, draft.path());
  } else {
    InventoryRows(inventory).save(draft.path());
  }
  draft.put(args.file, over);
  return 0;
}

Action declare_save(Options& options) {
  auto args = std::make_shared<SaveArgs>();
  args->overwrite = "no";
  options.argument("FILE", args->file, "the copy to make").or_key("file").required();
  options.key("overwrite", args->overwrite, "yes: replace a file that is there [no]");
  return [args](Context& context) { return run_save(context, *args); };
}

void refuse_faults(const std::vector<std::string>& faults, const std::string& file) {
  if (faults.empty()) return;
  throw Error(
      Fault::refused,
      quote(file) + " is damaged and was not taken: " + faults[0] +
          (faults.size() == 1 ? "" : " (and " + std::to_string(faults.size() - 1) + " more)"));
}

// Keeps what is at `file` as `to`, with its log, as it may be all that is left of a damaged one.
// The file stays where it is: until the new one takes its place, nobody is to find none and begin
// anew.
void keep_as(const fs::path& file, const fs::path& to) {
  if (link(file.c_str(), to.c_str()) != 0) cannot("keep", file, errno);
  for (const auto* end : kBeside) {
    if (rename((file.native() + end).c_str(), (to.native() + end).c_str()) != 0 &&
        errno != ENOENT) {
      cannot("move", file.native() + end, errno);
    }
  }
}

// Returns the place beside `file` where what was there is kept. Nothing has that name yet.
fs::path place_of_before(const fs::path& file) {
  auto time = utc_now();
  std::erase_if(time, [](char c) { return c == ':' || c == '-'; });
  const auto name = file.native() + kBefore + time;
  fs::path place = name;
  for (int number = 2; fs::exists(place); ++number) place = name + '-' + std::to_string(number);
  return place;
}

// Opens the copy of `file`, which is the one that the operator knows.
std::unique_ptr<Inventory> opened_copy(const fs::path& copy, const std::string& file) {
  try {
    return std::make_unique<Inventory>(copy, Inventory::Open::existing);
  } catch (const Error& error) {
    std::string why = error.what();
    if (const auto at = why.find(copy.native()); at != std::string::npos) {
      why.replace(at, copy.native().size(), file);
    }
    const auto advice = why.find(": `cluster restore database`");  // which it is just now
    throw Error(error.fault(), why.substr(0, advice));
  }
}

// A database that others use is not replaced under them.
void refuse_shared(const fs::path& place, const std::string& file) {
  if (db::is_file(place)) return;
  throw Error(Fault::refused, "inventory " + quote(place.native()) +
                                  " is no file: `cluster copy database " + shell_word(file) +
                                  " TO` fills an empty one, pg_restore brings back what pg_dump "
                                  "saved");
}

int run_restore(Context& context, const SaveArgs& args) {
  const auto& file = context.place.file;
  refuse_shared(file, args.file);
  std::error_code unseen;
  const auto saved_file = fs::status(args.file, unseen);
  if (!fs::exists(saved_file)) throw Error(Fault::not_found, "no file " + quote(args.file));
  if (!fs::is_regular_file(saved_file)) {
    throw Error(Fault::usage,
                quote(args.file) + " is no plain file (want what `cluster save database` made)");
  }
  if (std::error_code unknown; fs::equivalent(args.file, file, unknown)) {
    throw Error(Fault::usage, quote(args.file) + " is the inventory itself");
  }
  const Draft draft(file);
  {
    // What is in its log is a part of it.
    for (const std::string end : {"", "-wal"}) {
      std::error_code failed;
      if (!end.empty() && !fs::exists(args.file + end)) continue;
      fs::copy_file(args.file + end, draft.path().native() + end,
                    fs::copy_options::overwrite_existing, failed);
      if (failed) throw Error(Fault::io, quote(args.file + end) + ": " + failed.message());
    }
  }
  const auto kept = place_of_before(file);
  const auto saved = opened_copy(draft.path(), args.file);
  InventoryRows rows(*saved);
  refuse_faults(rows.faults(), args.file);
  std::unique_ptr<Inventory> present;
  try {
    present = std::make_unique<Inventory>(file, Inventory::Open::existing);
    if (!InventoryRows(*present).faults().empty()) present.reset();
  } catch (const Error&) {
    present.reset();
  }
  if (present != nullptr) {
    if (const auto why = present->read_only(); !why.empty()) {
      throw Error(Fault::io, "inventory " + quote(file.native()) + ": " + why);
    }
    rows.save(file, [&] {
      const Draft copy(kept);
      InventoryRows(*present).save(copy.path());
      copy.put(kept, false);
    });
  } else {
    const bool was_there = fs::exists(file);
    // The copy is made once more, by the database, so that no log belongs to it.
    const Draft again(file, true);
    { const Inventory made(again.path(), Inventory::Open::create); }
    rows.save(again.path());
    if (was_there) keep_as(file, kept);
    again.put(file, was_there);
    if (!was_there) return 0;
  }
  context.output.note("what was there before is in " + quote(kept.native()));
  return 0;
}

Action declare_restore(Options& options) {
  auto args = std::make_shared<SaveArgs>();
  options.argument("FILE", args->file, "what `cluster save database` made")
      .or_key("file")
      .required();
  return [args](Context& context) { return run_restore(context, *args); };
}

// What the folder of the rolls lacks, or has otherwise than it was added.
std::vector<std::string> roll_faults(Inventory& inventory) {
  std::vector<std::string> faults;
  const auto place = frontend::roll_place(inventory);
  for (const auto& roll : inventory.rolls()) {
    const auto folder = frontend::folder_of(inventory, roll, place);
    if (place.is_cache) {
      if (!frontend::is_changed(inventory, roll, place)) continue;
      faults.push_back("roll " + roll.name + " " + roll.version +
                       ": what the inventory has of it is not what was added");
    } else if (!fs::exists(folder)) {
      faults.push_back("roll " + roll.name + " " + roll.version + ": no folder " +
                       quote(folder.native()));
    } else if (frontend::is_changed(inventory, roll, place)) {
      faults.push_back("roll " + roll.name + " " + roll.version + ": its folder " +
                       quote(folder.native()) + " was changed");
    }
  }
  return faults;
}

// Hosts that older versions let have a name that means something else.
std::vector<std::string> name_faults(Inventory& inventory) {
  std::vector<std::string> faults;
  const auto appliances = inventory.appliances();
  for (const auto& host : inventory.host_groups()) {
    try {
      refuse_words(appliances, "host name", host.name.str());
    } catch (const Error& error) {
      faults.emplace_back(error.what());
    }
  }
  return faults;
}

// What an `add roll` that was cut off has left in the inventory.
std::vector<std::string> left_over(Inventory& inventory, bool repair) {
  InventoryFiles files(inventory);
  if (!files.are_kept()) return {};
  if (repair) files.remove_unnamed();
  auto faults = files.unnamed();
  for (auto& sum : faults) sum = "a file of no roll is kept: " + sum + " (want repair=yes)";
  return faults;
}

struct CheckArgs {
  std::string repair = "no";
};

int run_check(Context& context, const CheckArgs& args) {
  const bool repair = parse_yes_no("repair", args.repair);
  auto& inventory = context.inventory();
  auto faults = InventoryRows(inventory).faults();
  if (faults.empty()) {
    faults = name_faults(inventory);
    std::ranges::move(roll_faults(inventory), std::back_inserter(faults));
    std::ranges::move(left_over(inventory, repair), std::back_inserter(faults));
  }
  for (const auto& fault : faults) context.output.line(printable(fault));
  for (const auto& remark : InventoryRows(inventory).remarks()) context.output.note(remark);
  return faults.empty() ? 0 : 1;
}

Action declare_check(Options& options) {
  auto args = std::make_shared<CheckArgs>();
  options.key("repair", args->repair, "yes: take away files that no roll has [no]");
  return [args](Context& context) { return run_check(context, *args); };
}

// Whoever opens a file brings it up to date; a database that others use is left to its owner.
int run_upgrade(Context& context) {
  try {
    context.inventory(Inventory::Open::as_it_is);
    context.output.line("up to date");
  } catch (const OutdatedInventory&) {
    context.inventory(Inventory::Open::upgrade);
    context.output.line("brought up to date");
  }
  return 0;
}

Action declare_upgrade(Options& /*options*/) { return run_upgrade; }

constexpr std::array kCommands{
    Command{"check database", "look whether the inventory is whole", kKeepInventory, declare_check},
    Command{"restore database", "put a saved copy in the place of the inventory", kKeepInventory,
            declare_restore},
    Command{"save database", "make a copy of the inventory while others use it", kKeepInventory,
            declare_save},
    Command{"upgrade database", "bring the tables of the inventory up to this program",
            kKeepInventory, declare_upgrade},
};

}  // namespace
}  // namespace database

std::span<const Command> database_commands() { return database::kCommands; }

}  // namespace cluster::cmd
