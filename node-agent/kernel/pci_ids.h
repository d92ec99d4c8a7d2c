#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cluster::agent {

/// The names of PCI devices, from the pci.ids that lspci reads, through its libpci.so.3 (package
/// libpci3). The library is opened here and not linked, so a caller who needs no names does not
/// load it.
class PciIds {
 public:
  /// Without the library no model has a name.
  PciIds();
  PciIds(const PciIds&) = delete;
  PciIds& operator=(const PciIds&) = delete;
  ~PciIds();

  /// "GP106 [GeForce GTX 1060 6GB]"; nothing when pci.ids does not have it.
  std::optional<std::string> model(std::uint16_t vendor, std::uint16_t device) const;

 private:
  struct Library;
  std::unique_ptr<Library> library_;
};

}  // namespace cluster::agent
