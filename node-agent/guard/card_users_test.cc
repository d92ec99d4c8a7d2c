#include "node-agent/guard/card_users.h"

#include <gmock/gmock.h>

#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Process program(const std::string& command, const std::string& service = "") {
  return {.pid = 812, .command = command, .service = service, .age = std::nullopt};
}

Process in_container(const Container& box, const std::string& inner = "") {
  auto process = program("nginx");
  process.container = box;
  process.inner_service = inner;
  return process;
}

// ---- the way to stop a process

TEST(WayToStop, IsTheServiceThatSystemdEndsWithIt) {
  EXPECT_EQ(way_to_stop(program("Xorg", "gdm.service")), "systemctl stop gdm.service");
  EXPECT_EQ(way_to_stop(program("x", "my app.service")), "systemctl stop 'my app.service'");
  EXPECT_EQ(way_to_stop(program("x")), "stop it (kill 812)");
}

// The units of these leave their programs alone when they stop (KillMode=process).
TEST(WayToStop, IsTheProcessWhereAServiceLeavesItsPrograms) {
  for (const auto* service : {"ssh", "sshd", "cron", "crond", "atd", "slurmd", "containerd",
                              "docker", "libvirtd", "virtqemud"}) {
    const auto unit = std::string(service) + ".service";
    EXPECT_EQ(way_to_stop(program("train", unit)), "stop it (kill 812)") << unit;
    EXPECT_EQ(way_to_stop(program("train", std::string(service) + "@1.service")),
              "stop it (kill 812)");
    EXPECT_EQ(way_to_stop(program(service, unit)), "systemctl stop " + unit)
        << "it is the service itself";
  }
  EXPECT_EQ(way_to_stop(program("train", "sshfs.service")), "systemctl stop sshfs.service");
}

TEST(WayToStop, IsNeverAServiceThatTheHostNeeds) {
  for (const auto* service :
       {"systemd-logind.service", "systemd-udevd.service", "dbus.service", "dbus-broker.service"}) {
    EXPECT_EQ(way_to_stop(program("x", service)).find("stop"), std::string::npos) << service;
  }
}

TEST(WayToStop, IsNoneForTheFirstProcess) {
  auto first = program("systemd", "init.scope");
  first.pid = 1;
  first.container = Container{"LXC container", "101", "pct stop", ""};
  EXPECT_EQ(way_to_stop(first).substr(0, 16), "nothing stops it");
}

TEST(WayToStop, IsTheContainerBeforeAnyService) {
  auto process = in_container({"Docker container", "4f2a", "docker stop", ""});
  process.service = "docker.service";
  EXPECT_EQ(way_to_stop(process), "docker stop 4f2a");
  process.container->note = "its pod starts it again";
  EXPECT_EQ(way_to_stop(process), "docker stop 4f2a (its pod starts it again)");
  process.container->name = "a b";
  process.container->note = "x\x1b";
  EXPECT_EQ(way_to_stop(process), "docker stop 'a b' (x\\x1b)");
}

TEST(WayToStop, NamesTheLoginBesideTheProcess) {
  auto process = program("kwin");
  process.login = Container{"session", "3", "loginctl terminate-session", ""};
  EXPECT_EQ(way_to_stop(process), "stop it (kill 812), or loginctl terminate-session 3");
  process.service = "display.service";
  EXPECT_EQ(way_to_stop(process), "systemctl stop display.service");
}

// ---- who it is

TEST(Described, NamesWhatTheProcessIsIn) {
  const Container box{"LXC container", "101", "pct stop", ""};
  EXPECT_EQ(described(program("Xorg")), "process 812 ('Xorg')");
  EXPECT_EQ(described(program("Xorg", "gdm.service")), "process 812 ('Xorg', 'gdm.service')");
  EXPECT_EQ(described(in_container(box)), "process 812 ('nginx', in LXC container '101')");
  EXPECT_EQ(described(in_container(box, "web.service")),
            "process 812 ('nginx', 'web.service' in LXC container '101')");
  auto process = program("kwin");
  process.login = Container{"session", "3", "loginctl terminate-session", ""};
  EXPECT_EQ(described(process), "process 812 ('kwin', session '3')");
}

TEST(Described, PutsEveryNameInQuotes) {
  EXPECT_EQ(described(program("a'b", "c'd")), R"(process 812 ('a\x27b', 'c\x27d'))");
}

// ---- what they have open

CardUsers users_of(std::set<Handle> found) {
  CardUsers users;
  users.on_host = {{kNull, "/dev/dri/card0"}};
  users.in_vm = {{kZero, "/dev/vfio/13"}};
  users.handles.found = std::move(found);
  return users;
}

