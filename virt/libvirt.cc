#include "virt/libvirt.h"

#include <algorithm>

namespace cluster::virt {

Libvirt::Libvirt()
    : library_("libvirt.so.0", "libvirt0"),
      connect_open(library_.symbol("virConnectOpen")),
      connect_close(library_.symbol("virConnectClose")),
      node_device_lookup_by_name(library_.symbol("virNodeDeviceLookupByName")),
      node_device_detach_flags(library_.symbol("virNodeDeviceDetachFlags")),
      node_device_re_attach(library_.symbol("virNodeDeviceReAttach")),
      node_device_free(library_.symbol("virNodeDeviceFree")),
      get_last_error_message_(library_.symbol("virGetLastErrorMessage")) {
  decltype(&::virSetErrorFunc) set_error_function = library_.symbol("virSetErrorFunc");
  set_error_function(nullptr, [](void*, virErrorPtr) {});
}

Error Libvirt::error(const std::string& what) const {
  std::string message = get_last_error_message_();
  std::ranges::replace(message, '\n', ' ');  // an Error is one line
  return {Fault::io, "libvirt cannot " + what + ": " + message};
}

Connection connect(const Libvirt& libvirt, const std::string& uri) {
  return {libvirt.connect_open(uri.c_str()), libvirt.connect_close};
}

}  // namespace cluster::virt
