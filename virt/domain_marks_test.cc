#include <gmock/gmock.h>

#include "virt/domain_merge.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::string vm_with(const std::string& os, const std::string& devices = "") {
  return "<domain type='kvm'><name>a b</name><uuid>u1</uuid>" + os + "<devices>" + devices +
         "</devices></domain>";
}

std::string variables_beside(const std::string& os) {
  const auto beside = state_beside(vm_with(os));
  return beside.empty() ? "" : beside.front().second;
}

// As libvirt 7.0 to 12.x write it.
TEST(StateBeside, IsWhereTheDocumentSays) {
  const std::string by_name = "/var/lib/libvirt/qemu/nvram/a b_VARS.fd";
  const std::string loader = "<loader readonly='yes' type='pflash'>/c.fd</loader>";
  for (const auto& [os, file] : std::vector<std::pair<std::string, std::string>>{
           {"<os/>", ""},
           {"<os>" + loader + "<nvram>/v.fd</nvram></os>", "/v.fd"},
           {"<os>" + loader + "<nvram type='file'><source file='/v.fd'/></nvram></os>", "/v.fd"},
           {"<os>" + loader + "<nvram type='block'><source dev='/dev/v'/></nvram></os>", "/dev/v"},
           {"<os firmware='efi'><nvram type='network'><source protocol='iscsi' "
            "name='iqn/1'/></nvram></os>",
            ""},
           {"<os firmware='efi'/>", by_name},
           {"<os firmware='efi'>" + loader + "<nvram template='/t.fd'/></os>", by_name},
           {"<os firmware='efi'><loader stateless='yes'/></os>", ""},
           {"<os firmware='efi'><loader type='rom'>/sev.fd</loader></os>", ""},
           {"<os firmware='efi'><loader type='rom'>/u.fd</loader><varstore path='/s.json'/></os>",
            "/s.json"}}) {
    EXPECT_EQ(variables_beside(os), file) << os;
  }
}

TEST(StateBeside, HasTheKeysOfATpmThatLibvirtEmulates) {
  const auto tpm = [](const std::string& backend) {
    return vm_with("<os/>", "<tpm model='tpm-crb'>" + backend + "</tpm>");
  };
  EXPECT_THAT(state_beside(tpm("<backend type='emulator' version='2.0'/>")),
              ElementsAre(Pair("the keys in its TPM", "/var/lib/libvirt/swtpm/u1")));
  EXPECT_THAT(
      state_beside(tpm("<backend type='emulator'><source type='dir' path='/srv/t'/></backend>")),
      ElementsAre(Pair("the keys in its TPM", "/srv/t")));
  EXPECT_THAT(state_beside(tpm("<backend type='passthrough'><device path='/dev/tpm0'/></backend>")),
              ElementsAre());
}

TEST(UndefineWords, MeanNoOtherDomain) {
  EXPECT_EQ(undefine_words(vm_with("<os/>"), "101"), "virsh undefine u1");
}

TEST(UndefineWords, KeepThatState) {
  EXPECT_EQ(undefine_words(vm_with("<os/>"), "a"), "virsh undefine a");
  EXPECT_EQ(undefine_words(vm_with("<os firmware='efi'/>", "<tpm><backend type='emulator'/></tpm>"),
                           "a b"),
            "virsh undefine 'a b' --keep-nvram --keep-tpm");
}

}  // namespace
}  // namespace cluster::virt
