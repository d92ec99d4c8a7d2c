#include "virt/domain_schema.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>

#include <algorithm>
#include <functional>
#include <pugixml.hpp>
#include <vector>

#include "core/error.h"
#include "core/shared_library.h"
#include "core/text.h"
#include "virt/usual_devices.h"

namespace cluster::virt {
namespace {

// A complaint of libxml2 about an element, with the depth of the element in the document. libxml2
// also blames every element above the one at fault.
struct Complaint {
  int depth = -1;
  std::string element;
  std::string text;
};

#if LIBXML_VERSION >= 21200
using XmlError = const xmlError*;
#else
using XmlError = xmlError*;
#endif

void keep_deepest(void* user, XmlError error) {
  auto& kept = *static_cast<Complaint*>(user);
  const auto* node = static_cast<const xmlNode*>(error->node);
  int depth = 0;
  for (const auto* up = node; up != nullptr; up = up->parent) ++depth;
  if (depth <= kept.depth || error->message == nullptr) return;
  std::string text = error->message;
  std::ranges::replace(text, '\n', ' ');  // an Error is one line
  kept = {depth, "", std::string(trim(text))};
  if (node != nullptr && node->type == XML_ELEMENT_NODE) {
    kept.element = reinterpret_cast<const char*>(node->name);
  }
}

// libxml2 2.14 has another soname, as it dropped functions. The functions that are called here, and
// the parts of its structures that are read here, are the same in both. The first name is the one
// whose headers this was made with.
std::vector<SharedLibrary::Name> names_of_libxml2() {
  std::vector<SharedLibrary::Name> names{{"libxml2.so.2", "libxml2"},
                                         {"libxml2.so.16", "libxml2-16"}};
  if (LIBXML_VERSION >= 21400) std::ranges::reverse(names);
  return names;
}

// libxml2 prints what is wrong with the schema's XML on stderr unless told not to.
void be_quiet(void*, const char*, ...) {}

}  // namespace

class DomainSchema::Rules {
 public:
  explicit Rules(std::filesystem::path file)
      : file_(std::move(file)),
        library_(names_of_libxml2()),
        read_memory_(library_.symbol("xmlReadMemory")),
        free_doc_(library_.symbol("xmlFreeDoc")),
        new_parser_(library_.symbol("xmlRelaxNGNewParserCtxt")),
        new_parser_of_doc_(library_.symbol("xmlRelaxNGNewDocParserCtxt")),
        free_parser_(library_.symbol("xmlRelaxNGFreeParserCtxt")),
        parser_errors_(library_.symbol("xmlRelaxNGSetParserStructuredErrors")),
        parse_(library_.symbol("xmlRelaxNGParse")),
        free_(library_.symbol("xmlRelaxNGFree")),
        new_validator_(library_.symbol("xmlRelaxNGNewValidCtxt")),
        free_validator_(library_.symbol("xmlRelaxNGFreeValidCtxt")),
        validator_errors_(library_.symbol("xmlRelaxNGSetValidStructuredErrors")),
        validate_(library_.symbol("xmlRelaxNGValidateDoc")),
        usual_(nullptr, free_),
        whole_(nullptr, free_) {
    decltype(&::xmlSetGenericErrorFunc) set_error_function =
        library_.symbol("xmlSetGenericErrorFunc");
    set_error_function(nullptr, be_quiet);
    // Another version of libvirt may not have what the part replaces.
    Complaint ignored;
    const auto part =
        document(usual_devices(), (file_.parent_path() / "usual_devices.rng").c_str());
    usual_ = schema(Parser(new_parser_of_doc_(part.get()), free_parser_), ignored);
    if (!usual_) whole();
  }

  /// The complaint of the schema about `xml`, if there is one.
  std::optional<Complaint> complaint(const std::string& xml) {
    const auto read = document(xml, nullptr);
    if (!read) return Complaint{-1, "", "it is no well-formed XML"};
    if (usual_ && !complaint(*usual_, *read)) return std::nullopt;
    return complaint(whole(), *read);
  }

 private:
  using Document = std::unique_ptr<xmlDoc, decltype(&::xmlFreeDoc)>;
  using Parser = std::unique_ptr<xmlRelaxNGParserCtxt, decltype(&::xmlRelaxNGFreeParserCtxt)>;
  using Schema = std::unique_ptr<xmlRelaxNG, decltype(&::xmlRelaxNGFree)>;

