#include <gtest/gtest.h>

#include <random>

#include "core/file.h"
#include "core/text.h"
#include "db/postgres_place.h"
#include "tests/support/places.h"
#include "tests/support/story.h"

// Whatever is typed, in any order: a command that is refused changes nothing, one that is not can
// be undone, and what dump prints rebuilds the inventory.
namespace cluster {
namespace {

using TypedWords = std::vector<std::string>;

// Makes commands of few names, so that they meet each other. It makes the same ones on every
// machine.
class Typist {
 public:
  explicit Typist(unsigned seed) : engine_(seed) {}

  // `changes` is the number of those that can be undone.
  TypedWords command(std::size_t changes) {
    switch (below(13)) {
      case 12:
        return {"undo", "change", std::to_string(1 + below(changes))};
      case 0:
        return host("add");
      case 1:
        return host("set");
      case 2:
        return network();
      case 3:
        return card();
      case 4:
        return vm("add");
      case 5:
        return vm("set");
      case 6:
        return card_of_vm();
      case 7:
        return interface();
      case 8:
        return attribute();
      case 9:
        return appliance();
      case 10:
        return key();
      default:
        return removal();
    }
  }

 private:
  std::size_t below(std::size_t count) { return engine_() % count; }
  bool seldom() { return below(6) == 0; }

  std::string one_of(std::initializer_list<const char*> texts) {
    return *(texts.begin() + below(texts.size()));
  }

  std::string host_name() { return one_of({"n1", "n2", "compute-0-3", "depot-1-2"}); }
  std::string vm_name() { return one_of({"v1", "v2", "v3"}); }
  std::string any_name() { return below(2) == 0 ? host_name() : vm_name(); }
  std::string card_name() { return one_of({"gpupci1", "gpupci2", "gpupci3"}); }
  std::string network_name() { return one_of({"private", "public"}); }
  std::string appliance_name() { return one_of({"compute", "vm", "depot", "vm-container"}); }

  // Adds some of these keys, each with one of its values.
  struct Key {
    const char* name;
    std::initializer_list<const char*> values;
  };
  TypedWords with(TypedWords words, std::initializer_list<Key> keys) {
    for (const auto& key : keys) {
      if (seldom()) words.push_back(std::string(key.name) + "=" + one_of(key.values));
    }
    return words;
  }

  TypedWords host(const char* verb) {
    return with({verb, "host", host_name()},
                {{"address", {"", "10.1.0.1", "10.1.0.2", "10.9.0.1", "n1.example.org"}},
                 {"port", {"", "22", "2222", "0"}},
                 {"jump", {"", "gate", "me@gate:24,inner"}},
                 {"subnet", {"", "private", "public"}},
                 {"mac", {"", "02:00:00:00:00:01", "02:00:00:00:00:02"}},
                 {"user", {"", "root"}},
                 {"sudo", {"", "yes", "no"}},
                 {"appliance", {"compute", "depot", "vm-container", "vm"}},
                 {"rack", {"", "0", "7"}},
                 {"rank", {"", "0", "7"}},
                 {"cpus", {"", "64"}},
                 {"maintenance", {"yes", "no"}},
                 {"reason", {"a fan's noise", ""}}});
  }

  TypedWords network() {
    const bool adds = below(2) == 0;
    return with({adds ? "add" : "set", "network", network_name(),
                 (adds ? "" : "subnet=") + one_of({"10.1.0.0/16", "10.1.0.0/24", "fd00::/64"})},
                {{"gateway", {"", "10.1.0.254", "10.1.9.1", "fd00::1"}},
                 {"vlan", {"", "7"}},
                 {"mtu", {"", "1500", "9000"}},
                 {"dnszone", {"", "example.org"}}});
  }

  TypedWords card() {
    if (seldom()) return {"set", "host", "gpu", host_name(), card_name(), "wish=detached"};
    return with({"add", "host", "gpu", host_name(), card_name(),
                 one_of({"02:00.0", "0000:03:00.0", "pci_10000_04_00_0"})},
                {{"wish", {"", "host", "detached"}}});
  }

  TypedWords vm(const char* verb) {
    TypedWords words{verb, "host", "vm", vm_name()};
    if (*verb == 'a') words.push_back(host_name());
    return with(std::move(words),
                {{"mem", {"1024", "4G", "1"}},
                 {"cpus", {"1", "4"}},
                 {"disk",
                  {"file:/vm/a b.qcow2,vda,virtio", "phy:/dev/vg0/lv1,vdb,virtio",
                   "cdrom:/iso/it's.iso,sda,sata", "file:/vm/x,vda,virtio,raw,cache=none"}},
                 {"disksize", {"", "40", "1T"}},
                 {"image", {"", "/iso/base.qcow2"}},
                 {"how", {"backing", "copy"}},
                 {"fabric", {"", "2"}},
                 {"libvirt_name", {"", "Win 10", "it's"}}});
  }

  TypedWords card_of_vm() {
    return {one_of({"add", "set"}),
            "host",
            "gpu",
            vm_name(),
            one_of({"gpupci", "gpupci1", "gpupci2"}),
            one_of({"gpupci1", "gpupci2", "gpupci3.0", "gpupci3.1", "02:00.0",
                    "01234567-89ab-cdef-0123-456789abcdef"})};
  }

