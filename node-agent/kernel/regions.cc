#include "node-agent/kernel/regions.h"

#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/kernel/config_space.h"

namespace cluster::agent {
namespace {

// include/linux/ioport.h
constexpr std::uint64_t kPorts = 0x100;
constexpr std::uint64_t kMemory = 0x200;
constexpr std::uint64_t kShadow = 0x2;  // of a ROM
constexpr std::uint64_t kPrefetch = 0x2000;
constexpr std::uint64_t kMem64 = 0x100000;
constexpr std::uint64_t kUnset = 0x20000000;

constexpr int kBars = 6;  // lines of `resource` before that of the ROM

std::uint64_t number_in(std::string_view word) {
  return word.starts_with("0x") ? parse_hex(word.substr(2)).value_or(0) : 0;
}

// Each line is "0xFIRST 0xLAST 0xFLAGS", all zero for a region that is not there.
Region region_in(std::string_view line, int number) {
  const auto words = split(line, ' ');
  if (words.size() != 3) return {.number = number};
  return {.number = number,
          .start = number_in(words[0]),
          .end = number_in(words[1]),
          .flags = number_in(words[2])};
}

// An attribute that cannot be read is not known: it may exist and answer EINVAL.
std::vector<Region> lines(const Sysfs& sysfs, const PciAddress& pci) {
  std::vector<Region> found;
  try {
    const auto text = sysfs.attribute(pci, "resource").value_or("");
    for (const auto line : split(text, '\n')) {
      if (found.size() > kBars) break;  // then come the windows of bridges
      found.push_back(region_in(line, static_cast<int>(found.size())));
    }
  } catch (const Error&) {
  }
  return found;
}

// The flags of a region by its register (PCI specification 3.0, 6.2.5.1); 0 when it tells none.
std::uint64_t flags_in(std::uint32_t bar) {
  if ((bar & 1U) != 0) return kPorts | kUnset;
  if (bar == 0) return 0;
  return kMemory | kUnset | ((bar & 6U) == 4 ? kMem64 : 0) | ((bar & 8U) != 0 ? kPrefetch : 0);
}

}  // namespace

bool Region::placed() const { return start != 0 && (flags & kUnset) == 0; }

bool Region::is_memory() const { return (flags & kMemory) != 0; }

bool Region::is_64bit() const { return (flags & kMem64) != 0; }

bool Region::prefetchable() const { return (flags & kPrefetch) != 0; }

bool Region::is_shadow() const {
  constexpr std::uint64_t kPlace = 0xc0000;
  return number == kBars && start == kPlace && (flags & kShadow) != 0;
}

std::optional<std::uint64_t> Region::size() const {
  if (end <= start) return std::nullopt;
  return end - start + 1;
}

std::vector<Region> regions(const Sysfs& sysfs, const PciAddress& pci) {
  std::vector<Region> found;
  std::optional<std::vector<std::uint32_t>> registers;  // read when a line is empty
  bool upper_half = false;
  for (auto region : lines(sysfs, pci)) {
    if (region.number == kBars) break;
    const bool empty = region.flags == 0 && region.end == 0;
    if (std::exchange(upper_half, false) && empty) continue;
    if (empty) {
      if (!registers) registers = base_addresses(sysfs, pci);
      const auto at = static_cast<std::size_t>(region.number);
      if (at < registers->size()) region.flags = flags_in(registers->at(at));
    }
    if (region.flags == 0) continue;
    upper_half = region.is_64bit();
    found.push_back(region);
  }
  return found;
}

std::vector<Region> placed_regions(const Sysfs& sysfs, const PciAddress& pci) {
  auto found = lines(sysfs, pci);
  std::erase_if(found, [](const Region& one) { return one.number == kBars || !one.placed(); });
  return found;
}

std::optional<Region> rom_region(const Sysfs& sysfs, const PciAddress& pci) {
  const auto all = lines(sysfs, pci);
  if (all.size() <= kBars || all.back().flags == 0) return std::nullopt;
  return all.back();
}

}  // namespace cluster::agent
