#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::frontend {

/// A PCI device as a guest shows it.
struct GuestDevice {
  std::string address;                       ///< "0000:01:00.0"; "" where Windows does not tell
  std::string path;                          ///< the way there, as virt::PlacedDevice::path has it
  std::string vendor, device, device_class;  ///< four hex digits; the class is "" on Windows
  std::string driver;                        ///< "" = none
  std::string power;                         ///< "D0", "D3cold"; "" = not told
  bool dead = false;                         ///< its configuration space reads as ones
  std::vector<std::string> unplaced;  ///< regions without an address: "region 1 of 131072 MiB"
  std::optional<int> problem;         ///< the problem code of Windows
  std::string name;                   ///< as Windows shows it, "NVIDIA GeForce GTX 1080"
};

/// What the script guest_facts.sh, or guest_facts.ps1, said in a guest.
struct GuestReport {
  /// Reads any text: what is missing is empty.
  explicit GuestReport(const std::string& text);

  /// The lines of a part, "kernel-log"; none when there is no such part.
  const std::vector<std::string>& part(const std::string& name) const;

  /// The last line of a part that has all `words` in it; "" = none.
  std::string line_with(const std::string& name, const std::vector<std::string>& words) const;

  /// All of them, in their order.
  std::vector<std::string> lines_with(const std::string& name,
                                      const std::vector<std::string>& words) const;

  bool whole = false;  ///< it was read to its end
  bool windows = false;
  std::vector<GuestDevice> devices;

 private:
  void read_linux_devices();
  void read_windows_devices();
  void read_lspci();
  void join_sentences();

  std::map<std::string, std::vector<std::string>> parts_;
};

/// The first PCI address in a text, as it is written there: "00000000:01:00.0"; "" = none.
std::string address_in(std::string_view text);

}  // namespace cluster::frontend
