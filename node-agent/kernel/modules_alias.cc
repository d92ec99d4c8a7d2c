#include "node-agent/kernel/modules_alias.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/hex.h"
#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

// The part of a pattern before its first `*`, which a name has to begin with.
std::string_view literal(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*?["));
}

unsigned id(const Sysfs& sysfs, const PciAddress& pci, std::string_view attribute) {
  const auto text = sysfs.attribute(pci, attribute).value_or("");
  const auto value =
      text.starts_with("0x") ? parse_hex(std::string_view(text).substr(2)) : std::nullopt;
  return static_cast<unsigned>(value.value_or(0) & 0xffffffffU);
}

}  // namespace

std::filesystem::path modules_alias_file(const std::filesystem::path& modules,
                                         const std::filesystem::path& proc) {
  const auto release = read_all_quietly(proc / "sys/kernel/osrelease");
  return modules / trim(release) / "modules.alias";
}

// "kernel/drivers/vfio/pci/vfio-pci.ko"
std::set<std::string> builtin_modules(const std::filesystem::path& modules,
                                      const std::filesystem::path& proc) {
  const auto text =
      read_all_quietly(modules_alias_file(modules, proc).replace_filename("modules.builtin"));
  std::set<std::string> found;
  for (const auto line : split(text, '\n')) {
    auto name = std::filesystem::path(trim(line)).stem().native();
    std::ranges::replace(name, '-', '_');
    if (!name.empty()) found.insert(std::move(name));
  }
  return found;
}

std::string modalias(const Sysfs& sysfs, const PciAddress& pci) {
  if (const auto text = sysfs.attribute(pci, "modalias")) {
    if (text->starts_with("pci:")) return *text;
  }
  const auto device_class = id(sysfs, pci, "class");
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
                id(sysfs, pci, "vendor"), id(sysfs, pci, "device"),
                id(sysfs, pci, "subsystem_vendor"), id(sysfs, pci, "subsystem_device"),
                device_class >> 16U & 0xffU, device_class >> 8U & 0xffU, device_class & 0xffU);
  return text.data();
}

ModulesAlias::ModulesAlias(const std::filesystem::path& file) : text_(read_all_quietly(file)) {
  constexpr std::string_view kAlias = "alias ";
  const std::string_view text = text_;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(kAlias)) continue;
    line.remove_prefix(kAlias.size());
    if (!line.starts_with("pci:") && !line.starts_with("vfio_pci:")) continue;
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    lines_.push_back({line.substr(0, blank), trim(line.substr(blank + 1))});
  }
}

std::vector<ModulesAlias::Line> ModulesAlias::matching(std::string_view modalias) const {
  const std::string name(modalias);
  std::vector<Line> found;
  for (const auto& line : lines_) {
    if (!modalias.starts_with(literal(line.pattern))) continue;
    if (::fnmatch(std::string(line.pattern).c_str(), name.c_str(), 0) == 0) found.push_back(line);
  }
  return found;
}

std::vector<std::string> ModulesAlias::modules(std::string_view modalias) const {
  std::vector<std::string> found;
  for (const auto& line : matching(modalias)) {
    const std::string module(line.module);
    if (std::ranges::find(found, module) == found.end()) found.push_back(module);
  }
  return found;
}

std::string ModulesAlias::vfio_module(std::string_view modalias) const {
  std::string best = "vfio_pci";
  auto fewest = std::string_view::npos;
  for (const auto& line : matching("vfio_" + std::string(modalias))) {
    const auto stars = static_cast<std::size_t>(std::ranges::count(line.pattern, '*'));
    if (stars >= fewest) continue;
    fewest = stars;
    best = line.module;
  }
  return best;
}

}  // namespace cluster::agent
