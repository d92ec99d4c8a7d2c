#include "virt/libvirt_domains.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::virt {
namespace {

constexpr const char* kUuid = "5b6e4a3c-0000-4000-8000-000000000001";
constexpr const char* kOtherUuid = "5b6e4a3c-0000-4000-8000-000000000002";

std::string document(const std::string& name, const std::string& uuid, int memory_mib = 64) {
  return "<domain type='test'><name>" + name + "</name><uuid>" + uuid +
         "</uuid><memory unit='MiB'>" + std::to_string(memory_mib) +
         "</memory><os><type>hvm</type></os></domain>";
}

std::string with(std::string document, const std::string& element) {
  return document.insert(document.find("</domain>"), element);
}

constexpr const char* kCard =
    "<devices><hostdev mode='subsystem' type='pci' managed='no'><source><address domain='0' "
    "bus='2' slot='0' function='1'/></source></hostdev></devices>";

// This is libvirt's own driver for tests. It has all of libvirt but the hypervisor, in this
// process, and begins with one running domain, "test".
class LibvirtDomains : public ::testing::Test {
 protected:
  ~LibvirtDomains() override {
    for (const auto& domain : domains->list()) {
      if (domain.name == "test") continue;
      if (domain.active) domains->stop(domain.uuid, Stop::poweroff);
      domains->undefine(domain.uuid);
    }
  }

  Domain find(const std::string& uuid) {
    for (const auto& domain : domains->list()) {
      if (domain.uuid == uuid) return domain;
    }
    ADD_FAILURE() << "no domain with uuid " << uuid;
    return {};
  }

  template <typename Call>
  static void expect_error(Fault fault, const std::string& message, Call call) {
    try {
      call();
      ADD_FAILURE() << "it was done";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), fault) << error.what();
      EXPECT_THAT(error.what(), ::testing::HasSubstr(message));
    }
  }

  std::unique_ptr<Domains> domains = open_domains("test:///default");
};

// libvirt on a host may have a document of any size, which nobody here is to read.
TEST_F(LibvirtDomains, ADocumentBeyondTheBoundsIsRefused) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a:b xmlns:a='urn:a'>";
  for (int i = 0; i < 100; ++i) deep += "</a:b>";
  for (const auto& notes :
       {deep, "<a:b xmlns:a='urn:a'>" + std::string(std::size_t{3} << 20U, 'x') + "</a:b>"}) {
    const TempDir folder;
    const auto file = folder.path() / "host.xml";
    replace_file(
        file,
        "<node>" + with(document("vm-1", kUuid), "<metadata>" + notes + "</metadata>") + "</node>");
    const auto there = open_domains("test://" + file.native());
    const std::string why = "a document that is too large, or too deep";
    expect_error(Fault::io, why, [&] { there->list(); });
    expect_error(Fault::io, why, [&] { there->devices_in_use(); });
    expect_error(Fault::io, why, [&] { there->running_documents({kUuid}); });
  }
}

TEST(FailedStart, HasACauseWhereOnlyTheKernelsLogTellsIt) {
  EXPECT_THAT(failed_start_cause("internal error: qemu unexpectedly closed the monitor: vfio "
                                 "0000:02:00.0: Failed to set iommu for container: Operation not "
                                 "permitted"),
              ::testing::AllOf(::testing::HasSubstr("H4"), ::testing::HasSubstr("H6")));
  EXPECT_EQ(failed_start_cause("Requested operation is not valid: domain is already active"), "");
}

TEST_F(LibvirtDomains, PauseResumeAndSave) {
  const auto uuid = domains->list().at(0).uuid;
  domains->pause(uuid);
  EXPECT_EQ(find(uuid).state, DomainState::paused);
  expect_error(Fault::io, "libvirt cannot pause VM 'test'", [&] { domains->pause(uuid); });
  domains->resume(uuid);
  EXPECT_EQ(find(uuid).state, DomainState::running);
  domains->save(uuid);
  EXPECT_EQ(find(uuid).state, DomainState::shut_off);
  EXPECT_TRUE(find(uuid).saved);
  domains->start(uuid);
  EXPECT_FALSE(find(uuid).saved);
}

