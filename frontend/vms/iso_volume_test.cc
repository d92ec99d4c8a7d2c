#include "frontend/vms/iso_volume.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

std::string output_of(const std::string& command) {
  FILE* pipe = popen(("(" + command + ") 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return "";
  std::string out;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) out += static_cast<char>(c);
  pclose(pipe);
  return out;
}

TEST(IsoVolume, IsReadByOthers) {
  const TempDir folder;
  const auto iso = (folder.path() / "seed.iso").native();
  const std::string large(5000, 'x');
  replace_file(iso, iso_volume("cidata", {{"user-data", "#cloud-config\n"},
                                          {"meta-data", ""},
                                          {"network-config", large}}));
  EXPECT_EQ(std::filesystem::file_size(iso) % 2048, 0U);
  int readers = 0;
  if (const auto label = output_of("blkid -p -s LABEL -o value " + iso); !label.empty()) {
    ++readers;
    EXPECT_EQ(label, "cidata\n");
  }
  if (!output_of("command -v bsdtar").empty()) {
    ++readers;
    EXPECT_EQ(output_of("bsdtar -xOf " + iso + " user-data"), "#cloud-config\n");
    EXPECT_EQ(output_of("bsdtar -xOf " + iso + " network-config"), large);
  }
  if (!output_of("command -v isoinfo").empty()) {
    ++readers;
    for (const std::string names : {"", "-J "}) {
      const auto name = names.empty() ? "'/USER-DATA.;1'" : "'/user-data;1'";
      EXPECT_EQ(output_of("isoinfo " + names + "-i " + iso + " -x " + name), "#cloud-config\n");
    }
  }
  if (output_of("mount -o loop,ro " + iso + " " + folder.path().native() + " && echo yes") ==
      "yes\n") {
    ++readers;
    EXPECT_EQ(read_file(folder.path() / "user-data"), "#cloud-config\n");
    EXPECT_EQ(read_file(folder.path() / "meta-data"), "");
    EXPECT_EQ(read_file(folder.path() / "network-config"), large);
    output_of("umount " + folder.path().native());
  }
  if (readers == 0) GTEST_SKIP() << "nothing here reads a CD-ROM: util-linux";
}

}  // namespace
}  // namespace cluster::frontend
