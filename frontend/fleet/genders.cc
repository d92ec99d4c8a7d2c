#include <algorithm>
#include <map>
#include <set>

#include "core/folded_names.h"
#include "core/text.h"
#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"
#include "frontend/hosts/host_words.h"

// /etc/genders: a line for each host and VM, `NODE ATTRIBUTE[=VALUE],...`. It has no quotes and no
// escapes but %% (https://github.com/chaos/genders, README), so a value with a blank, a comma, '='
// or '#' is left out. A node has each attribute once.
namespace cluster::frontend {
namespace {

constexpr std::size_t kLongestNode = 64;  // MAXHOSTNAMELEN of libgenders

bool fits(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != ',' && c != '=' && c != '#';
  });
}

// "%n" would become the name of the node.
std::string genders_value(std::string_view value) {
  std::string text;
  for (const char c : value) text += c == '%' ? std::string("%%") : std::string(1, c);
  return text;
}

// What is left out of all lines, and of which nodes.
class Left {
 public:
  void add(const std::string& what, const Host& host) { hosts_[what].push_back(host.name.str()); }

  std::string text() const {
    std::string text;
    for (const auto& [what, hosts] : hosts_) {
      text += comment_line("left out: " + what + " of " + counted_names(hosts));
    }
    return text;
  }

 private:
  std::map<std::string, std::vector<std::string>> hosts_;
};

class Line {
 public:
  Line(const Host& host, Left& left) : host_(host), left_(left) {
    add(host.appliance);
    if (host.rack) add("rack", std::to_string(*host.rack));
    if (host.rank) add("rank", std::to_string(*host.rank));
    if (host.maintenance) add("maintenance");
  }

  // An empty value is none.
  void add(const std::string& name, const std::string& value = "") {
    if (!fits(name) || !fits(value)) {
      left_.add(name + ", which has a blank, ',', '=' or '#',", host_);
    } else if (!names_.insert(name).second) {
      left_.add("a second " + name, host_);
    } else {
      text_ += (text_.empty() ? "" : ",") + genders_value(name) +
               (value.empty() ? "" : "=" + genders_value(value));
    }
  }

  // What `groups` lists are attributes without a value, as `cluster` reads them: @gpu.
  void add(const std::map<std::string, std::string>& attributes) {
    for (const auto& [name, value] : attributes) {
      if (name != "groups") add(name, value);
    }
    const auto groups = attributes.find("groups");
    if (groups == attributes.end()) return;
    for (const auto& group : listed_groups(groups->second)) add(group);
  }

  std::string text() const {
    if (host_.name.str().size() > kLongestNode || host_.name.str().find('.') != std::string::npos) {
      return comment_line("left out: " + host_.name.str() +
                          ": genders wants names of 64 letters at most, without a domain");
    }
    return host_.name.str() + " " + text_ + "\n";
  }

 private:
  const Host& host_;
  Left& left_;
  std::set<std::string> names_;
  std::string text_;
};

void add_count(Line& line, std::map<std::string, int>& models, int count) {
  if (count > 0) line.add("gpus", std::to_string(count));
  for (const auto& [model, number] : models) line.add("gpu_" + model, std::to_string(number));
}

}  // namespace

FleetReport fleet_as_genders(const Fleet& fleet) {
  std::string text;
  Left left;
  const auto words = model_words(fleet, '_');
  std::map<HostName, std::map<std::string, int>> of_vms;  // cards by model
  for (const auto& host : fleet.hosts) {
    std::map<std::string, int> models;
    int count = 0;
    for (const auto& card : host.cards) {
      if (card.card.missing || card.kind != DeviceKind::gpu) continue;
      ++count;
      ++models[words.at(ids_of(card.card))];
      if (card.place) ++of_vms[card.place->vm][words.at(ids_of(card.card))];
    }
    if (!host.meant) continue;
    Line line(host.host, left);
    add_count(line, models, count);
    line.add(host.attributes);
    text += line.text();
  }
  for (const auto& vm : fleet.vms) {
    Line line(vm.host, left);
    line.add("host", vm.vm.container.str());
    auto& models = of_vms[vm.vm.name];
    int count = 0;
    for (const auto& [model, number] : models) count += number;
    add_count(line, models, count);
    line.add(vm.attributes);
    text += line.text();
  }
  return {left.text() + text};
}

}  // namespace cluster::frontend
