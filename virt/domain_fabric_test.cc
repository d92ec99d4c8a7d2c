// These tests are about the gates of GPUs that NVSwitches join: F1 and F3.

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/example_domains.h"
#include "virt/domain_gates.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A board with two GPUs, two NVSwitches, and a card that is not on it.
class Board : public ::testing::Test {
 protected:
  Board() {
    all_ = {card("gpu1", 1, DeviceKind::gpu, true), card("gpu2", 2, DeviceKind::gpu, true),
            card("switch1", 3, DeviceKind::nvswitch, false),
            card("switch2", 4, DeviceKind::nvswitch, false), card("t4", 5, DeviceKind::gpu, false)};
  }

  static CardSpec card(const char* name, std::uint8_t bus, DeviceKind kind, bool sxm) {
    CardSpec one;
    one.name = name;
    one.functions = {{0, bus, 0, 0}};
    one.kind = kind;
    one.sxm = sxm;
    return one;
  }

  std::vector<std::string> said(const std::vector<std::size_t>& held, bool partition = false) {
    auto domain = example_domain("emulated");
    domain.cards.clear();
    for (const auto i : held) domain.cards.push_back(all_[i]);
    GateFacts facts;
    facts.cards = domain.cards;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (std::ranges::find(held, i) == held.end()) facts.cards.push_back(all_[i]);
    }
    facts.has_partition = partition;
    std::vector<std::string> out;
    for (const auto& one : gate(domain_xml(domain), facts)) {
      out.push_back(one.id + (one.warns ? "? " : " ") + one.reason);
    }
    return out;
  }

  std::vector<CardSpec> all_;
};

TEST_F(Board, SwitchesGoWithAllGpusOrNotAtAll) {
  EXPECT_THAT(said({0, 1, 2, 3}), IsEmpty());
  EXPECT_THAT(said({0, 1, 2}), ElementsAre("F1 an NVSwitch is given with all GPUs and switches of "
                                           "its board, and switch2 is not in the VM"));
  EXPECT_THAT(said({0, 2, 3}), ElementsAre(HasSubstr("and gpu2 is not in the VM")));
  EXPECT_THAT(said({2}), ElementsAre(HasSubstr("and gpu1, gpu2, switch2 are not in the VM")));
}

TEST_F(Board, SeveralGpusWithoutSwitchesWantAPartition) {
  EXPECT_THAT(said({0}), IsEmpty());
  EXPECT_THAT(said({0, 4}), IsEmpty());
  EXPECT_THAT(said({0, 1}), ElementsAre(HasSubstr("F3? 2 SXM GPUs without their NVSwitches")));
  EXPECT_THAT(said({0, 1}, true), IsEmpty());
}

// Nobody has to name the switches as cards, but boards of four GPUs have none.
TEST_F(Board, SwitchesAreKnownByHowManyGpusThereAre) {
  all_.erase(all_.begin() + 2, all_.begin() + 4);
  EXPECT_THAT(said({0, 1}), IsEmpty());
  for (const char* name : {"gpu3", "gpu4", "gpu5"}) {
    EXPECT_THAT(said({0, 1}), IsEmpty()) << "before " << name;
    all_.push_back(card(name, static_cast<std::uint8_t>(all_.size() + 8), DeviceKind::gpu, true));
  }
  EXPECT_THAT(said({0, 1}), ElementsAre(HasSubstr("F3? ")));
  for (auto& one : all_) one.sxm = false;
  EXPECT_THAT(said({0, 1}), IsEmpty());
}

}  // namespace
}  // namespace cluster::virt
