#pragma once

#include <string>
#include <vector>

#include "db/gpu.h"
#include "db/vm.h"

// Lines of a Vagrantfile, inside `config.vm.provider :libvirt do |v|`:
// https://vagrant-libvirt.github.io/vagrant-libvirt/configuration.html, "PCI device passthrough".
namespace cluster::frontend {

/// A line for each function of the card, below a comment that says `what` it is. Of a card that is
/// missing there is the comment alone.
std::vector<std::string> vagrant_card(std::string what, const GpuCard& card);

/// The same for a slice that a VM holds; it has a line when it is there with an address.
std::vector<std::string> vagrant_slice(std::string what, const VmSlice& slice);

}  // namespace cluster::frontend
