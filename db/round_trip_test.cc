#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/error.h"
#include "db/inventory.h"
#include "tests/support/temp_dir.h"

// The values that are read are the values that were stored, for inventories made at random.
namespace cluster {
namespace {

class Random {
 public:
  int below(int limit) { return static_cast<int>(engine_() % static_cast<unsigned>(limit)); }

  std::optional<int> maybe(int from, int below_this) {
    if (below(2) == 0) return std::nullopt;
    return from + below(below_this - from);
  }

  // Texts that a database might take for something else.
  std::optional<std::string> maybe_text() {
    static const std::vector<std::string> texts{"x",        "it's",  "NULL", "%_*?", "a\nb",
                                                "\xc3\xa9", ":name", "0",    "--",   "10.0"};
    if (below(3) == 0) return std::nullopt;
    return texts[static_cast<std::size_t>(below(static_cast<int>(texts.size())))];
  }

  template <typename Value>
  void shuffle(std::vector<Value>& values) {
    std::ranges::shuffle(values, engine_);
  }

 private:
  std::mt19937 engine_{7};
};

Host host(Random& random, int number) {
  static const std::vector<std::string> appliances{"frontend", "compute", "vm-container"};
  Host one{HostName("n" + std::to_string(number)),
           appliances[static_cast<std::size_t>(random.below(3))],
           random.maybe(0, 40),
           random.maybe(0, 40),
           random.maybe(1, 256),
           {},
           {},
           {}};
  if (random.below(2) == 0) one.address = "10.0.0." + std::to_string(number);
  one.port = random.maybe(1, 65536);
  one.user = random.maybe_text();
  one.managed = one.appliance != "frontend";
  return one;
}

GpuCard card(Random& random, int number) {
  const auto bus = static_cast<std::uint8_t>(number + 1);
  GpuCard one{GpuName("gpupci" + std::to_string(number)),
              {0x10000, bus, 3, 0},
              random.maybe_text(),
              random.maybe_text(),
              random.maybe_text(),
              random.maybe_text(),
              random.maybe(0, 8),
              random.below(2) == 0,
              {},
              random.maybe_text(),
              {}};
  for (int i = 0; i < random.below(4); ++i) {
    one.functions.push_back({{0x10000, bus, 3, static_cast<std::uint8_t>(i)},
                             "0302",
                             "10de",
                             "2235",
                             random.maybe_text(),
                             random.maybe_text(),
                             random.maybe(0, 500),
                             random.maybe(0, 65537)});
  }
  for (int i = 0; i < random.below(12); ++i) {
    one.slices.push_back(
        {i, {0x10000, bus, static_cast<std::uint8_t>(4 + i), 0}, random.maybe_text()});
  }
  return one;
}

std::string text_of(const Host& host) {
  std::string text = host.name.str() + "|" + host.appliance + (host.managed ? "|managed" : "");
  for (const auto& number : {host.rack, host.rank, host.cpus, host.port}) {
    text += "|" + (number ? std::to_string(*number) : "");
  }
  return text + "|" + host.address.value_or("none") + "|" + host.user.value_or("none");
}

TEST(RoundTrip, HostsComeBackAsTheyWereStored) {
  Random random;
  Inventory inventory(":memory:", Inventory::Open::create);
  std::vector<Host> stored;
  for (int i = 0; i < 100; ++i) stored.push_back(host(random, i));
  auto mixed = stored;
  random.shuffle(mixed);
  for (const auto& one : mixed) inventory.add_host(one);
  const auto expect_stored = [&] {
    const auto read = inventory.hosts();
    ASSERT_EQ(read.size(), stored.size());
    for (std::size_t i = 0; i < read.size(); ++i) EXPECT_EQ(text_of(read[i]), text_of(stored[i]));
  };
  expect_stored();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto address = stored[i].address;
    stored[i] = host(random, static_cast<int>(i));
    stored[i].address = address;
  }
  inventory.set_hosts(stored);
  expect_stored();
}

TEST(RoundTrip, CardsComeBackAsTheyWereStored) {
  Random random;
  const TempDir folder;
  const auto file = folder.path() / "cluster.db";
  std::vector<GpuCard> cards;
  for (int i = 1; i <= 30; ++i) cards.push_back(card(random, i));
  const std::vector<Mdev> mdevs{{"00000000-0000-4000-8000-000000000001", "gpupci1.0", "nvidia-558"},
                                {"00000000-0000-4000-8000-000000000002", "mtty", "mtty-2"}};
  {
    Inventory inventory(file, Inventory::Open::create);
    inventory.add_host({HostName("n1"), "compute", {}, {}, {}, {}, {}, {}});
    auto mixed = cards;
    random.shuffle(mixed);
    inventory.store_gpu_cards(HostName("n1"), {mixed, {}, mdevs});
  }
  Inventory inventory(file, Inventory::Open::existing);
  EXPECT_EQ(inventory.gpu_cards(HostName("n1")), cards);
  EXPECT_EQ(inventory.mdevs(HostName("n1")), mdevs);
  inventory.store_gpu_cards(HostName("n1"), {inventory.gpu_cards(HostName("n1")), {}});
  EXPECT_EQ(inventory.gpu_cards(HostName("n1")), cards) << "storing what is there changes nothing";
  EXPECT_EQ(inventory.mdevs(HostName("n1")), mdevs) << "a plan without any leaves them";
}

TEST(RoundTrip, AttributesComeBackAsTheyWereStored) {
  Random random;
  Inventory inventory(":memory:", Inventory::Open::create);
  inventory.add_host({HostName("n1"), "compute", {}, {}, {}, {}, {}, {}});
  std::vector<Attribute> stored;
  for (int i = 10; i < 40; ++i) {
    const auto name = "a" + std::to_string(i);
    stored.push_back({{}, {}, name, random.maybe_text().value_or("")});
  }
  for (int i = 10; i < 40; ++i) {
    stored.push_back({{}, HostName("n1"), "a" + std::to_string(i), "v"});
  }
  auto mixed = stored;
  random.shuffle(mixed);
  inventory.set_attributes(mixed);
  EXPECT_EQ(inventory.attributes(), stored);
  inventory.remove_attributes(mixed);
  EXPECT_TRUE(inventory.attributes().empty());
}

TEST(RoundTrip, RollsAreOrderedByNameAndVersionAndOneIsEnabled) {
  Inventory inventory(":memory:", Inventory::Open::create);
  for (const auto& [name, version] : {std::pair("b", "1.0"), std::pair("a", "1.10"),
                                      std::pair("a", "1.9"), std::pair("a", "1.9+2")}) {
    inventory.add_roll({name, version, "any", false, std::string(64, 'a')});
  }
  const auto rolls = [&] {
    std::string text;
    for (const auto& roll : inventory.rolls()) {
      text += roll.name + " " + roll.version + (roll.enabled ? "*" : "") + ", ";
    }
    return text;
  };
  EXPECT_EQ(rolls(), "a 1.9, a 1.9+2, a 1.10, b 1.0, ");
  inventory.enable_roll("a", "1.9");
  inventory.enable_roll("b", "1.0");
  EXPECT_EQ(rolls(), "a 1.9*, a 1.9+2, a 1.10, b 1.0*, ");
  inventory.enable_roll("a", "1.10");
  EXPECT_EQ(rolls(), "a 1.9, a 1.9+2, a 1.10*, b 1.0*, ");
  inventory.disable_roll("a", "1.10");
  inventory.remove_roll("a", "1.10");
  EXPECT_EQ(rolls(), "a 1.9, a 1.9+2, b 1.0*, ");
}

TEST(RoundTrip, CardsMaySwapTheirNamesWhileVmsHoldThem) {
  Inventory inventory(":memory:", Inventory::Open::create);
  const HostName host("n1");
  inventory.add_host({host, "vm-container", {}, {}, {}, {}, {}, {}});
  inventory.add_gpu({host, GpuName("gpupci1"), {0, 2, 0, 0}});
  inventory.add_gpu({host, GpuName("gpupci2"), {0, 3, 0, 0}});
  for (const auto* name : {"v1", "v2"}) {
    inventory.add_vm({HostName(name), host, std::string("u") + name, 1024, 1, {}, {}});
  }
  inventory.assign_gpu(HostName("v1"), GpuName("gpupci"), PciAddress{0, 2, 0, 0});
  inventory.assign_gpu(HostName("v2"), GpuName("gpupci"), PciAddress{0, 3, 0, 0});
  auto cards = inventory.gpu_cards(host);
  std::swap(cards[0].pci, cards[1].pci);
  inventory.together("discover", [&] {
    inventory.store_gpu_cards(host, {cards,
                                     {{GpuName("gpupci1"), GpuName("gpupci2")},
                                      {GpuName("gpupci2"), GpuName("gpupci1")}}});
  });
  EXPECT_EQ(inventory.require_vm(HostName("v1")).gpus[0].gpu, GpuName("gpupci2"));
  EXPECT_EQ(inventory.require_vm(HostName("v1")).gpus[0].pci, (PciAddress{0, 2, 0, 0}));
  EXPECT_EQ(inventory.require_vm(HostName("v2")).gpus[0].gpu, GpuName("gpupci1"));
}

}  // namespace
}  // namespace cluster
