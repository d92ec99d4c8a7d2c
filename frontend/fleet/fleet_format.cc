#include "frontend/fleet/fleet_format.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::array kFormats{
    FleetFormat{"ansible", "Ansible: an inventory in YAML", fleet_as_ansible, true},
    FleetFormat{"csv", "spreadsheets: a row for each card and slice", fleet_as_csv, true},
    FleetFormat{"genders", "genders, pdsh: /etc/genders", fleet_as_genders},
    FleetFormat{"html", "people: a page of its own for a browser, with everything in it",
                fleet_as_html},
    FleetFormat{"kubevirt", "KubeVirt: permittedHostDevices", fleet_as_kubevirt},
    FleetFormat{"nova", "OpenStack: [pci] of nova.conf", fleet_as_nova},
    FleetFormat{"prometheus", "Prometheus: metrics for node_exporter's textfile folder",
                fleet_as_prometheus, true, true},
    FleetFormat{"proxmox", "Proxmox VE: /etc/pve/mapping/pci.cfg", fleet_as_proxmox},
    FleetFormat{"slurm", "Slurm: node lines for slurm.conf", fleet_as_slurm, true},
    FleetFormat{"slurm-gres", "Slurm: gres.conf", fleet_as_slurm_gres, true},
    FleetFormat{"svg", "wikis: a picture of racks, hosts and cards", fleet_as_svg},
    FleetFormat{"vagrant", "Vagrant: VMs and their cards, for a Vagrantfile", fleet_as_vagrant},
};

}  // namespace

std::span<const FleetFormat> fleet_formats() { return kFormats; }

std::string fleet_format_names() {
  std::vector<std::string> names;
  for (const auto& format : kFormats) names.emplace_back(format.name);
  return joined(names, ", ");
}

const FleetFormat& fleet_format(std::string_view name) {
  const auto at = std::ranges::find(kFormats, name, &FleetFormat::name);
  if (at != kFormats.end()) return *at;
  throw Error(Fault::usage, "format=" + quote(name) + ": want " + fleet_format_names());
}

}  // namespace cluster::frontend
