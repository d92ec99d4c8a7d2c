// A report in CSV is read back by the rules of RFC 4180, whatever others say.

#include <gtest/gtest.h>

#include "frontend/fleet/fleet_format.h"
#include "tests/support/small_fleet.h"

namespace cluster::frontend {
namespace {

// The records of the report, by their columns.
std::vector<std::map<std::string, std::string>> csv_records(const Fleet& fleet) {
  std::vector<std::vector<std::string>> fields{{""}};
  bool is_quoted = false;
  const auto text = fleet_as_csv(fleet).text;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {  // the last line ends, too
    auto& field = fields.back().back();
    if (is_quoted && text.compare(i, 2, "\"\"") == 0) {
      field += text[i++];
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && text[i] == ',') {
      fields.back().emplace_back();
    } else if (!is_quoted && text[i] == '\n') {
      fields.push_back({""});
    } else {
      field += text[i];
    }
  }
  EXPECT_FALSE(is_quoted);
  EXPECT_EQ(text.back(), '\n');
  std::vector<std::map<std::string, std::string>> records;
  for (std::size_t line = 1; line < fields.size(); ++line) {
    EXPECT_EQ(fields[line].size(), fields[0].size()) << text;
    auto& record = records.emplace_back();
    for (std::size_t i = 0; i < fields[line].size(); ++i) record[fields[0].at(i)] = fields[line][i];
  }
  return records;
}

TEST(FleetCsv, HasEachTextInItsColumnWhateverIsInIt) {
  for (const std::string text : {"plain", "a,b", ",", "\"", "say \"x\",", "\"\"", "two\nlines\n",
                                 "\r\n", "a\r", " ", "=1+1", "\t", "Grüße; 'x'"}) {
    FleetHost host{small_host("n1")};
    host.host.address = text + "address";
    host.host.maintenance = text + "maintenance";
    auto card = small_card(1);
    card.failing = text + "failing";
    card.domain = text + "domain";
    card.card.model = text + "model";
    card.card.serial = text + "serial";
    card.card.uuid = text + "uuid";
    card.card.told = {text + "driver", text + "driver_seen", text + "seen", text + "failing_seen"};
    host.cards = {card};
    const auto record = csv_records(fleet_with(host)).at(0);
    for (const auto* column : {"address", "maintenance", "failing", "domain", "model", "serial",
                               "uuid", "driver", "driver_seen", "seen", "failing_seen"}) {
      EXPECT_EQ(record.at(column), text + column);
    }
  }
}

TEST(FleetCsv, SaysWhatKindOfDeviceItIs) {
  for (const auto& [kind, word] : {std::pair(DeviceKind::gpu, "gpu"),
                                   {DeviceKind::nvme, "nvme"},
                                   {DeviceKind::nvswitch, "nvswitch"},
                                   {DeviceKind::other, "other"},
                                   {DeviceKind::unknown, ""}}) {
    FleetHost host{small_host("n1")};
    host.cards = {small_card(1)};
    host.cards[0].kind = kind;
    EXPECT_EQ(csv_records(fleet_with(host)).at(0).at("kind"), word);
  }
}

TEST(FleetCsv, SaysWhoHasASlice) {
  FleetHost host{small_host("n1")};
  FleetSlice of_vm{"gpupci1.0", false, "gpupci1"};
  of_vm.state = CardState::in_vm;
  of_vm.place = FleetPlace{HostName("v1"), GpuName("gpupci2"), PciAddress{0, 9, 0, 0}};
  FleetSlice of_domain{"c2177883-f1bb-47f0-914d-32a22e3a8804", true, "gpupci1"};
  of_domain.state = CardState::in_domain;
  of_domain.domain = "by hand";
  host.cards = {small_card(1)};
  host.cards[0].slices = {of_vm, of_domain};
  const auto records = csv_records(fleet_with(host));
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[1].at("vm") + " " + records[1].at("vm_gpu"), "v1 gpupci2");
  EXPECT_EQ(records[1].at("vm_pci_bus"), "pci_0000_09_00_0");
  EXPECT_EQ(records[1].at("state") + records[1].at("domain"), "in-vm");
  EXPECT_EQ(records[2].at("state") + " " + records[2].at("domain"), "in-domain by hand");
  EXPECT_EQ(records[2].at("pci_bus") + records[2].at("vm"), "");
}

}  // namespace
}  // namespace cluster::frontend
