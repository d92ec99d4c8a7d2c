#include "node-agent/kernel/sysfs.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// The devices of a folder of links. A name that is no address is a device of another bus.
GroupMembers devices_in(const fs::path& folder) {
  GroupMembers found;
  for (const auto& entry : entries_quietly(folder)) {
    const auto name = entry.filename().native();
    try {
      found.functions.push_back(PciAddress::parse(name));
    } catch (const Error&) {
      found.others.push_back(name);
    }
  }
  std::ranges::sort(found.functions);
  std::ranges::sort(found.others);
  return found;
}

// The last part of the path that a link points to: "nvidia" of ".../drivers/nvidia".
std::optional<std::string> link_name(const fs::path& link) {
  std::error_code missing;
  const auto target = fs::read_symlink(link, missing);
  if (missing) return std::nullopt;
  return target.filename().native();
}

// Reads "0x030000" as 0x030000; sysfs writes all ids in this way.
std::uint32_t parse_id(const PciAddress& pci, const std::string& text) {
  const auto value =
      text.starts_with("0x") ? parse_hex(std::string_view(text).substr(2)) : std::nullopt;
  if (!value || *value > 0xffffffff) {
    throw Error(Fault::io, "sysfs says " + quote(text) + " of " + pci.sysfs() + ", want 0x10de");
  }
  return static_cast<std::uint32_t>(*value);
}

}  // namespace

std::vector<PciAddress> Sysfs::functions() const {
  return devices_in(root_ / "bus/pci/devices").functions;
}

std::optional<std::string> Sysfs::attribute(const PciAddress& pci, std::string_view name) const {
  const auto text = read_file(device_path(pci) / name);
  if (!text) return std::nullopt;
  return std::string(trim(*text));
}

std::optional<std::uint16_t> Sysfs::device_class(const PciAddress& pci) const {
  const auto text = attribute(pci, "class");
  if (!text) return std::nullopt;
  return static_cast<std::uint16_t>(parse_id(pci, *text) >> 8U);  // the last byte is the interface
}

PciFunction Sysfs::read(const PciAddress& pci) const {
  const auto id = [&](std::string_view name) {
    const auto text = attribute(pci, name);
    if (!text) throw Error(Fault::io, "sysfs has no " + std::string(name) + " of " + pci.sysfs());
    return parse_id(pci, *text);
  };
  PciFunction function{.pci = pci,
                       .device_class = static_cast<std::uint16_t>(id("class") >> 8U),
                       .vendor = static_cast<std::uint16_t>(id("vendor")),
                       .device = static_cast<std::uint16_t>(id("device")),
                       .driver = driver(pci),
                       .iommu_group = std::nullopt};
  if (const auto group = link_name(device_path(pci) / "iommu_group")) {
    if (const auto number = parse_number(*group)) {
      function.iommu_group = static_cast<int>(*number);
    }
  }
  return function;
}

std::optional<PciFunction> Sysfs::find(const PciAddress& pci) const {
  try {
    return read(pci);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<std::string> Sysfs::driver(const PciAddress& pci) const {
  return link_name(device_path(pci) / "driver");
}

std::string Sysfs::driver_override(const PciAddress& pci) const {
  const auto text = attribute(pci, "driver_override").value_or("");
  return text == "(null)" ? "" : text;  // that is how the kernel prints none
}

std::map<int, PciAddress> Sysfs::virtual_functions(const PciAddress& pci) const {
  constexpr std::string_view kName = "virtfn";
  std::map<int, PciAddress> found;
  for (const auto& entry : entries_quietly(device_path(pci))) {
    const auto name = entry.filename().native();
    if (!name.starts_with(kName)) continue;
    const auto index = parse_number(std::string_view(name).substr(kName.size()));
    const auto target = link_name(entry);
    if (index && target) found.emplace(static_cast<int>(*index), PciAddress::parse(*target));
  }
  return found;
}

bool Sysfs::is_virtual(const PciAddress& pci) const {
  return link_name(device_path(pci) / "physfn").has_value();
}

GroupMembers Sysfs::group_members(int group) const { return devices_in(group_path(group)); }

fs::path Sysfs::group_path(int group) const {
  return root_ / "kernel/iommu_groups" / std::to_string(group) / "devices";
}

std::optional<unsigned> Sysfs::header_type(const PciAddress& pci) const {
  if (!header_types_.contains(pci)) keep_header_type(pci, timed_read(device_path(pci) / "config"));
  const auto known = header_types_.find(pci);
  return known == header_types_.end() ? std::nullopt : std::optional(known->second);
}

void Sysfs::learn_header_types(const std::vector<PciAddress>& functions) const {
  std::vector<PciAddress> unknown;
  std::vector<fs::path> files;
  for (const auto& pci : functions) {
    if (header_types_.contains(pci)) continue;
    unknown.push_back(pci);
    files.push_back(device_path(pci) / "config");
  }
  if (files.empty()) return;
  const auto texts = timed_read(files);
  for (std::size_t at = 0; at < unknown.size(); ++at) keep_header_type(unknown[at], texts[at]);
}

void Sysfs::keep_header_type(const PciAddress& pci,
                             const std::optional<std::string>& config) const {
  constexpr std::size_t kHeaderType = 14;
  constexpr unsigned kNone = 0x7f;
  if (!config || config->size() <= kHeaderType) return;
  const auto type = static_cast<unsigned char>((*config)[kHeaderType]) & 0x7fU;
  if (type != kNone) header_types_.emplace(pci, type);
}

bool Sysfs::is_bridge(const PciAddress& pci) const {
  const auto device_class = this->device_class(pci).value_or(0);
  if (device_class == 0x0604 || device_class == 0x0607 || device_class == 0x0609) return true;
  return header_type(pci).value_or(0) != 0;
}

fs::path Sysfs::device_path(const PciAddress& pci) const {
  return root_ / "bus/pci/devices" / pci.sysfs();
}

fs::path Sysfs::slots_path() const { return root_ / "bus/pci/slots"; }

fs::path Sysfs::driver_path(std::string_view driver) const {
  return root_ / "bus/pci/drivers" / driver;
}

fs::path Sysfs::probe_path() const { return root_ / "bus/pci/drivers_probe"; }

}  // namespace cluster::agent
