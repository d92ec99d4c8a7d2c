// libvirt is loaded when it is first needed, and its failures become errors of one line.

#include "virt/libvirt.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

#include "core/file.h"
#include "virt/domains.h"

namespace cluster::virt {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kUri = "test:///default";

bool is_loaded() {
  return read_file("/proc/self/maps")->find("/libvirt.so.0") != std::string::npos;
}

// A domain of libvirt's driver for tests, freed at its end.
class TestDomain {
 public:
  TestDomain(const Libvirt& libvirt, virConnect* connection, const char* name)
      : libvirt_(libvirt), domain_(libvirt.domain_lookup_by_name(connection, name)) {}
  TestDomain(const TestDomain&) = delete;
  TestDomain& operator=(const TestDomain&) = delete;
  ~TestDomain() {
    if (domain_ != nullptr) libvirt_.domain_free(domain_);
  }
  virDomain* get() const { return domain_; }

 private:
  const Libvirt& libvirt_;
  virDomainPtr domain_;
};

// Runs as a separate program, in which no other test has loaded libvirt.
[[noreturn]] void load_late() {
  const bool is_linked = is_loaded();
  const Libvirt libvirt;
  std::exit(!is_linked && is_loaded() ? 0 : 1);
}

TEST(Libvirt, IsNotLoadedBeforeItIsNeeded) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // starts this program anew
  EXPECT_EXIT(load_late(), ::testing::ExitedWithCode(0), "");
}

TEST(Libvirt, ConnectsToADriver) {
  const Libvirt libvirt;
  const auto connection = connect(libvirt, kUri);
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(libvirt.connect_is_alive(connection.get()), 1);
  unsigned long version = 0;
  EXPECT_EQ(libvirt.connect_get_lib_version(connection.get(), &version), 0);
  EXPECT_GE(version, 9000000U);
}

TEST(Libvirt, TellsInOneLineWhyNobodyAnswers) {
  const Libvirt libvirt;
  EXPECT_EQ(connect(libvirt, "qemu+unix:///system?socket=/nonexistent"), nullptr);
  const auto error = libvirt.error("connect");
  EXPECT_EQ(error.fault(), Fault::io);
  EXPECT_THAT(error.what(), StartsWith("libvirt cannot connect: "));
  EXPECT_THAT(error.what(), HasSubstr("/nonexistent"));
  EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
}

TEST(Libvirt, ADomainThatIsNotThereIsNotFound) {
  const Libvirt libvirt;
  const auto connection = connect(libvirt, kUri);
  ASSERT_NE(connection, nullptr);
  const TestDomain domain(libvirt, connection.get(), "nobody");
  EXPECT_EQ(domain.get(), nullptr);
  EXPECT_TRUE(libvirt.domain_is_gone());
  EXPECT_EQ(libvirt.error("find it").fault(), Fault::not_found);
}

TEST(Libvirt, AStateThatDoesNotAllowItIsRefused) {
  const Libvirt libvirt;
  const auto connection = connect(libvirt, kUri);
  ASSERT_NE(connection, nullptr);
  const TestDomain domain(libvirt, connection.get(), "test");
  ASSERT_NE(domain.get(), nullptr);
  ASSERT_EQ(libvirt.domain_destroy(domain.get()), 0);
  EXPECT_NE(libvirt.domain_destroy(domain.get()), 0);
  EXPECT_FALSE(libvirt.domain_is_gone());
  EXPECT_EQ(libvirt.error("power it off").fault(), Fault::refused);
  EXPECT_EQ(libvirt.domain_create(domain.get()), 0);
}

TEST(Libvirt, DoesNotPrintWhatFails) {
  ::testing::internal::CaptureStderr();
  const Libvirt libvirt;
  EXPECT_EQ(connect(libvirt, "qemu+unix:///system?socket=/nonexistent"), nullptr);
  EXPECT_EQ(connect(libvirt, "no-such-driver:///"), nullptr);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(DomainState, HasTheWordOfVirsh) {
  EXPECT_EQ(name(DomainState::running), "running");
  EXPECT_EQ(name(DomainState::paused), "paused");
  EXPECT_EQ(name(DomainState::shutting_down), "in shutdown");
  EXPECT_EQ(name(DomainState::shut_off), "shut off");
  EXPECT_EQ(name(DomainState::crashed), "crashed");
  EXPECT_EQ(name(DomainState::suspended), "pmsuspended");
}

}  // namespace
}  // namespace cluster::virt
