#include "node-agent/kernel/device_tree.h"

#include <algorithm>
#include <array>

#include "core/file.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// Folders without devices.
constexpr std::array<std::string_view, 10> kSkipped{"power", "msi_irqs", "statistics", "queue",
                                                    "mq",    "holders",  "slaves",     "vfio-dev",
                                                    "trace", "integrity"};

// What shows that a driver of a network card works although there is no interface: radio and RDMA
// without Ethernet, and the drivers by which programs have a card whole (DPDK).
constexpr std::array<std::string_view, 4> kWithoutInterface{"ieee80211", "infiniband", "uio",
                                                            "wwan"};

// The drivers of network cards on other buses than PCI. Each makes an interface as soon as it has
// its device, and the interface lies below that device.
constexpr std::array<std::string_view, 24> kNetworkDrivers{
    "virtio_net",     "thunderbolt-net", "asix",    "ax88179_178a", "aqc111",   "cdc_ether",
    "cdc_ncm",        "cdc_mbim",        "cdc_eem", "cdc_subset",   "catc",     "dm9601",
    "huawei_cdc_ncm", "ipheth",          "lan78xx", "mcs7830",      "pegasus",  "qmi_wwan",
    "r8152",          "rndis_host",      "rtl8150", "smsc75xx",     "smsc95xx", "sr9700"};

bool contains(const auto& list, const auto& one) {
  return std::ranges::find(list, one) != list.end();
}

// "pci10000:e0" is a PCI bus that the device above it makes.
bool is_bus_of_its_own(std::string_view name) {
  return name.starts_with("pci") && name.size() >= 10 && name[name.size() - 3] == ':';
}

class Walk {
 public:
  explicit Walk(const Sysfs& sysfs) : sysfs_(sysfs) {}

  DeviceTree run(const PciAddress& pci) {
    const auto device = sysfs_.device_path(pci);
    const bool shown = look(device, {});
    drop_siblings();
    // 0x02 is the base class of network controllers.
    const auto device_class = sysfs_.device_class(pci);
    if (!shown && tree_.without_interface.empty() && device_class && *device_class >> 8U == 0x02 &&
        !driver_of(device).empty()) {
      tree_.without_interface.push_back(device);
    }
    return std::move(tree_);
  }

  DeviceTree run(const fs::path& folder) {
    look(folder, {});
    return std::move(tree_);
  }

 private:
  struct Place {
    bool owned = false;  // on a bus of the function's own, where all functions go with it
    bool sound = false;  // below a sound card
  };

  // Returns true when the folder shows what its network driver has made.
  bool look(const fs::path& folder, Place place) {
    bool shown = false;
    bool node = false;
    bool bound = false;
    std::error_code gone;
    for (fs::directory_iterator at(folder, gone), end; !gone && at != end; at.increment(gone)) {
      std::error_code ignored;
      const auto name = at->path().filename().native();
      if (name == "driver") bound = true;
      if (at->is_symlink(ignored)) continue;
      if (!at->is_directory(ignored)) {
        node = node || name == "dev";
      } else if (name == "net") {
        shown = add_interfaces(at->path()) || shown;
      } else if (goes_on(name, place)) {
        if (const auto disk = disk_of_path(name)) add_head(*disk);
        if (name == "fc_host") add_far_controllers(at->path());
        const Place below{place.owned || is_bus_of_its_own(name), place.sound || name == "sound"};
        shown = look(at->path(), below) || shown;
        shown = shown || contains(kWithoutInterface, name);
      }
    }
    if (node) tree_.nodes.push_back(folder);
    if (node && is_block(folder)) tree_.disks.push_back(folder);
    if (bound && !shown && contains(kNetworkDrivers, driver_of(folder))) {
      tree_.without_interface.push_back(folder);
    }
    return shown;
  }

  static bool goes_on(std::string_view name, Place place) {
    if (contains(kSkipped, name) || (place.sound && name.starts_with("input"))) return false;
    return place.owned || !is_function_name(name);
  }

  // A USB network card has one interface, although its driver has two parts of the device: of the
  // parts without one at most the first is kept, and none where another part has it.
  void drop_siblings() {
    std::vector<fs::path> kept;
    for (const auto& part : tree_.without_interface) {
      const auto device = part.parent_path().native() + "/";
      const auto is_of_it = [&](const fs::path& one) { return one.native().starts_with(device); };
      if (std::ranges::any_of(tree_.interfaces, is_of_it)) continue;
      if (std::ranges::none_of(kept, is_of_it)) kept.push_back(part);
    }
    tree_.without_interface = std::move(kept);
  }

  bool add_interfaces(const fs::path& folder) {
    auto found = entries_quietly(folder);
    std::ranges::move(found, std::back_inserter(tree_.interfaces));
    return !found.empty();
  }

  // The disk of an NVMe with several paths lies below none of its controllers.
  void add_head(const std::string& disk) {
    const auto head = sysfs_.root() / "class/block" / disk;
    if (!contains(tree_.disks, head)) look(head, {});
  }

  // The controllers of NVMe over Fibre Channel lie below no adapter. `address` of one names the
  // port that it comes by: "traddr=...,host_traddr=nn-0x20000090fa000001:pn-0x10000090fa000001"
  // (drivers/nvme/host/fc.c).
  void add_far_controllers(const fs::path& ports) {
    for (const auto& port : entries_quietly(ports)) {
      const auto name = read_quietly(port / "port_name");
      if (name.empty()) continue;
      for (const auto& controller : entries_quietly(sysfs_.root() / "class/nvme")) {
        if (!read_quietly(controller / "address").ends_with(":pn-" + name)) continue;
        std::error_code none;
        const auto folder = fs::canonical(controller, none);
        if (!none) look(folder, {});
      }
    }
  }

  const Sysfs& sysfs_;
  DeviceTree tree_;
};

}  // namespace

DeviceTree device_tree(const Sysfs& sysfs, const PciAddress& pci) { return Walk(sysfs).run(pci); }

DeviceTree device_tree(const Sysfs& sysfs, const fs::path& folder) {
  return Walk(sysfs).run(folder);
}

bool is_function_name(std::string_view name) {
  return name.size() >= 12 && name[name.size() - 2] == '.' && name[name.size() - 5] == ':';
}

bool is_block(const fs::path& folder) {
  std::error_code missing;
  return fs::read_symlink(folder / "subsystem", missing).filename() == "block";
}

std::optional<std::string> disk_of_path(std::string_view name) {
  if (!name.starts_with("nvme")) return std::nullopt;
  const auto controller = name.find('c', 4);
  const auto space = name.find('n', 4);
  if (controller == std::string_view::npos || space == std::string_view::npos) return std::nullopt;
  if (space < controller) return std::nullopt;
  return std::string(name.substr(0, controller)) + std::string(name.substr(space));
}

std::string driver_of(const fs::path& device) {
  std::error_code none;
  return fs::read_symlink(device / "driver", none).filename().native();
}

bool lies_below(const fs::path& device, const fs::path& folder) {
  std::error_code none;
  const auto real = fs::canonical(folder, none);
  return !none && fs::canonical(device, none).native().starts_with(real.native() + "/");
}

}  // namespace cluster::agent
