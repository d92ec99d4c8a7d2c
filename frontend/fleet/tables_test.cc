// Formats of the fleet that are tables of facts: no host, VM, card or slice is lost, and no fact is
// in the place of another.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "frontend/fleet/fleet_format.h"

namespace cluster::frontend {
namespace {

Host plain_host(const std::string& name, const std::string& appliance = "vm-container") {
  return {HostName(name), appliance, {}, {}, {}, {}, {}, {}};
}

FleetCard plain_card(int number) {
  const PciAddress pci{0, static_cast<std::uint8_t>(number), 0, 0};
  FleetCard card{{GpuName("gpupci" + std::to_string(number)), pci, {}, {}, {}, {}, {}, false, {}}};
  card.card.functions = {{pci, "0302", "10de", "20f1", {}, {}, 7}};
  card.kind = DeviceKind::gpu;
  card.state = CardState::free;
  return card;
}

FleetVm plain_vm(const std::string& name, const std::string& host) {
  return {{HostName(name), HostName(host), "u", 1024, 2, {}, {}}, plain_host(name, "vm")};
}

// The rows of a CSV of one-line cells without quotes, by their columns.
using Rows = std::vector<std::map<std::string, std::string>>;

Rows rows_of(const Fleet& fleet) {
  const auto text = fleet_as_csv(fleet).text;
  Rows rows;
  std::vector<std::string_view> columns;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto cells = split(line, ',');
    if (columns.empty()) {
      columns = {cells.begin(), cells.end()};
      continue;
    }
    EXPECT_EQ(cells.size(), columns.size()) << line;
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) row[std::string(columns[i])] = cells[i];
  }
  return rows;
}

TEST(FleetInCsv, OfNothingIsItsHeader) {
  EXPECT_TRUE(rows_of({}).empty());
  EXPECT_TRUE(fleet_as_csv({}).text.starts_with("host,appliance,rack,rank,address,"));
}

TEST(FleetInCsv, HasARowForAHostWithoutCards) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.hosts[0].host.rack = 0;
  fleet.hosts[0].host.maintenance = "";
  const auto rows = rows_of(fleet);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].at("host"), "n1");
  EXPECT_EQ(rows[0].at("rack"), "0") << "rack 0 is a rack";
  EXPECT_EQ(rows[0].at("rank"), "");
  EXPECT_EQ(rows[0].at("maintenance"), "yes") << "for no reason that is said";
  EXPECT_EQ(rows[0].at("gpu"), "");
}

TEST(FleetInCsv, HasARowForEachCardAndEachSlice) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  auto card = plain_card(1);
  card.failing = "D7";
  card.slices = {{"gpupci1.0", false, "gpupci1", PciAddress{0, 1, 0, 4}, "1145", CardState::free},
                 {"11111111-2222-3333-4444-555555555555", true, "gpupci1"}};
  fleet.hosts[0].cards = {card, plain_card(2)};
  fleet.hosts[0].others = {{"66666666-2222-3333-4444-555555555555", true, "mtty"}};
  const auto rows = rows_of(fleet);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0].at("gpu") + rows[0].at("slice"), "gpupci1");
  EXPECT_EQ(rows[0].at("id"), "10de:20f1");
  EXPECT_EQ(rows[0].at("iommu_group"), "7");
  EXPECT_EQ(rows[1].at("slice"), "gpupci1.0");
  EXPECT_EQ(rows[1].at("gpu"), "gpupci1");
  EXPECT_EQ(rows[1].at("type"), "1145");
  EXPECT_EQ(rows[1].at("pci_bus"), "pci_0000_01_00_4");
  EXPECT_EQ(rows[1].at("failing"), "D7") << "a slice is no better than its card";
  EXPECT_EQ(rows[1].at("uuid") + rows[1].at("id"), "");
  EXPECT_EQ(rows[2].at("uuid"), "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ(rows[3].at("gpu"), "gpupci2");
  EXPECT_EQ(rows[3].at("failing"), "");
  EXPECT_EQ(rows[4].at("gpu"), "mtty") << "what it is on";
}

TEST(FleetInCsv, HasARowForAVmThatHoldsNothing) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.vms = {plain_vm("v1", "n1"), plain_vm("v2", "n1")};
  fleet.vms[0].address = "10.0.0.9";
  fleet.vms[1].devices = {{GpuName("gpupci"), "gpupci1", true, GpuName("gpupci1"), {}}};
  const auto rows = rows_of(fleet);
  ASSERT_EQ(rows.size(), 2U) << "v2 is in the rows of what it holds";
  EXPECT_EQ(rows[1].at("host"), "n1");
  EXPECT_EQ(rows[1].at("vm"), "v1");
  EXPECT_EQ(rows[1].at("address"), "10.0.0.9");
  EXPECT_EQ(rows[1].at("appliance"), "vm");
}

