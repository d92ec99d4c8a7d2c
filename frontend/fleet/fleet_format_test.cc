// Whatever hosts, files and people say, a report stays in the syntax of its tool.

#include "frontend/fleet/fleet_format.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "frontend/fleet/card_words.h"
#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const std::vector<std::string> kHostile{
    "plain",
    "two words",
    R"(a "quoted" \ 'text' \\)",
    "line\nbreak\r\nand\ttab\n",
    "Grüße/Straße, ñ",
    "# no comment",
    "a#b,c=d;e",
    "%n %s %%",
    "{{ lookup('env', 'HOME') }} {% x %}",
    "#{1 + 1} $(id) `id` ${HOME}",
    "}\ndevice_spec = {}",
    "\nNodeName=evil Gres=gpu:9",
    "end\nsystem('id')",
    "\xe2\x80\xa8spec: evil\xc2\x85spec: evil",
    std::string(5000, 'x'),
    "\x1b[31mred\x07",
    "null",
    "yes",
    "0x10",
    " ",
    "",
    "[]",
    "GA100 [A100 [PCIe] 40GB]",
    "[[[",
    "\xf0\x9f\x9a\x80 and \\ud83d\\ude80 \xef\xbf\xbf\x7f",
};

Host host_called(const std::string& name, const std::string& appliance) {
  return {HostName(name), appliance, {}, {}, {}, {}, {}, {}};
}

// A fleet in which every text that somebody else may say is `text`.
Fleet fleet_of(const std::string& text, const std::string& model) {
  Fleet fleet;
  FleetHost host{host_called("n1", "vm-container")};
  host.attributes = {{"note", text}, {"groups", text}, {"when", text}, {"a-b", text}};
  for (int i = 1; i <= 4; ++i) {
    const PciAddress pci{0, static_cast<std::uint8_t>(i), 0, 0};
    FleetCard card{{GpuName("gpupci" + std::to_string(i)), pci, {}, {}, {}, {}, {}, false, {}}};
    card.kind = DeviceKind::gpu;
    card.card.model = model;
    card.card.serial = text;
    card.card.told.driver = "vfio-pci";
    card.binding = Binding::detached;
    card.card.functions = {{pci, "0302", "10de", "20f1", "10de", "145f", 7}};
    card.state = CardState::free;
    host.cards.push_back(card);
  }
  host.cards[1].state = CardState::failing;
  host.cards[1].failing = text;
  host.cards[2].state = CardState::in_domain;
  host.cards[2].domain = text;
  host.cards[3].state = CardState::in_vm;
  host.cards[3].place = FleetPlace{HostName("v1"), GpuName("gpupci"), PciAddress{0, 5, 0, 0}};
  fleet.hosts.push_back(host);
  FleetVm vm{{HostName("v1"), HostName("n1"), "u", 1024, 2, {}, {}}, host_called("v1", "vm")};
  vm.host.maintenance = text;
  vm.vm.gpus = {{GpuName("gpupci"), GpuName("gpupci4"), host.cards[3].card.pci}};
  vm.devices = {
      {GpuName("gpupci"), "gpupci4", true, GpuName("gpupci4"), host.cards[3].place->guest}};
  fleet.vms.push_back(vm);
  return fleet;
}

std::string without_comments(const std::string& text) {
  std::string rest;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).starts_with('#')) rest += std::string(line) + "\n";
  }
  return rest;
}

TEST(FleetFormat, IsThereOnceAndHasAName) {
  for (const auto& format : fleet_formats()) EXPECT_EQ(&fleet_format(format.name), &format);
  EXPECT_TRUE(std::ranges::is_sorted(fleet_formats(), {}, &FleetFormat::name));
  EXPECT_THROW(fleet_format("PDF"), Error);
}

TEST(FleetFormat, OfNothingIsWholeLines) {
  for (const auto& format : fleet_formats()) {
    const auto text = format.write({}).text;
    EXPECT_TRUE(text.empty() || text.ends_with('\n')) << format.name;
  }
}

// What others say is in comments and nowhere else, where the tool has no quotes for it.
TEST(FleetFormat, KeepsHostileTextsInComments) {
  for (const auto* name : {"kubevirt", "nova", "proxmox", "slurm-gres", "vagrant"}) {
    const auto& format = fleet_format(name);
    const auto tame = without_comments(format.write(fleet_of("tame", "A100")).text);
    for (const auto& text : kHostile) {
      const auto report = format.write(fleet_of(text, "A100")).text;
      EXPECT_EQ(without_comments(report), tame) << name << ": " << text;
      for (const auto* end : {"\xc2\x85", "\xe2\x80\xa8", "\r"}) {
        EXPECT_EQ(report.find(end), std::string::npos) << name << ": " << text;
      }
    }
  }
}

