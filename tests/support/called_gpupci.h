#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/actions/run.h"
#include "tests/support/fake_node_devices.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {

/// Runs gpupci on a fake host: arguments go in; stdout, stderr and status come out.
class CalledGpupci : public ::testing::Test {
 protected:
  struct Memory {
    FileDescriptor file{::memfd_create("output", MFD_CLOEXEC)};

    std::string text() const {
      return read_file("/proc/self/fd/" + std::to_string(file.get())).value();
    }
  };

  CalledGpupci() {
    environment_.sysfs = fake_.root();
    environment_.proc = fake_.root() / "proc";
    environment_.runtime = fake_.root() / "run";
    environment_.settings = fake_.root() / "gpupci.yaml";
    environment_.keep_state_in(fake_.root());
    environment_.lock = fake_.root() / "lock";
    environment_.sriov_manage = fake_.root() / "sriov-manage";
    environment_.nvidia_smi = fake_.root() / "nvidia-smi";
    environment_.managed_saves = fake_.root() / "save";
    environment_.open_devices = [this](const Sysfs&, const Settings&, virt::Mode mode,
                                       virt::StepListener on_step) {
      return std::make_unique<FakeNodeDevices>(fake_, plot_, mode, std::move(on_step), vm_devices_);
    };
    environment_.open_sysfs_devices = environment_.open_devices;
  }

  // Returns stdout; `status_` and `err_` belong to the same call.
  std::string gpupci(const std::vector<std::string>& arguments) {
    const Memory out;
    const Memory err;
    Stream to_out(out.file.get());
    Stream to_err(err.file.get());
    status_ = run(arguments, to_out, to_err, environment_);
    err_ = err.text();
    return out.text();
  }

  // Returns the table of --check. Each line that did not pass names a way out.
  std::string check(const std::string& target) {
    auto table = gpupci({"--check", target});
    for (const auto line : split(trim(table), '\n')) {
      const auto has = [&](std::string_view text) {
        return line.find(text) != std::string_view::npos;
      };
      EXPECT_TRUE(has("ID   CARD") || has(" PASS ") || has("; ")) << line;
    }
    return table;
  }

  FakeSysfs fake_;
  Environment environment_;
  FakeNodeDevices::Plot plot_;
  std::vector<virt::VmDevice> vm_devices_ = FakeNodeDevices::kVmDevices;  // by what libvirt says
  int status_ = -1;
  std::string err_;
};

}  // namespace cluster::agent
