#include "node-agent/kernel/pci_ids.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/shared_library.h"

namespace cluster::agent {
namespace {

bool has_libpci() {
  try {
    const SharedLibrary library("libpci.so.3", "libpci3");
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(PciIds, NamesAModel) {
  if (!has_libpci()) GTEST_SKIP() << "libpci.so.3 (package libpci3) is not installed";
  const PciIds ids;
  const auto name = ids.model(0x10de, 0x1c03);
  if (!name) GTEST_SKIP() << "no pci.ids (package pci.ids) is installed";
  EXPECT_EQ(name, "GP106 [GeForce GTX 1060 6GB]");
  EXPECT_EQ(ids.model(0x10de, 0x1c03), name);  // asked again
}

TEST(PciIds, HasNoNameForWhatIsNotListed) {
  EXPECT_EQ(PciIds().model(0xffff, 0xffff), std::nullopt);
}

}  // namespace
}  // namespace cluster::agent
