// These tests merge XML of the operator and of rolls into a document.

#include <gmock/gmock.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "virt/domain_parts.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDomain =
    "<domain type='kvm'><memory unit='MiB'>4096</memory><os firmware='efi'><type>hvm</type></os>"
    "<features><acpi/><kvm><hidden state='on'/></kvm></features><cpu mode='maximum'/>"
    "<on_crash>restart</on_crash><devices><emulator>/usr/bin/qemu</emulator></devices></domain>";

// The document above with the fragments in it.
std::string merged(const std::vector<Fragment>& fragments) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(kDomain));
  for (const auto& fragment : fragments) merge_fragment(document.child("domain"), fragment);
  return document_text(document);
}

Fragment on(FragmentPlace place, const std::string& xml) {
  return {"attribute vm_xml", place, xml};
}
Fragment on_domain(const std::string& xml) { return on(FragmentPlace::domain, xml); }

template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "taken";
}

std::string refusal_of(const Fragment& fragment) {
  return refusal([&] { merged({fragment}); });
}

std::string checked(const std::string& xml) {
  return refusal([&] { check_fragment(on_domain(xml)); });
}

TEST(DomainFragment, GoesToItsPlace) {
  EXPECT_THAT(merged({on(FragmentPlace::devices, "<rng model='virtio'/>")}),
              HasSubstr("    <emulator>/usr/bin/qemu</emulator>\n"
                        "    <rng model='virtio'/>\n"
                        "  </devices>\n"));
  EXPECT_THAT(merged({on(FragmentPlace::features, "<pmu state='off'/>")}),
              HasSubstr("    </kvm>\n"
                        "    <pmu state='off'/>\n"
                        "  </features>\n"));
  EXPECT_THAT(merged({on_domain("<cputune/>")}),
              HasSubstr("  </devices>\n  <cputune/>\n</domain>"));
}

TEST(DomainFragment, AddsToAnElementThatADomainHasOnce) {
  EXPECT_THAT(merged({on_domain("<cpu check='none'><topology sockets='1'/></cpu>")}),
              HasSubstr("  <cpu mode='maximum' check='none'>\n"
                        "    <topology sockets='1'/>\n"
                        "  </cpu>\n"));
  EXPECT_THAT(merged({on(FragmentPlace::features, "<kvm><poll-control state='on'/></kvm>")}),
              HasSubstr("    <kvm>\n"
                        "      <hidden state='on'/>\n"
                        "      <poll-control state='on'/>\n"
                        "    </kvm>\n"));
}

TEST(DomainFragment, MayRepeatWhatIsSaidAlready) {
  const auto before = merged({});
  for (const auto* xml :
       {"<cpu mode='maximum'/>", "<on_crash>restart</on_crash>", "<on_crash> </on_crash>",
        "<os firmware='efi'><type>hvm</type></os>", "<memory unit='MiB'>4096</memory>", ""}) {
    EXPECT_EQ(merged({on_domain(xml)}), before) << xml;
  }
}

TEST(DomainFragment, ListsGrow) {
  const auto xml =
      merged({on_domain("<cpu><feature name='a'/></cpu><cpu><feature name='b'/></cpu>"),
              on_domain("<seclabel type='none'/><seclabel type='none'/>")});
  EXPECT_THAT(xml, HasSubstr("    <feature name='a'/>\n    <feature name='b'/>\n"));
  EXPECT_THAT(xml, HasSubstr("  <seclabel type='none'/>\n  <seclabel type='none'/>\n"));
}

TEST(DomainFragment, AContradictionIsNamedWithBothSides) {
  EXPECT_EQ(refusal_of(on_domain("<cputune/>\n  <cpu mode='host-model'/>")),
            "attribute vm_xml, line 2, column 3: <cpu> says mode='host-model' where the VM has "
            "'maximum'");
  EXPECT_EQ(refusal_of(on(FragmentPlace::features, "<kvm><hidden state='off'/></kvm>")),
            "attribute vm_xml, line 1, column 6: <hidden> says state='off' where the VM has 'on'");
  EXPECT_EQ(refusal_of(on_domain("<memory unit='MiB'>1</memory>")),
            "attribute vm_xml, line 1, column 1: <memory> says '1' where the VM has '4096'");
  EXPECT_EQ(refusal_of(on(FragmentPlace::devices, "<emulator>/bin/x</emulator>")),
            "attribute vm_xml, line 1, column 1: <emulator> says '/bin/x' where the VM has "
            "'/usr/bin/qemu'");
}

