#include "rolls/distro.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include <cerrno>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/folder.h"
#include "rolls/program.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = ".cluster-distro";  // says that the folder is ours to replace

void run(const std::vector<std::string>& words, const fs::path& folder, const fs::path& out,
         const std::string& package) {
  const int status = run_program({words, folder, out, {}}, package);
  if (status != 0) {
    throw Error(Fault::io, words[0] + " failed with status " + std::to_string(status));
  }
}

// Copies the packages of `from` (a folder "debs" or "rpms" of a roll) that end in `extension`.
void copy_packages(const fs::path& from, const std::string& extension, const fs::path& to) {
  if (!fs::is_directory(from)) return;
  auto entries = list_folder(from, from.native());
  std::erase_if(entries, [&](const Entry& entry) {
    return entry.is_folder || fs::path(entry.path).extension() != extension ||
           entry.path.find('/') != std::string::npos;
  });
  if (entries.empty()) return;
  fs::create_directories(to.parent_path());
  copy_folder(from, entries, to);
}

void fill(const std::vector<Roll>& rolls, const fs::path& folder) {
  fs::create_directory(folder / "rolls");
  for (const auto& roll : rolls) {
    auto entries = list_folder(roll.folder, roll.folder.native());
    std::erase_if(entries, [](const Entry& entry) {
      const auto top = entry.path.substr(0, entry.path.find('/'));
      return top == "debs" || top == "rpms";
    });
    copy_folder(roll.folder, entries, folder / "rolls" / roll.full_name());
    copy_packages(roll.folder / "debs", ".deb", folder / "debian" / roll.full_name());
    copy_packages(roll.folder / "rpms", ".rpm", folder / "rhel" / roll.full_name());
  }
  if (const auto debian = folder / "debian"; fs::exists(debian)) {
    run({"apt-ftparchive", "packages", "."}, debian, debian / "Packages", "apt-utils");
    // Beside it first: Release says what is in the folder.
    const auto release = folder / "Release";
    run({"apt-ftparchive", "-o", "APT::FTPArchive::Release::Origin=Rollcall", "-o",
         "APT::FTPArchive::Release::Label=Rollcall", "release", "."},
        debian, release, "apt-utils");
    fs::rename(release, debian / "Release");
  }
  if (const auto rhel = folder / "rhel"; fs::exists(rhel)) {
    run({"createrepo_c", "--quiet", "."}, rhel, "", "createrepo-c");
  }
}

}  // namespace

void create_distro(const std::vector<Roll>& rolls, const fs::path& asked) {
  const auto folder = fs::absolute(asked).lexically_normal();
  const bool is_there = fs::exists(folder);
  if (is_there && !fs::exists(folder / kMark) && !fs::is_empty(folder)) {
    throw Error(Fault::refused, quote(folder.native()) +
                                    " is there and was not made by `cluster create distro`; want "
                                    "another folder");
  }
  fs::path fresh;
  try {
    fs::create_directories(folder.parent_path());
    std::string name = (folder.parent_path() / ".distro-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) {
      throw Error(Fault::io, "cannot make " + quote(name) + ": " + errno_text(errno));
    }
    fresh = name;
    fs::permissions(fresh, fs::perms(0755));  // for a web server
    fill(rolls, fresh);
    replace_file(fresh / kMark, "made by `cluster create distro`, which replaces all of it\n");
    if (is_there) {
      if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) != 0) {
        throw Error(Fault::io,
                    "cannot replace " + quote(folder.native()) + ": " + errno_text(errno));
      }
      fs::remove_all(fresh);
    } else {
      fs::rename(fresh, folder);
    }
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    throw Error(Fault::io, "cannot make " + quote(folder.native()) + ": " + error.code().message());
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    throw;
  }
}

}  // namespace cluster::rolls
