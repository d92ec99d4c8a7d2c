#pragma once

#include <optional>
#include <string>

#include "virt/domain_spec.h"

namespace cluster::virt {

/// The libvirt document of `domain`, https://libvirt.org/formatdomain.html; the same value gives
/// the same bytes. Ends with a newline. Throws Error(usage) when the topology is not that of
/// `cpus`, a card has no functions or functions of several slots, a clique is not 0 to 15, the
/// cards do not fit into the machine, a fragment is malformed or contradicts the rest, or one has
/// <boot dev=...> and another <boot order=...>.
std::string domain_xml(const DomainSpec& domain);

/// Throws Error(usage) with line and column when no domain can take `fragment`: it is more than
/// elements, has a prefix that is not declared, or contradicts itself.
void check_fragment(const Fragment& fragment);

/// True if `fragment` brings a device of that element, "interface". One that speaks of it in a
/// comment does not, nor does one that is no XML.
bool brings_device(const Fragment& fragment, const char* element);

/// `rendering`, a text of domain_xml(), with its own fingerprint in <metadata>, which libvirt keeps
/// as it is. The fingerprint tells later whether libvirt's document was made of the same value.
std::string for_define(const std::string& rendering);

/// The fingerprint that for_define() puts into <metadata>: 16 hex digits.
std::string fingerprint(const std::string& rendering);

/// The fingerprint in `xml`, a document of libvirt. Returns nothing when there is none, or `xml` is
/// no XML.
std::optional<std::string> fingerprint_in(const std::string& xml);

}  // namespace cluster::virt
