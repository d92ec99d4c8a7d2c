#include "virt/domain_tree.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::virt {
namespace {

constexpr const char* kQemu = "http://libvirt.org/schemas/domain/qemu/1.0";

pugi::xml_node root_of(pugi::xml_document& document, const std::string& xml) {
  read_domain(document, xml);
  return document.child("domain");
}

TEST(DomainTree, KeepsTextsThatLibvirtKeepsToTheByte) {
  pugi::xml_document document;
  const auto root =
      root_of(document,
              "<?xml version='1.0'?><!-- mine --><domain>\n <name> vm-1<!-- x --> "
              "</name><title> a  title </title><description>\n </description>"
              "<metadata>\n <a xmlns='urn:a'> <b/>  text </a>\n </metadata></domain>");
  EXPECT_EQ(text_of(root.child("name")), "vm-1");
  EXPECT_EQ(text_of(root.child("title")), " a  title ");
  EXPECT_EQ(text_of(root.child("description")), "");
  EXPECT_EQ(text_of(root.child("metadata")), "");
  EXPECT_EQ(text_of(root.child("metadata").child("a")), " ");
  EXPECT_EQ(elements(root).size(), 4U);
}

TEST(DomainTree, KeepsTheBlanksOfWhatTheGuestReads) {
  pugi::xml_document document;
  const std::string xml =
      "<domain><os><kernel> /k</kernel><cmdline> quiet </cmdline></os><sysinfo><system><entry "
      "name=\"serial\"> s 1 "
      "</entry></system></sysinfo><devices><disk><serial> A1</serial><vendor>V </vendor><product> "
      "P</product></disk></devices></domain>";
  EXPECT_EQ(canonical(root_of(document, xml)), xml);
}

TEST(DomainTree, KeepsRemarksWhereLibvirtKeepsThem) {
  pugi::xml_document document;
  const auto root = root_of(document,
                            "<domain><!-- a --><?b c?><metadata><!-- d --><e xmlns='urn:e'><!-- f "
                            "--><![CDATA[<g>]]></e></metadata><devices><!-- h --></devices>"
                            "</domain>");
  EXPECT_EQ(canonical(root),
            "<domain><metadata><!-- d --><e xmlns=\"urn:e\"><!-- f -->&lt;g&gt;</e></metadata>"
            "<devices></devices></domain>");
}

TEST(DomainTree, CallsQemusNamespaceQemu) {
  for (const auto& xml : {std::string("<domain xmlns:q='") + kQemu +
                              "'><q:commandline><q:arg value='-a'/>"
                              "</q:commandline></domain>",
                          std::string("<domain><commandline xmlns='") + kQemu +
                              "'><arg value='-a'/></commandline>"
                              "</domain>",
                          std::string("<domain><qemu:commandline xmlns:qemu='") + kQemu +
                              "'><qemu:arg value='-a'/></qemu:commandline></domain>"}) {
    pugi::xml_document document;
    const auto root = root_of(document, xml);
    EXPECT_EQ(canonical(root), std::string("<domain><qemu:commandline xmlns:qemu=\"") + kQemu +
                                   "\"><qemu:arg value=\"-a\"></qemu:arg></qemu:commandline>"
                                   "</domain>");
  }
}

TEST(DomainTree, LetsMetadataStandAlone) {
  pugi::xml_document document;
  const auto root =
      root_of(document,
              "<domain xmlns:x='urn:x' xmlns:y='urn:y'><metadata><x:a y:b='1'/></metadata>"
              "</domain>");
  const auto child = elements(root.child("metadata")).front();
  EXPECT_EQ(namespace_of(child), "urn:x");
  pugi::xml_document other;
  const auto copy = other.append_copy(child);
  EXPECT_EQ(namespace_of(copy), "urn:x");
  EXPECT_EQ(canonical(copy), "<x:a xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" y:b=\"1\"></x:a>");
}

TEST(DomainTree, HasOneTextForWhatMeansTheSame) {
  pugi::xml_document one;
  pugi::xml_document two;
  const auto left = root_of(one,
                            "<domain b='2' a='1'><metadata><x:a xmlns:x='urn:x'>\n <x:b/>\n"
                            "</x:a></metadata></domain>");
  const auto right = root_of(two,
                             "<domain xmlns:x='urn:x' a='1' b='2'><metadata><x:a><x:b/></x:a>"
                             "</metadata></domain>");
  EXPECT_EQ(canonical(left), canonical(right));
  EXPECT_EQ(canonical({}), "");
  EXPECT_EQ(attributes_of(left), "a=1 b=2");
}

TEST(DomainTree, RefusesWhatIsNoDomain) {
  for (const char* text : {"", "<domain>", "<network/>", "text"}) {
    pugi::xml_document document;
    EXPECT_THROW(read_domain(document, text), Error) << text;
  }
}

}  // namespace
}  // namespace cluster::virt
