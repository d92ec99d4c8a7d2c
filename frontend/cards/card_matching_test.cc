#include "frontend/cards/card_matching.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::frontend {
namespace {

// A card as an agent reports it.
GpuCard card(const char* name, const char* pci, const char* device = "1c03",
             std::optional<std::string> serial = {}) {
  const auto at = PciAddress::parse(pci);
  return {GpuName(name),
          at,
          {},
          std::move(serial),
          {},
          {},
          {},
          false,
          {{at, "0300", "10de", device, {}, {}, 13}}};
}

// A card of which only the name and the address were typed.
GpuCard typed(const char* name, const char* pci) {
  return {GpuName(name), PciAddress::parse(pci), {}, {}, {}, {}, {}, false, {}};
}

// Returns lines such as "gpupci1 new pci_0000_02_00_0 ...".
std::string told(const std::vector<GpuCard>& have, const std::vector<GpuCard>& seen,
                 const Held& held = {}) {
  std::string lines;
  for (const auto& one : match_cards(have, seen, held).changes) {
    lines += one.name.str() + " " + std::string(name(one.change)) + " " + one.pci.sysfs() +
             (one.details.empty() ? "" : " " + one.details) + "\n";
  }
  return lines;
}

TEST(CardMatching, WhatIsNewIsAdded) {
  const auto result = match_cards({}, {card("gpupci1", "02:00.0")}, {});
  EXPECT_EQ(result.plan.cards, std::vector{card("gpupci1", "02:00.0")});
  EXPECT_EQ(told({}, {card("gpupci1", "02:00.0")}),
            "gpupci1 new 0000:02:00.0 10de:1c03, 1 function\n");
}

TEST(CardMatching, NothingDiffersTheSecondTime) {
  const std::vector cards{card("gpupci1", "02:00.0"), card("gpupci2", "03:00.0", "1c03", "s2")};
  EXPECT_EQ(told(cards, cards), "");
  EXPECT_EQ(match_cards(cards, cards, {}).plan.cards, cards);
}

TEST(CardMatching, AnotherSizeOfBarsIsTold) {
  const auto with_bars = [](std::optional<int> mib) {
    auto one = card("gpupci1", "02:00.0");
    one.functions[0].bar_mib = mib;
    return one;
  };
  EXPECT_EQ(told({with_bars(304)}, {with_bars(6192)}),
            "gpupci1 changed 0000:02:00.0 BARs 6192 MiB, had 304\n");
  EXPECT_EQ(told({with_bars({})}, {with_bars(304)}), "gpupci1 changed 0000:02:00.0 BARs 304 MiB\n");
  EXPECT_EQ(told({with_bars(304)}, {with_bars({})}), "");
  EXPECT_EQ(match_cards({with_bars(304)}, {with_bars({})}, {}).plan.cards[0], with_bars(304));
}

TEST(CardMatching, AGroupOfTheIommuIsAFactAndNoFunction) {
  auto before = card("gpupci1", "02:00.0", "1c03", "s1");
  auto now = before;
  now.functions[0].iommu_group = 7;
  EXPECT_EQ(told({before}, {now}), "gpupci1 changed 0000:02:00.0 IOMMU group\n");
  EXPECT_EQ(changed_facts(before, now), "IOMMU group");
  EXPECT_EQ(changed_facts(before, before), "");
  now.serial = "s2";
  EXPECT_EQ(changed_facts(before, now), "");
  now = card("gpupci1", "05:00.0", "1c03", "s1");
  EXPECT_EQ(changed_facts(before, now), "");
}

TEST(CardMatching, WhyACardFailsGoesWithIt) {
  auto failing = card("gpupci1", "02:00.0", "1c03", "s1");
  failing.failing = "D1: fallen off the bus";
  const auto now =
      match_cards({failing}, {card("gpupci2", "03:00.0", "1c03", "s1")}, {}).plan.cards;
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ(now[0].name, GpuName("gpupci2"));
  EXPECT_EQ(now[0].failing, failing.failing);
  EXPECT_EQ(match_cards({failing}, {}, {}).plan.cards[0].failing, failing.failing);
  EXPECT_EQ(
      match_cards({failing}, {card("gpupci1", "02:00.0", "1c03", "s2")}, {}).plan.cards[0].failing,
      std::nullopt);
}

TEST(CardMatching, ATypedCardLearnsItsIdentity) {
  EXPECT_EQ(told({typed("gpupci1", "02:00.0")}, {card("gpupci1", "02:00.0")}),
            "gpupci1 changed 0000:02:00.0 1 functions, had 0\n");
}

TEST(CardMatching, ACardThatMovedIsKnownByItsSerial) {
  EXPECT_EQ(
      told({card("gpupci1", "02:00.0", "1c03", "s1")}, {card("gpupci1", "05:00.0", "1c03", "s1")}),
      "gpupci1 moved 0000:05:00.0 was pci_0000_02_00_0\n"
      "gpupci1 changed 0000:05:00.0 functions\n");
}

TEST(CardMatching, ATypedCardMayMoveUnderItsNameWhileNoVmHoldsIt) {
  const std::vector have{typed("gpupci1", "02:00.0")};
  const std::vector seen{card("gpupci1", "05:00.0")};
  EXPECT_EQ(told(have, seen),
            "gpupci1 moved 0000:05:00.0 was pci_0000_02_00_0\n"
            "gpupci1 changed 0000:05:00.0 1 functions, had 0\n");
  EXPECT_THROW(match_cards(have, seen, {{GpuName("gpupci1")}}), Error);
}

TEST(CardMatching, TheHostsNamesWin) {
  const std::vector have{card("gpupci1", "02:00.0"), card("gpupci2", "03:00.0")};
  const std::vector seen{card("gpupci2", "02:00.0"), card("gpupci1", "03:00.0")};
  EXPECT_EQ(told(have, seen, {{GpuName("gpupci1")}}),
            "gpupci1 renamed 0000:03:00.0 was gpupci2\n"
            "gpupci2 renamed 0000:02:00.0 was gpupci1\n");
  const auto renamed = match_cards(have, seen, {}).plan.renamed;
  EXPECT_EQ(renamed.at(GpuName("gpupci1")), GpuName("gpupci2"));
  EXPECT_EQ(renamed.at(GpuName("gpupci2")), GpuName("gpupci1"));
}

TEST(CardMatching, WhatIsGoneStaysAsMissingAndMayComeBack) {
  const std::vector have{card("gpupci1", "02:00.0")};
  const auto gone = match_cards(have, {}, {});
  ASSERT_EQ(gone.plan.cards.size(), 1U);
  EXPECT_TRUE(gone.plan.cards[0].missing);
  EXPECT_EQ(told(have, {}, {{GpuName("gpupci1")}}), "gpupci1 gone 0000:02:00.0 a VM holds it\n");
  EXPECT_EQ(told(gone.plan.cards, {}), "");
  EXPECT_EQ(told(gone.plan.cards, have), "gpupci1 back 0000:02:00.0\n");
}

TEST(CardMatching, AMissingCardOfTheAgentIsNotThere) {
  auto missing = card("gpupci1", "02:00.0");
  missing.missing = true;
  EXPECT_EQ(told({card("gpupci1", "02:00.0")}, {missing}), "gpupci1 gone 0000:02:00.0\n");
  EXPECT_EQ(told({}, {missing}), "");
}

TEST(CardMatching, AnotherCardInTheSlotReplacesIt) {
  const std::vector have{card("gpupci1", "02:00.0", "1c03")};
  const std::vector seen{card("gpupci2", "02:00.0", "1e07")};
  EXPECT_EQ(told(have, seen),
            "gpupci2 new 0000:02:00.0 10de:1e07, 1 function\n"
            "gpupci2 replaced 0000:02:00.0 was gpupci1 pci_0000_02_00_0, 10de:1c03\n");
}

TEST(CardMatching, AVmIsNeverHandedAnotherCard) {
  const Held held{{GpuName("gpupci1")}};
  EXPECT_THROW(
      match_cards({card("gpupci1", "02:00.0", "1c03")}, {card("gpupci1", "02:00.0", "1e07")}, held),
      Error);
  EXPECT_THROW(match_cards({card("gpupci1", "02:00.0", "1c03", "s1")},
                           {card("gpupci1", "02:00.0", "1c03", "s2")}, held),
               Error);
  EXPECT_THROW(
      match_cards({card("gpupci1", "02:00.0")}, {card("gpupci1", "03:00.0", "1e07")}, held), Error);
}

TEST(CardMatching, SlicesAreCountedAndOneThatAVmHoldsIsMissed) {
  const auto with_slices = [](int from, int to) {
    auto one = card("gpupci1", "02:00.0");
    for (int i = from; i < to; ++i) {
      one.slices.push_back({i, {0, 2, 0, static_cast<std::uint8_t>(i + 1)}, {}});
    }
    return one;
  };
  EXPECT_EQ(told({}, {with_slices(0, 2)}),
            "gpupci1 new 0000:02:00.0 10de:1c03, 1 function, 2 slices\n");
  EXPECT_EQ(told({with_slices(0, 1)}, {with_slices(0, 3)}),
            "gpupci1 changed 0000:02:00.0 3 slices, had 1\n");
  EXPECT_EQ(told({with_slices(0, 1)}, {with_slices(1, 2)}),
            "gpupci1 changed 0000:02:00.0 slices\n");
  const Held held{{GpuName("gpupci1")},
                  {{GpuName("gpupci"), "gpupci1.1", 1, GpuName("gpupci1"), {}, {}, true}}};
  EXPECT_EQ(told({with_slices(0, 3)}, {with_slices(0, 2)}, held),
            "gpupci1 changed 0000:02:00.0 2 slices, had 3\n");
  EXPECT_EQ(told({with_slices(0, 3)}, {with_slices(0, 1)}, held),
            "gpupci1 changed 0000:02:00.0 1 slices, had 3\n"
            "gpupci1 slice gone 0000:02:00.0 gpupci1.1, a VM holds it\n");
  EXPECT_TRUE(match_cards({with_slices(0, 1)}, {}, {}).plan.cards[0].slices.empty());
}

TEST(CardMatching, MediatedDevicesAreComparedByTheirUuids) {
  const Mdev one{"u1", "gpupci1.0", "nvidia-558"};
  const Mdev two{"u2", "mtty", "mtty-1"};
  Mdev other = one;
  other.type = "nvidia-559";
  const Held held{{}, {{GpuName("gpupci"), "u1", {}, {}, {}, {}, true}}};
  const auto lines = [&](const std::vector<Mdev>& have, const std::vector<Mdev>& seen) {
    std::string text;
    for (const auto& change : compare(have, seen, held)) {
      text += change.mdev.uuid + " " + std::string(name(change.change)) +
              (change.held ? "! " : " ") + change.details + "\n";
    }
    return text;
  };
  EXPECT_EQ(lines({one, two}, {one, two}), "");
  EXPECT_EQ(lines({one}, {one, two}), "u2 new vGPU of type mtty-1\n");
  EXPECT_EQ(lines({one, two}, {}), "u1 gone! a VM holds it\nu2 gone \n");
  EXPECT_EQ(lines({one}, {other}),
            "u1 changed! vGPU of type nvidia-559, was nvidia-558 on gpupci1.0\n");
}

TEST(CardMatching, WhatOneAnswerDoesNotKnowStaysKnown) {
  const auto result =
      match_cards({card("gpupci1", "02:00.0", "1c03", "s1")}, {card("gpupci1", "02:00.0")}, {});
  EXPECT_EQ(result.plan.cards[0].serial, "s1");
  EXPECT_TRUE(result.changes.empty());
}

}  // namespace
}  // namespace cluster::frontend
