#include <stdio.h>

#include <fstream>

#include "core/text.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

class Attr : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "n2"});
    cluster({"add", "host", "vm", "v1", "n1", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
  }
};

TEST_F(Attr, TheNearestCountsAndSaysWhereItWasSet) {
  cluster({"add", "attr", "vm_machine", "q35"});
  cluster({"add", "attr", "site", "Zurich"});
  cluster({"add", "appliance", "attr", "vm", "vm_machine", "pc"});
  cluster({"add", "host", "attr", "n1", "vm_cpu_mode", "host-model"});
  cluster({"add", "host", "attr", "v1", "vm_machine", "virt"});
  EXPECT_EQ(cluster({"list", "host", "attr", "n1", "v1"}),
            "HOST ATTR        VALUE      SOURCE\n"
            "n1:  site        Zurich     G\n"
            "n1:  vm_cpu_mode host-model H\n"
            "n1:  vm_machine  q35        G\n"
            "v1:  site        Zurich     G\n"
            "v1:  vm_cpu_mode host-model C\n"
            "v1:  vm_machine  virt       H\n");
  EXPECT_EQ(cluster({"list", "host", "attr", "vm", "attr=vm_machine", "format=csv"}),
            "host,attr,value,source\nv1,vm_machine,virt,H\n");
  EXPECT_EQ(cluster({"report", "host", "attr", "v1"}),
            "site:Zurich\tglobal\n"
            "vm_cpu_mode:host-model\tcontainer n1\n"
            "vm_machine:virt\thost v1\n");
  cluster({"remove", "host", "attr", "v1", "vm_machine"});
  EXPECT_EQ(cluster({"report", "host", "attr", "v1", "attr=vm_machine"}), "pc\n");
  EXPECT_EQ(cluster({"report", "appliance", "attr", "vm"}),
            "site:Zurich\tglobal\nvm_machine:pc\tappliance vm\n");
  EXPECT_EQ(cluster({"report", "attr"}), "site:Zurich\nvm_machine:q35\n");
  EXPECT_EQ(cluster({"report", "attr", "attr=site"}), "Zurich\n");
}

// Rocks had such names, and here they are the site's own.
TEST_F(Attr, ANameThatDoesNothingSaysWhichOneCounts) {
  cluster({"set", "attr", "kvm_autostart", "yes"}, 0,
          "'kvm_autostart' is kept, and does nothing; 'vm_autostart' counts for VMs");
  cluster({"add", "attr", "cpu_mode", "host-model"}, 0,
          "'cpu_mode' is kept, and does nothing; 'vm_cpu_mode' counts for VMs");
  cluster({"set", "attr", "Kickstart_Lang", "en"});
}

TEST_F(Attr, ListShowsWhatIsStored) {
  cluster({"add", "attr", "b", "2"});
  cluster({"add", "attr", "a", "1"});
  cluster({"add", "appliance", "attr", "vm", "a", "3"});
  cluster({"add", "appliance", "attr", "compute", "a", "4"});
  EXPECT_EQ(cluster({"list", "attr"}), "ATTR VALUE\na:   1\nb:   2\n");
  EXPECT_EQ(cluster({"list", "appliance", "attr"}),
            "APPLIANCE ATTR VALUE\ncompute:  a    4\nvm:       a    3\n");
  EXPECT_EQ(cluster({"list", "appliance", "attr", "vm"}),
            "APPLIANCE ATTR VALUE\nvm:       a    3\n");
  EXPECT_EQ(cluster({"list", "attr", "attr=b"}), "ATTR VALUE\nb:   2\n");
  cluster({"remove", "appliance", "attr", "vm", "a"});
  EXPECT_EQ(cluster({"list", "appliance", "attr"}), "APPLIANCE ATTR VALUE\ncompute:  a    4\n");
  EXPECT_EQ(cluster({"report", "host", "attr", "v1", "attr=a"}), "1\n");
  cluster({"remove", "appliance", "attr", "vm", "a"}, 1, "appliance 'vm' has no attribute 'a'");
  EXPECT_EQ(cluster({"dump", "appliance", "attr"}),
            "cluster add appliance attr compute a value=4\n");
}

