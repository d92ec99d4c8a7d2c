#include "rolls/engine/package_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "core/error.h"
#include "core/file.h"
#include "rolls/engine/package_signature.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

class PackageTree : public ::testing::Test {
 protected:
  // A roll with one file, in a folder of its own. A test puts its packages into debs/.
  Roll roll(const std::string& name) const {
    Roll made;
    made.folder = folder_.path() / name;
    made.name = name;
    made.version = "1.0";
    replace_file(made.folder / "roll.yaml", "name: " + name + "\n");
    replace_file(made.folder / "files/a", "text\n");
    return made;
  }

  void deb(const Roll& roll, const std::string& package) const {
    const auto work = folder_.path() / ("deb-" + package);
    replace_file(work / "DEBIAN/control", "Package: " + package +
                                              "\nVersion: 1\nArchitecture: all\nMaintainer: x "
                                              "<root@localhost>\nDescription: x\n");
    fs::create_directories(roll.folder / "debs");
    ASSERT_EQ(run_subprocess({{"dpkg-deb", "--root-owner-group", "--build", work.native(),
                               (roll.folder / "debs" / (package + ".deb")).native()},
                              ".",
                              "/dev/null",
                              {}}),
              0);
  }

  std::string refusal(const std::vector<Roll>& rolls, Fault fault) const {
    try {
      create_package_tree(rolls, tree());
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), fault);
      return error.what();
    }
    return "it was made";
  }

  fs::path tree() const { return folder_.path() / "site/tree"; }

  TempDir folder_;
};

TEST_F(PackageTree, RemovesWhatAKilledRunHasLeft) {
  const auto site = tree().parent_path();
  for (const char* name : {".distro-abcdef/debian/a.deb", ".distro-ghijkl/a", ".distro-notes/a"}) {
    replace_file(site / name, "text\n");
  }
  // Another run makes this one.
  const FileDescriptor other(::open((site / ".distro-ghijkl").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  create_package_tree({roll("one")}, tree());
  EXPECT_FALSE(fs::exists(site / ".distro-abcdef"));
  EXPECT_TRUE(fs::exists(site / ".distro-ghijkl/a"));
  EXPECT_TRUE(fs::exists(site / ".distro-notes/a"));
}

TEST_F(PackageTree, IsSignedByAKeyThatIsMadeOnce) {
  const auto one = roll("one");
  deb(one, "first");
  const auto home = folder_.path() / "key";
  const auto verify = [&](const fs::path& file) {
    // As a host does it that has the key and nothing else.
    return run_subprocess({{"gpgv", "--quiet", "--keyring", (tree() / "key.gpg").native(),
                            (tree() / "debian/Release.gpg").native(), file.native()},
                           ".",
                           "",
                           {}});
  };
  create_package_tree({one}, tree(), home);
  EXPECT_EQ(fs::status(home).permissions(), fs::perms::owner_all);
  const auto key = read_file(tree() / "key.asc");
  ASSERT_TRUE(key);
  EXPECT_EQ(run_subprocess({{"gpg", "--batch", "--dearmor", "--output",
                             (tree() / "key.gpg").native(), (tree() / "key.asc").native()},
                            ".",
                            "",
                            {}}),
            0);
  EXPECT_TRUE(fs::exists(tree() / "debian/InRelease"));
  EXPECT_EQ(verify(tree() / "debian/Release"), 0);
  replace_file(folder_.path() / "other", read_file(tree() / "debian/Release").value() + "\n");
  EXPECT_NE(verify(folder_.path() / "other"), 0);
  EXPECT_EQ(read_file(public_key_of(home)), key);
  create_package_tree({one}, tree(), home);
  EXPECT_EQ(read_file(tree() / "key.asc"), key);
}

TEST_F(PackageTree, HasAnIndexOfEachRollsPackages) {
  const auto one = roll("one");
  const auto two = roll("two");
  deb(one, "first");
  deb(two, "second");
  replace_file(one.folder / "debs/README", "no package\n");
  create_package_tree({one, two}, tree());
  const auto index = read_file(tree() / "debian/Packages").value();
  EXPECT_NE(index.find("Package: first\n"), std::string::npos) << index;
  EXPECT_NE(index.find("\nFilename: ./one-1.0/first.deb\n"), std::string::npos) << index;
  EXPECT_NE(index.find("\nFilename: ./two-1.0/second.deb\n"), std::string::npos) << index;
  const auto release = read_file(tree() / "debian/Release").value();
  EXPECT_NE(release.find("Origin: Rollcall\n"), std::string::npos) << release;
  EXPECT_NE(release.find(" Packages\n"), std::string::npos) << release;
  EXPECT_FALSE(fs::exists(tree() / "Release"));
  EXPECT_FALSE(fs::exists(tree() / "debian/one-1.0/README"));
}

TEST_F(PackageTree, HasTheOtherFilesOfTheRolls) {
  const auto one = roll("one");
  deb(one, "first");
  create_package_tree({one, roll("two")}, tree());
  EXPECT_EQ(read_file(tree() / "rolls/one-1.0/files/a"), "text\n");
  EXPECT_TRUE(fs::exists(tree() / "rolls/two-1.0/roll.yaml"));
  EXPECT_FALSE(fs::exists(tree() / "rolls/one-1.0/debs"));
  EXPECT_FALSE(fs::exists(tree() / "rhel"));
}

TEST_F(PackageTree, WithoutPackagesThereIsNoIndex) {
  create_package_tree({roll("one")}, tree());
  EXPECT_TRUE(fs::exists(tree() / "rolls/one-1.0"));
  EXPECT_FALSE(fs::exists(tree() / "debian"));
}

TEST_F(PackageTree, TakesThePlaceOfAnOlderOneAtOnce) {
  create_package_tree({roll("one")}, tree());
  create_package_tree({roll("two")}, tree());
  EXPECT_FALSE(fs::exists(tree() / "rolls/one-1.0"));
  EXPECT_TRUE(fs::exists(tree() / "rolls/two-1.0"));
  std::size_t beside = 0;
  for (const auto& entry : fs::directory_iterator(tree().parent_path())) {
    EXPECT_EQ(entry.path(), tree());
    ++beside;
  }
  EXPECT_EQ(beside, 1U);
}

TEST_F(PackageTree, LeavesTheFoldersOfOthersAlone) {
  replace_file(tree() / "mine", "x\n");
  EXPECT_EQ(refusal({roll("one")}, Fault::refused),
            "'" + tree().native() +
                "' is there and was not made by `cluster create distro`; want another folder");
  EXPECT_EQ(read_file(tree() / "mine"), "x\n");
  fs::remove(tree() / "mine");
  EXPECT_EQ(refusal({roll("one")}, Fault::refused), "it was made");  // it was empty
}

TEST_F(PackageTree, ADamagedPackageLeavesTheOlderTree) {
  const auto one = roll("one");
  create_package_tree({one}, tree());
  replace_file(one.folder / "debs/broken.deb", "no package\n");
  EXPECT_EQ(refusal({one}, Fault::usage), "'one-1.0/broken.deb' is no Debian package");
  EXPECT_TRUE(fs::exists(tree() / "rolls/one-1.0"));
  EXPECT_FALSE(fs::exists(tree() / "debian"));
}

}  // namespace
}  // namespace cluster::rolls
