#include "node-agent/state/slice_record.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr auto kUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";

class SliceRecordFile : public ::testing::Test {
 protected:
  SliceRecord record() const { return SliceRecord(file_); }

  TempDir folder_;
  std::filesystem::path file_ = folder_.path() / "state/slices.json";
};

TEST_F(SliceRecordFile, KeepsTheNumberOfVirtualFunctions) {
  record().set_vfs(GpuName("gpupci10"), 4);
  record().set_vfs(GpuName("gpupci2"), 7);
  EXPECT_THAT(record().vfs(),
              ElementsAre(Pair(GpuName("gpupci2"), 7), Pair(GpuName("gpupci10"), 4)));
  record().set_vfs(GpuName("gpupci10"), 0);
  EXPECT_THAT(record().vfs(), ElementsAre(Pair(GpuName("gpupci2"), 7)));
}

// Every value that is kept is read back, even a text with quotes, line ends and other scripts.
TEST_F(SliceRecordFile, KeepsEveryPartOfAVgpu) {
  for (const auto interface : {VgpuInterface::mdev, VgpuInterface::vendor_vfio}) {
    for (const bool removing : {false, true}) {
      for (const auto* text : {"", "nvidia-558", "a \"b\" \\ \n\t", "\xc3\xa4\xe2\x82\xac"}) {
        const LeasedVgpu kept{.parent = "gpupci1.0",
                              .interface = interface,
                              .type = text,
                              .lease = "8f2c61d0a94be357",
                              .since = "2026-11-21T01:20:00Z",
                              .removing = removing};
        record().set_vgpu(kUuid, kept);
        const auto read = record().find(kUuid);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->parent, kept.parent);
        EXPECT_EQ(read->interface, kept.interface);
        EXPECT_EQ(read->type, kept.type);
        EXPECT_EQ(read->lease, kept.lease);
        EXPECT_EQ(read->since, kept.since);
        EXPECT_EQ(read->removing, kept.removing);
      }
    }
  }
}

TEST_F(SliceRecordFile, ForgetsOneVgpu) {
  record().set_vgpu("a", {.parent = "mtty"});
  record().set_vgpu("b", {.parent = "mtty"});
  record().forget_vgpu("a");
  record().forget_vgpu("c");
  EXPECT_FALSE(record().find("a"));
  EXPECT_TRUE(record().find("b"));
}

TEST_F(SliceRecordFile, ForgetsTheVgpusOnTheSlicesOfACard) {
  record().set_vgpu("a", {.parent = "gpupci1.0"});
  record().set_vgpu("b", {.parent = "gpupci1.1"});
  record().set_vgpu("c", {.parent = "gpupci1"});
  record().set_vgpu("d", {.parent = "gpupci10.0"});
  record().forget_slices(GpuName("gpupci1"));
  EXPECT_THAT(record().vgpus(), ElementsAre(Pair("c", ::testing::_), Pair("d", ::testing::_)));
}

TEST_F(SliceRecordFile, IsGoneWhenThereIsNothingToKeep) {
  record().set_vfs(GpuName("gpupci1"), 2);
  record().set_vgpu("a", {.parent = "mtty"});
  record().set_vfs(GpuName("gpupci1"), 0);
  EXPECT_TRUE(std::filesystem::exists(file_));
  record().forget_vgpu("a");
  EXPECT_FALSE(std::filesystem::exists(file_));
  EXPECT_THAT(record().vfs(), IsEmpty());
  EXPECT_THAT(record().vgpus(), IsEmpty());
}

TEST_F(SliceRecordFile, IsAnErrorWhenItIsNoRecord) {
  const std::string vgpu =
      R"({"parent":"p","interface":"x","type":"t","lease":"l","since":"s","removing":false})";
  for (const auto& text : {std::string(), std::string("{"), std::string("[]"),
                           std::string(R"({"version":2,"vfs":{},"vgpus":{}})"),
                           std::string(R"({"version":1,"vfs":{"gpu1":2},"vgpus":{}})"),
                           std::string(R"({"version":1,"vfs":{"gpupci1":"2"},"vgpus":{}})"),
                           std::string(R"({"version":1,"vfs":{},"vgpus":{"a":{}}})"),
                           R"({"version":1,"vfs":{},"vgpus":{"a":)" + vgpu + "}}"}) {
    replace_file(file_, text);
    try {
      record();
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::io);
      EXPECT_THAT(error.what(), HasSubstr("not a record of slices: '" + file_.native() + "' ("));
      EXPECT_THAT(error.what(), HasSubstr("); move it away"));
    }
  }
}

TEST_F(SliceRecordFile, IsAnErrorWhenItCannotBeWritten) {
  EXPECT_THROW(SliceRecord("/proc/none/slices.json").set_vfs(GpuName("gpupci1"), 2), Error);
}

}  // namespace
}  // namespace cluster::agent
