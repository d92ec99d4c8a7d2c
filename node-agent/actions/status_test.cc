#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "node-agent/state/wedged.h"
#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Status : public CalledGpupci {
 protected:
  Status() { fake_.add_card("0000:02:00", 1, 13).add_card("0000:03:00", 2, 14); }

  std::vector<std::string> names(const std::string& target) {
    std::vector<std::string> all;
    const auto report = nlohmann::json::parse(gpupci({"-s", target, "--json"}));
    for (const auto& card : report["cards"]) {
      all.push_back(card["name"].get<std::string>() + " " + card["state"].get<std::string>());
    }
    return all;
  }
};

TEST_F(Status, IsThatOfTheCardThatIsNamed) {
  EXPECT_THAT(gpupci({"-s", "gpupci2"}), Not(HasSubstr("gpupci1")));
  EXPECT_THAT(gpupci({"-s", "all"}), HasSubstr("gpupci1"));
  EXPECT_EQ(names("gpupci2"), std::vector<std::string>{"gpupci2 present"});
  EXPECT_EQ(names("all"), (std::vector<std::string>{"gpupci1 present", "gpupci2 present"}));
}

// libvirt is asked only where it has saved a VM.
TEST_F(Status, TellsWhichSavedVmHasTheCard) {
  vm_devices_ = {{"rocks-33", "0000:03:00.1", true}, {"rocks-34", "0000:02:00.0"}};
  EXPECT_THAT(gpupci({"-s", "all"}), Not(HasSubstr("saved")));
  replace_file(environment_.managed_saves / "rocks-33.save", "");
  const auto all = gpupci({"-s", "all"});
  EXPECT_THAT(all, HasSubstr("GPU card 'gpupci2' is in the saved memory of VM 'rocks-33'\n"));
  EXPECT_THAT(all, Not(HasSubstr("'gpupci1' is in the saved")));
}

TEST_F(Status, TellsOfTheMissingCardThatIsAskedFor) {
  gpupci({"-l"});
  fake_.remove("0000:02:00.0");
  EXPECT_EQ(names("all"), (std::vector<std::string>{"gpupci1 missing", "gpupci2 present"}));
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(names("gpupci1"), std::vector<std::string>{"gpupci1 missing"});
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(names("gpupci2"), std::vector<std::string>{"gpupci2 present"});
  EXPECT_EQ(status_, 0);
}

TEST_F(Status, IsNoDocumentOfACardThatNobodyKnows) {
  EXPECT_THAT(gpupci({"-s", "gpupci7", "--json"}), IsEmpty());
  EXPECT_EQ(err_, "GPU card gpupci7 not found\n");
  EXPECT_EQ(status_, 1);
}

TEST_F(Status, TellsSinceWhenACardIsStuck) {
  // While the kernel has the device locked, its driver_override cannot be read.
  const auto locked = fake_.root() / "bus/pci/devices/0000:03:00.0/driver_override";
  std::filesystem::remove(locked);
  ASSERT_EQ(mkfifo(locked.c_str(), 0600), 0);
  WedgedCards(environment_.wedged, environment_.boot_id()).mark({0, 3, 0, 0}, "a step");
  EXPECT_THAT(gpupci({"-s", "gpupci2"}), HasSubstr("is wedged since"));
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(gpupci({"-s", "gpupci1"}), Not(HasSubstr("wedged")));
}

TEST_F(Status, ChangesNothing) {
  const auto before = fake_.drivers();
  gpupci({"-s", "all"});
  EXPECT_EQ(fake_.drivers(), before);
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

}  // namespace
}  // namespace cluster::agent
