#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Check : public CalledGpupci {
 protected:
  Check() {
    environment_.modules = fake_.root() / "modules";
    fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 14);
  }

  // Returns the cards that the checks are about; null is the host.
  std::set<nlohmann::json> subjects(const std::vector<std::string>& words) {
    std::set<nlohmann::json> all;
    const auto report = nlohmann::json::parse(gpupci(words));
    for (const auto& one : report["checks"]) all.insert(one["card"]);
    return all;
  }
};

TEST_F(Check, IsOfTheHostAndOfTheCardsThatAreNamed) {
  EXPECT_EQ(subjects({"--check", "--json"}),
            (std::set<nlohmann::json>{nullptr, "gpupci1", "gpupci2"}));
  EXPECT_EQ(subjects({"--check", "all", "--json"}),
            (std::set<nlohmann::json>{nullptr, "gpupci1", "gpupci2"}));
  EXPECT_EQ(subjects({"--check", "gpupci2", "--json"}),
            (std::set<nlohmann::json>{nullptr, "gpupci2"}));
  EXPECT_THAT(gpupci({"--check", "gpupci7"}), IsEmpty());
  EXPECT_EQ(err_, "GPU card gpupci7 not found\n");
  EXPECT_EQ(status_, 1);
}

TEST_F(Check, IsOfAHostWithoutCardsToo) {
  for (const auto& pci : fake_.sysfs().functions()) fake_.remove(pci.sysfs());
  EXPECT_EQ(subjects({"--check", "all", "--json"}), std::set<nlohmann::json>{nullptr});
  EXPECT_THAT(gpupci({"--check"}), StartsWith("ID   CARD     RESULT   REASON\nH1   "));
}

TEST_F(Check, IsTheSameInBothForms) {
  std::vector<std::string> ids;
  const auto report = nlohmann::json::parse(gpupci({"--check", "--json"}));
  for (const auto& one : report["checks"]) ids.push_back(one["id"]);
  const int status = status_;
  std::vector<std::string> rows;
  const auto table = gpupci({"--check"});
  for (const auto line : split(trim(table), '\n')) {
    rows.emplace_back(line.substr(0, line.find(' ')));
  }
  rows.erase(rows.begin());
  EXPECT_EQ(rows, ids);
  EXPECT_EQ(status_, status);
}

TEST_F(Check, StoresNothing) {
  gpupci({"--check", "all"});
  for (const auto& file : {environment_.names, environment_.saved_drivers, environment_.wedged,
                           environment_.slices, environment_.lock}) {
    EXPECT_FALSE(std::filesystem::exists(file)) << file;
  }
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia");
}

class CheckOfNeighbours : public CalledGpupci {};

TEST_F(CheckOfNeighbours, NamesTheOtherCardOfTheGroup) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 13);
  environment_.proc = fake_.root() / "proc";
  replace_file(environment_.proc / "cpuinfo", "flags\t: svm\n");
  environment_.modules = fake_.root() / "modules";
  EXPECT_THAT(gpupci({"--check"}),
              StartsWith("ID   CARD     RESULT   REASON\nH1   -        FAIL "));
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, IsEmpty());
  EXPECT_THAT(check("all"),
              HasSubstr("\nD4   gpupci2  WARN     it shares its IOMMU group with gpupci1; "));
  EXPECT_THAT(check("gpupci2"),
              HasSubstr("\nD4   gpupci2  WARN     it shares its IOMMU group with gpupci1; "));
  const auto report = nlohmann::json::parse(gpupci({"--check", "gpupci1", "--json"}));
  EXPECT_EQ(report["checks"].size(), 34);
  EXPECT_EQ(report["checks"][7]["card"], "gpupci1");
  EXPECT_THAT(gpupci({"--check", "gpupci3"}), IsEmpty());
  EXPECT_EQ(err_, "GPU card gpupci3 not found\n");
}

}  // namespace
}  // namespace cluster::agent
