#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"
#include "virt/domain_parts.h"

// Memory and CPUs of a domain, and how both are spread over NUMA nodes.
namespace cluster::virt {
namespace {

constexpr std::uint64_t kKibPerMib = 1024;

bool has_guest_cells(const DomainSpec& domain) {
  return domain.numa && (domain.numa->guest_cell || domain.numa->expander);
}

// The share of one guest node.
struct Cell {
  int first_cpu = 0;
  int cpus = 0;
  int memory_mib = 0;
};

// QEMU takes memory by whole pages, and refuses less than one at the start.
int page_mib_of(const DomainSpec& domain) {
  return static_cast<int>(std::max<std::uint64_t>(domain.hugepage_kib.value_or(0) / kKibPerMib, 1));
}

// The nodes of the guest. Memory is shared in whole huge pages; the last node has what is over.
std::vector<Cell> cells_of(const DomainSpec& domain) {
  const auto count = static_cast<int>(domain.numa->host_nodes.size());
  if (domain.cpus < count) {
    throw Error(Fault::usage, quote(domain.name) + " has " + std::to_string(domain.cpus) +
                                  " CPUs for " + std::to_string(count) +
                                  " NUMA nodes (want one for each at least)");
  }
  const int page_mib = page_mib_of(domain);
  const int even = domain.memory_mib / count;
  if (even < page_mib) {
    throw Error(Fault::usage, quote(domain.name) + " has too little memory for " +
                                  std::to_string(count) + " NUMA nodes (want " +
                                  std::to_string(page_mib) + " MiB for each at least)");
  }
  const int share = even / page_mib * page_mib;
  std::vector<Cell> cells;
  int cpu = 0;
  for (int i = 0; i < count; ++i) {
    const int cpus = domain.cpus / count + (i < domain.cpus % count ? 1 : 0);
    const bool last = i + 1 == count;
    cells.push_back({cpu, cpus, last ? domain.memory_mib - share * i : share});
    cpu += cpus;
  }
  return cells;
}

std::string range(int first, int count) {
  const auto from = std::to_string(first);
  return count == 1 ? from : from + "-" + std::to_string(first + count - 1);
}

// "0-1,3": libvirt writes such lists so.
std::string ranges_of(std::vector<int> numbers) {
  std::ranges::sort(numbers);
  std::vector<std::string> ranges;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    ranges.push_back(range(numbers[i], static_cast<int>(end - i)));
    i = end;
  }
  return joined(ranges, ",");
}

// The size is written in the largest unit that divides it: 1 GiB reads better than 1048576 KiB.
void add_page(pugi::xml_node hugepages, std::uint64_t kib, const std::string& cells) {
  int unit = 0;
  for (; unit < 2 && kib % 1024 == 0; ++unit) kib /= 1024;
  constexpr std::array kUnits{"KiB", "MiB", "GiB"};
  auto page =
      child(hugepages, "page",
            {{"size", std::to_string(kib)}, {"unit", kUnits.at(static_cast<std::size_t>(unit))}});
  if (!cells.empty()) page.append_attribute("nodeset") = cells.c_str();
}

void add_pin(pugi::xml_node cputune, int cpu, const std::string& cpuset) {
  child(cputune, "vcpupin", {{"vcpu", std::to_string(cpu)}, {"cpuset", cpuset}});
}

// The pins of single CPUs say more than those of nodes.
void add_pins(pugi::xml_node root, const DomainSpec& domain) {
  const bool by_node =
      has_guest_cells(domain) && domain.numa->cpusets.size() > 1 && domain.cpu_pins.empty();
  if (domain.cpu_pins.empty() && domain.emulator_cpus.empty() && !by_node) return;
  auto cputune = child(root, "cputune");
  for (std::size_t i = 0; i < domain.cpu_pins.size(); ++i) {
    if (!domain.cpu_pins[i].empty()) add_pin(cputune, static_cast<int>(i), domain.cpu_pins[i]);
  }
  if (by_node) {
    const auto cells = cells_of(domain);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (int cpu = 0; cpu < cells[i].cpus; ++cpu) {
        add_pin(cputune, cells[i].first_cpu + cpu, domain.numa->cpusets[i]);
      }
    }
  }
  if (!domain.emulator_cpus.empty()) {
    child(cputune, "emulatorpin", {{"cpuset", domain.emulator_cpus}});
  }
}