TEST_F(LibvirtDomains, TellAddressesAndWhoKnowsThem) {
  const auto uuid = domains->list().at(0).uuid;
  domains->define(document("off", kUuid), Validation::none);
  const auto told = domains->addresses({kUuid, uuid, kOtherUuid});
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].source, "");
  EXPECT_EQ(told[1].source, "agent");
  ASSERT_FALSE(told[1].addresses.empty());
  EXPECT_EQ(told[1].addresses[0].mac, "aa:bb:cc:dd:ee:ff");
  EXPECT_THAT(told[1].addresses[0].address, ::testing::StartsWith("192.168."));
  EXPECT_TRUE(told[2].addresses.empty());
}

TEST_F(LibvirtDomains, AnAgentThatIsNotThereIsAFailureOfThatGuest) {
  const auto uuid = domains->list().at(0).uuid;
  const auto replies =
      domains->ask_agents({{uuid, "{}"}, {kOtherUuid, "{}"}}, std::chrono::seconds(1));
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_THAT(replies[0].failure->what(),
              ::testing::HasSubstr("cannot ask the agent in VM 'test'"));
  EXPECT_EQ(replies[1].failure->fault(), Fault::not_found);
}

TEST_F(LibvirtDomains, ListWhatIsDefined) {
  const auto defined = domains->define(document("vm-10", kUuid), Validation::none);
  domains->define(document("vm-9", kOtherUuid), Validation::schema);
  const auto all = domains->list();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "test");
  EXPECT_EQ(all[0].state, DomainState::running);
  EXPECT_TRUE(all[0].active);
  EXPECT_EQ(all[1].name, "vm-9");
  EXPECT_EQ(all[2].name, "vm-10");
  EXPECT_EQ(all[2].uuid, kUuid);
  EXPECT_EQ(all[2].state, DomainState::shut_off);
  EXPECT_FALSE(all[2].active);
  EXPECT_TRUE(all[2].persistent);
  EXPECT_THAT(all[2].xml, ::testing::HasSubstr("<name>vm-10</name>"));
  EXPECT_EQ(all[2].xml, defined);
}

TEST_F(LibvirtDomains, ListManyAtOnce) {
  for (int i = 100; i < 300; ++i) {
    const auto number = std::to_string(i);
    domains->define(document("vm-" + number, "5b6e4a3c-0000-4000-8000-000000000" + number),
                    Validation::none);
  }
  const auto all = domains->list();
  EXPECT_EQ(all.size(), 201U);
  for (const auto& domain : all) EXPECT_THAT(domain.xml, ::testing::HasSubstr(domain.uuid));
}

TEST_F(LibvirtDomains, StartAndStop) {
  domains->define(document("vm-1", kUuid), Validation::none);
  domains->start(kUuid);
  EXPECT_EQ(find(kUuid).state, DomainState::running);
  EXPECT_TRUE(find(kUuid).active);
  expect_error(Fault::io, "libvirt cannot start VM 'vm-1': ", [&] { domains->start(kUuid); });
  domains->stop(kUuid, Stop::shutdown);
  EXPECT_EQ(find(kUuid).state, DomainState::shut_off);
  domains->start(kUuid);
  domains->stop(kUuid, Stop::poweroff);
  EXPECT_EQ(find(kUuid).state, DomainState::shut_off);
  expect_error(Fault::refused, "libvirt cannot power off VM 'vm-1': ", [&] {
    domains->stop(kUuid, Stop::poweroff);
  });
}

