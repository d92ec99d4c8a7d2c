// The VMs of a host are behind a real sshd and a real libvirtd; tests/support/libvirtd.sh brings
// the daemon.
#include "frontend/hosts/remote_domains.h"

#include <csignal>
#include <cstdlib>
#include <thread>

#include "core/error.h"
#include "ssh/operator.h"
#include "tests/ssh/server.h"
#include "virt/libvirt_domains.h"

namespace cluster::cmd {
namespace {

using ::testing::HasSubstr;

std::string uuid_of(int number) {
  return "5b6e4a3c-0000-4000-8000-00000000000" + std::to_string(number);
}

std::string document(int number) {
  return "<domain type='qemu'><name>vm-" + std::to_string(number) + "</name><uuid>" +
         uuid_of(number) +
         "</uuid><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>";
}

class RemoteDomains : public ssh::Server {
 protected:
  RemoteDomains() {
    configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
              "\nIdentityFile " + path(".ssh/id_ed25519") + "\n");
    setenv("CLUSTER_SSH_CONFIG", me.config.c_str(), 1);
  }

  ~RemoteDomains() override {
    const auto domains = virt::open_domains("qemu:///system");
    for (const auto& domain : domains->list()) {
      if (domain.active) domains->stop(domain.uuid, virt::Stop::poweroff);
      domains->undefine(domain.uuid);
    }
  }

  std::unique_ptr<virt::Domains> open() {
    return frontend::open_remote_domains(target(), limits, doorway_);
  }

  // True if `program` runs in this PID namespace. A program that has ended has no executable.
  static bool runs(const std::string& program) {
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      std::error_code ended;
      const auto executable = std::filesystem::read_symlink(process.path() / "exe", ended);
      if (executable.filename() == program) return true;
    }
    return false;
  }

  template <typename Call>
  static void expect_error(Fault fault, const std::string& message, Call call) {
    try {
      call();
      ADD_FAILURE() << "it was done";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), fault) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }

 private:
  ssh::Doorway doorway_;
};

TEST_F(RemoteDomains, StartAndStopARealGuest) {
  start();
  const auto domains = open();
  EXPECT_GE(domains->version(), 9000000U);
  domains->define(document(1), virt::Validation::schema);
  EXPECT_EQ(domains->list().at(0).state, virt::DomainState::shut_off);
  domains->start(uuid_of(1));
  EXPECT_EQ(domains->list().at(0).state, virt::DomainState::running);
  domains->stop(uuid_of(1), virt::Stop::reset);
  domains->set_autostart(uuid_of(1), true);
  domains->stop(uuid_of(1), virt::Stop::poweroff);
  const auto after = domains->list().at(0);
  EXPECT_EQ(after.state, virt::DomainState::shut_off);
  EXPECT_TRUE(after.autostart);
  EXPECT_TRUE(after.persistent);
  EXPECT_THAT(after.xml, HasSubstr("<name>vm-1</name>"));
  expect_error(Fault::not_found, "libvirt cannot find the VM with uuid ",
               [&] { domains->start(uuid_of(2)); });
}

TEST_F(RemoteDomains, ListEightInTwoRoundTrips) {
  const auto local = virt::open_domains("qemu:///system");
  for (int i = 0; i < 8; ++i) local->define(document(i), virt::Validation::none);
  const auto way = path("way");
  const auto trips = path("trips");
  ssh::write_file(
      way, "#!/bin/sh\nexec " SLOW_PIPE " 500 " + trips + " virt-ssh-helper qemu:///system\n");
  std::filesystem::permissions(way, std::filesystem::perms::owner_all);
  const auto domains = virt::open_domains("qemu+ext:///system?command=" + way);
  const auto before = std::stoi(ssh::read_file(trips));
  EXPECT_EQ(domains->list().size(), 8U);
  EXPECT_EQ(std::stoi(ssh::read_file(trips)) - before, 2);
}

TEST_F(RemoteDomains, RefuseAHostWhoseKeyIsUnknown) {
  start();
  know("");
  expect_error(Fault::unreachable, "No ED25519 host key is known for ", [&] { open(); });
}

TEST_F(RemoteDomains, SayThatAPortIsClosed) {
  expect_error(Fault::unreachable, "Connection refused", [&] { open(); });
}

TEST_F(RemoteDomains, SayThatNoDaemonIsThere) {
  start("SetEnv PATH=" + path("bin") + "\n");
  expect_error(Fault::io, "'virt-ssh-helper qemu:///system' on 'n-127.0.0.1' ended with status ",
               [&] { open(); });
}

TEST_F(RemoteDomains, SayThatTheConnectionIsGone) {
  const auto helper = path("virt-ssh-helper");
  ssh::write_file(helper, "#!/bin/sh\nexec timeout 5 /usr/bin/virt-ssh-helper \"$@\"\n");
  std::filesystem::permissions(helper, std::filesystem::perms::owner_all);
  start("SetEnv PATH=" + folder().native() + ":/usr/bin:/bin\n");
  const auto domains = open();
  while (runs("ssh")) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  // From here on, a write has no reader.
  expect_error(Fault::io, "ended with status 124", [&] { domains->list(); });
}

TEST_F(RemoteDomains, KeepTheirTimeWhileOthersAreWaitedFor) {
  start();
  limits.command_timeout = std::chrono::seconds(5);
  const auto domains = open();
  std::this_thread::sleep_for(std::chrono::milliseconds(5100));  // as another host takes
  EXPECT_TRUE(domains->list().empty());
}

TEST_F(RemoteDomains, DoNotWaitForADaemonThatHangs) {
  start();
  limits.command_timeout = std::chrono::seconds(3);
  const auto domains = open();
  const auto daemon = std::stoi(std::getenv("LIBVIRTD_PID"));
  kill(daemon, SIGSTOP);
  expect_error(Fault::unreachable, "'n-127.0.0.1' did not answer within 3 s",
               [&] { domains->list(); });
  expect_error(Fault::unreachable, "'n-127.0.0.1' did not answer within 3 s", [&] { open(); });
  kill(daemon, SIGCONT);
}

}  // namespace
}  // namespace cluster::cmd
