#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

// Documents of libvirt as trees, in one spelling. Only virt/ includes this header.

namespace cluster::virt {

/// The namespace of QEMU's own elements in a domain, https://libvirt.org/drvqemu.html.
inline constexpr std::string_view kQemuNamespace = "http://libvirt.org/schemas/domain/qemu/1.0";

/// Reads a domain's document: without comments and without blanks round texts, with the prefix
/// `qemu` for QEMU's namespace whatever it was called, and spelled by spell(). Below <metadata>,
/// which libvirt keeps to the byte, both stay, and so do the blanks in <title> and <description>.
/// Children of <metadata> carry the declarations of the prefixes that they use. Throws Error(io)
/// when `xml` is no domain document.
void read_domain(pugi::xml_document& document, const std::string& xml);

/// The children of `parent` that are elements.
std::vector<pugi::xml_node> elements(pugi::xml_node parent);

/// The name of an element without its prefix.
std::string_view local_name(pugi::xml_node element);

/// The text at the beginning of an element, "" if it has none.
std::string_view text_of(pugi::xml_node element);

/// The namespace that the prefix of `element` stands for; "" if it has none.
std::string_view namespace_of(pugi::xml_node element);

/// An element with all that is in it in one line that does not depend on the order of attributes,
/// the place of declarations or blanks between elements: https://www.w3.org/TR/xml-exc-c14n/.
/// Returns "" for a null node.
std::string canonical(pugi::xml_node element);

/// All attributes of an element, sorted: "bus=0x01 slot=0x00".
std::string attributes_of(pugi::xml_node element);

/// The value of an attribute, "" when there is none.
std::string_view attribute(pugi::xml_node element, const char* name);

}  // namespace cluster::virt
