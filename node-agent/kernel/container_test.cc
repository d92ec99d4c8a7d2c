#include "node-agent/kernel/container.h"

#include <gmock/gmock.h>

namespace cluster::agent {
namespace {

TEST(ContainerIn, KnowsTheJobsOfBatchSystems) {
  const auto stop = [](const std::string& cgroup) {
    const auto found = container_in("0::" + cgroup + "\n");
    return found ? found->stop + " " + found->name : "none";
  };
  EXPECT_EQ(stop("/system.slice/slurmstepd.scope/job_7/step_0/user/task_0"), "scancel 7");
  EXPECT_EQ(stop("/slurm/uid_1000/job_12/step_batch"), "scancel 12");
  EXPECT_EQ(stop("/slurm_node1/uid_0/job_12"), "scancel 12");
  EXPECT_EQ(stop("/pbs_jobs.service/jobid/12[3].head"), "qdel 12[3].head");
  EXPECT_EQ(stop("/lsf/c1/job.815.30122.1760000000"), "bkill 815");
  EXPECT_EQ(stop("/nomad.slice/share.slice/0b0a1c2d-1111-4222-8333-444455556666.web.scope"),
            "nomad alloc stop 0b0a1c2d-1111-4222-8333-444455556666");
  for (const auto* none : {"/job_7", "/slurm/job_x", "/lsf/job.x.1", "/jobid/1.head", "/slurm",
                           "/system.slice/slurmd.service", "/nomad.slice/share.slice"}) {
    EXPECT_EQ(stop(none), "none") << none;
  }
}

const std::string kId(64, 'a');
const std::string kShort(12, 'a');

// "pct stop 101", of a process in a control group.
std::string stop(const std::string& cgroup) {
  const auto found = container_in("0::" + cgroup + "\n");
  return found ? found->stop + " " + found->name : "none";
}

TEST(Container, IsStoppedByTheProgramThatRunsIt) {
  EXPECT_EQ(stop("/lxc/101/ns/system.slice/nginx.service"), "pct stop 101");
  EXPECT_EQ(stop("/lxc/101"), "pct stop 101");
  EXPECT_EQ(stop("/lxc.payload.web/system.slice/x.service"), "lxc-stop -n web");
  EXPECT_EQ(stop("/lxc.payload/web"), "lxc-stop -n web");
  EXPECT_EQ(stop("/lxc/web/init.scope"), "lxc-stop -n web");
  EXPECT_EQ(stop("/user.slice/user-0.slice/session-2.scope/lxc.payload.web"), "lxc-stop -n web");
  EXPECT_EQ(stop("/machine.slice/machine-my\\x2dbox.scope/payload/system.slice/x.service"),
            "machinectl poweroff my-box");
  EXPECT_EQ(stop("/system.slice/docker-" + kId + ".scope"), "docker stop " + kShort);
  EXPECT_EQ(stop("/docker/" + kId), "docker stop " + kShort);
  EXPECT_EQ(stop("/machine.slice/libpod-" + kId + ".scope/container"), "podman stop " + kShort);
  EXPECT_EQ(
      stop("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope"),
      "podman stop " + kShort);
  EXPECT_EQ(stop("/system.slice/nerdctl-" + kId + ".scope"), "nerdctl stop " + kShort);
  EXPECT_EQ(stop("/default/" + kId), "nerdctl stop " + kShort);
}

TEST(Container, OfAUserIsStoppedByThatUser) {
  const auto note = [](const std::string& cgroup) {
    return container_in("0::" + cgroup + "\n").value_or(Container{}).note;
  };
  const std::string of_user = "/user.slice/user-1000.slice/user@1000.service/user.slice/";
  EXPECT_EQ(note(of_user + "docker-" + kId + ".scope"), "as user 1000");
  EXPECT_EQ(note(of_user + "libpod-" + kId + ".scope"), "as user 1000");
  EXPECT_EQ(note("/user.slice/user-0.slice/session-2.scope/nerdctl-" + kId + ".scope"), "");
  EXPECT_THAT(note("/user.slice/user-7.slice/session-2.scope/lxc.payload.web"),
              ::testing::EndsWith("; as user 7"));
}

TEST(Container, OfAPodIsKnownToTheKubelet) {
  const auto slice = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podb1_2.slice/";
  for (const auto& cgroup :
       {slice + ("cri-containerd-" + kId + ".scope"), slice + ("crio-" + kId + ".scope"),
        slice + ("docker-" + kId + ".scope"), "/kubepods/besteffort/podb1-2/" + kId,
        "/system.slice/containerd.service/kubepods-besteffort-podb1.slice:cri-containerd:" + kId}) {
    EXPECT_EQ(stop(cgroup), "crictl stop " + kShort) << cgroup;
    EXPECT_NE(container_in("0::" + cgroup)->note, "");
  }
}

TEST(Container, OfLibvirtAndProxmoxMayBeAVm) {
  EXPECT_EQ(stop("/machine.slice/machine-qemu\\x2d3\\x2drocks\\x2d33.scope/libvirt/emulator"),
            "virsh shutdown rocks-33");
  EXPECT_EQ(stop("/machine.slice/machine-lxc\\x2d12\\x2dbox.scope"),
            "virsh -c lxc:/// shutdown box");
  EXPECT_EQ(stop("/machine.slice/machine-qemu.scope"), "machinectl poweroff qemu");
  EXPECT_EQ(stop("/qemu.slice/101.scope"), "qm shutdown 101");
}

// Docker in a container of LXC: the host knows only the outer one.
TEST(Container, IsTheOutermost) {
  EXPECT_EQ(stop("/lxc/101/ns/docker/" + kId), "pct stop 101");
  EXPECT_EQ(stop("/lxc/101/ns/system.slice/docker-" + kId + ".scope"), "pct stop 101");
}

TEST(Container, IsNoServiceOfTheHost) {
  for (const auto* cgroup :
       {"/", "/init.scope", "/system.slice/docker.service", "/system.slice/lxc.service",
        "/system.slice/system-pve\\x2dcontainer.slice/pve-container@101.service",
        "/machine.slice/systemd-nspawn@web.service/payload/system.slice/x.service",
        "/user.slice/user-1000.slice/session-3.scope", "/docker/short", "/lxc"}) {
    EXPECT_EQ(stop(cgroup), "none") << cgroup;
  }
  // Podman's Quadlet.
  EXPECT_EQ(stop("/system.slice/media.service/libpod-payload-" + kId), "none");
  EXPECT_EQ(service_in("0::/system.slice/media.service/libpod-payload-" + kId), "media.service");
  // Docker in a machine of a service: the host's Docker does not know that container.
  const auto inner = "/machine.slice/systemd-nspawn@web.service/payload/system.slice/docker-" + kId;
  EXPECT_EQ(stop(inner + ".scope"), "none");
  EXPECT_EQ(service_in("0::" + inner + ".scope"), "systemd-nspawn@web.service");
  EXPECT_EQ(service_in("0::/machine.slice/systemd-nspawn@web.service/payload/x.service"),
            "systemd-nspawn@web.service");
}

TEST(Container, IsFoundInEveryHierarchy) {
  const auto found = container_in("12:memory:/docker/" + kId + "\n1:name=systemd:/\n0::/\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stop, "docker stop");
  EXPECT_FALSE(container_in(""));
  EXPECT_FALSE(container_in("no line\n::\n"));
}

TEST(Container, HasServicesOfItsOwn) {
  const auto* const inside = "0::/lxc/101/ns/system.slice/nginx.service\n";
  EXPECT_EQ(service_in(inside), "");
  EXPECT_EQ(inner_service_in(inside), "nginx.service");
  EXPECT_EQ(service_in("0::/docker/" + kId), "");
  EXPECT_EQ(inner_service_in("0::/docker/" + kId), "");
}

TEST(Login, IsASessionOrAServiceOfItsUser) {
  const auto login = [](const std::string& cgroup) {
    const auto found = login_in("0::" + cgroup + "\n");
    return found ? found->stop + " " + found->name + " " + found->note : "none";
  };
  EXPECT_EQ(login("/user.slice/user-1000.slice/session-3.scope"), "loginctl terminate-session 3 ");
  EXPECT_EQ(login("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service"),
            "systemctl --user stop x.service as user 1000");
  EXPECT_EQ(login("/user.slice/user-1000.slice/user@1000.service/init.scope"), "none");
  EXPECT_EQ(login("/system.slice/x.service"), "none");
}

}  // namespace
}  // namespace cluster::agent
