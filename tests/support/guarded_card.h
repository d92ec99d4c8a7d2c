#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file.h"
#include "node-agent/guard/guard.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {

/// A host of files with the cards that a test adds. It answers whether the first of them may go.
class GuardedCard : public ::testing::Test {
 protected:
  // The reasons why the first card may not be detached, alone or with all others.
  std::string why(const Forced& forced = {}, bool same_call = false) {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    const std::vector<Card> first{cards.front()};
    const auto found = refusals(first.front(), same_call ? cards : first, input(sysfs), forced);
    return found.empty() ? "nothing" : message(found);
  }

  std::string why_not_attach() {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    const auto found = attach_refusals(cards.front(), input(sysfs));
    return found.empty() ? "nothing" : message(found);
  }

  GuardInput input(const Sysfs& sysfs) const {
    Environment environment;
    environment.proc = proc_.root();
    environment.runtime = fake_.root() / "run";
    environment.ssh_connection = ssh_connection_;
    environment.keep_state_in(fake_.root());
    auto input = guard_input(environment, sysfs, settings_, [this] { return vm_devices_; });
    input.settle_time = settle_time_;
    return input;
  }

  // Sets an attribute of a function: "0000:02:00.0/boot_vga".
  void set(const std::filesystem::path& attribute, const std::string& text) {
    replace_file(fake_.root() / "bus/pci/devices" / attribute, text + "\n");
  }

  // Adds a device node below a function. A fake process that has a file with this number open has
  // the node open.
  void add_node(const std::filesystem::path& folder, const std::string& number,
                const std::string& name, const std::string& subsystem = "drm") {
    const auto path = fake_.root() / "bus/pci/devices" / folder;
    replace_file(path / "dev", number + "\n");
    replace_file(path / "uevent", "MAJOR=1\nDEVNAME=" + name + "\n");
    std::filesystem::create_symlink("../../class/" + subsystem, path / "subsystem");
  }

  FakeSysfs fake_;
  FakeProc proc_;
  Settings settings_;
  std::vector<virt::VmDevice> vm_devices_;
  std::string ssh_connection_;
  std::chrono::milliseconds settle_time_{0};
};

}  // namespace cluster::agent
