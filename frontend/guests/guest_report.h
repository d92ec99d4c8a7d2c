#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cluster::frontend {

/// A PCI device as a guest shows it.
struct GuestDevice {
  std::string address;                       ///< "0000:01:00.0"; "" on Windows
  std::string path;                          ///< the way there, as virt::PlacedDevice::path has it
  std::string vendor, device, device_class;  ///< four hex digits; the class is "" on Windows
  std::string driver;                        ///< "" = none
  std::string power;                         ///< "D0", "D3cold"; "" = not told
  bool dead = false;                         ///< its configuration space reads as ones
  std::vector<std::string> unplaced;  ///< regions without an address: "region 1 of 131072 MiB"
  std::optional<int> problem;         ///< the problem code of Windows
};

/// What the script guest_facts.sh, or guest_facts.ps1, said in a guest.
struct GuestReport {
  /// Reads any text: what is missing is empty.
  explicit GuestReport(const std::string& text);

  /// The lines of a part, "kernel-log"; none when there is no such part.
  const std::vector<std::string>& part(const std::string& name) const;

  /// The last line of a part that has all `words` in it; "" = none.
  std::string line_with(const std::string& name, const std::vector<std::string>& words) const;

  bool whole = false;  ///< it was read to its end
  bool windows = false;
  std::vector<GuestDevice> devices;

 private:
  void read_linux_devices();
  void read_windows_devices();
  void read_lspci();

  std::map<std::string, std::vector<std::string>> parts_;
};

}  // namespace cluster::frontend
