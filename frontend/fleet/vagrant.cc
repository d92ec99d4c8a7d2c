#include "frontend/fleet/vagrant.h"

#include <array>
#include <cstdio>

#include "core/text.h"
#include "frontend/fleet/fleet_format.h"

// A file for a Vagrantfile to `load`: each VM with its size and its cards, for the libvirt of its
// host.
namespace cluster::frontend {
namespace {

std::string hex(unsigned int value, int digits) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "'0x%0*x'", digits, value);
  return text.data();
}

std::string line_of(const PciAddress& pci) {
  return "v.pci :domain => " + hex(pci.domain, 4) + ", :bus => " + hex(pci.bus, 2) + ", :slot => " +
         hex(pci.slot, 2) + ", :function => " + hex(pci.function, 1);
}

void add(std::string& text, const std::vector<std::string>& lines) {
  for (const auto& line : lines) text += "      " + line + "\n";
}

std::string vm_text(const FleetVm& one, const FleetHost& host) {
  const auto& vm = one.vm;
  std::string text = "  # on " + vm.container.str() + "\n  config.vm.define \"" + vm.name.str() +
                     "\" do |vm|\n    vm.vm.provider :libvirt do |v|\n      v.memory = " +
                     std::to_string(vm.memory_mib) + "\n      v.cpus = " + std::to_string(vm.cpus) +
                     "\n";
  const auto what = [&](const GpuName& name, const std::string& there) {
    return name.str() + ": " + there + " of " + vm.container.str();
  };
  for (const auto& held : vm.gpus) {
    for (const auto& card : host.cards) {
      if (card.card.name == held.gpu) {
        add(text, vagrant_card(what(held.name, held.gpu.str()), card.card));
      }
    }
  }
  for (const auto& slice : vm.slices)
    add(text, vagrant_slice(what(slice.name, slice.device), slice));
  return text + "    end\n  end\n";
}

}  // namespace

std::vector<std::string> vagrant_card(std::string what, const GpuCard& card) {
  if (card.model) what += ", " + *card.model;
  if (card.missing) what += ": missing when the host was asked last";
  if (!card.missing && card.functions.empty()) {
    what += ": never discovered, so only the address that was typed";
  }
  std::vector<std::string> lines{"# " + printable(what)};
  if (card.missing) return lines;
  for (const auto& function : card.functions) lines.push_back(line_of(function.pci));
  if (card.functions.empty()) lines.push_back(line_of(card.pci));
  return lines;
}

std::vector<std::string> vagrant_slice(std::string what, const VmSlice& slice) {
  if (!slice.pci) {
    what += slice.number ? ": not there when the host was asked last"
                         : ": it has no PCI address of its own";
  }
  std::vector<std::string> lines{"# " + printable(what)};
  if (slice.pci) lines.push_back(line_of(*slice.pci));
  return lines;
}

FleetReport fleet_as_vagrant(const Fleet& fleet) {
  std::string text =
      "# A Vagrantfile beside it has: load File.expand_path('fleet.rb', __dir__)\n"
      "# A Vagrant of a host has the VMs of that host (cluster report fleet HOST format=vagrant).\n"
      "Vagrant.configure('2') do |config|\n";
  const auto by_name = hosts_by_name(fleet);
  for (const auto& vm : fleet.vms) text += vm_text(vm, *by_name.at(vm.vm.container));
  return {text + "end\n"};
}

}  // namespace cluster::frontend
