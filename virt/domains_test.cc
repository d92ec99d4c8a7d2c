#include "virt/domains.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace cluster::virt {
namespace {

constexpr const char* kOwnUuid = "5b6e4a3c-0000-4000-8000-000000000001";

const std::vector<DomainState> kStates{
    DomainState::none,     DomainState::running, DomainState::paused,   DomainState::shutting_down,
    DomainState::shut_off, DomainState::crashed, DomainState::suspended};

TEST(DomainStates, HaveTheWordsOfVirsh) {
  const std::vector<std::string> words{"no state", "running", "paused",     "in shutdown",
                                       "shut off", "crashed", "pmsuspended"};
  std::vector<std::string> told;
  for (const auto state : kStates) told.emplace_back(name(state));
  EXPECT_EQ(told, words);
}

// A start of it goes on from that memory, whatever the state is called.
TEST(StateWord, TellsOfSavedMemoryOfWhatDoesNotRun) {
  Domain domain;
  for (const auto state : kStates) {
    domain.state = state;
    domain.saved = false;
    EXPECT_EQ(state_word(domain), name(state));
    domain.saved = true;
    domain.active = true;
    EXPECT_EQ(state_word(domain), name(state));
    domain.active = false;
    EXPECT_EQ(state_word(domain), "saved");
  }
}

TEST(VirshWord, IsTheNameAsAShellTakesIt) {
  for (const auto& [domain, word] :
       std::vector<std::pair<std::string, std::string>>{{"vm-1", "vm-1"},
                                                        {"a b", "'a b'"},
                                                        {"it's", R"('it'\''s')"},
                                                        {"$(reboot)", "'$(reboot)'"},
                                                        {"-v", "-v"},
                                                        {"1a", "1a"},
                                                        {"0x1", "0x1"},
                                                        {"Büro", "'Büro'"}}) {
    EXPECT_EQ(virsh_word(domain, kOwnUuid), word) << domain;
  }
}

// Tried with virsh 9.0: `virsh undefine 1` is about the domain that runs with id 1.
TEST(VirshWord, IsTheUuidWhereVirshWouldTakeTheNameForSomethingElse) {
  for (const char* domain :
       {"1", "101", "007", " 5", "+1", "--x", "--domain", "5b6e4a3c-0000-4000-8000-000000000002",
        "5B6E4A3C-0000-4000-8000-000000000002"}) {
    EXPECT_EQ(virsh_word(domain, kOwnUuid), kOwnUuid) << domain;
  }
  EXPECT_EQ(virsh_word("101", ""), "101") << "nobody knows a better word";
}

}  // namespace
}  // namespace cluster::virt
