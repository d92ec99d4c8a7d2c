// What `rocks dump` prints: commands, as sh reads them. Interfaces, slots of VMs and cards came to
// Rocks as attributes and tables of their own, so a host is put together from many lines.
#include <algorithm>
#include <array>
#include <set>

#include "core/command_reader.h"
#include "core/error.h"
#include "core/mac_address.h"
#include "core/subnet.h"
#include "core/text.h"
#include "core/vlan.h"
#include "frontend/neighbours/neighbour.h"
#include "frontend/neighbours/neighbour_network.h"
#include "frontend/neighbours/rocks_appliances.h"
#include "frontend/neighbours/rocks_cards.h"

namespace cluster::frontend {
namespace {

using Words = std::vector<std::string>;
using Pairs = std::map<std::string, std::string>;

struct RocksInterface {
  std::string host;
  std::string name;
  int line = 0;
  Pairs values;
};

class RocksReader {
 public:
  NeighbourReading read(std::string_view text) {
    CommandReader reader(text);
    for (CommandLine command; reader.next(command);) {
      line_ = command.line;
      auto words = command.words;
      // Rocks quotes the verb and the noun as one word.
      const auto path = split_path(words);
      if (path.empty()) leave(joined(command.words, " "));
    }
    finish();
    auto reading = hosts_.reading();
    std::ranges::move(reading.commands, std::back_inserter(networks_));
    reading.commands = std::move(networks_);
    std::ranges::move(after_, std::back_inserter(reading.commands));
    return reading;
  }

 private:
  // Takes the command in; returns "" when it has no place here.
  std::string split_path(Words& words) {
    if (!words.empty() && (words[0] == "rocks" || words[0].ends_with("/rocks"))) {
      words.erase(words.begin());
    }
    Words all;
    for (const auto& word : words) {
      // Only the first words can be a path in one word.
      if (all.size() < 2 && word.find(' ') != std::string::npos) {
        for (auto& part : blank_words(word)) all.push_back(std::move(part));
      } else {
        all.push_back(word);
      }
    }
    for (const auto& [path, take] : kTaken) {
      const auto parts = blank_words(path);
      if (all.size() <= parts.size() || !std::equal(parts.begin(), parts.end(), all.begin())) {
        continue;
      }
      Words rest(all.begin() + static_cast<std::ptrdiff_t>(parts.size()), all.end());
      return (this->*take)(rest) ? std::string(path) : "";
    }
    return "";
  }

  static Pairs pairs_of(const Words& words) {
    Pairs pairs;
    for (const auto& word : words) {
      if (const auto equals = word.find('='); equals != std::string::npos && equals > 0) {
        // Rocks prints what is set nowhere as Python does.
        const auto value = word.substr(equals + 1);
        pairs[word.substr(0, equals)] = value == "None" ? "" : value;
      }
    }
    return pairs;
  }

  // The first word that is no key.
  static std::string plain(const Words& words, std::size_t number) {
    std::size_t count = 0;
    for (const auto& word : words) {
      if (word.find('=') == std::string::npos && count++ == number) return word;
    }
    return "";
  }

  bool add_host(const Words& words) {
    const auto name = plain(words, 0);
    // A second word makes it a noun of Rocks that has no place here: `add host alias HOST NAME`.
    if (name.empty() || !plain(words, 1).empty()) return false;
    auto& host = hosts_.at(name, line_);
    for (const auto& [key, value] : pairs_of(words)) {
      if (key == "membership") {
        appliances_.add_member(name, value, line_);
      } else if (value.empty()) {
        continue;
      } else if (key == "cpus" || key == "rack" || key == "rank") {
        hosts_.set(host, key, value, line_);
      } else if (key != "os" || value != "linux") {
        leave(name + " " + key + "=" + value);
      }
    }
    return true;
  }

  // Rocks has more appliances than those that anybody uses: which of them come is seen at the end.
  bool add_appliance(const Words& words) {
    const auto name = plain(words, 0);
    auto values = pairs_of(words);
    if (name.empty()) return false;
    appliances_.add(name, values["membership"], line_);
    return true;
  }

  bool add_interface(const Words& words) {
    const auto host = plain(words, 0);
    const auto name = plain(words, 1);
    if (name.empty()) return false;
    auto& one = interface(host, name);
    for (const auto& [key, value] : pairs_of(words)) one.values[key] = value;
    return true;
  }

  bool set_interface(const Words& words, const std::string& what) {
    if (words.size() != 3) return false;
    interface(words[0], words[1]).values[what] = words[2] == "None" ? "" : words[2];
    return true;
  }
  bool set_ip(const Words& words) { return set_interface(words, "ip"); }
  bool set_mac(const Words& words) { return set_interface(words, "mac"); }
  bool set_vlan(const Words& words) { return set_interface(words, "vlan"); }
  bool set_subnet(const Words& words) { return set_interface(words, "subnet"); }
  bool set_module(const Words& words) { return set_interface(words, "module"); }
  bool set_name(const Words& words) {
    return words.size() == 3 && words[2] == words[0];  // it says nothing
  }

