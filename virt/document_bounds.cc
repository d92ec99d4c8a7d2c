#include "virt/document_bounds.h"

#include <pugixml.hpp>

#include "core/error.h"

namespace cluster::virt {
namespace {

// Stops at the first node that is too deep, or one too many. pugixml walks without recursion.
class Measure : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node&) override {
    return depth() < kDeepestDocument && ++count_ <= kMostElements;
  }

 private:
  std::size_t count_ = 0;
};

}  // namespace

std::string within_bounds(std::string xml) {
  bool fits = xml.size() <= kLongestDocument;
  if (fits) {
    pugi::xml_document document;
    document.load_buffer(xml.data(), xml.size());
    Measure measure;
    fits = document.traverse(measure);
  }
  if (!fits) {
    throw Error(Fault::io, "libvirt there has a document that is too large, or too deep, for a VM");
  }
  return xml;
}

}  // namespace cluster::virt
