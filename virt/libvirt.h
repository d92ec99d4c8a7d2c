#pragma once

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/error.h"
#include "core/shared_library.h"

namespace cluster::virt {

/// The functions of libvirt.so.0 that this house calls. They are looked up at run time, because a
/// program that is linked with libvirt pays 15 to 20 ms at every start and does not run on a node
/// without it. The reference is https://libvirt.org/html/index.html; the names there begin with
/// `vir`.
class Libvirt {
 public:
  /// Loads the library and keeps it quiet: libvirt prints each error on stderr unless told not to.
  /// Throws Error(io) when it is not installed.
  Libvirt();

  /// The last failure of this thread as an Error: "libvirt cannot WHAT: its message". not_found
  /// when there is no such domain, refused when its state does not allow it, else io. Each call
  /// into libvirt forgets the last failure, so `what` must not need one.
  Error error(const std::string& what) const;

  /// True if the last failure of this thread was that there is no such domain.
  bool domain_is_gone() const { return get_last_error_code_() == VIR_ERR_NO_DOMAIN; }

  /// True if the last failure of this thread was an argument that libvirt does not take, such as a
  /// flag that the driver does not know.
  bool argument_is_refused() const { return get_last_error_code_() == VIR_ERR_INVALID_ARG; }

  /// True if the last failure of this thread was that the daemon has no driver for the function.
  bool function_is_missing() const { return get_last_error_code_() == VIR_ERR_NO_SUPPORT; }

 private:
  SharedLibrary library_;

 public:
  decltype(&::virConnectOpen) connect_open;
  decltype(&::virConnectClose) connect_close;
  decltype(&::virConnectIsAlive) connect_is_alive;
  decltype(&::virConnectListAllDomains) connect_list_all_domains;
  decltype(&::virConnectGetAllDomainStats) connect_get_all_domain_stats;
  decltype(&::virConnectGetDomainCapabilities) connect_get_domain_capabilities;
  decltype(&::virConnectGetLibVersion) connect_get_lib_version;
  decltype(&::virDomainLookupByName) domain_lookup_by_name;
  decltype(&::virDomainLookupByUUIDString) domain_lookup_by_uuid_string;
  decltype(&::virDomainGetID) domain_get_id;
  decltype(&::virDomainGetName) domain_get_name;
  decltype(&::virDomainGetUUIDString) domain_get_uuid_string;
  decltype(&::virDomainGetXMLDesc) domain_get_xml_desc;
  decltype(&::virDomainManagedSaveGetXMLDesc) domain_managed_save_get_xml_desc;
  decltype(&::virDomainDefineXMLFlags) domain_define_xml_flags;
  decltype(&::virDomainUndefineFlags) domain_undefine_flags;
  decltype(&::virDomainCreate) domain_create;
  decltype(&::virDomainDestroy) domain_destroy;
  decltype(&::virDomainShutdown) domain_shutdown;
  decltype(&::virDomainReset) domain_reset;
  decltype(&::virDomainReboot) domain_reboot;
  decltype(&::virDomainSetAutostart) domain_set_autostart;
  decltype(&::virDomainSuspend) domain_suspend;
  decltype(&::virDomainResume) domain_resume;
  decltype(&::virDomainManagedSave) domain_managed_save;
  decltype(&::virDomainInterfaceAddresses) domain_interface_addresses;
  decltype(&::virDomainInterfaceFree) domain_interface_free;
  decltype(&::virDomainStatsRecordListFree) domain_stats_record_list_free;
  decltype(&::virDomainFree) domain_free;
  decltype(&::virNodeDeviceLookupByName) node_device_lookup_by_name;
  decltype(&::virNodeDeviceDetachFlags) node_device_detach_flags;
  decltype(&::virNodeDeviceReAttach) node_device_re_attach;
  decltype(&::virNodeDeviceFree) node_device_free;

 private:
  decltype(&::virGetLastErrorMessage) get_last_error_message_;
  decltype(&::virGetLastErrorCode) get_last_error_code_;
};

/// A connection to a libvirt daemon, closed with its owner. Threads may share it: each has its own
/// last failure.
using LibvirtConnection = std::unique_ptr<virConnect, decltype(&::virConnectClose)>;

/// A node device handle, freed with its owner.
using NodeDevice = std::unique_ptr<virNodeDevice, decltype(&::virNodeDeviceFree)>;

/// Frees a text of libvirt as virDomainGetXMLDesc() asks for.
struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

/// The XML of a domain, freed with its owner.
using DomainXml = std::unique_ptr<char, FreeText>;

/// Connects to `uri`, "qemu:///system". The result is empty when no daemon answers there; then
/// libvirt.error() says why. Waits as long as the daemon does.
LibvirtConnection connect(const Libvirt& libvirt, const std::string& uri);

}  // namespace cluster::virt