TEST(DomainFragment, APrefixIsLibvirtsOrDeclared) {
  EXPECT_THAT(merged({on_domain("<qemu:commandline/>")}),
              HasSubstr("<domain type='kvm' "
                        "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"));
  EXPECT_EQ(refusal_of(on_domain("<metadata>\n<my:a/></metadata>")),
            "attribute vm_xml, line 2, column 1: <my:a> has a prefix that is not declared (want "
            "xmlns:my='...')");
  EXPECT_THAT(merged({on_domain("<metadata xmlns:my='urn:my'><my:a><my:b/></my:a></metadata>")}),
              HasSubstr("<my:b/>"));
}

TEST(DomainFragment, IsElementsAndNothingElse) {
  EXPECT_EQ(refusal_of(on_domain("text")),
            "attribute vm_xml, line 1, column 1: text outside an element: 'text'");
  EXPECT_THAT(refusal_of(on_domain("<a>")), HasSubstr("attribute vm_xml, line 1, column "));
  EXPECT_THAT(refusal_of(on_domain("<a b=c/>")), HasSubstr(": no XML: "));
  EXPECT_EQ(refusal_of(on_domain("<!-- a note --><cputune/>")), "taken");
}

TEST(DomainFragment, IsCheckedAloneBeforeAnyVmHasIt) {
  EXPECT_EQ(checked("<cpu mode='maximum'/><devices><rng model='virtio'/></devices>"), "taken");
  EXPECT_EQ(checked("<cpu mode='maximum'/>\n<cpu mode='host-model'/>"),
            "attribute vm_xml, line 2, column 1: <cpu> says mode='host-model' where the VM has "
            "'maximum'");
  EXPECT_THAT(checked("<metadata><x:y/></metadata>"), HasSubstr("not declared"));
  EXPECT_THAT(checked("<cpu"), HasSubstr("no XML"));
}

TEST(DomainFragment, MayBeNestedOneHundredDeep) {
  const auto nested = [](int depth) {
    std::string xml;
    for (int i = 0; i < depth; ++i) xml += "<a>";
    for (int i = 0; i < depth; ++i) xml += "</a>";
    return xml;
  };
  EXPECT_EQ(checked(nested(100)), "taken");
  EXPECT_THAT(checked(nested(101)), HasSubstr("elements in elements too deep"));
}

// Elements that a domain has once, with contents that do not contradict each other.
std::string some_elements(std::mt19937& random) {
  static constexpr std::array<const char*, 7> kElements{
      "<cputune><shares>5</shares></cputune>",
      "<cpu check='none'/>",
      "<cpu><cache mode='passthrough'/></cpu>",
      "<clock offset='utc'/>",
      "<memoryBacking><locked/></memoryBacking>",
      "<features><kvm><hint-dedicated state='on'/></kvm></features>",
      "<pm><suspend-to-mem enabled='no'/></pm>",
  };
  std::string xml;
  for (auto left = 1 + random() % 4; left > 0; --left) xml += kElements.at(random() % 7);
  return xml;
}

TEST(DomainFragment, ThatIsMergedAgainChangesNothing) {
  std::mt19937 random(31);
  for (int i = 0; i < 200; ++i) {
    const auto xml = some_elements(random);
    const auto once = merged({on_domain(xml)});
    EXPECT_EQ(merged({on_domain(xml), on_domain(xml)}), once) << xml;
    EXPECT_EQ(checked(xml), "taken") << xml;
  }
}

TEST(DomainFragment, InTwoPiecesIsTheSameAsInOne) {
  std::mt19937 random(32);
  for (int i = 0; i < 200; ++i) {
    const auto left = some_elements(random);
    const auto right = some_elements(random);
    EXPECT_EQ(merged({on_domain(left), on_domain(right)}), merged({on_domain(left + right)}))
        << left << right;
  }
}

}  // namespace
}  // namespace cluster::virt