void add_topology(pugi::xml_node cpu, const Topology& topology, int cpus) {
  const auto sockets = std::to_string(topology.sockets);
  const auto cores = std::to_string(topology.cores);
  const auto threads = std::to_string(topology.threads);
  if (topology.sockets < 1 || topology.cores < 1 || topology.threads < 1 ||
      std::int64_t{topology.sockets} * topology.cores * topology.threads != cpus) {
    throw Error(Fault::usage, sockets + " sockets of " + cores + " cores of " + threads +
                                  " threads are not the " + std::to_string(cpus) +
                                  " CPUs of the VM (want a product of " + std::to_string(cpus) +
                                  ")");
  }
  child(cpu, "topology", {{"sockets", sockets}, {"cores", cores}, {"threads", threads}});
}

void add_mode(pugi::xml_node cpu, const DomainSpec& domain, bool holds_device) {
  switch (domain.cpu_mode) {
    case CpuMode::host_passthrough:
      cpu.append_attribute("mode") = "host-passthrough";
      // A guest that holds a device cannot migrate, so it may have all that this CPU can do.
      if (holds_device) {
        cpu.append_attribute("check") = "none";
        cpu.append_attribute("migratable") = "off";
      }
      break;
    case CpuMode::host_model:
      cpu.append_attribute("mode") = "host-model";
      break;
    case CpuMode::maximum:
      cpu.append_attribute("mode") = "maximum";
      break;
    case CpuMode::named:
      cpu.append_attribute("mode") = "custom";
      cpu.append_attribute("match") = "exact";
      child(cpu, "model", {{"fallback", "forbid"}}).text() = domain.cpu_model.c_str();
      break;
  }
}

}  // namespace

void add_memory_and_cpus(pugi::xml_node root, const DomainSpec& domain) {
  const auto& numa = domain.numa;
  const auto cells = has_guest_cells(domain) ? static_cast<int>(numa->host_nodes.size()) : 0;
  if (domain.hugepage_kib && domain.memory_mib < page_mib_of(domain)) {
    throw Error(Fault::usage, quote(domain.name) + " has " + std::to_string(domain.memory_mib) +
                                  " MiB of memory, less than a huge page of " +
                                  std::to_string(page_mib_of(domain)) + " MiB");
  }
  child(root, "memory", {{"unit", "MiB"}}).text() = domain.memory_mib;
  if (domain.hugepage_kib) {
    auto hugepages = child(child(root, "memoryBacking"), "hugepages");
    if (*domain.hugepage_kib != 0) {
      add_page(hugepages, *domain.hugepage_kib, cells == 0 ? "" : range(0, cells));
    }
  }
  auto vcpu = child(root, "vcpu", {{"placement", "static"}});
  vcpu.text() = domain.cpus;
  if (numa && !numa->cpusets.empty()) {
    vcpu.append_attribute("cpuset") = joined(numa->cpusets, ",").c_str();
  }
  add_pins(root, domain);
  if (!numa) return;
  const std::string mode = numa->strict ? "strict" : "preferred";
  auto numatune = child(root, "numatune");
  child(numatune, "memory", {{"mode", mode}, {"nodeset", ranges_of(numa->host_nodes)}});
  for (int i = 0; i < cells; ++i) {
    child(numatune, "memnode",
          {{"cellid", std::to_string(i)},
           {"mode", mode},
           {"nodeset", std::to_string(numa->host_nodes[static_cast<std::size_t>(i)])}});
  }
}

void add_cpu(pugi::xml_node root, const DomainSpec& domain, bool holds_device) {
  auto cpu = child(root, "cpu");
  add_mode(cpu, domain, holds_device);
  if (domain.topology) add_topology(cpu, *domain.topology, domain.cpus);
  if (domain.maxphysaddr == AddressBits::passthrough) {
    child(cpu, "maxphysaddr", {{"mode", "passthrough"}});
  } else if (domain.maxphysaddr == AddressBits::emulate) {
    child(cpu, "maxphysaddr", {{"mode", "emulate"}, {"bits", std::to_string(domain.address_bits)}});
  }
  if (!has_guest_cells(domain)) return;
  auto numa = child(cpu, "numa");
  const auto cells = cells_of(domain);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    child(numa, "cell",
          {{"id", std::to_string(i)},
           {"cpus", range(cells[i].first_cpu, cells[i].cpus)},
           {"memory", std::to_string(cells[i].memory_mib)},
           {"unit", "MiB"}});
  }
}

}  // namespace cluster::virt
