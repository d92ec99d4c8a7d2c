// Two people change one thing at once, each another value of it: both are kept.
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <thread>

#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

class AtOnce : public Story {
 protected:
  // Lets somebody else make `change`, which is not yet whole while `words` are typed.
  void during(const std::function<void(Inventory& other)>& change,
              const std::vector<std::string>& words, int status = 0) {
    Inventory other(place, Inventory::Open::existing);
    std::jthread typed;
    Result result{};
    other.together("change", [&] {
      change(other);
      if (typed.joinable()) return;
      typed = std::jthread([&] { result = run(words); });
      std::this_thread::sleep_for(std::chrono::milliseconds(300));  // time to read the old values
    });
    typed.join();
    EXPECT_EQ(result.status, status) << result.err;
    said = result.err;
  }

  std::string said;  // on standard error
};

TEST_F(AtOnce, TheValuesOfAHost) {
  cluster({"add", "host", "n[1-2]"}, 0, "added 2 hosts");
  during(
      [](Inventory& other) {
        auto host = other.find_host(HostName("n1")).value();
        host.rack = 5;
        other.set_hosts({host});
      },
      {"set", "host", "n1", "n2", "rank=7"});
  EXPECT_THAT(dump(), HasSubstr("n1 appliance=vm-container rack=5 rank=7"));
  EXPECT_THAT(dump(), HasSubstr("n2 appliance=vm-container rank=7"));
}

TEST_F(AtOnce, AHostThatIsGoneByThen) {
  cluster({"add", "host", "n[1-2]"}, 0, "added 2 hosts");
  during([](Inventory& other) { other.remove_hosts({HostName("n2")}); },
         {"set", "host", "n1", "n2", "rank=7"}, 1);
  EXPECT_THAT(said, HasSubstr("host 'n2' is not in the inventory"));
  EXPECT_THAT(dump(), HasSubstr("n1 appliance=vm-container\n"));
}

TEST_F(AtOnce, TheValuesOfAVm) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "vm", "v1", "n1"});
  during(
      [](Inventory& other) {
        auto vm = other.require_vm(HostName("v1"));
        vm.cpus = 8;
        vm.disks.front().size_gib = 99;
        other.set_vm(vm);
      },
      {"set", "host", "vm", "v1", "mem=4096"});
  const auto vm = Inventory(place, Inventory::Open::existing).require_vm(HostName("v1"));
  EXPECT_EQ(vm.memory_mib, 4096);
  EXPECT_EQ(vm.cpus, 8);
  EXPECT_EQ(vm.disks.front().size_gib, 99);
}

TEST_F(AtOnce, TheValuesOfAnInterface) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0"});
  during(
      [](Inventory& other) {
        auto interface = other.require_interface(HostName("v1"), "eth0");
        interface.vlan = 12;
        other.set_interface(HostName("v1"), interface);
      },
      {"set", "host", "interface", "v1", "eth0", "model=e1000"});
  const auto interface =
      Inventory(place, Inventory::Open::existing).require_interface(HostName("v1"), "eth0");
  EXPECT_EQ(interface.model, "e1000");
  EXPECT_EQ(interface.vlan, 12);
}

}  // namespace
}  // namespace cluster
