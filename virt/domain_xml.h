#pragma once

#include <string>
#include <vector>

#include "core/pci_address.h"

namespace cluster::virt {

enum class DiskSource {
  file,   ///< an image file of the container
  block,  ///< a block device of the container
};

/// A disk of a domain; https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms
struct DiskSpec {
  DiskSource source = DiskSource::file;
  std::string path;    ///< absolute, on the container
  std::string format;  ///< "raw" or "qcow2"
  std::string target;  ///< device name in the guest, "vda"
  std::string bus;     ///< "virtio", "scsi", "sata", "ide", "usb"
};

/// All that a VM's configuration is made of.
struct DomainSpec {
  std::string name;
  std::string uuid;  ///< kept by the inventory: a define with another one would be another VM
  int memory_mib = 0;
  int cpus = 0;
  std::vector<DiskSpec> disks;
  std::vector<PciAddress> cards;  ///< on the container; each becomes one <hostdev>
};

/// The libvirt document of `domain`, https://libvirt.org/formatdomain.html; the same value gives
/// the same bytes. Ends with a newline.
std::string domain_xml(const DomainSpec& domain);

}  // namespace cluster::virt
