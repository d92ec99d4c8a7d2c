#include "db/attribute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/secret_names.h"
#include "db/inventory.h"

namespace cluster {
namespace {

const HostName kContainer("n1");
const HostName kVm("v1");

class Attributes : public ::testing::Test {
 protected:
  void SetUp() override {
    inventory.add_host({kContainer, "vm-container", {}, {}, {}, {}, {}, {}});
    inventory.add_vm({kVm, kContainer, "u1", 1024, 1, {}, {}});
  }

  // Returns the fault that `deed` throws. The inventory must be as before.
  template <typename Deed>
  Fault refused(Deed deed) {
    const auto before = inventory.attributes();
    try {
      deed();
    } catch (const Error& error) {
      EXPECT_EQ(inventory.attributes(), before);
      return error.fault();
    }
    ADD_FAILURE() << "was done";
    return Fault::io;
  }

  Inventory inventory{":memory:", Inventory::Open::create};
  const Attribute global{{}, {}, "a", "global"};
  const Attribute of_appliance{"vm", {}, "a", "appliance"};
  const Attribute of_container{{}, kContainer, "a", "container"};
  const Attribute of_host{{}, kVm, "a", "host"};
};

TEST_F(Attributes, TheNearestCounts) {
  using Source = AttributeSource;
  std::vector<Attribute> all;
  const AttributeScope scope{"vm", kContainer, kVm};
  const std::pair<Attribute, Source> levels[] = {{global, Source::global},
                                                 {of_appliance, Source::appliance},
                                                 {of_container, Source::container},
                                                 {of_host, Source::host}};
  for (const auto& [attribute, source] : levels) {
    all.insert(all.begin(), attribute);  // their order does not matter
    const auto resolved = AttributeResolver(all).resolve(scope);
    ASSERT_EQ(resolved.size(), 1U);
    EXPECT_EQ(resolved.at("a").value, attribute.value);
    EXPECT_EQ(resolved.at("a").source, source);
  }
  const AttributeResolver resolver(all);
  EXPECT_EQ(resolver.resolve({}).at("a").value, "global");
  EXPECT_EQ(resolver.resolve({"compute", {}, HostName("n2")}).at("a").value, "global");
  EXPECT_EQ(resolver.resolve({"vm-container", {}, kContainer}).at("a").source, Source::host);
}

TEST_F(Attributes, AreStoredAndRemoved) {
  const std::vector all{global, of_container, of_host, of_appliance};
  inventory.add_attributes(all);
  EXPECT_EQ(inventory.attributes(), all);
  const Attribute changed{{}, kVm, "a", "<xml>\n  <é/>\n</xml>"};
  inventory.set_attributes({changed});
  EXPECT_EQ(inventory.attributes(), (std::vector{global, of_container, changed, of_appliance}));
  inventory.remove_attributes({global, of_appliance});
  EXPECT_EQ(inventory.attributes(), (std::vector{of_container, changed}));
}

TEST_F(Attributes, GoWithTheirHost) {
  inventory.add_attributes({global, of_container, of_host});
  inventory.remove_vm(kVm);
  EXPECT_EQ(inventory.attributes(), (std::vector{global, of_container}));
  inventory.remove_hosts({kContainer});
  EXPECT_EQ(inventory.attributes(), std::vector{global});
}

TEST_F(Attributes, RefusesAllWhenOneIsWrong) {
  inventory.add_attributes({of_host});
  EXPECT_EQ(refused([&] { inventory.add_attributes({global, of_host}); }), Fault::exists);
  EXPECT_EQ(refused([&] { inventory.remove_attributes({of_host, global}); }), Fault::not_found);
  EXPECT_EQ(refused([&] {
              inventory.set_attributes({global, {{}, HostName("n9"), "a", ""}});
            }),
            Fault::not_found);
  EXPECT_EQ(refused([&] {
              inventory.set_attributes({global, {"toaster", {}, "a", ""}});
            }),
            Fault::usage);
  for (const auto* name : {"", "1a", "-a", ".a", "a b", "a:b", "a\n", "\xc3\xa9"}) {
    EXPECT_EQ(refused([&] { inventory.add_attributes({{{}, {}, name, "x"}}); }), Fault::usage);
    EXPECT_EQ(refused([&] { inventory.set_attributes({{{}, {}, name, "x"}}); }), Fault::usage);
  }
}

// An inventory has the triggers of its history since its schema was made or migrated.
TEST(SecretNames, ChangeWithTheSchema) {
  EXPECT_THAT(kSecretParts, ::testing::ElementsAre("user_data", "passw", "_pass$", "passphrase",
                                                   "secret", "token", "community", "private",
                                                   "credential", "api_key", "apikey"))
      << "the histories of inventories that are there know no other name before a migration: add "
         "one (schema/, a comment will do), and then the name here";
}

}  // namespace
}  // namespace cluster
