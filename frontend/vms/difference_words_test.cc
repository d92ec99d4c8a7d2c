#include "frontend/vms/difference_words.h"

#include <gmock/gmock.h>

namespace cluster::frontend {
namespace {

using testing::ElementsAre;
using Difference = virt::MergeDifference;
using Kind = Difference::Kind;
using Who = Difference::Who;

TEST(DifferenceWords, SayWhatItIsAndWhoMadeIt) {
  EXPECT_THAT(
      difference_words(
          "vm-1", {{Kind::change, Who::inventory, "domain/memory", "4194304", "8388608", {}},
                   {Kind::change, Who::follows, "domain/currentMemory", "4194304", "8388608", {}},
                   {Kind::drift, Who::host, "domain/devices/disk[vda]/source@file", "/srv/a.img",
                    "/srv/a.snap1", "/srv/a.img"},
                   {Kind::drift, Who::both, "domain/vcpu", "8", "2", "4"},
                   {Kind::kept,
                    Who::host,
                    "domain/devices/interface[52:54:00:aa:00:01]",
                    {},
                    "<interface>",
                    {}},
                   {Kind::kept,
                    Who::host,
                    "domain/devices/hostdev[pci bus=0xc1 domain=0x0000 function=0x0 slot=0x00]",
                    {},
                    "<hostdev>",
                    {}}}),
      ElementsAre(
          "vm-1: memory 4 GiB -> 8 GiB                                   change",
          "vm-1: current memory 4 GiB -> 8 GiB                           follows",
          "vm-1: disk vda: source /srv/a.img, the host has /srv/a.snap1  changed on the host",
          "vm-1: cpus 8, was 4, the host has 2                           changed on both",
          "vm-1: interface 52:54:00:aa:00:01                             only on the host, kept",
          "vm-1: card pci_0000_c1_00_0                                   only on the host, kept"));
}

TEST(DifferenceWords, NameWhatComesAndGoes) {
  EXPECT_THAT(
      difference_words(
          "vm-1",
          {{Kind::change,
            Who::inventory,
            "domain/devices/hostdev[ua-gpupci1-fn0]",
            {},
            "<hostdev>",
            {}},
           {Kind::change, Who::inventory, "domain/memtune", "<memtune> (changed there)", {}, {}},
           {Kind::drift, Who::host, "domain/devices/disk[vdb]", "<disk>", {}, "there"},
           {Kind::change, Who::host, "domain/devices/disk[vdb]", {}, "<disk>", {}},
           {Kind::kept, Who::host, "domain/title", {}, "<title>", {}},
           {Kind::kept, Who::host, "domain/os/type@machine", "pc-q35-7.2", "pc-q35-6.2", {}}}),
      ElementsAre("vm-1: card gpupci1-fn0 comes                  change",
                  "vm-1: memtune, which was changed there, goes  change",
                  "vm-1: disk vdb, which the host has not        changed on the host",
                  "vm-1: disk vdb comes                          set back",
                  "vm-1: title                                   only on the host, kept",
                  "vm-1: machine pc-q35-7.2 -> pc-q35-6.2        changed on the host, kept"));
}

TEST(DifferenceWords, NameTheDevicesToBootFrom) {
  const std::string hd = R"(<boot dev="hd"></boot>)";
  const std::string network = R"(<boot dev="network"></boot>)";
  EXPECT_THAT(
      difference_words(
          "v", {{Kind::change, Who::inventory, "domain/os/boot", hd, network + " " + hd, {}},
                {Kind::drift, Who::host, "domain/os/boot", hd, {}, hd},
                {Kind::change, Who::inventory, "domain/os/boot", {}, hd, {}}}),
      ElementsAre("v: boot order hd -> network, hd        change",
                  "v: boot order, which the host has not  changed on the host",
                  "v: boot order comes                    change"));
}

TEST(DifferenceWords, ShowNoPasswordAndOneLine) {
  const auto lines = difference_words(
      "vm-1",
      {{Kind::drift, Who::host, "domain/devices/graphics[vnc]@passwd", "sesame", "open", {}},
       {Kind::drift, Who::host, "domain/title", "a\nb", "c", {}}});
  for (const auto& line : lines) {
    EXPECT_EQ(line.find("sesame"), std::string::npos);
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(PathWords, AreThoseOfTheOperator) {
  EXPECT_EQ(path_words("domain/devices/disk[vda]/driver@cache"), "disk vda: driver cache");
  EXPECT_EQ(path_words("domain/devices/filesystem[/srv/a]/source@dir"),
            "filesystem /srv/a: source");
  EXPECT_EQ(path_words("domain/devices/interface[ua-eth0]/source@portgroup"),
            "interface eth0: source portgroup");
  EXPECT_EQ(path_words("domain/cpu@mode"), "cpu mode");
  EXPECT_EQ(path_words("domain/os@firmware"), "firmware");
  EXPECT_EQ(path_words("domain/features/pmu"), "features pmu");
  EXPECT_EQ(path_words("domain@type"), "type");
}

}  // namespace
}  // namespace cluster::frontend
