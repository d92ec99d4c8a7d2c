// The paths of control groups that look like those of a container, and what they are.

#include <gtest/gtest.h>

#include <string>

#include "node-agent/kernel/container.h"

namespace cluster::agent {
namespace {

const std::string kHex(64, 'b');
const std::string kFirst(12, 'b');
const std::string kAllocation = "0b0a1c2d-1111-4222-8333-444455556666";

// "docker stop ID; NOTE" of a line of /proc/PID/cgroup.
std::string way_of(const std::string& line) {
  const auto found = container_in(line + "\n");
  if (!found) return "none";
  return found->stop + " " + found->name + (found->note.empty() ? "" : "; " + found->note);
}

struct Form {
  std::string path;
  std::string way;
};

TEST(ContainerForms, OfEachRuntimeAreToldFromWhatLooksLikeThem) {
  const std::string of_pod =
      "crictl stop " + kFirst +
      "; the kubelet starts it again unless its pod is deleted: kubectl delete pod";
  for (const auto& form : {
           Form{"/libpod_parent/" + kHex, "podman stop " + kFirst},
           Form{"/other_parent/" + kHex,
                "nerdctl stop " + kFirst + "; or by the program that runs it"},
           Form{"/default/" + std::string(64, 'g'), "none"},
           Form{"/default/" + std::string(63, 'b'), "none"},
           Form{"/default/" + std::string(65, 'b'), "none"},
           Form{"/system.slice/docker-compose.scope", "none"},
           Form{"/system.slice/docker-" + kHex, "docker stop " + kFirst},
           Form{"/system.slice/podman-" + kHex + ".scope", "none"},
           Form{"/system.slice/crio-" + kHex + ".scope", of_pod},
           Form{"/system.slice/cri-containerd-" + kHex + ".scope", of_pod},
           Form{"/kubepods.slice/docker-" + kHex + ".scope", of_pod},
           Form{"/kubepods/burstable/pod1/" + kHex, of_pod},
           Form{"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + kHex,
                of_pod},
           Form{"/system.slice/a:b", "none"},
           Form{"/other/101", "none"},
           Form{"/lxc.payload.101",
                "lxc-stop -n 101; of Incus: incus stop 101, of LXD: lxc stop 101"},
           Form{"/qemu.slice/101.scope", "qm shutdown 101"},
           Form{"/qemu.slice/web.scope", "none"},
           Form{"/qemu.slice/101.slice", "none"},
           Form{"/other.slice/101.scope", "none"},
           Form{"/machine.slice/machine-qemu-7.scope", "machinectl poweroff qemu-7"},
           Form{"/machine.slice/machine-qemu--a.scope", "machinectl poweroff qemu--a"},
           Form{"/machine.slice/machine-qemu-a-b.scope", "machinectl poweroff qemu-a-b"},
           Form{"/machine.slice/machine-qemu\\x2d7\\x2drocks\\x2d33.scope",
                std::string(kVirshShutdown) + " rocks-33"},
           Form{"/machine.slice/machine-lxc\\x2d7\\x2dbox.scope", "virsh -c lxc:/// shutdown box"},
           Form{"/machine.slice/machine-a\\x2d.scope", "machinectl poweroff a-"},
           Form{"/machine.slice/machine-a\\x2.scope", "machinectl poweroff a\\x2"},
           Form{"/machine.slice/machine-a\\y2d.scope", "machinectl poweroff a\\y2d"},
           Form{"/machine.slice/machine-a.slice", "none"},
           Form{"/x/job.815.30122.1", "none"},
           Form{"/x/jobid/1.head", "none"},
           Form{"/pbs_jobs.service/other/1.head", "none"},
           Form{"/other.slice/" + kAllocation + ".web.scope", "none"},
           Form{"/nomad.slice/" + kAllocation + ".web.slice", "none"},
           Form{"/nomad.slice/web.scope", "none"},
           Form{"/nomad.slice/" + kAllocation + ".web.scope", "nomad alloc stop " + kAllocation},
           Form{"/user-1000.mount/docker-" + kHex + ".scope", "docker stop " + kFirst},
           Form{"/user-1000.slice/docker-" + kHex + ".scope",
                "docker stop " + kFirst + "; as user 1000"},
           Form{"/user-0.slice/docker-" + kHex + ".scope", "docker stop " + kFirst},
           Form{"/user-7.slice/kubepods/" + kHex, of_pod + "; as user 7"},
           Form{"/machine.slice/payload/docker-" + kHex + ".scope", "docker stop " + kFirst},
           Form{"/system.slice/systemd-nspawn@a.service/payload/docker-" + kHex + ".scope", "none"},
           Form{"/system.slice/a.service/libpod-payload-" + kHex, "none"},
           Form{"/machine.slice/libpod-payload-" + kHex, "podman stop " + kFirst},
           Form{"/machine.slice/libpod-conmon-" + kHex + ".scope", "podman stop " + kFirst},
           Form{"/system.slice/a.service/libpod-" + kHex + ".scope", "podman stop " + kFirst},
       }) {
    EXPECT_EQ(way_of("0::" + form.path), form.way) << form.path;
    EXPECT_EQ(way_of("4:memory:" + form.path), form.way) << form.path;
    if (form.path.find(':') != std::string::npos) continue;
    EXPECT_EQ(way_of("garbage\n0:" + form.path), "none") << form.path;
  }
}

// Units are in systemd's own hierarchy alone, containers in any.
TEST(ContainerForms, AUnitIsInTheHierarchyOfSystemd) {
  for (const auto* line :
       {"0::/system.slice/a.service", "1:name=systemd:/system.slice/a.service"}) {
    EXPECT_EQ(service_in(line), "a.service") << line;
    EXPECT_EQ(inner_service_in(line), "a.service") << line;
  }
  for (const auto* line : {"4:memory:/system.slice/a.service", "0:/system.slice/a.service",
                           "0::/user.slice/user@1000.service", "0::/system.slice", ""}) {
    EXPECT_EQ(service_in(line), "") << line;
    EXPECT_EQ(inner_service_in(line), "") << line;
  }
  const std::string nested = "0::/system.slice/a.service/user@7.service/b.service";
  EXPECT_EQ(service_in(nested), "a.service");
  EXPECT_EQ(inner_service_in(nested), "b.service");
  EXPECT_EQ(inner_service_in("0::/system.slice/a.service/user@7.service"), "");
  EXPECT_EQ(service_in("0::/user.slice/user@7.service/b.service"), "");
}

TEST(ContainerForms, ALoginIsASessionOfItsUser) {
  const auto login = [](const std::string& path) {
    const auto found = login_in("0::" + path + "\n");
    if (!found) return std::string("none");
    return found->stop + " " + found->name + (found->note.empty() ? "" : "; " + found->note);
  };
  const std::string of_user = "/user.slice/user-7.slice/";
  EXPECT_EQ(login(of_user + "session-2.scope"), "loginctl terminate-session 2");
  EXPECT_EQ(login(of_user + "session-2.slice"), "none");
  EXPECT_EQ(login(of_user + "app.scope"), "none");
  EXPECT_EQ(login(of_user + "user@7.service/app.slice/a.service"),
            "systemctl --user stop a.service; as user 7");
  EXPECT_EQ(login(of_user + "user@7.service/init.scope"), "none");
  EXPECT_EQ(login("/system.slice/session-2.scope"), "none");
}

}  // namespace
}  // namespace cluster::agent
