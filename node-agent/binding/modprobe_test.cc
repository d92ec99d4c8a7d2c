#include "node-agent/binding/modprobe.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace cluster::agent {
namespace {

TEST(Modprobe, SaysWhatCannotBeLoadedAndWhereToLook) {
  try {
    modprobe("rollcall_no_such_module");
    FAIL() << "it was loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    // The second message is for a machine without modprobe, such as a container.
    EXPECT_THAT(std::string(error.what()),
                ::testing::AnyOf("modprobe cannot load rollcall_no_such_module (see `modinfo "
                                 "rollcall_no_such_module` and the kernel's log)",
                                 "cannot run modprobe: it is not in /sbin or /usr/sbin"));
  }
}

}  // namespace
}  // namespace cluster::agent
