#pragma once

#include <string>
#include <string_view>

namespace cluster::frontend {

/// A link of PCI Express, as one of its ends shows it.
struct PcieLink {
  double speed = 0;  ///< GT/s of a lane; 0 = not known
  int lanes = 0;     ///< 0 = not known

  /// Reads "16.0 GT/s PCIe|16": current_link_speed and current_link_width, or max_link_speed and
  /// max_link_width (Documentation/ABI/testing/sysfs-bus-pci). Other text is a link that is not
  /// known.
  static PcieLink parse(std::string_view text);

  std::string str() const;  ///< "16.0 GT/s x16"

  /// GB/s in one direction, without what packets need beside the data: a lane carries 8 of 10 bits
  /// up to 5 GT/s, and 128 of 130 from 8 GT/s on (PCI Express Base Specification, chapter 4.2).
  double rate() const;
};

/// The smallest of both, for each value.
PcieLink least(const PcieLink& one, const PcieLink& other);
/// The largest of both, for each value.
PcieLink most(const PcieLink& one, const PcieLink& other);

/// `number` with one digit behind the point, "31.5".
std::string one_digit(double number);

/// The number that `text` is; 0 when it is none.
double decimal(std::string_view text);

}  // namespace cluster::frontend