TEST(FleetInCsv, SaysWhereAVmHasACard) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  auto card = plain_card(1);
  card.state = CardState::in_vm;
  card.place = FleetPlace{HostName("v1"), GpuName("gpupci2"), PciAddress{0, 7, 0, 0}};
  fleet.hosts[0].cards = {card};
  auto rows = rows_of(fleet);
  EXPECT_EQ(rows[0].at("state"), "in-vm");
  EXPECT_EQ(rows[0].at("vm") + " " + rows[0].at("vm_gpu"), "v1 gpupci2");
  EXPECT_EQ(rows[0].at("vm_pci_bus"), "pci_0000_07_00_0");
  fleet.hosts[0].cards[0].place->guest.reset();
  EXPECT_EQ(rows_of(fleet)[0].at("vm_pci_bus"), "");
}

TEST(FleetInCsv, SaysOfACardThatWasTypedNoMoreThanThat) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.hosts[0].cards = {plain_card(1)};
  fleet.hosts[0].cards[0].card.functions.clear();
  fleet.hosts[0].cards[0].kind = DeviceKind::unknown;
  const auto row = rows_of(fleet)[0];
  EXPECT_EQ(row.at("pci_bus"), "pci_0000_01_00_0");
  EXPECT_EQ(row.at("kind") + row.at("id") + row.at("iommu_group") + row.at("numa_node"), "");
}

// The lines of a host in Ansible's YAML, without blanks in front.
std::vector<std::string> variables_of(const Fleet& fleet, const std::string& host) {
  const auto text = fleet_as_ansible(fleet).text;
  std::vector<std::string> lines;
  bool is_inside = false;
  for (const auto line : split(text, '\n')) {
    const bool is_host = line.starts_with("    \"");
    if (is_host || !line.starts_with("    ")) is_inside = line == "    \"" + host + "\":";
    if (is_inside && !is_host) lines.emplace_back(trim(line));
  }
  return lines;
}

bool has(const std::vector<std::string>& lines, const std::string& line) {
  return std::ranges::find(lines, line) != lines.end();
}

// A second key of the same name would be the one that counts.
TEST(FleetInAnsible, HasEachVariableOnce) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  auto& host = fleet.hosts[0];
  host.host.address = "10.0.0.1";
  host.host.port = 2222;
  host.host.user = "jo";
  host.host.sudo = true;
  host.host.jump = "gate";
  host.attributes = {{"ansible_host", "x"},           {"ansible_port", "99"},
                     {"ansible_user", "evil"},        {"ansible_become", "no"},
                     {"ansible_connection", "local"}, {"ansible_ssh_common_args", "-v"}};
  const auto lines = variables_of(fleet, "n1");
  for (const auto* line :
       {"\"ansible_host\": \"10.0.0.1\"", "\"ansible_port\": 2222", "\"ansible_user\": \"jo\"",
        "\"ansible_become\": true", "\"ansible_ssh_common_args\": \"-o ProxyJump=gate\"",
        "\"ansible_connection\": \"local\"",
        "# attribute ansible_port is left out: its host's own counts"}) {
    EXPECT_TRUE(has(lines, line)) << line << "\nis not in\n" << joined(lines, "\n");
  }
  std::set<std::string> keys;
  for (const auto& line : lines) {
    if (!line.starts_with('"')) continue;
    EXPECT_TRUE(keys.insert(line.substr(0, line.find(':'))).second) << line;
  }
}

TEST(FleetInAnsible, TakesAnAttributeWhereTheHostSaysNothing) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.hosts[0].attributes = {{"ansible_port", "99"}, {"ansible_host", "x"}};
  const auto lines = variables_of(fleet, "n1");
  EXPECT_TRUE(has(lines, "\"ansible_port\": \"99\""));
  EXPECT_TRUE(has(lines, "\"ansible_host\": \"x\""));
}

TEST(FleetInAnsible, LeavesOutWhatIsNoNameOfAVariable) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.hosts[0].attributes = {{"a-b", "1"},           {"1st", "1"}, {"when", "1"}, {"a.b", "1"},
                               {"rollcall_rack", "9"}, {"_ok", "1"}, {"Ok9", "1"}};
  const auto lines = variables_of(fleet, "n1");
  for (const auto* name : {"a-b", "1st", "when", "a.b", "rollcall_rack"}) {
    EXPECT_TRUE(has(lines, "# attribute " + std::string(name) + " is no name of a variable"));
  }
  EXPECT_TRUE(has(lines, "\"_ok\": \"1\"") && has(lines, "\"Ok9\": \"1\""));
}

TEST(FleetInAnsible, NamesTheHostOfAVm) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.hosts[0].meant = false;
  fleet.vms = {plain_vm("v1", "n1")};
  fleet.vms[0].address = "10.0.0.9";
  EXPECT_TRUE(has(variables_of(fleet, "v1"), "\"rollcall_host\": \"n1\""));
  EXPECT_TRUE(has(variables_of(fleet, "v1"), "\"ansible_host\": \"10.0.0.9\""));
  EXPECT_TRUE(variables_of(fleet, "n1").empty()) << "a host that is not meant is no host there";
}

