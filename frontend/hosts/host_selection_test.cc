#include "frontend/hosts/host_selection.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

#include "core/error.h"
#include "core/folded_names.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

Host host(const char* name, const char* appliance, std::optional<int> rack = {}) {
  return {HostName(name), appliance, rack, {}, {}, {}, {}, {}, std::string_view(appliance) != "vm"};
}

const std::vector<Host> kHosts{host("compute-0-0", "compute", 0),
                               host("n01", "compute"),
                               host("n2", "compute"),
                               host("rocks-33", "vm"),
                               host("vm-container-0-2", "vm-container", 0),
                               host("vm-container-1-15", "vm-container", 1)};

std::vector<std::string> selected(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  auto managed = kHosts;
  std::erase_if(managed, [](const Host& one) { return !one.managed; });
  for (const auto& one : select_hosts(kHosts, words, managed)) names.push_back(one.name.str());
  return names;
}

Fault refusal(const std::string& word) {
  try {
    select_hosts(kHosts, {word});
  } catch (const Error& error) {
    return error.fault();
  }
  ADD_FAILURE() << word << " was accepted";
  return Fault::io;
}

TEST(SelectHosts, NothingNamedIsWhatTheCallerSays) {
  EXPECT_THAT(selected({}),
              ElementsAre("compute-0-0", "n01", "n2", "vm-container-0-2", "vm-container-1-15"));
  EXPECT_EQ(select_hosts(kHosts, {}).size(), kHosts.size());
}

TEST(SelectHosts, ByNameApplianceRackPatternAndRange) {
  EXPECT_THAT(selected({"n2"}), ElementsAre("n2"));
  EXPECT_THAT(selected({"vm"}), ElementsAre("rocks-33"));
  EXPECT_THAT(selected({"rack0"}), ElementsAre("compute-0-0", "vm-container-0-2"));
  EXPECT_THAT(selected({"n*"}), ElementsAre("n01", "n2"));
  EXPECT_THAT(selected({"n_"}), ElementsAre("n2"));
  EXPECT_THAT(selected({"%-1-1?"}), ElementsAre("vm-container-1-15"));
  EXPECT_THAT(selected({"n[01,2]"}), ElementsAre("n01", "n2"));
  EXPECT_THAT(selected({"vm-container-[0-1]-*"}),
              ElementsAre("vm-container-0-2", "vm-container-1-15"));
}

TEST(SelectHosts, EachOnceInTheOrderOfTheInventory) {
  EXPECT_THAT(selected({"n2", "compute", "n2"}), ElementsAre("compute-0-0", "n01", "n2"));
}

TEST(SelectHosts, LeavesOut) {
  EXPECT_THAT(selected({"compute", "!n*"}), ElementsAre("compute-0-0"));
  EXPECT_THAT(selected({"!compute"}), ElementsAre("vm-container-0-2", "vm-container-1-15"));
  EXPECT_THROW(selected({"n2", "!n2"}), Error) << "nobody is never meant";
}

TEST(SelectHosts, WhatMatchesNothingIsAnError) {
  for (const auto* word : {"n3", "!n3", "x*", "rack7", "n[1-2]", "n[2-3]"}) {
    EXPECT_EQ(refusal(word), Fault::not_found) << word;
  }
  for (const auto* word : {"", "a;b", "n[", "n]", "n[]", "n[a]", "n[3-1]", "n[1-999999999]",
                           "n[1-9999][1-9999]", "n[-1]", "!", "!!n2"}) {
    EXPECT_EQ(refusal(word), Fault::usage) << word;
  }
}

TEST(SelectHosts, AHardPatternIsStillQuick) {
  const std::vector<Host> hosts{host(std::string(63, 'a').c_str(), "compute")};
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "*a";
  EXPECT_THROW(select_hosts(hosts, {pattern + "b"}), Error);
}

// Whatever is folded for people to read can be typed again.
TEST(SelectHosts, ReadsBackWhatIsFolded) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::set<std::string> names;
    for (int i = 0; i < 12; ++i) {
      std::string name = random() % 4 == 0 ? "vm-" : "n";
      for (auto parts = random() % 3 + 1; parts > 0; --parts) {
        if (is_digit(name.back())) name += random() % 2 == 0 ? "-" : "x";
        name += std::string(random() % 3, '0') + std::to_string(random() % 13);
      }
      names.insert(name);
    }
    std::vector<Host> hosts;
    for (const auto& name : names) hosts.push_back(host(name.c_str(), "compute"));
    std::set<std::string> chosen;
    for (const auto& name : names) {
      if (random() % 3 != 0) chosen.insert(name);
    }
    if (chosen.empty()) continue;
    const auto folded = folded_names({chosen.begin(), chosen.end()});
    std::vector<std::string> words;
    for (const auto word : split(folded, ' ')) words.emplace_back(word);
    std::set<std::string> read;
    for (const auto& one : select_hosts(hosts, words)) read.insert(one.name.str());
    EXPECT_EQ(read, chosen) << folded;
  }
}

}  // namespace
}  // namespace cluster::frontend
