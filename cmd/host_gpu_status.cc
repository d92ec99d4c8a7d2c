#include "cmd/host_gpu_status.h"

#include <algorithm>
#include <map>

#include "cmd/failures.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/cards/card_state.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/agent_json.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/meant_cards.h"

namespace cluster::cmd {
namespace {

using frontend::Binding;

std::string owner_of(const Host& host, const GpuCard& card, Binding binding,
                     const HostDevices& devices) {
  if (card.missing) return "";
  if (binding == Binding::unknown) return "unknown";
  if (binding != Binding::detached) return "host";
  if (const auto vm = frontend::holder_of(card.name, devices.held)) return vm->str();
  const auto there = std::ranges::find(devices.elsewhere, card.name, &CardElsewhere::gpu);
  if (there != devices.elsewhere.end()) return quote(there->domain) + " of libvirt";
  const auto state = frontend::card_state(host, card, devices);
  return std::string(state == frontend::CardState::host ? "nobody" : name(state));
}

std::string wish_words(const GpuCard& card, const HostDevices& devices) {
  if (const auto vm = frontend::holder_of(card.name, devices.held)) return "in " + vm->str();
  return card.wish ? std::string(name(*card.wish)) : "";
}

std::string difference(const GpuCard& card, Binding binding, const HostDevices& devices) {
  if (card.missing) return "missing";
  const auto wish = frontend::wish_of(card, devices.held);
  if (!wish) return "";
  if (binding == Binding::unknown) return "unknown";
  if (binding == Binding::partly) return "is partly detached";
  if (*wish == GpuWish::detached && binding == Binding::host) return "is attached to its host";
  if (*wish == GpuWish::host && binding == Binding::detached) return "is detached";
  return "";
}

}  // namespace

ToldCards told_cards(const frontend::AgentAnswer& answer) {
  return {answer.host.name, frontend::cards_of(answer), frontend::stub_driver_of(answer)};
}

std::vector<GpuCard> with_told(std::vector<GpuCard> known, const ToldCards& told,
                               const std::string& now) {
  for (auto& card : known) {
    // By its slot: under the same name there may be another card by now.
    const auto at = std::ranges::find_if(told.cards, [&](const GpuCard& one) {
      return !one.missing && one.name == card.name && one.pci.same_slot(card.pci);
    });
    card.missing = at == told.cards.end();
    card.told.seen = now;
    if (card.missing || !at->told.driver) continue;
    card.told.driver = at->told.driver;
    card.told.driver_seen = now;
  }
  return known;
}

int show_status(Context& context, const std::vector<std::string>& words,
                const ssh::Limits& limits) {
  auto& inventory = context.inventory();
  const frontend::MeantCards meant(inventory, words);
  auto hosts = inventory.hosts(meant.hosts());
  std::erase_if(hosts, [](const Host& host) { return host.appliance == "vm"; });
  std::vector<HostName> names;
  for (const auto& host : hosts) names.push_back(host.name);
  auto devices = inventory.devices(names);
  // A host without cards has nothing to tell.
  std::vector<Host> asked;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (!devices[i].cards.empty()) asked.push_back(hosts[i]);
  }
  const auto now = utc_now();
  std::map<HostName, ToldCards> told;
  const auto answers = frontend::ask_agents(context, asked, "-l --json", limits);
  const int status = for_each_answer(context, answers, [&](const frontend::AgentAnswer& answer) {
    told.emplace(answer.host.name, told_cards(answer));
  });
  if (!told.empty()) {
    const auto why = frontend::store_aside(inventory, "list host gpu", [&] {
      for (const auto& [host, there] : told) {
        inventory.store_told(host, with_told(inventory.gpu_cards(host), there, now));
      }
    });
    if (!why.empty()) context.output.note(why);
  }
  Table table{
      {"host", "gpu", "pci_bus", "driver", "owner", "wish", "differs", "last_driver", "age"}, {}};
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto at = told.find(hosts[i].name);
    const bool answered = at != told.end();
    if (answered) devices[i].cards = with_told(std::move(devices[i].cards), at->second, now);
    for (const auto& card : devices[i].cards) {
      if (!meant.has(hosts[i].name, card.name)) continue;
      const bool is_known = answered && !card.missing && card.told.driver_seen == now;
      const auto binding =
          is_known ? frontend::binding_of(card.told.driver, at->second.stub) : Binding::unknown;
      auto judged = card;
      judged.missing = answered && card.missing;
      table.rows.push_back({hosts[i].name.str(), card.name.str(), card.pci.libvirt(),
                            judged.missing ? Cell()
                            : is_known     ? cell(card.told.driver)
                                           : Cell("unknown"),
                            known(owner_of(hosts[i], judged, binding, devices[i])),
                            known(wish_words(card, devices[i])),
                            known(difference(judged, binding, devices[i])), cell(card.told.driver),
                            known(frontend::age(card.told.driver_seen.value_or(""), now))});
    }
  }
  context.output.table(table);
  return status;
}

}  // namespace cluster::cmd
