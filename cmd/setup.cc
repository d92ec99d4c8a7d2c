#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/settings_example.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "db/open_database.h"
#include "rolls/engine/subprocess.h"
#include "ssh/config.h"

namespace cluster::cmd {
namespace setup {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGroup = "rollcall";  // packaging/rollcall.sysusers

// What an error says of a file that only root may make.
std::string for_root() { return geteuid() == 0 ? "" : " (be root: sudo)"; }

// The settings of the frontend, which say where the inventory is.
std::string settings_for(const fs::path& inventory) {
  std::string text(settings_example());
  if (inventory == kDefaultInventory) return text;
  const std::string usual = std::string("database: ") + kDefaultInventory;
  // Everybody reads it, wherever they are. A string of JSON is one of YAML, too.
  const auto whole = db::is_file(inventory) ? fs::absolute(inventory) : inventory;
  return text.replace(text.find(usual), usual.size(),
                      "database: " + nlohmann::json(whole.native()).dump());
}

std::string set_up_settings(const Context& context) {
  if (fs::exists(config_file())) return "there";
  try {
    replace_file(config_file(), settings_for(context.place.file));
  } catch (const Error& error) {
    throw Error(error.fault(), error.what() + for_root());
  }
  return "made";
}

// Makes the folder of the inventory for root and the group of the package, if there is that group.
void make_shared_folder(const fs::path& folder) {
  constexpr mode_t kShared = 02770;
  const auto* group = getgrnam(kGroup);
  std::error_code failed;
  if (group == nullptr || geteuid() != 0 || !fs::create_directories(folder, failed)) return;
  if (chown(folder.c_str(), 0, group->gr_gid) != 0 || chmod(folder.c_str(), kShared) != 0) {
    cannot("share", folder, errno);
  }
}

// The group that may write to the file; "" for none.
std::string writing_group(const fs::path& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0 || (found.st_mode & S_IWGRP) == 0) return "";
  const auto* group = getgrgid(found.st_gid);
  return group == nullptr ? std::to_string(found.st_gid) : group->gr_name;
}

std::string set_up_inventory(Context& context) {
  const auto& file = context.place.file;
  if (!db::is_file(file)) {
    context.inventory();
    return "there";
  }
  std::string outcome = "there";
  if (!fs::exists(file)) {
    outcome = "made";
    make_shared_folder(file.parent_path());
    context.inventory(Inventory::Open::create);
  } else {
    context.inventory();
  }
  const auto group = writing_group(file);
  return group.empty() ? outcome : outcome + ", group " + group + " writes it, too";
}

// The first of the keys with which the operator logs in everywhere; "" when there is none.
fs::path key_of(const ssh::Operator& me) {
  const auto files = ssh::Config::read(me).route({}, me).identity_files;
  const auto at = std::ranges::find_if(files, [](const auto& file) { return fs::exists(file); });
  return at == files.end() ? fs::path() : fs::path(*at);
}

// Makes a key without a passphrase, as nobody is asked for one when hosts are.
fs::path make_key(const ssh::Operator& me) {
  constexpr mode_t kPrivate = 0700;
  const auto folder = fs::path(me.home) / ".ssh";
  if (mkdir(folder.c_str(), kPrivate) != 0 && errno != EEXIST) cannot("make", folder, errno);
  auto file = folder / "id_ed25519";
  const int status = rolls::run_subprocess(
      {.words = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file.native()}},
      "openssh-client");
  if (status != 0) {
    throw Error(Fault::io, "ssh-keygen made no key " + quote(file.native()) + " (status " +
                               std::to_string(status) + ")");
  }
  return file;
}

void print_next(Output& output, const fs::path& key) {
  const auto& cluster = output.program();
  output.text(
      "\nNext, for each host, and then for all of them:\n"
      "  ssh-copy-id -i " +
      shell_word(key.native() + ".pub") +
      " root@HOST\n"
      "  " +
      cluster +
      " add host HOST address=ADDRESS user=root\n"
      "  " +
      cluster +
      " sync host agent\n"
      "  " +
      cluster + " discover host gpu\n");
}

int run_setup(Context& context) {
  Table table{{"what", "place", "outcome"}, {}};
  bool is_new = false;
  const auto done = [&](const char* what, const fs::path& place, const std::string& outcome) {
    const bool is_file = db::is_file(place);
    table.rows.push_back(
        {std::string(what), is_file ? fs::absolute(place).native() : place.native(), outcome});
    is_new = is_new || outcome.starts_with("made");
  };
  try {
    done("settings", config_file(), set_up_settings(context));
    done("inventory", context.place.file, set_up_inventory(context));
    const auto me = context.find_me();
    auto key = key_of(me);
    const bool has_key = !key.empty();
    if (!has_key) key = make_key(me);
    done("key", key, has_key ? "there" : "made");
    context.output.table(table);
    if (context.output.format() == Format::table) {
      if (!is_new) context.output.line("\nAll of it was there: nothing is changed.");
      print_next(context.output, key);
    }
    return 0;
  } catch (const Error&) {
    context.output.table_unless_empty(table);  // what is done stays
    throw;
  }
}

Action declare_setup(Options& /*options*/) { return run_setup; }

constexpr std::array kCommands{
    Command{"setup", "make what a frontend needs: settings, inventory, key", kKeepInventory,
            declare_setup, Answer::table},
};

}  // namespace
}  // namespace setup

std::span<const Command> setup_commands() { return setup::kCommands; }

}  // namespace cluster::cmd