TEST_F(LibvirtDomains, ResetAndReboot) {
  domains->define(with(document("vm-1", kUuid), "<on_reboot>destroy</on_reboot>"),
                  Validation::none);
  domains->start(kUuid);
  domains->stop(kUuid, Stop::reset);
  EXPECT_EQ(find(kUuid).state, DomainState::running);
  domains->stop(kUuid, Stop::reboot);
  EXPECT_EQ(find(kUuid).state, DomainState::shut_off);  // by on_reboot
  // A reset that works leaves no trace in this driver. A failure proves that it was asked for.
  expect_error(Fault::refused,
               "libvirt cannot reset VM 'vm-1': ", [&] { domains->stop(kUuid, Stop::reset); });
}

TEST_F(LibvirtDomains, StartWithTheHost) {
  domains->define(document("vm-1", kUuid), Validation::none);
  EXPECT_FALSE(find(kUuid).autostart);
  domains->set_autostart(kUuid, true);
  EXPECT_TRUE(find(kUuid).autostart);
  domains->set_autostart(kUuid, false);
  EXPECT_FALSE(find(kUuid).autostart);
}

TEST_F(LibvirtDomains, DefineAgainChangesTheNextStartOnly) {
  domains->define(with(document("vm-1", kUuid, 64), kCard), Validation::none);
  domains->start(kUuid);
  domains->define(document("vm-1", kUuid, 32), Validation::none);
  EXPECT_TRUE(find(kUuid).active);
  EXPECT_THAT(find(kUuid).xml, ::testing::HasSubstr("<memory unit='KiB'>32768</memory>"));
  EXPECT_THAT(domains->devices_in_use(), ::testing::SizeIs(1));
  const auto running = domains->running_documents({kOtherUuid, kUuid});
  EXPECT_EQ(running.at(0), "");
  EXPECT_THAT(running.at(1), ::testing::HasSubstr("<memory unit='KiB'>65536</memory>"));
  domains->stop(kUuid, Stop::poweroff);
  domains->start(kUuid);
  EXPECT_THAT(domains->devices_in_use(), ::testing::IsEmpty());
}

TEST_F(LibvirtDomains, DefineTellsWhoHasTheName) {
  domains->define(document("vm-1", kUuid), Validation::none);
  expect_error(Fault::exists,
               "the host has another VM 'vm-1', with uuid " + std::string(kUuid) + " instead of " +
                   kOtherUuid,
               [&] { domains->define(document("vm-1", kOtherUuid), Validation::none); });
  expect_error(Fault::exists, "under the name 'vm-1' instead of 'vm-2'",
               [&] { domains->define(document("vm-2", kUuid), Validation::none); });
}

TEST_F(LibvirtDomains, DefineRefusesWhatIsNoDomain) {
  expect_error(Fault::io, "libvirt cannot define the VM: ", [&] {
    domains->define("<domain/>", Validation::none);
  });
  auto with_nonsense = document("vm-1", kUuid);
  with_nonsense.insert(with_nonsense.find("<os>"), "<nonsense/>");
  expect_error(Fault::io, "libvirt cannot define the VM: ", [&] {
    domains->define(with_nonsense, Validation::schema);
  });
  domains->define(with_nonsense, Validation::none);
}

TEST_F(LibvirtDomains, Undefine) {
  domains->define(document("vm-1", kUuid), Validation::none);
  domains->undefine(kUuid);
  EXPECT_EQ(domains->list().size(), 1U);
  expect_error(Fault::not_found, "libvirt cannot find the VM with uuid ",
               [&] { domains->undefine(kUuid); });
  expect_error(Fault::not_found, "libvirt cannot find the VM with uuid ",
               [&] { domains->start(kUuid); });
}

// A host of libvirt's driver for tests whose domains are `text`.
std::unique_ptr<Domains> open_host(const TempDir& folder, const std::string& text) {
  replace_file(folder.path() / "node.xml", "<node>" + text + "</node>");
  return open_domains("test://" + (folder.path() / "node.xml").native());
}

std::string domain_with(const std::string& element) {
  return "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>vm-1"
         "</name><uuid>" +
         std::string(kUuid) + "</uuid><memory>8192</memory><os><type>hvm</type></os>" + element +
         "</domain>";
}