// The data of the page.
nlohmann::json page_data(const Fleet& fleet) {
  const auto text = fleet_as_html(fleet).text;
  const auto begin = text.find("{\"made\"");
  return nlohmann::json::parse(text.substr(begin, text.find('\n', begin) - begin)
                                   .substr(0, text.find("</script>", begin) - begin));
}

TEST(FleetPage, HasAnAttributeOfAllOnce) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.hosts.push_back({plain_host("n2")});
  fleet.vms = {plain_vm("v1", "n1")};
  for (auto& host : fleet.hosts) host.attributes = {{"site", "x"}, {"row", "1"}};
  fleet.vms[0].attributes = {{"site", "x"}};
  const auto data = page_data(fleet);
  EXPECT_EQ(data["common"], nlohmann::json({{"site", "x"}}));
  EXPECT_EQ(data["hosts"][0]["attributes"], nlohmann::json({{"row", "1"}}));
  EXPECT_FALSE(data["vms"][0].contains("attributes"));
}

TEST(FleetPage, SaysOfAHostThatItHasAFreeCard) {
  const auto is_free = [](CardState state, DeviceKind kind) {
    Fleet fleet;
    fleet.hosts.push_back({plain_host("n1")});
    fleet.hosts[0].cards = {plain_card(1)};
    fleet.hosts[0].cards[0].state = state;
    fleet.hosts[0].cards[0].kind = kind;
    return page_data(fleet)["hosts"][0].contains("free");
  };
  EXPECT_TRUE(is_free(CardState::free, DeviceKind::gpu));
  EXPECT_TRUE(is_free(CardState::free, DeviceKind::unknown)) << "one that was typed counts";
  EXPECT_FALSE(is_free(CardState::free, DeviceKind::nvme));
  EXPECT_FALSE(is_free(CardState::failing, DeviceKind::gpu));
}

TEST(FleetPage, LeavesOutWhatIsNotKnown) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  const auto host = page_data(fleet)["hosts"][0];
  for (const auto* key : {"rack", "rank", "address", "maintenance", "failing", "seen", "others"}) {
    EXPECT_FALSE(host.contains(key)) << key;
  }
  EXPECT_TRUE(host["cards"].is_array());
}

TEST(FleetPicture, CountsEachCardOnce) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  fleet.hosts.push_back({plain_host("n2", "compute")});
  for (int i = 1; i <= 9; ++i) fleet.hosts[0].cards.push_back(plain_card(i));
  const std::vector states{CardState::free,        CardState::in_vm,   CardState::in_domain,
                           CardState::in_slices,   CardState::failing, CardState::missing,
                           CardState::maintenance, CardState::host,    CardState::free};
  for (std::size_t i = 0; i < states.size(); ++i) fleet.hosts[0].cards[i].state = states[i];
  const auto text = fleet_as_svg(fleet).text;
  for (const auto* words : {"2 hosts, cards: 2 of 9 free", ">2 free<", ">3 in use<",
                            ">2 failing or missing<", ">2 not for VMs now, or not known<",
                            "No rack: 2 of 9 free", "<title>n2: no cards</title>"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words;
  }
}

TEST(FleetPicture, OfHostsWithoutCardsSaysSo) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host("n1")});
  EXPECT_NE(fleet_as_svg(fleet).text.find(">1 host, no cards<"), std::string::npos);
}

// A rack that is not known comes last.
TEST(FleetPicture, HasRacksByTheirNumbers) {
  Fleet fleet;
  for (const auto* name : {"a", "b", "c"}) fleet.hosts.push_back({plain_host(name)});
  fleet.hosts[1].host.rack = 10;
  fleet.hosts[2].host.rack = 2;
  const auto text = fleet_as_svg(fleet).text;
  EXPECT_LT(text.find("Rack 2:"), text.find("Rack 10:"));
  EXPECT_LT(text.find("Rack 10:"), text.find("No rack:"));
}

TEST(FleetPicture, ShortensLongNamesBetweenCharacters) {
  Fleet fleet;
  fleet.hosts.push_back({plain_host(std::string(40, 'n'))});
  fleet.hosts[0].cards = {plain_card(1)};
  std::string model;
  for (int i = 0; i < 80; ++i) model += "ü";
  fleet.hosts[0].cards[0].card.model = model;
  const auto text = fleet_as_svg(fleet).text;
  EXPECT_TRUE(is_utf8_text(text));
  EXPECT_NE(text.find(">" + std::string(22, 'n') + "…<"), std::string::npos);
  EXPECT_NE(text.find(">" + model.substr(0, 120) + "…: 1 of 1 free<"), std::string::npos);
}

}  // namespace
}  // namespace cluster::frontend
