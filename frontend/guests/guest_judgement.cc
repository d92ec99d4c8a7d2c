#include "frontend/guests/guest_judgement.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "frontend/guests/guest_faults.h"

namespace cluster::frontend {
namespace {

// "S1\tFAIL\tREASON\tFIX" of gds-check --report, or "S1   FAIL     REASON; FIX" of an older one
// that prints for people alone. Nothing else is a check: a guest judges nothing but its S1, S2, ...
std::optional<CheckAnswer> gds_line(std::string_view line) {
  CheckAnswer read;
  std::string_view word;
  std::string_view reason;
  std::string_view fix;
  if (const auto fields = split(line, '\t'); fields.size() > 1) {
    read.id = fields[0];
    word = fields[1];
    if (fields.size() > 2) reason = fields[2];
    if (fields.size() > 3) fix = fields[3];
  } else {
    read.id = line.substr(0, line.find(' '));
    const auto rest = trim(line.substr(read.id.size()));
    word = rest.substr(0, rest.find(' '));
    reason = trim(rest.substr(word.size()));
    if (const auto end = reason.find("; "); end != std::string_view::npos) {
      fix = reason.substr(end + 2);
      reason = reason.substr(0, end);
    }
  }
  const auto result = verdict_named(word);
  if (!result || !read.id.starts_with('S') || !parse_number(read.id.substr(1))) return std::nullopt;
  read.result = *result;
  read.reason = reason;
  read.fix = fix;
  return read;
}

class Judge {
 public:
  Judge(const GivenCards& given, const std::string& said) : given_(given), report_(said) {}

  std::vector<CheckAnswer> run() {
    if (!report_.whole) {
      say("I1", "", Verdict::unknown, "the guest's answer is not whole",
          "cluster check host vm " + given_.vm + " timeout=300");
    }
    for (const auto& card : given_.cards) judge(card);
    if (given_.wants_gds || has_gds()) judge_gds();
    return std::move(checks_);
  }

 private:
  void say(const std::string& id, const std::string& card, Verdict verdict,
           const std::string& reason, const std::string& fix = "") {
    checks_.push_back({id, card, verdict, reason, fix});
  }

  void say(const std::string& id, const std::string& card, const GuestFault& fault) {
    say(id, card, fault.warns ? Verdict::warn : Verdict::fail, fault.reason, fault.fix);
  }

  void judge(const GivenCard& card) {
    std::vector<const GuestDevice*> found;
    for (const auto& function : card.functions) {
      if (const auto* device = find(card, function)) found.push_back(device);
    }
    if (found.empty()) return;
    if (found.size() == card.functions.size()) {
      const auto& first = *found.front();
      say("I2", card.name, Verdict::pass,
          first.vendor + ":" + first.device + " is where it was given" +
              (first.address.empty() ? "" : ", at " + first.address));
    }
    const auto* gpu = gpu_of(card, found);
    const bool answers = gpu != nullptr && is_nvidia(*gpu) && !smi_line(report_, *gpu).empty();
    regions(card, found, answers);
    driver(card, gpu != nullptr ? *gpu : *found.front(), gpu != nullptr);
    if (gpu == nullptr || !is_nvidia(*gpu)) return;
    auto fault = log_fault(report_, *gpu, given_.container);
    if (fault && fault->silences && answers) {
      fault->reason += "; that was earlier, as it answers now";
      fault->warns = true;
    }
    log(card, fault);
    smi(card, *gpu, found, fault);
  }

  // The device at the place of the function; null when it is not there, which is said.
  const GuestDevice* find(const GivenCard& card, const GivenFunction& function) {
    const auto fail = [&](const std::string& reason, const std::string& fix) {
      say("I2", card.name, Verdict::fail, reason, fix);
      return nullptr;
    };
    const auto sync = "cluster sync vm config " + given_.vm;
    const auto again = "cluster stop host vm " + given_.vm + " action=shutdown, then start it";
    if (function.path.empty() && function.is_defined) {
      return fail("no such device in the guest: the VM runs without " + function.pci,
                  "a card that was given to a running VM comes at its next start: " + again);
    }
    if (function.path.empty()) {
      return fail("the VM was defined without " + function.pci, sync + ", then " + again);
    }
    const auto at = std::ranges::find(report_.devices, function.path, &GuestDevice::path);
    const auto ids = function.vendor.empty() ? "" : function.vendor + ":" + function.device;
    if (at != report_.devices.end() && at->dead) {
      const auto what = ": its configuration space at " + at->address + " reads ffff";
      // The kernel calls a card that does not answer asleep, too.
      if (at->power.starts_with("D3")) {
        return fail(
            "it does not wake from power state " + at->power + ", or fell off the bus" + what,
            asleep(given_.container).fix + "; else " + fell_off(given_.container).fix);
      }
      return fail("it fell off the bus" + what, fell_off(given_.container).fix);
    }
    const bool is_other =
        at != report_.devices.end() && !ids.empty() && at->vendor + ":" + at->device != ids;
    if (at != report_.devices.end() && !is_other) return &*at;
    const auto same = std::ranges::find_if(report_.devices, [&](const GuestDevice& one) {
      return !ids.empty() && one.vendor + ":" + one.device == ids && !is_given(one);
    });
    if (same != report_.devices.end()) {
      return fail(ids + " is in another slot, at " + same->address + ", and not at " +
                      function.path + " where it was given",
                  "cluster sync vm config " + given_.vm + " diff=yes; " + again);
    }
    if (is_other) {
      return fail(at->vendor + ":" + at->device + " is in its place, and not " + ids,
                  "cluster discover host gpu " + given_.container + "; " + again);
    }
    return fail("no such device in the guest: nothing is at " + function.path +
                    (ids.empty() ? "" : ", and no " + ids + " anywhere"),
                again);
  }