TEST(FleetFormat, MakesPlainWordsOfModels) {
  for (const auto& model : kHostile) {
    const auto fleet = fleet_of("tame", model);
    for (const char separator : {'_', '-'}) {
      const auto words = model_words(fleet, separator);
      ASSERT_EQ(words.size(), 1U);
      const std::string part = "[a-z0-9]+";
      EXPECT_THAT(words.at("10de:20f1"),
                  MatchesRegex("[a-z][a-z0-9]*([" + std::string(1, separator) + "]" + part + ")*"))
          << model;
      EXPECT_LE(words.at("10de:20f1").size(), 60U);
    }
  }
}

TEST(FleetFormat, GivesEachKindOfCardAWordOfItsOwn) {
  auto fleet = fleet_of("tame", "GA100 [A100/PCIe 40GB]");
  fleet.hosts[0].cards[1].card.functions[0].device = "2235";
  fleet.hosts[0].cards[1].card.model = "GA102GL [A100 PCIe (40GB)]";
  fleet.hosts[0].cards[2].card.functions[0].device = "2236";
  fleet.hosts[0].cards[2].card.model = {};
  const std::map<std::string, std::string> expected{{"10de:20f1", "a100_pcie_40gb"},
                                                    {"10de:2235", "a100_pcie_40gb_10de_2235"},
                                                    {"10de:2236", "gpu_10de_2236"}};
  EXPECT_EQ(model_words(fleet, '_'), expected);
}

// The value of the label as a reader of the exposition format takes it.
std::string label(const std::string& text, const std::string& name) {
  auto at = text.find(name + "=\"");
  if (at == std::string::npos) return "";
  std::string value;
  for (at += name.size() + 2; text.at(at) != '"'; ++at) {
    if (text[at] != '\\') {
      value += text[at];
    } else {
      ++at;
      value += text[at] == 'n' ? '\n' : text[at];
    }
  }
  return value;
}

TEST(FleetFormat, HasLabelsThatReadBackAsTheyWere) {
  const auto& format = fleet_format("prometheus");
  const auto tame = format.write(fleet_of("tame", "A100")).text;
  for (const auto& text : kHostile) {
    const auto report = format.write(fleet_of(text, text)).text;
    EXPECT_EQ(label(report, "model"), text);
    EXPECT_EQ(label(report, "serial"), text);
    EXPECT_EQ(label(report, "domain"), text);
    EXPECT_EQ(std::ranges::count(report, '\n'), std::ranges::count(tame, '\n')) << text;
  }
}

// The program reads inventories of Ansible, too.
TEST(FleetFormat, HasVariablesThatReadBackAsTheyWere) {
  for (const auto& text : kHostile) {
    if (text.empty()) continue;  // a neighbour's empty value is none
    const auto report = fleet_format("ansible").write(fleet_of(text, text)).text;
    std::string note;
    for (const auto& command : read_ansible(report, "inventory.yaml").commands) {
      if (command.words.size() == 6 && command.words[4] == "note") note = command.words[5];
    }
    EXPECT_EQ(note, text) << report;
  }
}

