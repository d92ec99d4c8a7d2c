#include "node-agent/kernel/net_log.h"

#include <gmock/gmock.h>

#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NetLog : public ::testing::Test {
 protected:
  bool is_on(const std::string& consoles) {
    proc_.file("consoles", consoles);
    return net_log_is_on(proc_.root());
  }
  std::vector<std::string> devices(const std::string& command_line) {
    proc_.file("cmdline", command_line);
    return net_log_devices(proc_.root());
  }

  FakeProc proc_;
};

// The lines are those of /proc/consoles (fs/proc/consoles.c).
TEST_F(NetLog, IsOnWhereAConsoleOfItIs) {
  EXPECT_TRUE(is_on("netcon0              -W- (E     )       \n"));
  EXPECT_TRUE(
      is_on("tty0                 -WU (ECp  )    4:1\n"
            "netcon_ext0          -W- (E     )       \n"));
  EXPECT_TRUE(is_on("ttyS0                -W- (EC p a)    4:64\nnetcon0"));
}

TEST_F(NetLog, IsOffWhereNoConsoleOfItIs) {
  EXPECT_FALSE(
      is_on("tty0                 -WU (ECp  )    4:1\n"
            "ttyS0                -W- (E  p a)    4:64\n"));
  EXPECT_FALSE(is_on("ttynetcon0           -W- (E     )       \n")) << "that is another name";
  EXPECT_FALSE(is_on(""));
  EXPECT_FALSE(is_on(std::string("\0netcon0\n", 9)));
}

TEST_F(NetLog, IsFoundBehindHowManyConsolesSoever) {
  std::string many;
  for (int line = 0; line < 100'000; ++line) many += "ttyS0                -W- (E  p a)    4:64\n";
  EXPECT_FALSE(is_on(many));
  EXPECT_TRUE(is_on(many + "netcon0              -W- (E     )       \n"));
}

// Documentation/networking/netconsole.rst has the targets of the first lines.
TEST_F(NetLog, GoesByTheInterfacesOfTheCommandLine) {
  EXPECT_THAT(
      devices("root=/dev/sda1 netconsole=4444@10.0.0.1/eth1,9353@10.0.0.2/12:34:56:78:9a:bc "
              "quiet\n"),
      ElementsAre("eth1"));
  EXPECT_THAT(devices("netconsole=@/,@10.0.0.2/\n"), ElementsAre("eth0")) << "the default";
  EXPECT_THAT(devices("netconsole=@/eth1,@10.0.0.2/;@/eth2,6892@10.0.0.3/\n"),
              ElementsAre("eth1", "eth2"));
  EXPECT_THAT(devices("netconsole.netconsole=+r6665@10.0.0.2/enp3s0f1,6666@10.0.0.1/\n"),
              ElementsAre("enp3s0f1"));
  EXPECT_THAT(devices("netconsole=4444@10.0.0.1/22:33:44:55:66:77,9353@10.0.0.2/\n"),
              ElementsAre("22:33:44:55:66:77"));
}

TEST_F(NetLog, TakesQuotesOffAndEachParameter) {
  EXPECT_THAT(devices("netconsole=\"@/eth1,@10.0.0.2/;@/eth3,@10.0.0.2/\" quiet "
                      "netconsole=@/eth2,@10.0.0.2/"),
              ElementsAre("eth1", "eth3", "eth2"));
  EXPECT_THAT(devices("\"netconsole=@/eth1,@10.0.0.2/\"\n"), ElementsAre("eth1"));
}

// In doubt it is the interface that the kernel would take: its target is not checked here.
TEST_F(NetLog, TakesTheDefaultWhereATargetNamesNone) {
  EXPECT_THAT(devices("netconsole=x\n"), ElementsAre("eth0"));
  EXPECT_THAT(devices("netconsole=6665@10.0.0.2,@10.0.0.1/eth9\n"), ElementsAre("eth0"))
      << "that name is of the other side";
  EXPECT_THAT(devices("netconsole=;;@/eth1,;\n"), ElementsAre("eth1"));
}

TEST_F(NetLog, HasNoInterfaceWithoutTheParameter) {
  EXPECT_THAT(devices("root=/dev/sda1 quiet xnetconsole=@/eth1,@10.0.0.2/ netconsole\n"),
              IsEmpty());
  EXPECT_THAT(devices("netconsole= quiet\n"), IsEmpty());
  EXPECT_THAT(devices(""), IsEmpty());
  EXPECT_THAT(devices(std::string("\0netconsole=@/eth1,\0", 20)), IsEmpty());
}

TEST_F(NetLog, ReadsALongCommandLineToItsEnd) {
  std::string line;
  for (int word = 0; word < 100'000; ++word) line += "a.b=c ";
  EXPECT_THAT(devices(line + "netconsole=@/eth1,@10.0.0.2/\n"), ElementsAre("eth1"));
}

TEST_F(NetLog, IsOffWhereNothingCanBeRead) {
  EXPECT_FALSE(net_log_is_on(proc_.root() / "none"));
  EXPECT_THAT(net_log_devices(proc_.root() / "none"), IsEmpty());
  proc_.file("consoles/netcon0", "netcon0\n");  // a folder in place of the file
  proc_.file("cmdline/netconsole", "netconsole=@/eth1,\n");
  EXPECT_FALSE(net_log_is_on(proc_.root()));
  EXPECT_THAT(net_log_devices(proc_.root()), IsEmpty());
}

}  // namespace
}  // namespace cluster::agent
