#include "core/pci_address.h"

#include <array>
#include <optional>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"

namespace cluster {
namespace {

constexpr std::string_view kLibvirtPrefix = "pci_";

struct Field {
  std::string_view name;
  std::size_t digits;  // exactly so many, unless max_digits is larger
  std::size_t max_digits;
  std::uint32_t max;
  std::string_view max_text;
};

constexpr std::array kFields{
    Field{"domain", 4, 8, 0xffffffff, "ffffffff"},
    Field{"bus", 2, 2, 0xff, "ff"},
    Field{"slot", 2, 2, 0x1f, "1f"},
    Field{"function", 1, 1, 7, "7"},
};

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(Fault::usage, "not a PCI address: " + quote(text) + " (" + why + ")");
}

std::uint32_t number(std::string_view text, const Field& field, std::string_view digits) {
  const auto value = parse_hex(digits);
  if (!value) {
    refuse(text, "want pci_0000_02_00_0, 0000:02:00.0 or 02:00.0");
  }
  // Leading zeros do not make a number larger: "0100" as a bus is still past ff.
  if (*value > field.max) {
    refuse(text, std::string(field.name) + " " + std::string(digits) + " is past " +
                     std::string(field.max_text));
  }
  if (digits.size() < field.digits || digits.size() > field.max_digits) {
    const std::string count =
        field.digits == field.max_digits
            ? std::to_string(field.digits)
            : std::to_string(field.digits) + " to " + std::to_string(field.max_digits);
    refuse(text, std::string(field.name) + " wants " + count + " hex digits");
  }
  return static_cast<std::uint32_t>(*value);
}

std::string spell(const PciAddress& pci, std::string_view prefix, char between, char last) {
  std::string out(prefix);
  out += to_hex(pci.domain, 4);
  out += between;
  out += to_hex(pci.bus, 2);
  out += between;
  out += to_hex(pci.slot, 2);
  out += last;
  out += to_hex(pci.function, 1);
  return out;
}

}  // namespace

PciAddress PciAddress::parse(std::string_view text) {
  std::array<std::string_view, 4> parts;
  if (text.starts_with(kLibvirtPrefix)) {
    const auto fields = split(text.substr(kLibvirtPrefix.size()), '_');
    if (fields.size() != parts.size()) refuse(text, "want pci_0000_02_00_0");
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = fields[i];
  } else {
    const auto dot = text.rfind('.');
    const auto fields = split(text.substr(0, dot), ':');
    if (dot == std::string_view::npos || fields.size() < 2 || fields.size() > 3) {
      refuse(text, "want pci_0000_02_00_0, 0000:02:00.0 or 02:00.0");
    }
    parts = {fields.size() == 3 ? fields[0] : "0000", fields[fields.size() - 2], fields.back(),
             text.substr(dot + 1)};
  }
  return {number(text, kFields[0], parts[0]),
          static_cast<std::uint8_t>(number(text, kFields[1], parts[1])),
          static_cast<std::uint8_t>(number(text, kFields[2], parts[2])),
          static_cast<std::uint8_t>(number(text, kFields[3], parts[3]))};
}

std::string PciAddress::sysfs() const { return spell(*this, "", ':', '.'); }

std::string PciAddress::libvirt() const { return spell(*this, kLibvirtPrefix, '_', '_'); }

bool PciAddress::same_slot(const PciAddress& other) const {
  return domain == other.domain && bus == other.bus && slot == other.slot;
}

}  // namespace cluster
