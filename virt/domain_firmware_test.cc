#include "virt/domain_firmware.h"

#include <gmock/gmock.h>

#include "virt/domain_merge.h"

namespace cluster::virt {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string firmware_domain(const std::string& os, const std::string& features = "") {
  return "<domain type='kvm'><name>vm-1</name><uuid>7c1d0000-0000-4000-8000-000000000001</uuid>" +
         os + "<features><acpi/>" + features + "</features></domain>";
}

const std::string kNamedLoader =
    "<os><loader readonly='yes' secure='yes' type='pflash'>/CODE.ms.fd</loader><nvram "
    "template='/VARS.ms.fd'>/srv/vm-1.fd</nvram></os>";

std::string secure_boot(const std::string& secure) {
  return "<os firmware='efi'><firmware><feature enabled='" + secure +
         "' name='secure-boot'/></firmware></os>";
}

// The agreement of a VM that was taken in: we say UEFI with Secure Boot, and libvirt has a loader.
Agreement taken_in() {
  return {firmware_domain(secure_boot("yes")), firmware_domain(kNamedLoader, "<smm state='on'/>")};
}

TEST(DomainFirmware, OfATakenInVmStaysWhileNobodySaysAnother) {
  const auto agreement = taken_in();
  const auto merged = merge(&agreement, *agreement.defined,
                            firmware_domain(secure_boot("yes")) + "<!-- again -->", Keep::ask);
  EXPECT_FALSE(merged.changes());
  EXPECT_THAT(merged.document.value_or(""), HasSubstr("/CODE.ms.fd"));
}

TEST(DomainFirmware, OfATakenInVmIsChosenByLibvirtOnceAnotherIsWanted) {
  const auto agreement = taken_in();
  const auto merged =
      merge(&agreement, *agreement.defined, firmware_domain(secure_boot("no")), Keep::ask);
  EXPECT_TRUE(merged.changes());
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("<os firmware='efi'>"));
  EXPECT_THAT(*merged.document, HasSubstr("<feature enabled='no' name='secure-boot'/>"));
  for (const char* gone : {"<loader", "<nvram", "<smm"}) {
    EXPECT_THAT(*merged.document, Not(HasSubstr(gone)));
  }
}

TEST(DomainFirmware, OfATakenInVmBecomesBios) {
  const auto agreement = taken_in();
  const auto merged = merge(&agreement, *agreement.defined, firmware_domain("<os/>"), Keep::ask);
  EXPECT_TRUE(merged.changes());
  ASSERT_TRUE(merged.document);
  for (const char* gone : {"firmware", "<loader", "<nvram"}) {
    EXPECT_THAT(*merged.document, Not(HasSubstr(gone)));
  }
}

TEST(DomainFirmware, ThatSomebodyMadeSinceIsAskedAboutAndCanStay) {
  const auto agreement = taken_in();
  auto theirs = *agreement.defined;
  theirs.replace(theirs.find("/CODE.ms.fd"), 11, "/OTHER.fd");
  const auto ours = firmware_domain(secure_boot("no"));
  EXPECT_TRUE(merge(&agreement, theirs, ours, Keep::ask).drifted());
  const auto kept = merge(&agreement, theirs, ours, Keep::theirs).document.value_or("");
  EXPECT_THAT(kept, HasSubstr("/OTHER.fd"));
  EXPECT_THAT(kept, Not(HasSubstr("firmware")));
}

// A loader without a path says of libvirt's choice what it has to be.
TEST(DomainFirmware, ALoaderWithoutPathIsToldByItsTag) {
  const auto theirs = firmware_domain("<os firmware='efi'><loader secure='yes'/></os>");
  const Agreement agreement{firmware_domain("<os firmware='efi'/>"), theirs};
  const auto merged = merge(&agreement, theirs, firmware_domain("<os/>"), Keep::ask);
  bool told = false;
  for (const auto& one : merged.differences) {
    if (one.path == "domain/os/loader") told = one.old == "<loader>" && !one.now;
  }
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace cluster::virt
