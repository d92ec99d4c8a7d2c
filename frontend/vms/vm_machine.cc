#include "frontend/vms/vm_machine.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {

using virt::DomainSpec;

namespace {
constexpr int kMaxCpu = 8191;  // the kernel's bound, CONFIG_NR_CPUS
}

[[noreturn]] void want(const std::string& what) { throw Error(Fault::usage, "want " + what); }

bool yes(const std::string& value) {
  if (value == "yes") return true;
  if (value == "no") return false;
  want("yes or no");
}

int number(const std::string& value, int min, int max) {
  const auto parsed = parse_number(value);
  if (!parsed || *parsed < min || *parsed > max) {
    want("a number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return static_cast<int>(*parsed);
}

std::string path(const std::string& value) {
  const bool is_path = value.starts_with('/') && std::ranges::none_of(value, is_control);
  if (!value.empty() && !is_path) want("an absolute path");
  return value;
}

std::string ranges(const std::string& value) {
  if (value.empty()) return value;
  for (const auto piece : split(value, ',')) {
    const auto dash = piece.find('-');
    const auto first = parse_number(piece.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(piece.substr(dash + 1));
    if (!first || !last || *last < *first) want("ranges, like 0-31,64-95");
    if (*last > kMaxCpu) want("numbers to " + std::to_string(kMaxCpu));
  }
  return value;
}

namespace {

constexpr int kMaxNode = 1023;      // the kernel's bound, CONFIG_NODES_SHIFT=10
constexpr int kMaxTopology = 4096;  // the bound of each number in it

// The numbers of a list of ranges, in the order in which it has them.
std::vector<int> numbers(const std::string& value) {
  std::vector<int> all;
  const auto text = ranges(value);
  for (const auto piece : split(text, ',')) {
    const auto dash = piece.find('-');
    const int first = number(std::string(piece.substr(0, dash)), 0, kMaxCpu);
    const int last = dash == std::string_view::npos
                         ? first
                         : number(std::string(piece.substr(dash + 1)), 0, kMaxCpu);
    for (int i = first; i <= last; ++i) all.push_back(i);
  }
  return all;
}

// The nodes of the container that have cards, in their order.
std::vector<int> nodes_of_cards(const DomainSpec& domain) {
  std::set<int> nodes;
  for (const auto& card : domain.cards) {
    if (!card.numa_node) {
      want("the number of a node: that of " + card.name +
           " is not known (`cluster discover host gpu`)");
    }
    nodes.insert(*card.numa_node);
  }
  if (nodes.empty()) want("the number of a node: the VM has no card");
  return {nodes.begin(), nodes.end()};
}

}  // namespace

namespace machine {

void type(DomainSpec& domain, const std::string& value) {
  if (value != "kvm" && value != "qemu") want("kvm or qemu");
  domain.type = value == "kvm" ? virt::DomainType::kvm : virt::DomainType::qemu;
}

void emulator(DomainSpec& domain, const std::string& value) { domain.emulator = path(value); }

void machine(DomainSpec& domain, const std::string& value) {
  if (value.empty()) want("a machine of QEMU, like q35");
  domain.machine = value;
}

void firmware(DomainSpec& domain, const std::string& value) {
  if (value == "bios") {
    domain.firmware = virt::Firmware::bios;
  } else if (value == "efi") {
    domain.firmware = virt::Firmware::efi;
  } else if (value == "efi-secure") {
    domain.firmware = virt::Firmware::efi_secure;
  } else {
    want("bios, efi or efi-secure");
  }
}

void boot(DomainSpec& domain, const std::string& value) {
  static const std::set<std::string, std::less<>> devices{"hd", "cdrom", "network"};
  domain.boot.clear();
  for (const auto device : split(value, ',')) {
    if (!devices.contains(device)) want("hd, cdrom, network, or some of them with commas");
    domain.boot.emplace_back(device);
  }
}

void hugepages(DomainSpec& domain, const std::string& value) {
  constexpr std::uint64_t kKibPerMib = 1024;
  if (value == "no") {
    domain.hugepage_kib = std::nullopt;
  } else if (value == "yes") {
    domain.hugepage_kib = 0;
  } else if (value == "2M") {
    domain.hugepage_kib = 2 * kKibPerMib;
  } else if (value == "1G") {
    domain.hugepage_kib = kKibPerMib * kKibPerMib;
  } else {
    want("no, yes, 2M or 1G");
  }
}

void cpu_mode(DomainSpec& domain, const std::string& value) {
  domain.cpu_model.clear();
  if (value == "host-passthrough") {
    domain.cpu_mode = virt::CpuMode::host_passthrough;
  } else if (value == "host-model") {
    domain.cpu_mode = virt::CpuMode::host_model;
  } else if (value == "maximum") {
    domain.cpu_mode = virt::CpuMode::maximum;
  } else if (!value.empty() && value.find("host") == std::string::npos) {
    domain.cpu_mode = virt::CpuMode::named;
    domain.cpu_model = value;
  } else {
    want("host-passthrough, host-model, maximum, or a model (virsh cpu-models x86_64)");
  }
}

void cpu_topology(DomainSpec& domain, const std::string& value) {
  if (value.empty()) return;
  const auto parts = split(value, ',');
  if (parts.size() != 3) want("SOCKETS,CORES,THREADS, like 1,8,2");
  const auto part = [&](std::size_t at) { return number(std::string(parts[at]), 1, kMaxTopology); };
  const virt::Topology topology{part(0), part(1), part(2)};
  const auto product = static_cast<long long>(topology.sockets) * topology.cores * topology.threads;
  if (domain.cpus != 0 && product != domain.cpus) {
    want("SOCKETS,CORES,THREADS whose product is the VM's " + std::to_string(domain.cpus) +
         " cpus");
  }
  domain.topology = topology;
}

void maxphysaddr(DomainSpec& domain, const std::string& value) {
  if (value.empty()) {
    domain.maxphysaddr = virt::AddressBits::by_cpu;
  } else if (value == "passthrough") {
    domain.maxphysaddr = virt::AddressBits::passthrough;
  } else {
    domain.address_bits = number(value, 32, 64);
    domain.maxphysaddr = virt::AddressBits::emulate;
  }
}

void numa(DomainSpec& domain, const std::string& value) {
  if (value == "no") return;
  std::vector<int> nodes;
  if (value == "cards") {
    nodes = nodes_of_cards(domain);
  } else {
    for (const auto node : split(value, ',')) {
      nodes.push_back(number(std::string(node), 0, kMaxNode));
    }
    if (std::set(nodes.begin(), nodes.end()).size() != nodes.size()) want("each node once");
  }
  domain.numa.emplace().host_nodes = nodes;
}

void numa_memory(DomainSpec& domain, const std::string& value) {
  if (value != "strict" && value != "preferred") want("strict or preferred");
  if (domain.numa) domain.numa->strict = value == "strict";
}

void numa_guest(DomainSpec& domain, const std::string& value) {
  if (value != "none" && value != "cell" && value != "bus") want("none, cell or bus");
  if (!domain.numa) return;
  domain.numa->guest_cell = value != "none";
  domain.numa->expander = value == "bus";
}

void cpuset(DomainSpec& domain, const std::string& value) {
  if (value.empty()) return;
  if (!domain.numa) want("vm_numa as well: it is the CPUs of that node");
  std::vector<std::string> sets;
  for (const auto part : split(value, '/')) {
    sets.push_back(ranges(std::string(part)));
    if (sets.back().empty()) want("ranges, like 0-31,64-95");
  }
  const auto nodes = domain.numa->host_nodes.size();
  if (sets.size() != nodes && sets.size() != 1) {
    want("CPUs for each of " + std::to_string(nodes) + " nodes, like 0-31/32-63");
  }
  domain.numa->cpusets = std::move(sets);
}

void clock(DomainSpec& domain, const std::string& value) {
  const auto is_zone = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '_' || c == '-' ||
           c == '+';
  };
  const bool zone = value.find('/') != std::string::npos && std::ranges::all_of(value, is_zone);
  if (value != "utc" && value != "localtime" && !zone) want("utc, localtime or Europe/Berlin");
  domain.clock = value;
}

void on_poweroff(DomainSpec& domain, const std::string& value) {
  if (value != "destroy" && value != "restart") want("destroy or restart");
  domain.lifecycle.on_poweroff = value;
}

void on_reboot(DomainSpec& domain, const std::string& value) {
  if (value != "restart" && value != "destroy") want("restart or destroy");
  domain.lifecycle.on_reboot = value;
}

void on_crash(DomainSpec& domain, const std::string& value) {
  static const std::set<std::string> actions{"restart", "destroy", "preserve", "coredump-restart",
                                             "coredump-destroy"};
  if (!actions.contains(value)) {
    want("restart, destroy, preserve, coredump-restart or coredump-destroy");
  }
  domain.lifecycle.on_crash = value;
}

// Takes "0-3:8-11 4:12", CPUs of the guest and where they may run, or "8-15", a CPU for each.
void cpu_pin(DomainSpec& domain, const std::string& value) {
  if (value.empty()) return;
  const auto count = static_cast<std::size_t>(domain.cpus);
  std::vector<std::string> pins(count);
  if (value.find(':') == std::string::npos) {
    const auto cpus = numbers(value);
    if (domain.cpus != 0 && cpus.size() != count) {
      want(std::to_string(count) + " CPUs, one for each of the VM");
    }
    for (std::size_t i = 0; i < count; ++i) pins[i] = std::to_string(cpus[i]);
  } else {
    for (const auto part : split(value, ' ')) {
      if (part.empty()) continue;
      const auto colon = part.find(':');
      if (colon == std::string_view::npos || colon == 0) want("CPUS:CPUS, like 0-3:8-11");
      const auto where = ranges(std::string(part.substr(colon + 1)));
      if (where.empty()) want("CPUS:CPUS, like 0-3:8-11");
      for (const int cpu : numbers(std::string(part.substr(0, colon)))) {
        if (domain.cpus != 0 && cpu >= domain.cpus) {
          want("CPUs of the guest from 0 to " + std::to_string(domain.cpus - 1));
        }
        if (domain.cpus != 0) pins[static_cast<std::size_t>(cpu)] = where;
      }
    }
  }
  domain.cpu_pins = std::move(pins);
}

void emulator_cpus(DomainSpec& domain, const std::string& value) {
  domain.emulator_cpus = ranges(value);
}

}  // namespace machine

}  // namespace cluster::frontend