  TypedWords interface() {
    TypedWords words{one_of({"add", "set"}),
                     "host",
                     "interface",
                     vm_name(),
                     one_of({"eth0", "eth1"}),
                     one_of({"bridge=br0", "direct=eno1", "network=my net", "ovs=br-int"})};
    return with(std::move(words),
                {{"mac", {"", "02:00:00:00:00:01", "02:00:00:00:00:03"}},
                 {"model", {"virtio", "e1000e"}},
                 {"vlan", {"", "12"}},
                 {"address", {"", "dhcp", "10.1.0.9/16", "10.1.0.9/16,fd00::9/64"}},
                 {"subnet", {"", "private", "public"}}});
  }

  TypedWords attribute() {
    TypedWords words{one_of({"add", "set", "remove"})};
    const bool removes = words[0] == "remove";
    const auto level = below(3);
    if (level == 0) words.push_back("attr");
    if (level == 1) words.insert(words.end(), {"appliance", "attr", appliance_name()});
    if (level == 2) words.insert(words.end(), {"host", "attr", any_name()});
    words.push_back(one_of({"site", "vm_firmware", "vm_hugepages", "no name"}));
    if (!removes) {
      words.push_back("value=" +
                      one_of({"", "efi", "1G", "it's \"two\"\nlines $HOME `x`", "-", "a\\b"}));
    }
    return words;
  }

  TypedWords appliance() {
    return with({one_of({"add", "set"}), "appliance", one_of({"depot", "compute", "n1"})},
                {{"managed", {"yes", "no"}}});
  }

  TypedWords key() {
    return {"add",
            "host",
            "key",
            any_name(),
            one_of({"ssh-ed25519", "ssh-rsa"}),
            "AAAAC3NzaC1lZDI1NTE5AAAAIMcnhmHXwAJ0cOHOvyo8rVNwXVCLcVTaBjIMsXWrZ1mB"};
  }

  TypedWords removal() {
    switch (below(7)) {
      case 0:
        return {"remove", "host", host_name()};
      case 1:
        return {"remove", "host", "vm", vm_name()};
      case 2:
        return {"remove", "host", "gpu", any_name(), card_name()};
      case 3:
        return {"remove", "host", "interface", vm_name(), "eth0"};
      case 4:
        return {"remove", "network", network_name()};
      case 5:
        return {"remove", "host", "key", any_name()};
      default:
        return {"remove", "appliance", "depot"};
    }
  }

  std::mt19937 engine_;
};

class AnyCommands : public Story, public ::testing::WithParamInterface<unsigned> {
 protected:
  void begin() {
    cluster({"add", "network", "private", "10.1.0.0/16", "vlan=7"});
    cluster({"add", "appliance", "depot", "managed=no"});
    for (const auto* host : {"n1", "n2", "compute-0-3"}) cluster({"add", "host", host});
    for (const auto* card : {"1", "2", "3"}) {
      cluster({"add", "host", "gpu", "n1", std::string("gpupci") + card,
               std::string("0000:0") + card + ":00.0"});
    }
    for (const auto* vm : {"v1", "v2"}) {
      cluster({"add", "host", "vm", vm, "n1"});
      cluster({"add", "host", "interface", vm, "eth0", "bridge=br0"});
    }
    cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1"});
  }

  std::string all() { return cluster({"dump"}); }

  std::size_t last_change() {
    const auto db = Places::connect(place);
    const auto statement = db->prepare("SELECT max(id) FROM change");
    return statement->step() ? static_cast<std::size_t>(statement->number(0)) : 0;
  }

  void undo() { cluster({"undo", "change", std::to_string(last_change())}); }

  // Loads commands into a new inventory, which is the one of the story from then on.
  void load_into(const std::string& name, const std::string& commands) {
    const auto script = folder.path() / (name + ".sh");
    replace_file(script, commands);
    place = places.make(name + ".db");
    cluster({"load", script.native()});
  }
};

TEST_P(AnyCommands, AreDoneOrRefusedAsAWholeAndCanBeUndone) {
  const int commands = db::is_postgres(place) ? 20 : 100;
  Typist typist(GetParam());
  begin();
  auto before = all();
  int done = 0;
  for (int i = 0; i < commands; ++i) {
    const auto words = typist.command(last_change());
    const auto typed = joined(words, " ");
    SCOPED_TRACE(typed);
    const auto [out, err, status] = run(words);
    const auto after = all();
    if (status != 0) {
      EXPECT_TRUE(status == 1 || status == 2) << err;
      EXPECT_TRUE(err.starts_with("cluster: ")) << err;
      EXPECT_EQ(after, before) << err;
      continue;
    }
    if (after == before) continue;  // it was so already
    ++done;
    undo();
    EXPECT_EQ(all(), before);
    undo();
    ASSERT_EQ(all(), after);
    before = after;
  }
  EXPECT_GT(done, commands / 8);
  EXPECT_EQ(run({"check", "database"}).status, 0);

  const auto rows = all();
  const auto nouns = dump();
  load_into("rows", rows);
  EXPECT_EQ(all(), rows);
  EXPECT_EQ(dump(), nouns);
  load_into("nouns", nouns);
  EXPECT_EQ(dump(), nouns);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyCommands, ::testing::Values(2U, 6U));

}  // namespace
}  // namespace cluster
