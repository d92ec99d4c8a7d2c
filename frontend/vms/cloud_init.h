#pragma once

#include <string>
#include <vector>

#include "core/ip_address.h"
#include "frontend/vms/iso_volume.h"

// What cloud-init in a guest is told at its first start, as its data source NoCloud reads it:
// https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html
namespace cluster::frontend {

/// A network interface as the guest has to set it up.
struct GuestInterface {
  std::string name;  ///< "eth0", the inventory's; the guest finds it by the MAC address
  std::string mac;
  std::vector<IpAddress> addresses;  ///< none: by DHCP
};

/// Everything that a guest is told.
struct GuestFacts {
  std::string uuid;         ///< of the VM: another one is a new machine to cloud-init
  std::string name;         ///< host name
  std::string ssh_keys;     ///< lines of an authorized_keys; for the image's own user
  std::string user_data;    ///< the operator's; "" = none
  std::string gateways;     ///< addresses with commas between them
  std::string nameservers;  ///< the same
  std::vector<GuestInterface> interfaces;
};

/// The files of the volume `cidata`: user-data, meta-data and, if there are interfaces,
/// network-config (version 2).
std::vector<IsoFile> cloud_init_files(const GuestFacts& facts);

/// Throws Error(usage) when a line is no public key, as sshd(8) reads them; empty lines and
/// comments may be there.
void check_ssh_keys(const std::string& text);

/// Throws Error(usage) when cloud-init would not know what it is, or when a #cloud-config is no
/// YAML.
void check_user_data(const std::string& text);

/// Throws Error(usage) unless it is "" or addresses of IP with commas between them.
void check_addresses(const std::string& text);

}  // namespace cluster::frontend
