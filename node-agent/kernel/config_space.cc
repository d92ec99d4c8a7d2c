#include "node-agent/kernel/config_space.h"

#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {
namespace {

constexpr std::size_t kWhole = 0x100;  // of a function without extended capabilities
constexpr std::uint8_t kExpress = 0x10;

std::uint8_t byte(std::string_view config, std::size_t at) {
  return static_cast<std::uint8_t>(config[at]);
}

// At least `size` bytes of it. Command and status are all ones when the device does not answer. The
// ids of a virtual function are always all ones.
std::optional<std::string> read_some(const Sysfs& sysfs, const PciAddress& pci, std::size_t size) {
  auto config = config_space(sysfs, pci);
  if (config && config->size() >= size && dword(*config, 4) != 0xffffffff) return config;
  return std::nullopt;
}

// Walks the chain of capabilities in the first 256 bytes (PCI specification 3.0, 6.7).
bool is_express(std::string_view config) {
  constexpr std::size_t kStatus = 0x06;
  constexpr unsigned kHasList = 0x10;
  constexpr std::size_t kFirst = 0x34;
  if ((byte(config, kStatus) & kHasList) == 0) return false;
  std::size_t at = byte(config, kFirst) & 0xfcU;
  // Each capability has at least four bytes, so a chain that runs in a circle ends nevertheless.
  for (auto left = kWhole / 4; left > 0 && at >= 0x40; --left) {
    if (byte(config, at) == kExpress) return true;
    at = byte(config, at + 1) & 0xfcU;
  }
  return false;
}

}  // namespace

std::optional<std::string> config_space(const Sysfs& sysfs, const PciAddress& pci) {
  return timed_read(sysfs.device_path(pci) / "config");
}

std::vector<std::optional<std::string>> config_spaces(const Sysfs& sysfs,
                                                      const std::vector<PciAddress>& functions) {
  std::vector<std::filesystem::path> files;
  for (const auto& pci : functions) files.push_back(sysfs.device_path(pci) / "config");
  auto texts = timed_read(files);
  // One that does not answer keeps the child from those after it.
  bool missed = false;
  for (std::size_t at = 0; at < files.size(); ++at) {
    if (!texts[at] && missed) texts[at] = timed_read(files[at]);
    missed = missed || !texts[at];
  }
  return texts;
}

std::uint32_t dword(std::string_view config, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8U | byte(config, at + i);
  return value;
}

// Walks the chain of extended capabilities: id, version, and the place of the next (PCI Express
// specification, 7.6).
std::optional<std::size_t> find_capability(std::string_view config, ExtendedCapability wanted) {
  std::size_t at = kWhole;
  for (auto left = config.size() / 4; left > 0 && at >= kWhole && at + 4 <= config.size(); --left) {
    const auto header = dword(config, at);
    if ((header & 0xffffU) == static_cast<std::uint16_t>(wanted)) return at;
    at = header >> 20U & 0xffcU;
  }
  return std::nullopt;
}

std::vector<std::uint32_t> base_addresses(const Sysfs& sysfs, const PciAddress& pci) {
  constexpr std::size_t kFirst = 0x10;
  constexpr std::size_t kEnd = 0x28;
  constexpr std::size_t kHeaderType = 0x0e;
  const auto config = read_some(sysfs, pci, kEnd);
  if (!config || (byte(*config, kHeaderType) & 0x7fU) != 0) return {};
  std::vector<std::uint32_t> registers;
  for (auto at = kFirst; at < kEnd; at += 4) registers.push_back(dword(*config, at));
  return registers;
}

std::optional<bool> is_express(const Sysfs& sysfs, const PciAddress& pci) {
  const auto config = read_some(sysfs, pci, kWhole);
  if (!config) return std::nullopt;
  return is_express(*config);
}

std::optional<bool> has_capability(const Sysfs& sysfs, const PciAddress& pci,
                                   ExtendedCapability wanted) {
  const auto config = read_some(sysfs, pci, kWhole);
  if (!config) return std::nullopt;
  if (!is_express(*config)) return false;
  if (config->size() == kWhole) return std::nullopt;
  return find_capability(*config, wanted).has_value();
}

}  // namespace cluster::agent
