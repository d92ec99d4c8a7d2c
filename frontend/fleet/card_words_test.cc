// Words for cards that other tools take, and why a card is not offered to them.

#include "frontend/fleet/card_words.h"

#include <gtest/gtest.h>

namespace cluster::frontend {
namespace {

FleetCard a_card(CardState state, DeviceKind kind = DeviceKind::gpu) {
  FleetCard card{{GpuName("gpupci1"), {0, 2, 0, 0}, {}, {}, {}, {}, {}, false, {}}};
  card.card.functions = {{{0, 2, 0, 0}, "0302", "10de", "20f1", {}, {}, 7}};
  card.kind = kind;
  card.state = state;
  card.place = FleetPlace{HostName("v1"), GpuName("gpupci")};
  card.domain = "win 10";
  card.failing = "D7: Xid 79";
  return card;
}

Fleet with_models(const std::vector<std::pair<std::string, std::string>>& ids_and_models) {
  Fleet fleet;
  FleetHost host{{HostName("n1"), "vm-container", {}, {}, {}, {}, {}, {}}};
  for (const auto& [device, model] : ids_and_models) {
    auto card = a_card(CardState::free);
    card.card.functions[0].device = device;
    card.card.model = model;
    host.cards.push_back(card);
  }
  fleet.hosts.push_back(host);
  return fleet;
}

struct Why {
  CardState state;
  const char* words;
};

TEST(WhyNotFree, IsSaidOfEachState) {
  for (const auto& [state, words] :
       {Why{CardState::free, ""},
        Why{CardState::missing, "it was missing when the host was asked last"},
        Why{CardState::in_vm, "it is in VM v1"},
        Why{CardState::in_domain, "the domain 'win 10' of libvirt has it, or a part of it"},
        Why{CardState::in_slices, "it is in slices"},
        Why{CardState::failing, "it failed its check: D7: Xid 79"},
        Why{CardState::maintenance, "its host is in maintenance"},
        Why{CardState::host, "it is to stay with its host"}}) {
    EXPECT_EQ(why_not_free(a_card(state)), words);
  }
}

TEST(WhyNotFree, IsSaidOfWhatIsNoGpu) {
  EXPECT_EQ(why_not_free(a_card(CardState::free, DeviceKind::nvme)), "it is no GPU");
  EXPECT_EQ(why_not_free(a_card(CardState::free, DeviceKind::nvswitch)), "it is no GPU");
  EXPECT_EQ(why_not_free(a_card(CardState::free, DeviceKind::unknown)), "its host was never asked");
}

TEST(AHostsOwnCard, IsOneThatIsToStayThere) {
  const auto is_own = [](const std::string& appliance, GpuWish wish) {
    auto card = a_card(CardState::free);
    card.place.reset();
    card.domain.reset();
    card.card.wish = wish;
    return stays_with_host({HostName("n1"), appliance, {}, {}, {}, {}, {}, {}}, card);
  };
  EXPECT_TRUE(is_own("vm-container", GpuWish::host));
  EXPECT_FALSE(is_own("vm-container", GpuWish::detached));
  EXPECT_TRUE(is_own("compute", GpuWish::detached)) << "such a host has no VMs";
}

TEST(AHostsOwnCard, IsNoneThatSomebodyElseHas) {
  const Host host{HostName("n1"), "compute", {}, {}, {}, {}, {}, {}};
  auto card = a_card(CardState::free);
  card.place.reset();
  card.domain.reset();
  ASSERT_TRUE(stays_with_host(host, card));
  const auto with = [&](auto change) {
    auto other = card;
    change(other);
    return stays_with_host(host, other);
  };
  EXPECT_FALSE(with([](FleetCard& one) { one.card.missing = true; }));
  EXPECT_FALSE(with([](FleetCard& one) { one.domain = "d"; }));
  EXPECT_FALSE(with([](FleetCard& one) { one.slices.push_back({"gpupci1.0"}); }));
  EXPECT_FALSE(with([](FleetCard& one) {
    one.place = FleetPlace{HostName("v1"), GpuName("gpupci")};
  }));
}

struct Model {
  const char* model;
  const char* word;
};

TEST(ModelWords, AreMadeOfTheNameInBrackets) {
  for (const auto& [model, word] :
       {Model{"GA100 [A100 PCIe 40GB]", "a100_pcie_40gb"}, Model{"A100", "a100"},
        Model{"[GeForce RTX 3090]", "geforce_rtx_3090"},
        Model{"Navi 31 [Radeon RX 7900 XT/XTX]", "radeon_rx_7900_xt_xtx"},
        Model{"GA100 []", "ga100"}, Model{"]GA100[", "ga100"}, Model{"a [b] [c]", "c"},
        Model{"   --A--  ", "a"}, Model{"Grüße", "gr_e"}}) {
    EXPECT_EQ(model_words(with_models({{"20f1", model}}), '_').at("10de:20f1"), word) << model;
  }
}

// A word of Slurm or Proxmox VE begins with a letter, and "gpu" alone says nothing.
TEST(ModelWords, BeginWithALetter) {
  for (const auto& [model, word] : {Model{"3D rage", "gpu-3d-rage"}, Model{"", "gpu-10de-20f1"},
                                    Model{"???", "gpu-10de-20f1"}, Model{"GPU", "gpu-10de-20f1"}}) {
    EXPECT_EQ(model_words(with_models({{"20f1", model}}), '-').at("10de:20f1"), word) << model;
  }
}

TEST(ModelWords, AreShort) {
  const auto words = model_words(with_models({{"20f1", std::string(47, 'a') + " bcd"}}), '_');
  EXPECT_EQ(words.at("10de:20f1"), std::string(47, 'a')) << "none ends with a separator";
}

TEST(ModelWords, TellKindsWithOneNameApartByTheirIds) {
  const auto words = model_words(with_models({{"20f1", "A"}, {"20b5", "A"}, {"20b6", "a"}}), '_');
  EXPECT_EQ(words.at("10de:20f1"), "a");
  EXPECT_EQ(words.at("10de:20b5"), "a_10de_20b5");
  EXPECT_EQ(words.at("10de:20b6"), "a_10de_20b6");
}

TEST(ModelWords, AreOfKindsAndNotOfCards) {
  EXPECT_EQ(model_words(with_models({{"20f1", "A"}, {"20f1", "B"}}), '_').size(), 1U);
  auto fleet = with_models({{"20f1", "A"}});
  fleet.hosts[0].cards[0].card.functions.clear();  // of which nothing is known but its address
  EXPECT_TRUE(model_words(fleet, '_').empty());
}

TEST(Ids, AreThoseOfTheFirstFunction) {
  auto card = a_card(CardState::free).card;
  card.functions.push_back({{0, 2, 0, 1}, "0403", "10de", "1aef", {}, {}, 7});
  EXPECT_EQ(ids_of(card), "10de:20f1");
  card.functions.clear();
  EXPECT_EQ(ids_of(card), "");
}

TEST(CommentLine, IsOneLineWhateverIsInIt) {
  for (const auto* text : {"plain", "a\nb", "a\r\nb",
                           "a\xc2\x85"
                           "b",
                           "a\xe2\x80\xa8"
                           "b\xe2\x80\xa9",
                           "\x1b[31m", "\xff\xfe", ""}) {
    const auto line = comment_line(text);
    EXPECT_TRUE(line.starts_with("# ")) << text;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << text;
    for (const auto* end : {"\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9", "\x1b"}) {
      EXPECT_EQ(line.find(end), std::string::npos) << text;
    }
  }
  EXPECT_EQ(comment_line("Grüße # und \"so\""), "# Grüße # und \"so\"\n");
}

TEST(Digits, OfWhatIsNotKnownAreNone) {
  EXPECT_EQ(digits(std::nullopt), "");
  EXPECT_EQ(digits(0), "0");
  EXPECT_EQ(digits(-1), "-1");
}

}  // namespace
}  // namespace cluster::frontend