std::string path_of(pid_t, const DeviceNumber& number) {
  return number == kNull ? "/dev/dri/card0" : "";
}

TEST(HeldOnHost, IsWhatNoVmHas) {
  const auto users = users_of({{812, kNull}, {812, kZero}, {813, kZero}});
  EXPECT_THAT(held_on_host(users, path_of), ElementsAre(Pair(812, "/dev/dri/card0")));
  EXPECT_THAT(held_by_vfio(users),
              ElementsAre(Pair(812, "/dev/vfio/13"), Pair(813, "/dev/vfio/13")));
}

TEST(HeldOnHost, IsAThingBesideNodes) {
  const auto users = users_of({{812, {}, "region 0 of 0000:02:00.0"},
                               {812, kNull},
                               {813, {}, "the vfio device 0000:02:00.0", true}});
  EXPECT_THAT(held_on_host(users, path_of),
              ElementsAre(Pair(812, "region 0 of 0000:02:00.0, /dev/dri/card0")));
  EXPECT_THAT(held_by_vfio(users), ElementsAre(Pair(813, "the vfio device 0000:02:00.0")));
}

TEST(HeldOnHost, LeavesOutWhatDoesNotCount) {
  const auto none = [](pid_t, const DeviceNumber&) { return std::string(); };
  EXPECT_THAT(held_on_host(users_of({{812, kNull}}), none), IsEmpty());
}

// ---- who cannot be seen

std::string unseen(const std::set<pid_t>& unreadable, const std::set<pid_t>& silent) {
  CardUsers users;
  users.handles.unreadable = unreadable;
  users.handles.silent = silent;
  return message(unseen_users(users));
}

TEST(UnseenUsersOf, ACardAreCountedByWhyTheyAreUnseen) {
  const std::string root = "any of them may use it; run gpupci as root";
  EXPECT_EQ(unseen({}, {}), "");
  EXPECT_EQ(unseen({7}, {}), "1 processes cannot be looked into, process 7 for one: " + root);
  EXPECT_EQ(unseen({7, 9}, {}), "2 processes cannot be looked into, process 7 for one: " + root);
  EXPECT_EQ(unseen({7}, {7}),
            "process 7 cannot be looked into, as the kernel does not answer: it may use it; cat "
            "/proc/7/stack tells what it waits for");
  EXPECT_EQ(unseen({7, 9}, {7, 9}),
            "process 7 and 1 others cannot be looked into, as the kernel does not answer: it may "
            "use it; cat /proc/7/stack tells what it waits for");
  EXPECT_EQ(unseen({7, 9}, {7}),
            "process 7 cannot be looked into, as the kernel does not answer: it may use it; cat "
            "/proc/7/stack tells what it waits for; 1 processes cannot be looked into, process 9 "
            "for one: " +
                root);
}

TEST(UnseenUsersOf, ACardAreNeverNobodyWhereProcIsBlind) {
  CardUsers users;
  users.blind = {"the host is hidden", "look again"};
  EXPECT_EQ(message(unseen_users(users)), "the host is hidden; look again");
}

TEST(EndingUsers, AreLeftOutWhenTheyHaveGone) {
  const FakeProc proc;
  CardUsers users;
  users.handles.ending = {812, 813};
  EXPECT_THAT(ending_users(users, ProcessTable(proc.root())), IsEmpty());
}

TEST(EndingUsers, ArePassing) {
  FakeProc proc;
  proc.process(813, "x");
  CardUsers users;
  users.handles.ending = {812, 813};
  const auto reasons = ending_users(users, ProcessTable(proc.root()));
  ASSERT_EQ(reasons.size(), 1U);
  EXPECT_TRUE(reasons.front().passing);
  EXPECT_EQ(reasons.front().what.substr(0, 27), "process 813 ('x') is ending");
}

TEST(FilesUnderWay, AreOfEachProcessThatIsStillThere) {
  FakeProc proc;
  proc.process(812, "a").process(814, "b");
  CardUsers users;
  users.handles.handed_over = {812, 813, 814};
  const auto reasons = files_under_way(users, ProcessTable(proc.root()));
  ASSERT_EQ(reasons.size(), 2U);
  EXPECT_EQ(reasons[0].fix, "stop it (kill 812)");
  EXPECT_EQ(reasons[1].fix, "stop it (kill 814)");
  EXPECT_TRUE(reasons[0].passing && reasons[1].passing);
}

}  // namespace
}  // namespace cluster::agent
