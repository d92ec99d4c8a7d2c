// The shapes of docs/json. Those of the lists are tried here; commands that ask hosts have theirs
// tried in the stories of their nouns.

#include <gmock/gmock.h>

#include <set>

#include "cmd/command_table.h"
#include "core/file.h"
#include "core/text.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

// An inventory in which every kind of row is there.
constexpr const char* kEveryKind = R"(
add appliance gpu-node
add network private 10.1.0.0/16 gateway=10.1.0.1 vlan=12 mtu=9000 dnszone=example.org
add network six fd00::/64
add host n1 rack=0 rank=15 cpus=64 address=10.1.1.1 port=2222 user=root sudo=yes subnet=private
set host n1 maintenance=yes jump=gate mac=52:54:00:00:00:01
add host n2
add host vm v1 n1 disk='file:/a b.vda,vda,virtio' disksize=40 disk=phy:/dev/b,vdb,virtio disksize=
add host vm v2 n1
add host vm v3 n1
add row gpu host=n1 name=gpupci1 pci=pci_0000_02_00_0 model=A40
add host gpu n1 gpupci2 03:00.0
add host gpu v1 gpupci gpupci1
add host gpu v1 gpupci2 gpupci2.3
add host gpu v2 gpupci 01234567-89ab-cdef-0123-456789abcdef
add host interface v1 eth0 bridge=br0 vlan=7 address=10.1.0.5/16,fd00::5/64 subnet=private
add host interface v1 eth1 network=default
add attr site ''
add appliance attr vm vm_firmware bios
add host attr n1 x 'two words'
add row gpu_function host=n1 gpu=gpupci1 pci=pci_0000_02_00_0 class=0302 vendor=10de device=2235
add row mdev host=n1 uuid=01234567-89ab-cdef-0123-456789abcdef parent=gpupci2.1 type=nvidia-558
add row host_agent host=n1 version=0.2.0 seen=2026-11-21T01:20:00Z path=/usr/bin/gpupci
add row host_key host=n1 type=ssh-ed25519 key=AAAAC3NzaC1lZDI1NTE5AAAAIA== learned=2026-11-28T05:00:00Z
)";

struct Documented {
  std::string command;  // "list host gpu detail=yes"
  std::string shape;    // "host_gpu_detail"
};

// The table of docs/json.md.
std::vector<Documented> documented() {
  std::vector<Documented> all;
  const auto page = *read_file(JSON_SCHEMAS ".md");
  for (const auto line : split(page, '\n')) {
    constexpr std::string_view kBegin = "| `cluster ";
    if (!line.starts_with(kBegin)) continue;
    const auto command = line.substr(kBegin.size(), line.rfind('`') - kBegin.size());
    const auto file = line.substr(line.rfind('/') + 1);
    all.push_back({std::string(command), std::string(file.substr(0, file.rfind(".json")))});
  }
  return all;
}

class Json : public Story {
 protected:
  std::string json(const std::string& command) {
    std::vector<std::string> words;
    for (const auto word : split(command, ' ')) words.emplace_back(word);
    words.emplace_back("format=json");
    return cluster(words);
  }
};

TEST_F(Json, OfEachListHasItsShape) {
  replace_file(folder.path() / "inventory", kEveryKind);
  cluster({"load", folder.path() / "inventory"});
  std::size_t count = 0;
  for (const auto& [command, shape] : documented()) {
    // Hosts and rolls are asked for these: sync_host_gpu_test.cc, roll_attr_test.cc.
    if (!command.starts_with("list ") || command.ends_with("status=yes") ||
        command.starts_with("list roll")) {
      continue;
    }
    ++count;
    expect_shape(json(command), shape);
  }
  EXPECT_GT(count, 10U);
}

// A column with two shapes is a column without one, so every table has a documented shape.
TEST_F(Json, HasAShapeForEachCommandWithATable) {
  std::set<std::string> commands;
  for (const auto& one : documented()) commands.insert(one.command);
  for (const auto& command : cmd::command_table().commands) {
    if (command.answer != cmd::Answer::table) continue;
    EXPECT_TRUE(commands.contains(std::string(command.path))) << "docs/json.md: " << command.path;
  }
}

TEST_F(Json, HasAnArrayOfWhatARowHasSeveralOf) {
  replace_file(folder.path() / "inventory", kEveryKind);
  cluster({"load", folder.path() / "inventory"});
  const auto vms = json("list host vm");
  EXPECT_THAT(vms, ::testing::HasSubstr(R"("disk": ["file:/a b.vda,vda,virtio,)"));
  EXPECT_THAT(vms, ::testing::HasSubstr(R"("disksize": [40, null])"));
  EXPECT_THAT(vms, ::testing::HasSubstr(R"("gpu": ["gpupci=gpupci1", "gpupci2=gpupci2.3"])"));
  EXPECT_THAT(vms, ::testing::HasSubstr(R"("gpu": [])"));
  const auto interfaces = json("list host interface");
  EXPECT_THAT(interfaces, ::testing::HasSubstr(R"("address": ["10.1.0.5/16", "fd00::5/64"])"));
  EXPECT_THAT(interfaces, ::testing::HasSubstr(R"("address": ["dhcp"])"));
}

}  // namespace
}  // namespace cluster