  // Files that the document includes are looked for beside `file`.
  Document document(std::string_view xml, const char* file) const {
    return {
        read_memory_(xml.data(), static_cast<int>(xml.size()), file, "UTF-8",
                     XML_PARSE_NONET | XML_PARSE_COMPACT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
        free_doc_};
  }

  Schema schema(const Parser& parser, Complaint& complaint) const {
    parser_errors_(parser.get(), keep_deepest, &complaint);
    return {parse_(parser.get()), free_};
  }

  xmlRelaxNG& whole() {
    if (!whole_) {
      Complaint complaint;
      whole_ = schema(Parser(new_parser_(file_.c_str()), free_parser_), complaint);
      if (!whole_) {
        throw Error(Fault::io, "cannot read libvirt's schema " + quote(file_.string()) + ": " +
                                   complaint.text);
      }
    }
    return *whole_;
  }

  std::optional<Complaint> complaint(xmlRelaxNG& schema, xmlDoc& document) const {
    Complaint complaint;
    const std::unique_ptr<xmlRelaxNGValidCtxt, decltype(free_validator_)> validator(
        new_validator_(&schema), free_validator_);
    validator_errors_(validator.get(), keep_deepest, &complaint);
    if (validate_(validator.get(), &document) == 0) return std::nullopt;
    return complaint;
  }

  std::filesystem::path file_;
  SharedLibrary library_;
  decltype(&::xmlReadMemory) read_memory_;
  decltype(&::xmlFreeDoc) free_doc_;
  decltype(&::xmlRelaxNGNewParserCtxt) new_parser_;
  decltype(&::xmlRelaxNGNewDocParserCtxt) new_parser_of_doc_;
  decltype(&::xmlRelaxNGFreeParserCtxt) free_parser_;
  decltype(&::xmlRelaxNGSetParserStructuredErrors) parser_errors_;
  decltype(&::xmlRelaxNGParse) parse_;
  decltype(&::xmlRelaxNGFree) free_;
  decltype(&::xmlRelaxNGNewValidCtxt) new_validator_;
  decltype(&::xmlRelaxNGFreeValidCtxt) free_validator_;
  decltype(&::xmlRelaxNGSetValidStructuredErrors) validator_errors_;
  decltype(&::xmlRelaxNGValidateDoc) validate_;
  Schema usual_;  // what fits here fits the whole; null when this libvirt's schema is another
  Schema whole_;  // read when it is first needed
};

namespace {

struct Text : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
};

// Most of libvirt's schema is <interleave>, where libxml2 blames the outermost element. So the one
// at fault is found by trying: it is the innermost element without which the document is right.
class Search {
 public:
  Search(const std::string& xml, std::function<bool(const std::string&)> fits)
      : fits_(std::move(fits)) {
    document_.load_buffer(xml.data(), xml.size());
    path_.push_back(0);  // <domain>
  }

  struct Found {
    std::string element;  ///< "driver"
    std::string what;     ///< "<driver> in <hostdev>", "model='x' of <driver>"; "" = no single one
  };

  Found run() {
    Found found;
    for (;;) {
      const auto node = at(document_, path_);
      for (const auto attribute : node.attributes()) {
        if (!fits_without_attribute(attribute.name())) continue;
        return {node.name(), std::string(attribute.name()) + "=" + quote(attribute.value()) +
                                 " of <" + node.name() + ">"};
      }
      const auto child = culprit(node);
      if (child.empty()) return found;
      found = {child.name(), "<" + std::string(child.name()) + "> in <" + node.name() + ">"};
    }
  }

 private:
  // A path has, for each level, the place of the node among the children of the node before.
  static pugi::xml_node at(const pugi::xml_node& root, const std::vector<int>& path) {
    auto node = root;
    for (const int place : path) node = *std::next(node.begin(), place);
    return node;
  }

  // Finds the child of `node` without which the document is right, and adds it to the path.
  pugi::xml_node culprit(const pugi::xml_node& node) {
    path_.push_back(0);
    for (const auto child : node.children()) {
      if (child.type() == pugi::node_element && fits_without_element()) return child;
      ++path_.back();
    }
    path_.pop_back();
    return {};
  }

  bool fits_without_element() const {
    return fits_after([&](pugi::xml_node node) { node.parent().remove_child(node); });
  }

  bool fits_without_attribute(const char* name) const {
    return fits_after([&](pugi::xml_node node) { node.remove_attribute(name); });
  }

  bool fits_after(const std::function<void(pugi::xml_node)>& change) const {
    pugi::xml_document copy;
    copy.reset(document_);
    change(at(copy, path_));
    Text out;
    copy.save(out);
    return fits_(out.text);
  }

  std::function<bool(const std::string&)> fits_;
  pugi::xml_document document_;
  std::vector<int> path_;
};

}  // namespace

DomainSchema::DomainSchema(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    throw Error(Fault::io, "libvirt's schema " + quote(file.string()) +
                               " is not there (Debian package libvirt0 has it)");
  }
  rules_ = std::make_unique<Rules>(file);
}

DomainSchema::~DomainSchema() = default;

std::optional<std::string> DomainSchema::refusal(const std::string& xml) const {
  const auto complaint = rules_->complaint(xml);
  if (!complaint) return std::nullopt;
  if (complaint->depth < 0) return "libvirt's schema cannot be applied: " + complaint->text;
  const auto fits = [&](const std::string& text) { return !rules_->complaint(text); };
  const auto found = Search(xml, fits).run();
  std::string out = "libvirt's schema refuses ";
  if (!found.what.empty()) {
    out += found.what;
    return complaint->element == found.element ? out + ": " + complaint->text : out;
  }
  return out + (complaint->element.empty() ? "the document" : "<" + complaint->element + ">") +
         ": " + complaint->text;
}

}  // namespace cluster::virt
