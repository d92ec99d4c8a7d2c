#pragma once

#include <string>

#include "tests/support/story.h"

namespace cluster {

/// The containers n1 and n2, with the VMs v1 and v2 that their libvirt has.
class TwoContainers : public Story {
 protected:
  void SetUp() override {
    for (const std::string number : {"1", "2"}) {
      cluster({"add", "host", "n" + number, "appliance=vm-container"});
      cluster({"add", "host", "vm", "v" + number, "n" + number, "disk=phy:/dev/b,vda,virtio",
               "uuid=00000000-0000-4000-8000-00000000000" + number});
    }
    cluster({"sync", "vm", "config"});
  }

  FakeDomains::Host& n1() { return domains.hosts["n1"]; }
};

}  // namespace cluster
