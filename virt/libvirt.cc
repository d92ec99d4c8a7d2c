#include "virt/libvirt.h"

#include <algorithm>

#include "core/terminal_text.h"

namespace cluster::virt {
namespace {

Fault fault_of(int code) {
  switch (code) {
    case VIR_ERR_NO_DOMAIN:
      return Fault::not_found;
    case VIR_ERR_OPERATION_INVALID:
      return Fault::refused;
    default:
      return Fault::io;
  }
}

}  // namespace

Libvirt::Libvirt()
    : library_("libvirt.so.0", "libvirt0"),
      connect_open(library_.symbol("virConnectOpen")),
      connect_close(library_.symbol("virConnectClose")),
      connect_is_alive(library_.symbol("virConnectIsAlive")),
      connect_list_all_domains(library_.symbol("virConnectListAllDomains")),
      connect_get_all_domain_stats(library_.symbol("virConnectGetAllDomainStats")),
      connect_get_domain_capabilities(library_.symbol("virConnectGetDomainCapabilities")),
      connect_get_lib_version(library_.symbol("virConnectGetLibVersion")),
      domain_lookup_by_name(library_.symbol("virDomainLookupByName")),
      domain_lookup_by_uuid_string(library_.symbol("virDomainLookupByUUIDString")),
      domain_get_id(library_.symbol("virDomainGetID")),
      domain_get_name(library_.symbol("virDomainGetName")),
      domain_get_uuid_string(library_.symbol("virDomainGetUUIDString")),
      domain_get_xml_desc(library_.symbol("virDomainGetXMLDesc")),
      domain_managed_save_get_xml_desc(library_.symbol("virDomainManagedSaveGetXMLDesc")),
      domain_define_xml_flags(library_.symbol("virDomainDefineXMLFlags")),
      domain_undefine_flags(library_.symbol("virDomainUndefineFlags")),
      domain_create(library_.symbol("virDomainCreate")),
      domain_destroy(library_.symbol("virDomainDestroy")),
      domain_shutdown(library_.symbol("virDomainShutdown")),
      domain_reset(library_.symbol("virDomainReset")),
      domain_reboot(library_.symbol("virDomainReboot")),
      domain_set_autostart(library_.symbol("virDomainSetAutostart")),
      domain_suspend(library_.symbol("virDomainSuspend")),
      domain_resume(library_.symbol("virDomainResume")),
      domain_managed_save(library_.symbol("virDomainManagedSave")),
      domain_interface_addresses(library_.symbol("virDomainInterfaceAddresses")),
      domain_interface_free(library_.symbol("virDomainInterfaceFree")),
      domain_stats_record_list_free(library_.symbol("virDomainStatsRecordListFree")),
      domain_free(library_.symbol("virDomainFree")),
      node_device_lookup_by_name(library_.symbol("virNodeDeviceLookupByName")),
      node_device_detach_flags(library_.symbol("virNodeDeviceDetachFlags")),
      node_device_re_attach(library_.symbol("virNodeDeviceReAttach")),
      node_device_free(library_.symbol("virNodeDeviceFree")),
      get_last_error_message_(library_.symbol("virGetLastErrorMessage")),
      get_last_error_code_(library_.symbol("virGetLastErrorCode")) {
  decltype(&::virSetErrorFunc) set_error_function = library_.symbol("virSetErrorFunc");
  set_error_function(nullptr, [](void*, virErrorPtr) {});
}

Error Libvirt::error(const std::string& what) const {
  std::string message = get_last_error_message_();
  std::ranges::replace(message, '\n', ' ');  // an Error is one line
  return {fault_of(get_last_error_code_()), "libvirt cannot " + what + ": " + brief(message)};
}

LibvirtConnection connect(const Libvirt& libvirt, const std::string& uri) {
  return {libvirt.connect_open(uri.c_str()), libvirt.connect_close};
}

}  // namespace cluster::virt