TEST(FleetFormat, ActsOnNoHostThatAGroupDoesNotMean) {
  auto fleet = fleet_of("gpu", "A100");
  fleet.hosts[0].attributes = {{"a_b", "c"}, {"a", "x"}, {"groups", "v1 vm-container ünï"}};
  fleet.vms[0].attributes = {{"a", "b_c"}, {"groups", "a.x"}};
  const auto text = fleet_format("ansible").write(fleet).text;
  // v1 is a host, and two attributes make a_b_c.
  EXPECT_NE(text.find("no group of @v1: its name is that of something else"), std::string::npos);
  EXPECT_NE(text.find("no group of a=b_c: its name is that of something else"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("no group of @ünï: Ansible wants letters of ASCII, digits and '_'"));
  const auto group = text.substr(text.find("\"a_b_c\":\n"));
  EXPECT_EQ(group.substr(0, group.find("    \"a_x\"")),
            "\"a_b_c\":\n      hosts:\n        \"n1\":\n");
}

TEST(FleetFormat, HasNoHostThatIsAGroupOfAnsibleItself) {
  Fleet fleet;
  fleet.hosts.push_back({host_called("ungrouped", "compute")});
  EXPECT_EQ(fleet_format("ansible").write(fleet).text,
            "# left out: ungrouped: it means the hosts without a group to Ansible\n"
            "all:\n  hosts: {}\n  children: {}\n");
}

TEST(FleetFormat, WritesNodesThatGendersCanRead) {
  for (const auto& text : kHostile) {
    const auto report = without_comments(fleet_format("genders").write(fleet_of(text, text)).text);
    std::vector<std::string_view> nodes;
    for (const auto line : split(report, '\n')) {
      if (line.empty()) continue;
      const auto words = split(line, ' ');
      ASSERT_EQ(words.size(), 2U) << line;
      nodes.push_back(words[0]);
      for (const auto attribute : split(words[1], ',')) {
        EXPECT_LE(split(attribute, '=').size(), 2U) << line;
        EXPECT_EQ(attribute.find('#'), std::string::npos) << line;
      }
    }
    EXPECT_THAT(nodes, ElementsAre("n1", "v1")) << text;
  }
}

TEST(FleetFormat, DrainsWithAReasonThatSlurmCanRead) {
  const auto tame = fleet_format("slurm").write(fleet_of("tame", "A100")).text;
  EXPECT_THAT(without_comments(tame),
              MatchesRegex("NodeName=v1 CPUs=2 Gres=gpu:a100:1 State=DRAIN Reason=\"tame\"\n+"));
  for (const auto& text : kHostile) {
    const auto report = fleet_format("slurm").write(fleet_of(text, "A100")).text;
    EXPECT_THAT(without_comments(report),
                MatchesRegex("NodeName=v1 CPUs=2 Gres=gpu:a100:1 State=DRAIN "
                             "Reason=\"[^\"\\#\n\r]*\"\n+"))
        << text;
  }
}

// To Slurm what a node DEFAULT has is what all nodes behind it have.
TEST(FleetFormat, MakesNoNodeOfSlurmThatMeansAll) {
  auto fleet = fleet_of("tame", "A100");
  fleet.vms[0].vm.name = HostName("Default");
  for (const auto* name : {"slurm", "slurm-gres"}) {
    const auto text = fleet_format(name).write(fleet).text;
    EXPECT_EQ(without_comments(text), "\n") << text;
    EXPECT_NE(text.find("left out: Default: it means every node to Slurm"), std::string::npos);
  }
}

// Two hosts are one node when only their domains differ, and a map line would be of either.
TEST(FleetFormat, GivesAMapOfProxmoxToOneHost) {
  auto fleet = fleet_of("tame", "A100");
  fleet.hosts.push_back(fleet.hosts[0]);
  fleet.hosts[1].host.name = HostName("n2.example.org");
  const auto maps = [&] {
    const auto text = without_comments(fleet_format("proxmox").write(fleet).text);
    return std::pair(text.find("node=n1") != std::string::npos,
                     text.find("node=n2") != std::string::npos);
  };
  EXPECT_EQ(maps(), std::pair(true, true));
  fleet.hosts[1].host.name = HostName("n1.example.org");
  EXPECT_EQ(maps(), std::pair(false, false));
}

// A card that a VM has is never its host's, and one that may be missing from the driver's numbers
// spoils them.
TEST(FleetFormat, NumbersDevicesOfSlurmOnlyWhereTheDriverHasAll) {
  auto fleet = fleet_of("tame", "A100");
  fleet.hosts[0].cards[3].place.reset();
  fleet.vms.clear();
  for (auto& card : fleet.hosts[0].cards) {
    card.card.wish = GpuWish::host;
    card.card.told.driver = "nvidia";
    card.binding = Binding::host;
    card.failing.reset();
    card.domain.reset();
    card.state = CardState::host;
  }
  const auto gres = [&] { return without_comments(fleet_format("slurm-gres").write(fleet).text); };
  const std::string line = "NodeName=n1 Name=gpu Type=a100 ";
  EXPECT_EQ(gres(), line + "File=/dev/nvidia0\n" + line + "File=/dev/nvidia1\n" + line +
                        "File=/dev/nvidia2\n" + line + "File=/dev/nvidia3\n\n");
  fleet.hosts[0].cards[1].failing = "D7: Xid 79";
  EXPECT_EQ(gres(), line + "File=/dev/nvidia0\n" + line + "File=/dev/nvidia2\n" + line +
                        "File=/dev/nvidia3\n\n");
  fleet.hosts[0].cards[0].card.told.driver = "vfio-pci";
  fleet.hosts[0].cards[0].binding = Binding::detached;
  EXPECT_EQ(gres().find("Name=gpu"), std::string::npos) << gres();
  EXPECT_THAT(fleet_format("slurm-gres").write(fleet).text,
              HasSubstr("# File is not known: " + line + "Count=2\n"));
}

}  // namespace
}  // namespace cluster::frontend
