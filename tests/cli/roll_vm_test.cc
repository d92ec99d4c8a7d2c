// Rolls put fragments into the configuration of VMs.

#include <gmock/gmock.h>

#include <fstream>

#include "core/file.h"
#include "tests/support/roll_story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RollVm : public RollStory {
 protected:
  void SetUp() override {
    cluster({"add", "host", "c1"});
    cluster({"add", "host", "vm", "v1", "c1", "mem=1024", "cpus=2",
             "disk=phy:/dev/vg0/v1,vda,virtio", "uuid=00000000-0000-4000-8000-000000000001"});
    const auto demo = laid_out();
    std::ofstream(demo / "roll.yaml", std::ios::app)
        << "vm:\n"
           "  - {when: demo_dog, place: devices, from: vm/dog.xml}\n"
           "  - {when: demo_greeting, place: domain, from: vm/greeting.xml}\n";
    replace(demo / "roll.yaml", "attributes:\n",
            "attributes:\n"
            "  demo_dog: {default: 'no', help: what a watchdog that bites does}\n");
    fragment("dog.xml", "<watchdog model='i6300esb' action='{{ demo_dog }}'/>\n");
    fragment(
        "greeting.xml",
        "<!-- of the roll -->\n"
        "<metadata>\n"
        "  <d:greeting xmlns:d='urn:demo' from=\"{{ host }}\">{{ demo_greeting }}</d:greeting>\n"
        "</metadata>\n");
  }

  void fragment(const std::string& name, const std::string& text) const {
    replace_file(folder.path() / "demo/vm" / name, text);
  }

  void add_and_enable() {
    cluster({"add", "roll", (folder.path() / "demo").native()});
    cluster({"enable", "roll", "demo"});
  }

  std::string config() { return cluster({"report", "vm", "config", "v1"}); }

  static std::string golden(const std::string& name) {
    return read_file(fs::path(GOLDEN) / name).value_or("");
  }
};

TEST_F(RollVm, ItsFragmentsAreMerged) {
  const auto without = config();
  cluster({"add", "roll", (folder.path() / "demo").native()});
  EXPECT_EQ(config(), without);  // not enabled
  cluster({"enable", "roll", "demo"});
  cluster({"set", "host", "attr", "v1", "demo_dog", "poweroff"});
  cluster({"set", "attr", "demo_greeting", "<&'\"> {{ host }}"});
  EXPECT_EQ(config(), golden("roll_fragments.xml"));
  cluster({"disable", "roll", "demo"});
  EXPECT_EQ(config(), without);
}

TEST_F(RollVm, WhenSaysForWhichVm) {
  add_and_enable();
  EXPECT_THAT(config(), Not(HasSubstr("<watchdog")));
  cluster({"set", "host", "attr", "c1", "demo_dog", "poweroff"});  // of the container
  EXPECT_THAT(config(), HasSubstr("action='poweroff'"));
  cluster({"set", "host", "attr", "v1", "demo_dog", "no"});
  EXPECT_THAT(config(), Not(HasSubstr("<watchdog")));
  cluster({"set", "host", "attr", "v1", "demo_greeting", ""});
  EXPECT_THAT(config(), Not(HasSubstr("greeting")));
}

TEST_F(RollVm, WhatIsNoXmlIsNotStored) {
  fragment("dog.xml", "<watchdog>\n  <model>\n</watchdog>\n");
  cluster({"add", "roll", (folder.path() / "demo").native()}, 2,
          "demo-0.1.0/vm/dog.xml, line 3, column 3: no XML: start-end tags mismatch");
  fragment("dog.xml", "<watchdog/>\n<d:og/>\n");
  cluster({"create", "roll", (folder.path() / "demo").native()}, 2,
          "demo-0.1.0/vm/dog.xml, line 2, column 1: <d:og> has a prefix that is not declared (want "
          "xmlns:d='...')");
  EXPECT_FALSE(fs::exists(stored("demo-0.1.0")));
}

TEST_F(RollVm, WhatContradictsItselfIsNotStored) {
  fragment("greeting.xml", "<cpu mode='maximum'/>\n<cpu mode='host-model'/>\n");
  cluster({"add", "roll", (folder.path() / "demo").native()}, 2,
          "demo-0.1.0/vm/greeting.xml, line 2, column 1: <cpu> says mode='host-model' where the VM "
          "has 'maximum'");
  EXPECT_FALSE(fs::exists(stored("demo-0.1.0")));
}

TEST_F(RollVm, WhatContradictsOrIsNotOfLibvirtNamesTheFile) {
  fragment("greeting.xml", "<title>hello</title>\n<vcpu>64</vcpu>\n");
  fragment("dog.xml", "<wachdog/>\n");
  add_and_enable();
  cluster({"report", "vm", "config", "v1"}, 1,
          "demo-0.1.0/vm/greeting.xml for VM 'v1', line 2, column 1: <vcpu> says '64' where the VM "
          "has '2'");
  cluster({"set", "attr", "demo_greeting", "no"});
  cluster({"set", "attr", "demo_dog", "yes"});
  const auto [out, err, status] = run({"report", "vm", "config", "v1"});
  EXPECT_EQ(out, "");
  EXPECT_THAT(err, HasSubstr("cluster: the configuration of VM 'v1' is none that libvirt takes: "));
  EXPECT_THAT(err, HasSubstr("(it would without demo-0.1.0/vm/dog.xml for VM 'v1')\n"));
  EXPECT_EQ(status, 1);
}

TEST_F(RollVm, AChangedRollIsNotUsed) {
  add_and_enable();
  std::ofstream(stored("demo-0.1.0/vm/dog.xml"), std::ios::app) << "<rng/>\n";
  const auto why = "roll 'demo' 0.1.0 was changed after it was added ('" +
                   stored("demo-0.1.0").native() + "'); remove it and add it again";
  cluster({"report", "vm", "config", "v1"}, 1, why);
  fs::remove_all(stored("demo-0.1.0"));
  cluster({"start", "host", "vm", "v1"}, 1, why);
}

TEST_F(RollVm, AValueOfSeveralLinesIsRefused) {
  cluster({"set", "attr", "demo_greeting", "a\nb"});
  add_and_enable();
  cluster({"report", "vm", "config", "v1"}, 1,
          "attribute demo_greeting='a\\x0ab': want a single line (`cluster list host attr v1`)");
}

TEST_F(RollVm, StartAndSyncDefineWithThem) {
  add_and_enable();
  cluster({"set", "attr", "demo_dog", "poweroff"});
  EXPECT_EQ(cluster({"sync", "vm", "config", "v1", "format=csv"}),
            "vm,host,change,details\nv1,c1,new,\n");
  const auto& defined = domains.hosts["c1"].domains;
  ASSERT_EQ(defined.size(), 1U);
  EXPECT_THAT(defined[0].xml, HasSubstr("<watchdog model='i6300esb' action='poweroff'"));
  cluster({"sync", "vm", "config", "v1"}, 0, "nothing to do");
  cluster({"set", "attr", "demo_dog", "reset"});
  cluster({"start", "host", "vm", "v1"});
  EXPECT_THAT(defined[0].xml, HasSubstr("action='reset'"));
}

}  // namespace
}  // namespace cluster
