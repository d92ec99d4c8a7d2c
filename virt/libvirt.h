#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <memory>
#include <string>

#include "core/error.h"
#include "core/shared_library.h"

namespace cluster::virt {

/// The functions of libvirt.so.0 that this house calls, found at run time: a program that is linked
/// against libvirt pays 15 to 20 ms at every start and does not run on a node without it.
/// Reference: https://libvirt.org/html/index.html, each by its name with `vir` before it.
class Libvirt {
 public:
  /// Loads the library and keeps it quiet: libvirt prints each error on stderr unless told not to.
  /// Throws Error(io) when it is not installed.
  Libvirt();

  /// The last failure of this thread as an Error(io): "libvirt cannot WHAT: its message".
  Error error(const std::string& what) const;

 private:
  SharedLibrary library_;

 public:
  decltype(&::virConnectOpen) connect_open;
  decltype(&::virConnectClose) connect_close;
  decltype(&::virNodeDeviceLookupByName) node_device_lookup_by_name;
  decltype(&::virNodeDeviceDetachFlags) node_device_detach_flags;
  decltype(&::virNodeDeviceReAttach) node_device_re_attach;
  decltype(&::virNodeDeviceFree) node_device_free;

 private:
  decltype(&::virGetLastErrorMessage) get_last_error_message_;
};

/// A connection to a libvirt daemon, closed with its owner. Not to be shared by threads.
using Connection = std::unique_ptr<virConnect, decltype(&::virConnectClose)>;

/// A node device handle, freed with its owner.
using NodeDevice = std::unique_ptr<virNodeDevice, decltype(&::virNodeDeviceFree)>;

/// Connects to `uri`, "qemu:///system"; empty when no daemon answers there, and then
/// libvirt.error() says why. Waits as long as the daemon does.
Connection connect(const Libvirt& libvirt, const std::string& uri);

}  // namespace cluster::virt
