#include "node-agent/cards/identity.h"

#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/kernel/config_space.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// An attribute that cannot be read is not known: it may exist and answer EINVAL.
std::optional<std::string> attribute(const Sysfs& sysfs, const PciAddress& pci,
                                     std::string_view name) {
  try {
    auto text = sysfs.attribute(pci, name);
    if (text && text->empty()) return std::nullopt;
    return text;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Turns "0x1458" into "1458".
std::optional<std::string> id(const Sysfs& sysfs, const PciAddress& pci, std::string_view name) {
  const auto text = attribute(sysfs, pci, name);
  if (!text || !text->starts_with("0x")) return std::nullopt;
  return text->substr(2);
}

std::optional<long long> number(const Sysfs& sysfs, const PciAddress& pci, std::string_view name) {
  const auto text = attribute(sysfs, pci, name);
  return text ? parse_number(*text) : std::nullopt;
}

// The two halves as lspci and the kernel's serial_number print them: highest byte first.
std::optional<std::string> spelled(std::uint32_t upper, std::uint32_t lower) {
  if (upper == 0 && lower == 0) return std::nullopt;
  auto text = to_hex(upper, 8) + to_hex(lower, 8);
  for (std::size_t at = text.size() - 2; at > 0; at -= 2) text.insert(at, 1, '-');
  return text;
}

std::optional<std::string> serial_in(std::string_view config) {
  const auto at = find_capability(config, ExtendedCapability::serial_number);
  if (!at || *at + 12 > config.size()) return std::nullopt;
  return spelled(dword(config, *at + 8), dword(config, *at + 4));
}

std::optional<std::string> serial_number(const Sysfs& sysfs, const PciAddress& pci) {
  if (auto text = attribute(sysfs, pci, "serial_number")) {
    return text->find_first_not_of("0-") == std::string::npos ? std::nullopt : text;
  }
  const auto config = config_space(sysfs, pci);
  return config ? serial_in(*config) : std::nullopt;
}

// Reads "GPU UUID: \t GPU-6ab2..."; the line has question marks when the driver does not know the
// UUID yet.
std::optional<std::string> nvidia_uuid(const fs::path& proc, const PciAddress& pci) {
  constexpr std::string_view kKey = "GPU UUID:";
  try {
    const auto text = read_file(proc / "driver/nvidia/gpus" / pci.sysfs() / "information");
    if (!text) return std::nullopt;
    for (const auto line : split(*text, '\n')) {
      if (!line.starts_with(kKey)) continue;
      const auto uuid = trim(line.substr(kKey.size()));
      if (uuid.find('?') == std::string_view::npos && !uuid.empty()) return std::string(uuid);
    }
  } catch (const Error&) {
  }
  return std::nullopt;
}

}  // namespace

FunctionIdentity read_ids(const Sysfs& sysfs, const PciAddress& pci) {
  return {.subsystem_vendor = id(sysfs, pci, "subsystem_vendor"),
          .subsystem_device = id(sysfs, pci, "subsystem_device"),
          .revision = id(sysfs, pci, "revision")};
}

FunctionIdentity read_identity(const Sysfs& sysfs, const PciAddress& pci) {
  auto identity = read_ids(sysfs, pci);
  identity.bars = regions(sysfs, pci);
  identity.link = {.speed = attribute(sysfs, pci, "current_link_speed"),
                   .width = number(sysfs, pci, "current_link_width"),
                   .max_speed = attribute(sysfs, pci, "max_link_speed"),
                   .max_width = number(sysfs, pci, "max_link_width")};
  const auto methods = attribute(sysfs, pci, "reset_method").value_or("");
  for (const auto method : split(methods, ' ')) {
    if (!method.empty()) identity.reset_methods.emplace_back(method);
  }
  return identity;
}

Serial read_serial(const Sysfs& sysfs, const fs::path& proc, const Card& card) {
  return {.serial = serial_number(sysfs, card.pci()), .uuid = nvidia_uuid(proc, card.pci())};
}

// Each folder in slots/ has the address of its slot, without a function: "0000:02:00".
std::optional<std::string> read_slot(const Sysfs& sysfs, const PciAddress& pci) {
  const auto address = pci.sysfs().substr(0, pci.sysfs().size() - 2);
  for (const auto& slot : entries_quietly(sysfs.slots_path())) {
    try {
      const auto text = read_file(slot / "address");
      if (text && trim(*text) == address) return slot.filename().native();
    } catch (const Error&) {
    }
  }
  return std::nullopt;
}

CardIdentity read_identity(const Sysfs& sysfs, const fs::path& proc, const Card& card) {
  CardIdentity identity{.serial = read_serial(sysfs, proc, card),
                        .numa_node = number(sysfs, card.pci(), "numa_node"),  // -1 is no number
                        .slot = read_slot(sysfs, card.pci()),
                        .functions = {}};
  for (const auto& function : card.functions) {
    identity.functions.push_back(read_identity(sysfs, function.pci));
  }
  return identity;
}

}  // namespace cluster::agent
