#include "virt/document_bounds.h"

#include <string_view>

#include "core/error.h"

namespace cluster::virt {
namespace {

// Behind the end of a tag: a '>' in the value of an attribute is none.
std::size_t end_of_tag(std::string_view xml, std::size_t at) {
  char quoted = 0;
  for (; at < xml.size(); ++at) {
    const char c = xml[at];
    if (quoted != 0) {
      if (c == quoted) quoted = 0;
    } else if (c == '"' || c == '\'') {
      quoted = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return at;
}

// Looks at tags alone, as a document is parsed where it is needed. What is no XML fits, too.
// Returns false at the first element that is too deep, or one too many, and at a <!DOCTYPE>:
// libvirt writes none, and in one anything may look like a tag.
bool fits_tags(std::string_view xml) {
  int depth = 0;
  std::size_t count = 0;
  // Behind the end of what begins at `at`, and has `end` first after `from` characters.
  const auto skip = [&](std::size_t at, std::size_t from, std::string_view end) {
    const auto found = xml.find(end, at + from);
    return found == std::string_view::npos ? xml.size() : found + end.size();
  };
  for (auto at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at)) {
    const auto rest = xml.substr(at);
    if (rest.starts_with("<!--")) {
      at = skip(at, 4, "-->");
    } else if (rest.starts_with("<![CDATA[")) {
      at = skip(at, 9, "]]>");
    } else if (rest.starts_with("<?")) {
      at = skip(at, 2, "?>");
    } else if (rest.starts_with("<!")) {
      return false;
    } else if (rest.starts_with("</")) {
      --depth;
      at = skip(at, 2, ">");
    } else {
      if (++depth > kDeepestDocument || ++count > kMostElements) return false;
      at = end_of_tag(xml, at);
      if (xml[at - 1] == '>' && xml[at - 2] == '/') --depth;
    }
  }
  return true;
}

}  // namespace

std::string within_bounds(std::string xml) {
  if (xml.size() > kLongestDocument || !fits_tags(xml)) {
    throw Error(Fault::io, "libvirt there has a document that is too large, or too deep, for a VM");
  }
  return xml;
}

}  // namespace cluster::virt
