#include <gtest/gtest.h>

#include <random>

#include "core/text.h"
#include "tests/support/shell_words.h"
#include "tests/support/story.h"

// The output of `dump` rebuilds the inventory.
namespace cluster {
namespace {

class Dump : public Story {
 protected:
  // Types the commands of `dumped` on an empty inventory.
  void rebuild(const std::string& dumped) {
    place = places.make("rebuilt" + std::to_string(++rebuilt_) + ".db");
    std::string line;
    for (const char c : dumped) {
      line += c;
      if (c != '\n' || has_open_quote(line)) continue;
      auto words = shell_words(line);
      ASSERT_EQ(words.at(0), "cluster") << line;
      words.erase(words.begin());
      cluster(words);
      line.clear();
    }
    EXPECT_EQ(line, "");
  }

 private:
  // A value may have several lines; in that case it stands in single quotes.
  static bool has_open_quote(const std::string& line) {
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (!quoted && line[i] == '\\')
        ++i;
      else if (line[i] == '\'')
        quoted = !quoted;
    }
    return quoted;
  }

  int rebuilt_ = 0;
};

TEST_F(Dump, OfAWholeClusterRebuildsIt) {
  cluster({"add", "host", "vm-container-0-15", "address=10.1.255.239", "port=2222", "user=root"});
  cluster({"add", "host", "compute-0-3", "rack=", "rank=", "cpus=64"});
  cluster({"add", "host", "n1", "appliance=compute"});
  for (const auto* card : {"1", "2", "3"}) {
    cluster({"add", "host", "gpu", "vm-container-0-15", std::string("gpupci") + card,
             std::string("0000:0") + card + ":00.0"});
  }
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=4096", "cpus=4",
           "disk=file:/images/a b.qcow2,vda,virtio", "disksize=40",
           "disk=cdrom:/iso/x.iso,sda,sata", "disksize=", "image=/iso/base.qcow2", "how=backing"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci1", "gpupci2"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci2", "gpupci3.0"});
  cluster({"add", "host", "interface", "rocks-33", "eth0", "bridge=br0", "vlan=12",
           "address=10.1.0.5/24,fd00::5/64"});
  cluster({"add", "host", "interface", "rocks-33", "eth1", "network=my net"});
  cluster({"add", "attr", "vm_placement", "spread"});
  cluster({"add", "appliance", "attr", "vm", "vm_firmware", "efi"});
  cluster({"add", "host", "attr", "rocks-33", "vm_hugepages", "1G"});
  const auto dumped = dump();
  rebuild(dumped);
  EXPECT_EQ(dump(), dumped);
}

// Any text of an attribute is read back unchanged by the shell and `cluster`.
TEST_F(Dump, OfAnyTextRebuildsItByteByByte) {
  std::mt19937 random(3);  // the same texts in every run
  constexpr std::string_view kBytes = "ab=-[],\"'\\ \n\t$`{}%#&;|<>*?!~()\x01";
  cluster({"add", "host", "n1"});
  for (int i = 0; i < 60; ++i) {
    std::string value;
    for (auto size = random() % 12; size > 0; --size) value += kBytes[random() % kBytes.size()];
    cluster({"add", "host", "attr", "n1", "site_" + std::to_string(i), "value=" + value});
  }
  const auto before = cluster({"list", "host", "attr", "n1", "format=json"});
  rebuild(dump());
  EXPECT_EQ(cluster({"list", "host", "attr", "n1", "format=json"}), before);
}

}  // namespace
}  // namespace cluster
