#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/fleet/fleet.h"

// The fleet in the words of other tools: text out.
namespace cluster::frontend {

/// What a format makes of a fleet.
struct FleetReport {
  std::string text;  ///< whole lines
  /// What is left out, one line each, where the format has no comments to say it in.
  std::vector<std::string> notes = {};
};

/// A format of `report fleet`. Another one is a file here, its line below and in the table.
struct FleetFormat {
  std::string_view name;   ///< as format= has it: "prometheus"
  std::string_view whose;  ///< for whom it is, less than a line: "node_exporter's textfile folder"
  FleetReport (*write)(const Fleet& fleet);
  bool with_guests = false;  ///< it tells where VMs have their cards, as read_fleet() has it
  bool with_status = false;  ///< it tells FleetVm::status
};

/// All of them, by name.
std::span<const FleetFormat> fleet_formats();

/// Their names with commas between them, "csv, prometheus".
std::string fleet_format_names();

/// Throws Error(usage) with all names when there is no such format.
const FleetFormat& fleet_format(std::string_view name);

// One file each.
FleetReport fleet_as_ansible(const Fleet& fleet);
FleetReport fleet_as_csv(const Fleet& fleet);
FleetReport fleet_as_genders(const Fleet& fleet);
FleetReport fleet_as_html(const Fleet& fleet);
FleetReport fleet_as_kubevirt(const Fleet& fleet);
FleetReport fleet_as_nova(const Fleet& fleet);
FleetReport fleet_as_prometheus(const Fleet& fleet);
FleetReport fleet_as_proxmox(const Fleet& fleet);
FleetReport fleet_as_slurm(const Fleet& fleet);
FleetReport fleet_as_slurm_gres(const Fleet& fleet);
FleetReport fleet_as_svg(const Fleet& fleet);
FleetReport fleet_as_vagrant(const Fleet& fleet);

}  // namespace cluster::frontend
