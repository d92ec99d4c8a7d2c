#include "rolls/engine/package_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/engine/folder.h"
#include "rolls/engine/package_signature.h"
#include "rolls/engine/subprocess.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = ".cluster-distro";  // says that the folder is ours to replace

constexpr std::string_view kFresh = ".distro-XXXXXX";  // as mkdtemp(3) fills it in

FileDescriptor locked(const fs::path& folder) {
  FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (opened && ::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return opened;
}

// Removes what runs that were killed have left in `parent`. Who makes a tree holds its lock.
void remove_left_trees(const fs::path& parent) {
  const auto prefix = kFresh.substr(0, kFresh.find('X'));
  std::vector<fs::path> left;
  std::error_code ignored;  // a folder may be closed to readers
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    const auto name = entry.path().filename().native();
    if (name.starts_with(prefix) && name.size() == kFresh.size()) left.push_back(entry.path());
  }
  for (const auto& path : left) {
    struct stat found = {};
    const auto lock = locked(path);
    if (!lock || ::fstat(lock.get(), &found) != 0 || found.st_uid != ::geteuid()) continue;
    fs::remove_all(path, ignored);
  }
}

// A folder in `parent` for a tree that is being made, and then for the tree that it replaces. A web
// server can read all files in it. It is removed with this object.
struct FreshTree {
  explicit FreshTree(const fs::path& parent) {
    remove_left_trees(parent);
    std::string name = (parent / kFresh).native();
    if (::mkdtemp(name.data()) == nullptr) cannot("make", name, errno);
    path = name;
    lock = locked(path);
    ::chmod(name.c_str(), 0755);
  }
  FreshTree(const FreshTree&) = delete;
  FreshTree& operator=(const FreshTree&) = delete;
  ~FreshTree() {
    ::umask(mask);
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  mode_t mask = ::umask(022);
  fs::path path;
  FileDescriptor lock;
};

void run(const std::vector<std::string>& words, const fs::path& folder, const fs::path& out,
         const std::string& package) {
  const int status = run_subprocess({words, folder, out, {}}, package);
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

// apt-ftparchive leaves out a file that it cannot read, and still ends with 0.
void refuse_unread(const fs::path& debian) {
  const auto index = read_file(debian / "Packages").value_or("");
  for (const auto& package : list_folder(debian, debian.native())) {
    if (fs::path(package.path).extension() != ".deb") continue;
    if (index.find("\nFilename: ./" + package.path + "\n") != std::string::npos) continue;
    throw Error(Fault::usage, quote(package.path) + " is no Debian package");
  }
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
    refuse_unread(debian);
    // The file is made beside the folder first, because Release lists the content of the folder.
    const auto release = folder / "Release";
    run({"apt-ftparchive", "-o", "APT::FTPArchive::Release::Origin=Rollcall", "-o",
         "APT::FTPArchive::Release::Label=Rollcall", "release", "."},
        debian, release, "apt-utils");
    fs::rename(release, debian / "Release");
  }
  if (const auto rhel = folder / "rhel"; fs::exists(rhel)) {
    run({"createrepo_c", "--quiet", "--error-exit-val", "."}, rhel, "", "createrepo-c");
  }
}

}  // namespace

bool create_package_tree(const std::vector<Roll>& rolls, const fs::path& folder,
                         const std::optional<fs::path>& key) {
  auto tree = fs::absolute(folder).lexically_normal();
  if (!tree.has_filename()) tree = tree.parent_path();  // it ended with '/'
  try {
    const bool is_there = fs::exists(tree);
    if (is_there && !fs::exists(tree / kMark) && !(fs::is_directory(tree) && fs::is_empty(tree))) {
      throw Error(Fault::refused, quote(tree.native()) +
                                      " is there and was not made by `cluster create distro`; want "
                                      "another folder");
    }
    fs::create_directories(tree.parent_path());
    const FreshTree fresh(tree.parent_path());
    fill(rolls, fresh.path);
    const bool has_packages = fs::exists(fresh.path / "debian") || fs::exists(fresh.path / "rhel");
    if (key && has_packages) sign_package_tree(fresh.path, *key);
    replace_file(fresh.path / kMark, "made by `cluster create distro`, which replaces all of it\n");
    const auto flags = is_there ? RENAME_EXCHANGE : 0U;
    if (::renameat2(AT_FDCWD, fresh.path.c_str(), AT_FDCWD, tree.c_str(), flags) != 0) {
      cannot(is_there ? "replace" : "make", tree, errno);
    }
    return has_packages;
  } catch (const fs::filesystem_error& error) {
    cannot("make", tree, error.code().value());
  }
}

}  // namespace cluster::rolls
