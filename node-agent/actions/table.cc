#include "node-agent/actions/table.h"

#include <array>

#include "core/version.h"

namespace cluster::agent {
namespace {

int help(const Call& call) {
  call.out << usage();
  return 0;
}

int print_version(const Call& call) {
  call.out << "gpupci " << version() << "\n";
  return 0;
}

constexpr std::array kActions{
    Action{"-l", "--list", "", "list the cards: name and address", list},
    Action{"-s", "--status", "NAME|all", "show which driver has each function of a card", status},
    Action{"-d", "--detach", "NAME|all", "take a card from its host drivers (to vfio-pci)", detach,
           true, true},
    Action{"-a", "--attach", "NAME|all", "give a card back to its host drivers", attach, true},
    Action{"", "--restore", "[cards]", "detach again after a reboot, end what a kill cut short",
           restore, true},
    Action{"", "--print-unit", "", "print a systemd unit that runs --restore at boot", print_unit},
    Action{"", "--print-modprobe", "", "print a modprobe.d file for an early vfio-pci",
           print_modprobe},
    Action{"", "--print-cmdline", "[debian|rhel]", "print the kernel's command line for it",
           print_cmdline},
    Action{"", "--serve-ssh", "", "be an ssh key's forced command (page security.md)", serve_ssh},
    Action{"", "--check", "[NAME|all]", "tell what is in the way of giving cards to VMs", check},
    Action{"", "--tree", "", "show the switches above cards, NVMe disks and networks", tree},
    Action{"", "--vfs", "NAME N", "set how many virtual functions (SR-IOV) a card has", vfs, true,
           true},
    Action{"", "--types", "[PARENT|all]", "list the types of vGPUs that can be made", types},
    Action{"", "--vgpus", "", "list the vGPUs that there are", vgpus},
    Action{"", "--create-vgpu", "PARENT TYPE", "make a vGPU; prints its lease", create_vgpu, true},
    Action{"", "--remove-vgpu", "VGPU", "remove the vGPU of this lease", remove_vgpu, true, false,
           true},
    Action{"-h", "--help", "", "print this", help},
    Action{"", "--version", "", "print the version", print_version},
};

}  // namespace

std::span<const Action> actions() { return kActions; }

}  // namespace cluster::agent
