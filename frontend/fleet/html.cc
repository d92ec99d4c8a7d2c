#include <nlohmann/json.hpp>

#include "core/text.h"
#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"
#include "frontend/fleet/page_texts.h"

// One page with everything in it: the fleet as JSON, and what draws it (page/). Facts that are not
// known have no key.
namespace cluster::frontend {
namespace {

using nlohmann::ordered_json;

// Adds facts to an object.
class Facts {
 public:
  template <typename Value>
  Facts& add(const char* name, const std::optional<Value>& value) {
    if (value) object_[name] = *value;
    return *this;
  }
  Facts& add(const char* name, ordered_json value) {
    if (!value.empty()) object_[name] = std::move(value);
    return *this;
  }
  ordered_json take() { return std::move(object_); }

 private:
  ordered_json object_ = ordered_json::object();
};

using Attributes = std::map<std::string, std::string>;

// The attributes that all hosts and VMs have with one value: they are in the page once.
Attributes common_attributes(const Fleet& fleet) {
  std::optional<Attributes> common;
  const auto meet = [&](const Attributes& attributes) {
    if (!common) common = attributes;
    std::erase_if(*common, [&](const auto& one) {
      const auto at = attributes.find(one.first);
      return at == attributes.end() || at->second != one.second;
    });
  };
  for (const auto& host : fleet.hosts) meet(host.attributes);
  for (const auto& vm : fleet.vms) meet(vm.attributes);
  return common.value_or(Attributes());
}

Attributes without(Attributes attributes, const Attributes& common) {
  for (const auto& [name, value] : common) attributes.erase(name);
  return attributes;
}

// Whether the word `free` means its host; a card of which only the address is known counts, too.
bool can_be_given(const FleetCard& card) {
  return card.state == CardState::free &&
         (card.kind == DeviceKind::gpu || card.kind == DeviceKind::unknown);
}

ordered_json data_of(const FleetSlice& slice) {
  return Facts()
      .add("name", slice.name)
      .add("state", name(slice.state))
      .add("pci", slice.pci ? std::optional(slice.pci->sysfs()) : std::nullopt)
      .add("type", slice.type)
      .add("vm", slice.place ? std::optional(slice.place->vm.str()) : std::nullopt)
      .add("domain", slice.domain)
      .take();
}

ordered_json data_of(const std::vector<FleetSlice>& slices) {
  auto list = ordered_json::array();
  for (const auto& slice : slices) list.push_back(data_of(slice));
  return list;
}

ordered_json data_of(const FleetCard& one) {
  const auto& card = one.card;
  const auto ids = ids_of(card);
  return Facts()
      .add("name", card.name.str())
      .add("state", name(one.state))
      .add("pci", card.pci.sysfs())
      .add("model", card.model)
      .add("ids", ids.empty() ? std::nullopt : std::optional(ids))
      .add("vm", one.place ? std::optional(one.place->vm.str()) : std::nullopt)
      .add("domain", one.domain)
      .add("failing", one.failing)
      .add("driver", card.told.driver)
      .add("seen", card.told.seen)
      .add("slices", data_of(one.slices))
      .take();
}

ordered_json data_of(const FleetHost& one, const Attributes& common) {
  const auto& host = one.host;
  auto cards = ordered_json::array();
  bool is_free = false;
  for (const auto& card : one.cards) {
    cards.push_back(data_of(card));
    is_free = is_free || can_be_given(card);
  }
  auto data = Facts()
                  .add("name", host.name.str())
                  .add("appliance", host.appliance)
                  .add("rack", host.rack)
                  .add("rank", host.rank)
                  .add("address", host.address)
                  .add("maintenance", host.maintenance)
                  .add("failing", host.failing)
                  .add("seen", one.seen)
                  .add("attributes", without(one.attributes, common))
                  .add("others", data_of(one.others))
                  .take();
  data["cards"] = std::move(cards);
  if (is_free) data["free"] = true;
  if (!one.meant) data["meant"] = false;
  return data;
}

ordered_json data_of(const FleetVm& vm, const Attributes& common) {
  return Facts()
      .add("name", vm.vm.name.str())
      .add("appliance", vm.host.appliance)
      .add("rack", vm.host.rack)
      .add("address", vm.address)
      .add("attributes", without(vm.attributes, common))
      .take();
}

ordered_json data_of(const Fleet& fleet) {
  const auto common = common_attributes(fleet);
  ordered_json data{{"made", fleet.made}, {"common", common}, {"notes", fleet.notes}};
  if (!fleet.words.empty()) data["words"] = joined(fleet.words, " ");
  auto& hosts = data["hosts"] = ordered_json::array();
  for (const auto& host : fleet.hosts) hosts.push_back(data_of(host, common));
  auto& vms = data["vms"] = ordered_json::array();
  for (const auto& vm : fleet.vms) vms.push_back(data_of(vm, common));
  return data;
}

// JSON that stays within its element, whatever is in it: "</script>" and "<!--" begin with a '<'
// (https://html.spec.whatwg.org/multipage/scripting.html, "Restrictions for contents of script").
std::string within_script(const ordered_json& data) {
  std::string out;
  for (const char c : data.dump(-1, ' ', false, ordered_json::error_handler_t::replace)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

// The text at [[NAME]] of the page.
std::string text_at(std::string_view place, const Fleet& fleet) {
  if (place == "data") return within_script(data_of(fleet));
  if (place == "style") return std::string(page_text("page.css"));
  return std::string(page_text(std::string(place) + ".js"));
}

}  // namespace

FleetReport fleet_as_html(const Fleet& fleet) {
  FleetReport report;
  auto rest = page_text("page.html");
  for (auto open = rest.find("[["); open != std::string_view::npos; open = rest.find("[[")) {
    const auto close = rest.find("]]", open);
    report.text += rest.substr(0, open);
    report.text += text_at(rest.substr(open + 2, close - open - 2), fleet);
    rest.remove_prefix(close + 2);
  }
  report.text += rest;
  return report;
}

}  // namespace cluster::frontend
