#include "virt/libvirt_handles.h"

#include <cstdlib>

#include "core/text.h"
#include "virt/document_bounds.h"

namespace cluster::virt {

LibvirtHandles::LibvirtHandles(const std::string& uri) : connection_(connect(libvirt_, uri)) {
  if (!connection_) throw libvirt_.error("connect");
}

LibvirtHandles::Handle LibvirtHandles::find(const std::string& uuid) const {
  return own(libvirt_.domain_lookup_by_uuid_string(connection_.get(), uuid.c_str()));
}

LibvirtHandles::Named LibvirtHandles::look_up(const std::string& uuid) const {
  auto found = find(uuid);
  if (!found) throw failure("find the VM with uuid " + quote(uuid));
  const std::string name = libvirt_.domain_get_name(found.get());
  return {std::move(found), name};
}

std::vector<LibvirtHandles::Handle> LibvirtHandles::all(unsigned flags) const {
  virDomainPtr* list = nullptr;
  const int count = libvirt_.connect_list_all_domains(connection_.get(), &list, flags);
  if (count < 0) throw failure("list the VMs");
  std::vector<Handle> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all.push_back(own(list[i]));
  std::free(list);
  return all;
}

std::set<std::string> LibvirtHandles::uuids(unsigned flags) const {
  std::set<std::string> uuids;
  for (const auto& domain : all(flags)) uuids.insert(uuid_of(domain.get()));
  return uuids;
}

std::string LibvirtHandles::uuid_of(virDomain* domain) const {
  std::string text(VIR_UUID_STRING_BUFLEN, '\0');
  libvirt_.domain_get_uuid_string(domain, text.data());
  text.resize(VIR_UUID_STRING_BUFLEN - 1);
  return text;
}

std::optional<std::string> LibvirtHandles::xml_of(virDomain* domain, unsigned flags) const {
  const DomainXml xml(libvirt_.domain_get_xml_desc(domain, flags));
  if (xml) return within_bounds(xml.get());
  if (libvirt_.domain_is_gone()) return std::nullopt;
  throw failure("show a VM");
}

Error LibvirtHandles::failure(const std::string& what) const {
  auto why = libvirt_.error(what);
  if (libvirt_.connect_is_alive(connection_.get()) == 1) return why;
  return {Fault::unreachable, why.what()};
}

void LibvirtHandles::must(int result, const char* verb, const Named& vm) const {
  if (result != 0) throw failure(verb + (" VM " + quote(vm.name)));
}

}  // namespace cluster::virt