TEST_F(Attr, SetAddsAndChangesWhereAddOnlyAdds) {
  cluster({"set", "host", "attr", "n1", "n2", "a", "1"});
  cluster({"add", "host", "attr", "v1", "n1", "a", "2"}, 1,
          "host 'n1' has an attribute 'a' already, '1' (`cluster set host attr` changes it)");
  cluster({"set", "host", "attr", "n[1-2]", "attr=a", "value=3"});
  cluster({"set", "attr", "a", "value="});
  EXPECT_EQ(cluster({"dump", "attr"}) + cluster({"dump", "host", "attr"}),
            "cluster add attr a value=\n"
            "cluster add host attr n1 a value=3\n"
            "cluster add host attr n2 a value=3\n");
  cluster({"add", "attr", "a", "4"}, 1,
          "the cluster has an attribute 'a' already, '' (`cluster set attr` changes it)");
  cluster({"remove", "host", "attr", "n1", "v1", "a"}, 1, "host 'v1' has no attribute 'a'");
  cluster({"remove", "host", "attr", "!v1", "a"}, 1,
          "remove host attr: '!v1' means 2 hosts, n[1-2]: want yes=yes, or their names");
  cluster({"remove", "host", "attr", "!v1", "a", "yes=Y"}, 0, "removed it from 2 hosts");
  EXPECT_EQ(cluster({"dump", "host", "attr"}), "");
}

TEST_F(Attr, AValueMayComeFromAFile) {
  const auto path = folder.path() / "devices.xml";
  std::ofstream(path) << "<devices>\n  <rng model='virtio'/>\n</devices>\n";
  cluster({"add", "host", "attr", "v1", "vm_xml_devices", "file=" + path.native()});
  EXPECT_EQ(cluster({"report", "host", "attr", "v1", "attr=vm_xml_devices"}),
            "<devices>\n  <rng model='virtio'/>\n</devices>\n");
  EXPECT_EQ(cluster({"list", "host", "attr", "v1"}),
            "HOST ATTR           VALUE                                              SOURCE\n"
            "v1:  vm_xml_devices <devices>\\x0a  <rng model='virtio'/>\\x0a</devices> H\n");
  const auto missing = (folder.path() / "no.xml").native();
  cluster({"set", "attr", "a", "file=" + missing}, 1,
          "file='" + missing + "': there is no such file");
  cluster({"set", "attr", "a", "value=1", "file=" + missing}, 2, "want value= or file=, not both");
  std::ofstream(path) << std::string(65537, 'a') << '\n';
  cluster({"set", "attr", "a", "file=" + path.native()}, 2,
          "the value has 65537 bytes: want 65536 at the most");
  std::ofstream(path, std::ios::binary) << std::string("a\0b", 3);
  cluster({"set", "attr", "a", "file=" + path.native()}, 2, "the value is no text: want UTF-8");
}

