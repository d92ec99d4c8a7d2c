#include "node-agent/environment.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

TEST(Environment, KeepsAllItsStateInOneFolder) {
  Environment environment;
  environment.keep_state_in("/srv/state");
  EXPECT_EQ(environment.saved_drivers, "/srv/state/drivers.json");
  EXPECT_EQ(environment.names, "/srv/state/names.json");
  EXPECT_EQ(environment.wedged, "/srv/state/wedged.json");
  EXPECT_EQ(environment.slices, "/srv/state/slices.json");
  EXPECT_EQ(environment.settings, "/etc/gpupci/gpupci.yaml");  // a path that is no state stays
  EXPECT_EQ(environment.lock, "/run/gpupci.lock");
}

TEST(Environment, KnowsTheBootByTheKernelsNumber) {
  const TempDir proc;
  Environment environment;
  environment.proc = proc.path();
  EXPECT_EQ(environment.boot_id(), "");
  replace_file(proc.path() / "sys/kernel/random/boot_id", "6c0f1d9e-0000-4000-8000-000000000001\n");
  EXPECT_EQ(environment.boot_id(), "6c0f1d9e-0000-4000-8000-000000000001");
}

TEST(Environment, WritesAnAttributeAsTheKernelWantsIt) {
  const TempDir folder;
  const auto file = folder.path() / "unbind";
  replace_file(file, "");
  Environment().write_attribute(file, "0000:02:00.0\n");
  EXPECT_EQ(read_file(file), "0000:02:00.0\n");
}

}  // namespace
}  // namespace cluster::agent