  RocksInterface& interface(const std::string& host, const std::string& name) {
    const auto at = std::ranges::find_if(interfaces_, [&](const RocksInterface& one) {
      return one.host == host && one.name == name;
    });
    if (at != interfaces_.end()) return *at;
    interfaces_.push_back({host, name, line_, {}});
    return interfaces_.back();
  }

  bool add_network(const Words& words) {
    auto values = pairs_of(words);
    const auto name = plain(words, 0);
    if (values["subnet"].empty()) values["subnet"] = plain(words, 1);
    if (values["netmask"].empty()) values["netmask"] = plain(words, 2);
    try {
      subnets_.insert_or_assign(name, Subnet::parse(values["subnet"], values["netmask"]));
    } catch (const Error&) {
      return false;
    }
    NeighbourCommand command{{"add", "network", name, subnets_.at(name).str()}, line_};
    for (const auto& [key, value] : values) {
      if (value.empty() || key == "subnet" || key == "netmask") continue;
      if (key == "mtu" || key == "dnszone") {
        command.words.push_back(key + "=" + value);
      } else {
        leave("network " + name + " " + key + "=" + value);
      }
    }
    networks_.push_back(std::move(command));
    return true;
  }

  // True if the interface's address is in the network that it names.
  bool is_in_its_network(Pairs& values) const {
    const auto at = subnets_.find(values["subnet"]);
    return at != subnets_.end() && at->second.has(values["ip"]);
  }

  bool set_vm(const Words& words) {
    const auto name = plain(words, 0);
    auto values = pairs_of(words);
    if (name.empty() || values["physnode"].empty()) return false;
    auto& host = hosts_.at(name, line_);
    host.container = values["physnode"];
    if (!values["mem"].empty()) hosts_.set(host, "mem", values["mem"], line_);
    host.disks = blank_words(values["disk"]);
    host.disk_sizes = blank_words(values["disksize"]);
    if (host.disk_sizes.size() != host.disks.size()) {
      if (!host.disk_sizes.empty()) leave(name + " disksize=" + values["disksize"]);
      host.disk_sizes.clear();
    }
    // Its number on the host, and full virtualization, go without saying.
    if (values["virt-type"] == "hvm") values["virt-type"].clear();
    for (const auto* what : {"physnode", "mem", "disk", "disksize", "slice"}) values[what].clear();
    for (const auto& [what, value] : values) {
      if (!value.empty()) leave(name + " " + what + "=" + value);
    }
    return true;
  }

  bool add_host_attr(const Words& words) {
    if (words.size() != 3) return false;
    cards_or_attributes_.push_back({{words[0], words[1], words[2]}, line_});
    return true;
  }

  bool add_attr(const Words& words) {
    if (words.size() != 2) return false;
    after_.push_back({{"add", "attr", words[0], words[1]}, line_});
    return true;
  }

  bool add_appliance_attr(const Words& words) {
    if (words.size() != 3) return false;
    appliances_.add_attribute(words[0], words[1], words[2], line_);
    return true;
  }

  // Rocks says the same in ways of its own at every installation.
  bool pass(const Words& /*words*/) { return true; }

  void finish() {
    appliances_.finish(hosts_, networks_, after_);
    for (auto& host : hosts_.all()) {
      if (host.container.empty()) continue;
      line_ = host.line;
      for (const auto* place : {"rack", "rank"}) {
        if (const auto at = host.keys.extract(place)) {
          leave(host.name + " " + place + "=" + at.mapped());
        }
      }
    }
    // The address in the network of the frontend counts, and else the first.
    const auto is_private = [](const RocksInterface& one) {
      const auto at = one.values.find("subnet");
      return at != one.values.end() && at->second == "private";
    };
    std::stable_partition(interfaces_.begin(), interfaces_.end(), is_private);
    for (const auto& one : interfaces_) finish_interface(one);
    // A VM's card points to one of its container, which therefore comes first.
    for (const bool of_vms : {false, true}) {
      for (const auto& [words, line] : cards_or_attributes_) {
        line_ = line;
        const bool is_vm = hosts_.has(words[0]) && !hosts_.at(words[0], line).container.empty();
        if (is_vm == of_vms) finish_attribute(words);
      }
    }
  }

  void finish_attribute(const Words& words) {
    const auto& [host, name, value] = std::tie(words[0], words[1], words[2]);
    if (!hosts_.has(host)) {
      leave(host + " " + name + "=" + value + ": there is no such host");
      return;
    }
    if (name.starts_with("gpupci") && value.starts_with("pci_")) {
      const auto why = cards_.refusal(hosts_, host, name, value);
      if (!why.empty()) return leave(host + " " + name + "=" + value + why);
      after_.push_back({{"add", "host", "gpu", host, name, value}, line_});
    } else {
      after_.push_back({{"add", "host", "attr", host, name, value}, line_});
    }
  }

