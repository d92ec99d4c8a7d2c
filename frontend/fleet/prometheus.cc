#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "core/utc_time.h"
#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"

// Prometheus' text exposition format 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/
// Facts are labels of metrics that are always 1 (`_info`). A time is told as seconds since 1970 and
// not as an age, which would be wrong as soon as the file is older.
namespace cluster::frontend {
namespace {

struct Label {
  std::string_view name;
  std::string value;  ///< "" = not known: the label is left out
};

using Labels = std::vector<Label>;

// A label's value: UTF-8, where backslash, quote and line feed are escaped.
std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

// A metric with its samples; one without samples is not printed.
class Metric {
 public:
  Metric(std::string_view name, std::string_view help) : name_(name), help_(help) {}

  void add(const Labels& labels, long long value = 1) {
    std::string text;
    for (const auto& label : labels) {
      if (label.value.empty()) continue;
      text += (text.empty() ? "{" : ",") + std::string(label.name) + "=\"" +
              label_value(label.value) + "\"";
    }
    samples_ += name_ + text + (text.empty() ? " " : "} ") + std::to_string(value) + "\n";
  }

  void add_time(const Labels& labels, const std::optional<std::string>& time) {
    if (!time) return;
    if (const auto seconds = utc_seconds(*time)) add(labels, *seconds);
  }

  std::string text() const {
    if (samples_.empty()) return "";
    return "# HELP " + name_ + " " + help_ + "\n# TYPE " + name_ + " gauge\n" + samples_;
  }

 private:
  std::string name_;
  std::string help_;
  std::string samples_;
};

// An address as NVML, and so dcgm-exporter's label pci_bus_id, spells it: "00000000:3B:00.0".
std::string bus_id(const PciAddress& pci) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%08X:%02X:%02X.%X", pci.domain, pci.bus, pci.slot,
                pci.function);
  return text.data();
}

// Who sees the device by which address: the VM that holds it, else its host. These are the labels
// by which dcgm-exporter's metrics are found; it calls the first one Hostname, and hostname in
// newer versions.
void add_seer(Labels& labels, const HostName& host, const std::optional<FleetPlace>& place,
              const std::optional<PciAddress>& pci) {
  const auto& seen = place ? place->guest : pci;
  const auto& name = place ? place->vm.str() : host.str();
  labels.push_back({"Hostname", name});
  labels.push_back({"hostname", name});
  labels.push_back({"pci_bus_id", seen ? bus_id(*seen) : ""});
  labels.push_back({"vm", place ? place->vm.str() : ""});
  labels.push_back({"vm_gpu", place ? place->name.str() : ""});
}

class Metrics {
 public:
  void add(const FleetHost& one) {
    const auto& host = one.host;
    const Labels which{{"host", host.name.str()}};
    if (one.meant) {
      host_info_.add({which[0],
                      {"appliance", host.appliance},
                      {"rack", digits(host.rack)},
                      {"rank", digits(host.rank)}});
      host_maintenance_.add(which, host.maintenance ? 1 : 0);
      if (host.failing) host_failing_.add(which);
      host_seen_.add_time(which, one.seen);
    }
    for (const auto& card : one.cards) add(host, card);
    for (const auto& slice : one.others) add(host, slice.parent, slice);
  }

  void add(const FleetVm& one) {
    const Labels which{{"vm", one.vm.name.str()}, {"host", one.vm.container.str()}};
    vm_info_.add(which);
    if (one.status) vm_state_.add({which[0], which[1], {"state", *one.status}});
    vm_cpus_.add(which, one.vm.cpus);
    constexpr long long kMib = 1 << 20;
    vm_memory_.add(which, one.vm.memory_mib * kMib);
  }

  std::string text() const {
    std::string out;
    for (const auto* metric : {&info_, &failing_, &present_, &seen_, &driver_seen_, &checked_,
                               &slice_, &host_info_, &host_maintenance_, &host_failing_,
                               &host_seen_, &vm_info_, &vm_state_, &vm_cpus_, &vm_memory_}) {
      out += metric->text();
    }
    return out;
  }

 private:
  void add(const Host& host, const FleetCard& one) {
    const auto& card = one.card;
    const Labels which{{"host", host.name.str()}, {"gpu", card.name.str()}};
    auto labels = which;
    add_seer(labels, host.name, one.place, card.pci);
    labels.push_back({"UUID", card.uuid.value_or("")});
    labels.push_back({"host_pci_bus_id", bus_id(card.pci)});
    labels.push_back({"state", std::string(name(one.state))});
    labels.push_back({"domain", one.domain.value_or("")});
    labels.push_back({"model", card.model.value_or("")});
    labels.push_back({"serial", card.serial.value_or("")});
    labels.push_back({"id", ids_of(card)});
    labels.push_back({"numa_node", digits(card.numa_node)});
    info_.add(labels);
    // Of a card that was never checked nobody knows.
    if (one.failing || card.told.failing_seen) failing_.add(which, one.failing ? 1 : 0);
    if (!card.functions.empty() || card.missing) present_.add(which, card.missing ? 0 : 1);
    seen_.add_time(which, card.told.seen);
    driver_seen_.add_time(which, card.told.driver_seen);
    checked_.add_time(which, card.told.failing_seen);
    for (const auto& slice : one.slices) add(host, card.name.str(), slice);
  }

  void add(const Host& host, const std::string& gpu, const FleetSlice& slice) {
    Labels labels{{"host", host.name.str()}, {"gpu", gpu}, {"slice", slice.name}};
    add_seer(labels, host.name, slice.place, slice.pci);
    labels.push_back({"state", std::string(name(slice.state))});
    labels.push_back({"domain", slice.domain.value_or("")});
    labels.push_back({"type", slice.type.value_or("")});
    slice_.add(labels);
  }

  Metric info_{"rollcall_gpu_info", "A card, who holds it, and by which address it is seen there."};
  Metric failing_{"rollcall_gpu_failing",
                  "1 if the last check said that the card, or its host, should not be used."};
  Metric present_{"rollcall_gpu_present", "0 if the host did not have it when it was asked last."};
  Metric seen_{"rollcall_gpu_seen_timestamp_seconds", "When the host told last whether it has it."};
  Metric driver_seen_{"rollcall_gpu_driver_seen_timestamp_seconds",
                      "When the host told last which driver has it."};
  Metric checked_{"rollcall_gpu_checked_timestamp_seconds", "When it was checked last."};
  Metric slice_{"rollcall_gpu_slice_info",
                "A slice of a card, who holds it, and by which address it is seen there."};
  Metric host_info_{"rollcall_host_info", "A host and its place."};
  Metric host_maintenance_{"rollcall_host_maintenance",
                           "1 if the host is in maintenance, and gets no VM."};
  Metric host_failing_{"rollcall_host_failing",
                       "1 if the last check said that no card of the host should be used."};
  Metric host_seen_{"rollcall_host_seen_timestamp_seconds", "When the host told of itself last."};
  Metric vm_info_{"rollcall_vm_info", "A VM and its host."};
  Metric vm_state_{"rollcall_vm_state", "What the VM did when its host was asked for this."};
  Metric vm_cpus_{"rollcall_vm_cpus", "CPUs that the VM is to have."};
  Metric vm_memory_{"rollcall_vm_memory_bytes", "Memory that the VM is to have."};
};

}  // namespace

FleetReport fleet_as_prometheus(const Fleet& fleet) {
  Metrics metrics;
  for (const auto& host : fleet.hosts) metrics.add(host);
  for (const auto& vm : fleet.vms) metrics.add(vm);
  return {metrics.text()};
}

}  // namespace cluster::frontend
