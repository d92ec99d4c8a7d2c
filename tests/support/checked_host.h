#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks/known_troubles.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {

/// A host of files with one card, 02:00, and the results of the checks of both.
class CheckedHost : public ::testing::Test {
 protected:
  CheckedHost() {
    fake_.add_card("0000:02:00", 2, 13);
    proc_.file("cpuinfo", "processor\t: 0\nflags\t\t: fpu vmx sse\n");
    proc_.file("sys/kernel/osrelease", "6.1.0-test\n");
  }

  // The results for the host and for the first card.
  std::vector<CheckResult> results() {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    Environment environment;
    environment.proc = proc_.root();
    environment.modules = fake_.root() / "modules";
    environment.keep_state_in(fake_.root());
    const auto vm_devices = [this] {
      if (vm_devices_) return *vm_devices_;
      throw Error(Fault::io, "libvirt does not answer");
    };
    const CheckInput input{guard_input(environment, sysfs, settings_, vm_devices),
                           [this] { return libvirt_version_; }, as_root_};
    auto found = run_checks(together_ ? cards : std::vector{cards.front()}, input,
                            KnownTroubles(fake_.root() / "known.yaml"));
    for (const auto& one : found) {
      const auto& reason = one.answer.reason;
      EXPECT_TRUE(one.answer.verdict == Verdict::pass || !way_out(reason).empty())
          << message(reason);
    }
    return found;
  }

  // Gives "FAIL reason; fix".
  std::string check(std::string_view id) {
    for (const auto& one : results()) {
      if (one.id != id) continue;
      auto reason = one.answer.reason;
      reason.id = {};
      return std::string(word(one.answer.verdict)) + " " + message(reason);
    }
    return "no such check";
  }

  // The ids of the checks with this answer: "H1 D12".
  std::string ids(Verdict verdict) {
    std::vector<std::string> found;
    for (const auto& one : results()) {
      if (one.answer.verdict == verdict) found.emplace_back(one.id);
    }
    return joined(found, " ");
  }

  // Sets an attribute of a function: "0000:02:00.0/boot_vga".
  void set(const std::filesystem::path& attribute, const std::string& text) {
    replace_file(fake_.root() / "bus/pci/devices" / attribute, text);
  }
  void set_host(const std::filesystem::path& file, const std::string& text) {
    replace_file(fake_.root() / file, text);
  }

  // Sets the configuration space as root reads it: 256 bytes, or 4096 with PCIe and one extended
  // capability.
  void set_config(const std::filesystem::path& function, std::optional<char> extended) {
    std::string config(extended ? 4096 : 256, '\0');
    config[0x06] = '\x10';
    config[0x34] = '\x40';
    config[0x40] = '\x05';  // MSI, and behind it PCIe
    config[0x41] = '\x50';
    config[0x50] = extended ? '\x10' : '\x09';
    if (extended) config[0x100] = *extended;
    set(function / "config", config);
  }

  FakeSysfs fake_;
  FakeProc proc_;
  Settings settings_;
  bool together_ = false;  // all cards are checked
  bool as_root_ = true;
  std::optional<std::vector<virt::VmDevice>> vm_devices_ = std::vector<virt::VmDevice>();
  std::optional<unsigned long> libvirt_version_;
};

}  // namespace cluster::agent