  bool is_given(const GuestDevice& device) const {
    return std::ranges::any_of(given_.cards, [&](const GivenCard& card) {
      return std::ranges::find(card.functions, device.path, &GivenFunction::path) !=
             card.functions.end();
    });
  }

  const GuestDevice* gpu_of(const GivenCard& card,
                            const std::vector<const GuestDevice*>& found) const {
    for (const auto* one : found) {
      const auto kind =
          one->device_class.empty() ? card.kind : device_kind(one->device_class, one->vendor);
      if (kind == DeviceKind::gpu) return one;
    }
    return nullptr;
  }

  // A card that answers has its regions, whatever the log said at an earlier try.
  void regions(const GivenCard& card, const std::vector<const GuestDevice*>& found, bool answers) {
    if (report_.windows) {
      constexpr int kNoResources = 12;
      for (const auto* one : found) {
        if (one->problem != kNoResources) continue;
        return say("I3", card.name, unplaced("it found no resources (code 12)", given_.vm));
      }
      return;
    }
    for (const auto* one : found) {
      auto what = one->unplaced;
      const auto& address = one->address;
      const auto zero = report_.line_with("kernel-log", {"BAR", "is 0M @", address});
      if (what.empty() && !zero.empty() && !answers) what.push_back(zero.substr(zero.find("BAR")));
      if (what.empty()) continue;
      return say("I3", card.name,
                 unplaced(joined(what, ", ") + " of " + address + " has no address", given_.vm));
    }
    say("I3", card.name, Verdict::pass, "all of its regions have addresses");
  }

  void driver(const GivenCard& card, const GuestDevice& device, bool is_gpu) {
    if (const auto fault = driver_fault(report_, device, is_gpu, given_.vm)) {
      return say("I4", card.name, *fault);
    }
    const auto version = device.driver == "nvidia" ? running_version() : "";
    say("I4", card.name, Verdict::pass,
        (report_.windows ? "its driver, " + device.driver + ", works"
                         : device.driver + " holds it") +
            (version.empty() ? "" : ", " + version));
  }

  // "580.95.05" of "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05 ...": that
  // of the module on the disk may be newer.
  std::string running_version() const {
    for (const auto& line : report_.part("nvidia-version")) {
      if (!line.starts_with("NVRM version:")) continue;
      for (const auto word : split(line, ' ')) {
        const auto dot = word.find('.');
        if (dot != std::string_view::npos && parse_number(word.substr(0, dot))) {
          return std::string(word);
        }
      }
    }
    return "";
  }

  void log(const GivenCard& card, const std::optional<GuestFault>& fault) {
    if (report_.windows) return;
    if (fault) return say("I5", card.name, *fault);
    if (report_.line_with("kernel-log", {"unreadable"}) == "unreadable" || !report_.whole) {
      return say("I5", card.name, Verdict::unknown, "the kernel's log cannot be read there",
                 "let root, or the guest's agent, run the check");
    }
    say("I5", card.name, Verdict::pass, "the kernel's log says nothing against it");
  }

  void smi(const GivenCard& card, const GuestDevice& gpu,
           const std::vector<const GuestDevice*>& found, const std::optional<GuestFault>& fault) {
    const bool has_unplaced =
        std::ranges::any_of(found, [](const GuestDevice* one) { return !one->unplaced.empty(); });
    const SmiContext context{given_.vm, given_.container, has_unplaced, fault};
    if (const auto wrong = smi_fault(report_, gpu, context)) return say("I6", card.name, *wrong);
    const auto line = smi_line(report_, gpu);
    if (line.empty()) {
      return say("I6", card.name, Verdict::unknown,
                 report_.part("nvidia-smi").empty() ? "nvidia-smi did not tell of it"
                                                    : "which card nvidia-smi tells of is not known",
                 "run nvidia-smi in the guest");
    }
    say("I6", card.name, Verdict::pass, "nvidia-smi: " + line);
  }

  bool has_gds() const {
    const auto& lines = report_.part("gds");
    return !lines.empty() && lines.front() != "missing";
  }

  void judge_gds() {
    if (!has_gds()) {
      return say("S1", "", Verdict::unknown, "there is no gds-check in the guest",
                 "cluster run roll gds host=" + given_.vm + " apply=yes");
    }
    const auto before = checks_.size();
    for (const auto& line : report_.part("gds")) {
      if (auto one = gds_line(line)) checks_.push_back(std::move(*one));
    }
    if (checks_.size() == before) {
      say("S1", "", Verdict::unknown, "gds-check in the guest tells of no check",
          "run gds-check there");
    }
  }

  const GivenCards& given_;
  GuestReport report_;
  std::vector<CheckAnswer> checks_;
};

}  // namespace

std::vector<CheckAnswer> judge_guest(const GivenCards& given, const std::string& said) {
  return Judge(given, said).run();
}

}  // namespace cluster::frontend