TEST_F(Attr, RefusesWhatIsWrong) {
  cluster({"add", "attr", "vm_machine", "q35"});
  const auto before = dump();
  cluster({"add", "attr", "1a", "x"}, 2,
          "not an attribute name: '1a' (want letters, digits, '_', '-' and '.': vm_machine)");
  cluster({"add", "attr", "a", "\xff"}, 2, "the value is no text: want UTF-8");
  cluster({"add", "attr", "motd", "hello", "world"}, 2,
          "add attr: want NAME VALUE (a value with blanks stands in quotes)");
  cluster({"add", "attr", "motd"}, 2,
          "add attr: want NAME VALUE (a value with blanks stands in quotes)");
  cluster({"set", "appliance", "attr", "vm", "compute", "a", "x"}, 2,
          "set appliance attr: want APPLIANCE NAME VALUE (a value with blanks stands in quotes)");
  cluster({"add", "host", "attr", "a", "x"}, 2,
          "add host attr: want HOST... NAME VALUE (a value with blanks stands in quotes)");
  cluster({"add", "host", "attr", "n3", "a", "x"}, 1,
          "host 'n3' is not in the inventory (did you mean 'n1'?)");
  cluster({"add", "appliance", "attr", "vms", "a", "x"}, 2,
          "no appliance 'vms' (want one of compute, frontend, vm, vm-container)");
  cluster({"list", "appliance", "attr", "vms"}, 2,
          "no appliance 'vms' (want one of compute, frontend, vm, vm-container)");
  cluster({"remove", "attr", "vm_machin"}, 1,
          "the cluster has no attribute 'vm_machin' (did you mean 'vm_machine'?)");
  cluster({"report", "host", "attr", "v1", "attr=vm_machin"}, 1,
          "no attribute 'vm_machin' of 'v1' (did you mean 'vm_machine'?)");
  EXPECT_EQ(dump(), before);
}

TEST_F(Attr, AttributesGoWithTheirHost) {
  cluster({"add", "host", "attr", "v1", "n1", "n2", "a", "x"});
  cluster({"remove", "host", "vm", "v1"});
  cluster({"remove", "host", "n2"});
  EXPECT_EQ(cluster({"dump", "host", "attr"}), "cluster add host attr n1 a value=x\n");
}

// Lets a POSIX shell read `script`; returns the words of each `cluster ...` in it.
std::vector<std::vector<std::string>> words_of(const std::filesystem::path& script) {
  std::string shell = "cluster() { printf '%s\\0' \"$#\" \"$@\"; }; . " + script.native();
  FILE* pipe = popen(shell.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string said;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) said += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  std::vector<std::vector<std::string>> commands;
  const auto pieces = split(said, '\0');
  for (std::size_t at = 0; at + 1 < pieces.size();) {
    auto& words = commands.emplace_back();
    for (auto left = std::stoul(std::string(pieces[at++])); left > 0; --left) {
      words.emplace_back(pieces[at++]);
    }
  }
  return commands;
}

TEST_F(Attr, DumpRebuildsTheInventory) {
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  cluster({"set", "host", "vm", "v1", "disk=cdrom:/iso/it's.iso,sda,sata", "disksize="});
  cluster({"add", "host", "interface", "v1", "eth0", "ovs=br-int", "vlan=7"});
  cluster({"add", "host", "interface", "v1", "eth1", "network=the default"});
  int number = 0;
  for (const auto* value : {"",
                            " ",
                            "-",
                            "--",
                            "-x y",
                            "attr=b",
                            "value=c",
                            "{}",
                            "[]",
                            "[a,b]",
                            "%%",
                            "=",
                            "'",
                            "\"",
                            "$(id) `id` \\ !x",
                            "<a b='c'>\n\t<d/>\n</a>\n",
                            "\xc3\xa9\xe2\x82\xac",
                            "#x",
                            "~",
                            "a\x1f",
                            "[a]\x1f"}) {
    cluster({"add", "attr", "a" + std::to_string(++number), "value=" + std::string(value)});
    EXPECT_EQ(cluster({"report", "attr", "attr=a" + std::to_string(number)}),
              std::string(value) + "\n");
  }
  cluster({"add", "appliance", "attr", "vm-container", "x", "it's"});
  cluster({"add", "host", "attr", "n1", "v1", "x", "1"});

  const auto before = dump();
  const auto script = folder.path() / "rebuild.sh";
  std::ofstream(script) << before;
  place = places.make("second.db");
  for (const auto& words : words_of(script)) cluster(words);
  EXPECT_EQ(dump(), before);
}

}  // namespace
}  // namespace cluster