TEST(LibvirtDomainsOfAHost, AreNotUndefinedWithTheirSnapshots) {
  const TempDir folder;
  const auto host = open_host(
      folder, domain_with("<test:runstate>5</test:runstate><test:domainsnapshot><name>before</name>"
                          "<state>shutoff</state><creationTime>1</creationTime><active>1</active>" +
                          document("vm-1", kUuid) + "</test:domainsnapshot>"));
  ASSERT_EQ(host->list().size(), 1U);
  EXPECT_THAT([&] { host->undefine(kUuid); },
              ::testing::ThrowsMessage<Error>(::testing::StartsWith(
                  "libvirt there has snapshot 'before' of 'vm-1': delete them (virsh "
                  "snapshot-delete vm-1 NAME), or let libvirt forget them and the VM")));
  EXPECT_EQ(host->list().size(), 1U);
}

TEST(LibvirtDomainsOfAHost, AreNotUndefinedWithTheirSavedMemory) {
  const TempDir folder;
  const auto host =
      open_host(folder, domain_with("<test:runstate>5</test:runstate><test:hasmanagedsave/>"));
  EXPECT_THAT([&] { host->undefine(kUuid); },
              ::testing::ThrowsMessage<Error>(::testing::StrEq(
                  "libvirt there has the saved memory of 'vm-1': start it and stop it, or give "
                  "that up (virsh managedsave-remove vm-1)")));
  EXPECT_EQ(host->list().size(), 1U);
}

// The driver for tests keeps no TPM, as libvirt before 8.9.
TEST(LibvirtDomainsOfAHost, AreNotUndefinedWithTheStateOfTheirTpm) {
  const TempDir folder;
  const auto host = open_host(
      folder, domain_with("<devices><tpm model='tpm-crb'><backend type='emulator' version='2.0'/>"
                          "</tpm></devices>"));
  EXPECT_THAT([&] { host->undefine(kUuid); }, ::testing::ThrowsMessage<Error>(::testing::HasSubstr(
                                                  "would delete the TPM's state of 'vm-1'")));
  EXPECT_EQ(host->list().size(), 1U);
}

TEST(LibvirtDomainsOfAHost, WithoutAStateAreNotCalledRunning) {
  const TempDir folder;
  const auto host = open_host(folder, domain_with("<test:runstate>0</test:runstate>"));
  ASSERT_EQ(host->list().size(), 1U);
  EXPECT_EQ(host->list().front().state, DomainState::none);
  EXPECT_EQ(name(host->list().front().state), "no state");
}

TEST_F(LibvirtDomains, KnowWhichDevicesRunningOnesHave) {
  domains->define(with(document("vm-1", kUuid), kCard), Validation::none);
  EXPECT_TRUE(domains->devices_in_use().empty());
  domains->start(kUuid);
  EXPECT_THAT(domains->devices_in_use(), ::testing::ElementsAre(VmDevice{"vm-1", "0000:02:00.1"}));
}

TEST_F(LibvirtDomains, TellNoCapabilitiesOfAnArchitectureThatIsNone) {
  try {
    domains->capabilities({"kvm", "no-such-arch", "q35", ""});
    ADD_FAILURE() << "libvirt told them";
  } catch (const Error& error) {
    EXPECT_NE(error.fault(), Fault::unreachable) << error.what();
  }
}

TEST_F(LibvirtDomains, KnowTheVersionOfLibvirt) { EXPECT_GE(domains->version(), 9000000U); }

TEST(OpenDomains, TellsThatNobodyIsThere) {
  try {
    open_domains(uri_of_socket("/nonexistent"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    EXPECT_THAT(error.what(), ::testing::StartsWith("libvirt cannot connect: "));
  }
}

TEST(UriOfSocket, KeepsThePathOnePart) {
  EXPECT_EQ(uri_of_socket("/tmp/a b&c?d%/x"), "qemu+unix:///system?socket=/tmp/a%20b%26c%3Fd%25/x");
}

}  // namespace
}  // namespace cluster::virt
