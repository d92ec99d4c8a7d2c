#include "node-agent/kernel/pci_ids.h"

#include <array>

#include "core/error.h"
#include "core/shared_library.h"

namespace cluster::agent {
namespace {

constexpr int kLookupDevice = 2;         // PCI_LOOKUP_DEVICE
constexpr int kNoNumbers = 0x20000;      // PCI_LOOKUP_NO_NUMBERS: null for what has no name
constexpr int kNoHardwareDb = 0x800000;  // PCI_LOOKUP_NO_HWDB: udev need not be asked

// The error of a pci.ids with a bad line is ignored: the names before that line are still found.
void ignore(char* /*message*/, ...) {}

}  // namespace

struct PciIds::Library {
  // The first part of struct pci_access in lib/pci.h of pciutils 3.x, which its ABI promises
  // (LIBPCI_3.0). Without this copy a build would need libpci-dev, which is much to ask for four
  // functions.
  struct Access {
    unsigned int method;
    int writeable;
    int buscentric;
    char* id_file_name;
    int free_id_name;
    int numeric_ids;
    unsigned int id_lookup_mode;
    int debugging;
    void (*error)(char* message, ...);
    void (*warning)(char* message, ...);
    void (*debug)(char* message, ...);
  };

  SharedLibrary file{"libpci.so.3", "libpci3"};
  Access* (*alloc)() = file.symbol("pci_alloc");
  void (*cleanup)(Access*) = file.symbol("pci_cleanup");
  char* (*lookup_name)(Access*, char*, int, int, ...) = file.symbol("pci_lookup_name");
  Access* access = alloc();

  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { cleanup(access); }
};

PciIds::PciIds() {
  try {
    library_ = std::make_unique<Library>();
    // pci_init() would set these. It would also look for a way to the devices, and end the process
    // when there is none. Names need no devices.
    library_->access->error = ignore;
    library_->access->warning = ignore;
    library_->access->debug = ignore;
  } catch (const Error&) {
    library_.reset();
  }
}

PciIds::~PciIds() = default;

std::optional<std::string> PciIds::model(std::uint16_t vendor, std::uint16_t device) const {
  if (!library_) return std::nullopt;
  std::array<char, 256> buffer{};
  const char* name =
      library_->lookup_name(library_->access, buffer.data(), static_cast<int>(buffer.size()),
                            kLookupDevice | kNoNumbers | kNoHardwareDb, static_cast<int>(vendor),
                            static_cast<int>(device));
  return name != nullptr ? std::optional<std::string>(name) : std::nullopt;
}

}  // namespace cluster::agent
