#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The functions of a fake card in the slot 0000:02:00.
inline constexpr PciAddress kVideo{0, 2, 0, 0};
inline constexpr PciAddress kAudio{0, 2, 0, 1};

/// A temporary folder that looks like the PCI part of /sys. It is removed with its owner.
class FakeSysfs {
 public:
  struct Function {
    std::string pci;                    ///< "0000:02:00.0"
    std::string device_class;           ///< "0300"
    std::string id;                     ///< "10de:1c03"
    std::optional<std::string> driver;  ///< also the one that a probe gives it again
    std::optional<int> group;
  };

  FakeSysfs();
  FakeSysfs(const FakeSysfs&) = delete;
  FakeSysfs& operator=(const FakeSysfs&) = delete;
  ~FakeSysfs();

  FakeSysfs& add(const Function& function);
  void remove(const std::string& pci);

  /// Adds a card with `functions` functions (video, audio, usb, serial, then more of class ff00).
  /// Their drivers are nvidia, snd_hda_intel, xhci_hcd, i2c_nvidia_gpu, and none for the rest.
  FakeSysfs& add_card(const std::string& slot, int functions, std::optional<int> group);

  /// Puts a function below a bridge, as the folders of sysfs are.
  FakeSysfs& put_below(const std::string& pci, const std::string& bridge);

  /// Binds the function to the driver, or unbinds it when there is none.
  void set_driver(const PciAddress& pci, const std::optional<std::string>& driver);
  void set_driver_override(const PciAddress& pci, const std::string& driver);

  /// Locks the function as the kernel does while a driver lets go of it: its driver_override does
  /// not answer. unlock() ends that.
  void lock(const PciAddress& pci);
  void unlock(const PciAddress& pci);

  /// Binds the driver that a probe of the kernel would bind: the driver_override, else the driver
  /// that the function was added with.
  void probe(const PciAddress& pci);

  /// The drivers of all functions, by address: "nvidia snd_hda_intel -".
  std::string drivers() const;

  const std::filesystem::path& root() const { return root_; }
  Sysfs sysfs() const { return Sysfs(root_); }

 private:
  std::filesystem::path root_;
  std::map<PciAddress, std::optional<std::string>> own_drivers_;
};

}  // namespace cluster::agent