  void finish_interface(const RocksInterface& one) {
    line_ = one.line;
    auto values = one.values;
    const auto left = [&](const std::string& what) {
      if (!values[what].empty()) leave(one.host + " " + one.name + " " + what + "=" + values[what]);
    };
    if (!hosts_.has(one.host)) {
      leave(one.host + " " + one.name + ": there is no such host");
      return;
    }
    auto& host = hosts_.at(one.host, one.line);
    if (host.container.empty()) {
      // That of its management controller is not where it is reached.
      const bool is_controller = one.name.starts_with("ipmi");
      const bool is_its_address = !is_controller && !values["ip"].empty() &&
                                  host.keys.emplace("address", values["ip"]).second;
      if (is_its_address && is_in_its_network(values)) host.keys["subnet"] = values["subnet"];
      if (is_its_address && is_new_mac(values["mac"])) {
        host.keys["mac"] = values["mac"];
      } else {
        left("mac");
      }
      if (!is_its_address) left("ip");
      if (is_its_address && host.keys.contains("subnet")) values["subnet"].clear();
      for (const auto* what : {"ip", "mac"}) values[what].clear();
      leave_rest(one, values);
      return;
    }
    NeighbourCommand command{{"add", "host", "interface", one.host, one.name}, one.line};
    const auto bridge = values["subnet"].empty() ? "private" : values["subnet"];
    command.words.push_back("bridge=" + bridge);
    leave(one.host + " " + one.name + ": bridge=" + bridge +
          " is a guess, as a dump names no bridge");
    if (is_new_mac(values["mac"])) {
      command.words.push_back("mac=" + values["mac"]);
    } else {
      left("mac");
    }
    const auto vlan = parse_number(values["vlan"]);
    if (vlan && *vlan >= 1 && *vlan <= kMaxVlan) {
      command.words.push_back("vlan=" + values["vlan"]);
    } else if (values["vlan"] != "0") {  // none
      left("vlan");
    }
    if (is_in_its_network(values)) {
      const auto prefix = subnets_.at(values["subnet"]).prefix();
      command.words.push_back("address=" + values["ip"] + "/" + std::to_string(prefix));
      command.words.push_back("subnet=" + values["subnet"]);
    } else {
      left("ip");
    }
    after_.push_back(std::move(command));
    for (const auto* what : {"ip", "mac", "vlan", "subnet"}) values[what].clear();
    leave_rest(one, values);
  }

  // What nobody asked for. The name of an interface says nothing when it is its host's.
  void leave_rest(const RocksInterface& one, const Pairs& values) {
    for (const auto& [what, value] : values) {
      if (value.empty() || (what == "name" && value == one.host)) continue;
      leave(one.host + " " + one.name + " " + what + "=" + value);
    }
  }

  // False for what is no MAC address, such as that of InfiniBand, and for one that is there
  // already.
  bool is_new_mac(const std::string& text) {
    try {
      return macs_.insert(MacAddress::parse(text).str()).second;
    } catch (const Error&) {
      return false;
    }
  }

  void leave(const std::string& what) { hosts_.leave(line_, what); }

  using Take = bool (RocksReader::*)(const Words&);
  static constexpr std::array<std::pair<std::string_view, Take>, 19> kTaken{{
      {"add host interface", &RocksReader::add_interface},
      {"add host attr", &RocksReader::add_host_attr},
      {"set host attr", &RocksReader::add_host_attr},
      {"add host", &RocksReader::add_host},
      {"set host runaction", &RocksReader::pass},
      {"set host installaction", &RocksReader::pass},
      {"set host interface ip", &RocksReader::set_ip},
      {"set host interface mac", &RocksReader::set_mac},
      {"set host interface vlan", &RocksReader::set_vlan},
      {"set host interface subnet", &RocksReader::set_subnet},
      {"set host interface module", &RocksReader::set_module},
      {"set host interface name", &RocksReader::set_name},
      {"set host vm", &RocksReader::set_vm},
      {"add network", &RocksReader::add_network},
      {"add attr", &RocksReader::add_attr},
      {"set attr", &RocksReader::add_attr},
      {"add appliance attr", &RocksReader::add_appliance_attr},
      {"set appliance attr", &RocksReader::add_appliance_attr},
      {"add appliance", &RocksReader::add_appliance},
  }};

  NeighbourHosts hosts_;
  std::vector<RocksInterface> interfaces_;
  std::vector<std::pair<Words, int>> cards_or_attributes_;
  RocksAppliances appliances_;
  RocksCards cards_;
  std::map<std::string, Subnet> subnets_;  // by network
  std::set<std::string> macs_;
  std::vector<NeighbourCommand> networks_;
  std::vector<NeighbourCommand> after_;  // the hosts
  int line_ = 0;
};

}  // namespace

NeighbourReading read_rocks(std::string_view text, const std::string& /*file*/) {
  return RocksReader().read(text);
}

}  // namespace cluster::frontend
