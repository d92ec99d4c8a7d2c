#include "node-agent/state/wedged.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "node-agent/json_line.h"
#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {

using nlohmann::ordered_json;

namespace {

constexpr std::chrono::seconds kPatience{1};

// DeviceWorker gives its child this name. The number may be another process's by now.
bool is_there(const std::filesystem::path& proc, long long task) {
  if (task == 0) return false;
  const auto name = read_file(proc / std::to_string(task) / "comm");
  return name && trim(*name) == "gpupci-worker";
}

// The kernel keeps a device locked while a driver lets go of it, and the attribute waits for that.
bool answers(const Sysfs& sysfs, const PciAddress& pci) {
  const auto file = sysfs.device_path(pci) / "driver_override";
  return timed_read(file, kPatience).has_value() || !std::filesystem::exists(file);
}

}  // namespace

WedgedCards::WedgedCards(std::filesystem::path file, std::string boot)
    : file_(std::move(file), "a record of wedged cards", "reboot the host and move it away"),
      boot_(std::move(boot)) {
  file_.read([this](const ordered_json& document) {
    if (document.at("boot") != boot_) return;
    for (const auto& [pci, wedge] : document.at("cards").items()) {
      cards_[PciAddress::parse(pci)] = {.since = wedge.at("since").get<std::string>(),
                                        .step = wedge.at("step").get<std::string>(),
                                        .task = wedge.value("task", 0LL)};
    }
  });
}

WedgedCards::WedgedCards(const Environment& environment)
    : WedgedCards(environment.wedged, environment.boot_id()) {
  look_again(Sysfs(environment.sysfs), environment.proc);
}

void WedgedCards::look_again(const Sysfs& sysfs, const std::filesystem::path& proc) {
  if (cards_.empty()) return;
  const auto functions = sysfs.functions();
  const auto before = cards_.size();
  std::erase_if(cards_, [&](const auto& entry) {
    const auto& [card, wedge] = entry;
    return !is_there(proc, wedge.task) &&
           std::ranges::all_of(functions, [&, pci = card](const PciAddress& one) {
             return !one.same_slot(pci) || answers(sysfs, one);
           });
  });
  changed_ = changed_ || cards_.size() != before;
}

void WedgedCards::store() const {
  if (changed_) write();
}

std::optional<Wedge> WedgedCards::find(const PciAddress& pci) const {
  const auto found = cards_.find(pci);
  return found == cards_.end() ? std::nullopt : std::optional(found->second);
}

void WedgedCards::refuse(const PciAddress& pci) const {
  if (const auto wedge = find(pci)) throw Refused({reason(*wedge)});
}

void WedgedCards::mark(const PciAddress& pci, const std::string& step, long long task) {
  cards_[pci] = {.since = utc_now(), .step = step, .task = task};
  write();
}

void WedgedCards::write() const {
  auto cards = ordered_json::object();
  for (const auto& [card, wedge] : cards_) {
    cards[card.sysfs()] = {{"since", wedge.since}, {"step", wedge.step}};
    if (wedge.task != 0) cards[card.sysfs()]["task"] = wedge.task;
  }
  file_.write({{"boot", boot_}, {"cards", cards}});
}

Reason reason(const Wedge& wedge) {
  return {.what = "wedged since " + wedge.since + " (no end of: " + wedge.step + ")",
          .fix = std::string(kWedgedFix)};
}

}  // namespace cluster::agent
