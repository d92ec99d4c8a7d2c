#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/guard/bus.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/timed_read.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {
namespace {

std::string driver_state(const SavedDrivers::Driver& driver) {
  return driver ? "on " + *driver : "without a driver";
}

// "gpupci1 shares IOMMU group 13 with it"
std::string shares(const Card& one, const Card& other) {
  const auto group = shared_group(one, other);
  return one.label() + " shares " +
         (group ? "IOMMU group " + std::to_string(*group) : std::string("IOMMU groups")) +
         " with it";
}

class Detach {
 public:
  Detach(const Unit& unit, const std::vector<Card>& same_call, Tools& tools)
      : unit_(unit), same_call_(same_call), tools_(tools) {
    for (const auto& card : unit) outcomes_.push_back(untouched(card));
  }

  std::vector<CardOutcome> run() {
    try {
      plan();
      if (is_refused() || todo_.empty()) return finish();
      save();
      for (std::size_t i = 0; i < todo_.size(); ++i) {
        at_ = todo_[i].card;
        look_again(i);
        detach(*todo_[i].function);
        keep_steps();
      }
      expect_answers();
    } catch (const Refused& refusal) {
      outcomes_[at_].refused = refusal.reasons();
      put_back();
    } catch (const Error& error) {
      add_error(at_, error.what());
      put_back();
    }
    return finish();
  }

 private:
  struct Step {
    std::size_t card;  // its place in the unit
    FunctionOutcome* function;
  };

  void add_error(std::size_t card, const std::string& what) {
    outcomes_[card].errors.push_back({.what = what});
  }

  bool acts() const { return tools_.mode == virt::Mode::act; }

  void keep_steps() {
    std::ranges::move(tools_.take_steps(), std::back_inserter(outcomes_[at_].steps));
  }

  void plan() {
    for (at_ = 0; at_ < unit_.size(); ++at_) {
      for (auto& one : outcomes_[at_].functions) {
        if (is_detached(one.function, tools_.input.settings)) {
          one.outcome = Outcome::already_detached;
          continue;
        }
        if (tools_.input.sysfs.is_bridge(one.function.pci)) {
          add_error(at_, one.function.pci.sysfs() +
                             " is a bridge: no VM can have it, and the host would lose what is "
                             "behind it");
        }
        todo_.push_back({at_, &one});
      }
    }
    at_ = 0;
  }

  bool has_steps(std::size_t card) const {
    return std::ranges::any_of(todo_, [&](const Step& step) { return step.card == card; });
  }

  bool is_refused() {
    bool refused = !std::ranges::all_of(outcomes_, &CardOutcome::ok);  // a bridge
    for (at_ = 0; at_ < unit_.size(); ++at_) {
      auto& reasons = outcomes_[at_].refused;
      reasons = has_steps(at_) ? refusals(unit_[at_], same_call_, tools_.input, tools_.forced)
                               : fallen_off(unit_[at_]);
      refused = refused || !reasons.empty();
    }
    at_ = 0;
    if (!refused && !todo_.empty()) tools_.may_go_on();
    return refused;
  }

  // A card that the stub driver has already is of no use either when it does not answer.
  Reasons fallen_off(const Card& card) const {
    if (tools_.forced.contains(kBusGuard.name)) return {};
    auto reasons = kBusGuard.probe(Subject(card, same_call_, tools_.input));
    for (auto& reason : reasons) reason.id = kBusGuard.name;
    return reasons;
  }

  void save() {
    std::vector<SavedDrivers::Of> all;
    std::vector<std::string> words;
    for (std::size_t card = 0; card < unit_.size(); ++card) {
      if (has_steps(card)) all.push_back(drivers_of(card, words));
    }
    tools_.on_step("# save that " + joined(words, ", "));
    if (acts()) tools_.saved.save(all);
  }

  SavedDrivers::Of drivers_of(std::size_t card, std::vector<std::string>& words) {
    SavedDrivers::Of saved{unit_[card]};
    const bool ours = !tools_.saved.is_of_another(unit_[card]);
    auto overrides = driver_overrides(card);
    for (const auto& step : todo_) {
      if (step.card != card) continue;
      const auto& function = step.function->function;
      // The function has a record and no driver: the last detach died between two steps.
      const bool kept = ours && !function.driver;
      saved.drivers[function.pci] = kept ? tools_.saved.find(function.pci) : function.driver;
      words.push_back(function.pci.sysfs() + " " + driver_state(saved.drivers[function.pci]));
      auto& only = overrides[function.pci];
      // It is ours from a detach that died; what it was before is in the record.
      if (tools_.input.settings.is_stub(only)) {
        only = ours ? tools_.saved.driver_override(function.pci).value_or("") : "";
      }
      if (only.empty()) continue;
      words.back() += " (driver_override " + quoted_name(only) + ")";
      saved.overrides[function.pci] = only;
    }
    return saved;
  }

  // The kernel does not answer while it binds or unbinds the function.
  std::map<PciAddress, std::string> driver_overrides(std::size_t card) const {
    std::vector<PciAddress> functions;
    std::vector<std::filesystem::path> files;
    for (const auto& step : todo_) {
      if (step.card != card) continue;
      functions.push_back(step.function->function.pci);
      files.push_back(tools_.input.sysfs.device_path(functions.back()) / "driver_override");
    }
    const auto texts = timed_read(files);
    std::map<PciAddress, std::string> found;
    for (std::size_t at = 0; at < files.size(); ++at) {
      if (!texts[at] && std::filesystem::exists(files[at])) {
        throw Error(Fault::refused, "the kernel does not let go of " + functions[at].sysfs() +
                                        " (no answer from " + files[at].native() + ")");
      }
      const auto text = trim(texts[at] ? *texts[at] : std::string_view());
      found[functions[at]] = text == "(null)" ? "" : text;
    }
    return found;
  }

  // While one function lets go, which may take seconds, a program can open the next.
  void look_again(std::size_t step) {
    if (step == 0 || !acts()) return;
    tools_.may_go_on();
    Card rest{unit_[at_].name, {}, unit_[at_].slice};
    for (auto i = step; i < todo_.size(); ++i) {
      if (todo_[i].card == at_) rest.functions.push_back(todo_[i].function->function);
    }
    auto reasons = changed_refusals(rest, same_call_, tools_.input, tools_.forced);
    if (!reasons.empty()) throw Refused(std::move(reasons));
  }

  // A vendor's driver of vfio takes its model, where libvirt or we choose it.
  std::string wanted(const PciAddress& pci) {
    const auto& settings = tools_.input.settings;
    if (settings.stub_driver_is_named) return settings.stub_driver;
    auto& aliases = tools_.aliases;
    if (!aliases) aliases.emplace(modules_alias_file(tools_.input.modules, tools_.input.proc));
    const auto module = aliases->vfio_module(modalias(tools_.input.sysfs, pci));
    return module == "vfio_pci" ? settings.stub_driver : module + " or " + settings.stub_driver;
  }

  void detach(FunctionOutcome& one) {
    const auto& pci = one.function.pci;
    begun_.push_back({at_, &one});
    one.outcome = Outcome::failed;
    tools_.devices.detach(pci);
    tools_.on_step("readlink " + (tools_.input.sysfs.device_path(pci) / "driver").native() +
                   "  # " + wanted(pci));
    if (!acts()) {
      one.outcome = Outcome::would_detach;
      return;
    }
    const auto driver = tools_.input.sysfs.driver(pci);
    if (!driver || !tools_.input.settings.is_stub(*driver)) {
      throw Error(Fault::io, pci.sysfs() + (driver ? " is still on " + *driver : " has no driver") +
                                 ", want " + wanted(pci));
    }
    one.function.driver = driver;
    one.outcome = Outcome::detached;
  }

  void expect_answers() {
    for (at_ = 0; acts() && at_ < unit_.size(); ++at_) {
      const auto reasons = fallen_off(unit_[at_]);
      if (!reasons.empty()) throw Error(Fault::io, reasons.front().what);
    }
    at_ = 0;
  }

  // Puts the functions back in reverse order. The first of them is the one that failed: it may be
  // half detached. Nothing is forgotten before all are back, so the way back needs no disk.
  void put_back() {
    if (!acts() || begun_.empty()) return;
    keep_steps();
    begin_giving_back();
    std::vector<std::vector<std::string>> back(unit_.size());
    std::vector<std::vector<std::string>> lost(unit_.size());
    std::vector<PciAddress> done;
    for (auto at = begun_.rbegin(); at != begun_.rend(); ++at) {
      auto& one = *at->function;
      const auto& pci = one.function.pci;
      const auto original = tools_.saved.find(pci);
      const auto failed = failure_to_give_back(one, original);
      if (!failed) {
        if (one.outcome == Outcome::detached) one.outcome = Outcome::rolled_back;
        back[at->card].push_back(pci.sysfs() + " " + driver_state(original));
        done.push_back(pci);
      } else if (!failed->empty()) {
        one.outcome = Outcome::failed;
        lost[at->card].push_back(pci.sysfs() + " (" + *failed + ")");
      }
      one.function.driver = tools_.input.sysfs.driver(pci);
    }
    for (const auto& step : todo_) {
      if (step.function->outcome == Outcome::untouched) done.push_back(step.function->function.pci);
    }
    forget(done);
    for (std::size_t card = 0; card < unit_.size(); ++card) tell(card, back[card], lost[card]);
  }

  // Nothing when it is back; empty when it never left its driver, though that cannot be made sure.
  std::optional<std::string> failure_to_give_back(const FunctionOutcome& one,
                                                  const SavedDrivers::Driver& original) {
    const auto& pci = one.function.pci;
    try {
      give_back(pci, {.driver = original, .only = tools_.saved.driver_override(pci)}, tools_);
      return std::nullopt;
    } catch (const Error& error) {
      // The record stays for a later attach.
      const bool stayed =
          one.outcome == Outcome::failed && original && tools_.input.sysfs.driver(pci) == original;
      return stayed ? std::string() : std::string(error.what());
    }
  }

  void tell(std::size_t card, const std::vector<std::string>& back,
            const std::vector<std::string>& lost) {
    if (!back.empty()) add_error(card, "put back: " + joined(back, ", "));
    if (lost.empty()) return;
    const auto anew = "gpupci -a " + unit_[card].label() + " tries it anew";
    outcomes_[card].errors.push_back(
        {.what = "NOT put back: " + joined(lost, ", "), .fix = tools_.stuck() ? "" : anew});
  }

  // If this process dies after here, gpupci --restore puts the unit back.
  void begin_giving_back() {
    if (tools_.stuck() && tools_.devices.through() != "sysfs") {
      tools_.saved.note_given_up(tools_.input.boot);
    }
    try {
      std::vector<PciAddress> all;
      for (const auto& step : todo_) all.push_back(step.function->function.pci);
      tools_.saved.begin_giving_back(all);
    } catch (const Error& error) {
      add_error(at_, error.what());
    }
  }

  void forget(const std::vector<PciAddress>& functions) {
    try {
      tools_.saved.forget(functions);
    } catch (const Error& error) {
      add_error(at_, "what was put back is still in the record: " + std::string(error.what()));
    }
  }

  // The others of the unit share the fate of the card that is refused or has failed.
  std::vector<CardOutcome> finish() {
    keep_steps();
    const auto bad = std::ranges::find_if(outcomes_, [](auto& outcome) { return !outcome.ok(); });
    if (bad == outcomes_.end()) return std::move(outcomes_);
    const bool begun = !begun_.empty();
    const auto cause = begun ? at_ : static_cast<std::size_t>(bad - outcomes_.begin());
    const bool refused = !begun && !bad->refused.empty();
    for (std::size_t card = 0; card < unit_.size(); ++card) {
      auto& outcome = outcomes_[card];
      if (card == cause || (!begun && !outcome.ok())) continue;
      const auto what = shares(unit_[cause], unit_[card]);
      if (!has_steps(card)) {
        outcome.notes.push_back(what + " and stays with the host: no VM can have either of them");
      } else if (refused) {
        outcome.refused.push_back({.id = kGroupGuard.name,
                                   .what = what + " and cannot be taken now",
                                   .fix = "first do what " + unit_[cause].label() + " wants"});
      } else {
        outcome.errors.insert(outcome.errors.begin(), {.what = what + " and could not be taken"});
      }
    }
    return std::move(outcomes_);
  }

  const Unit& unit_;
  const std::vector<Card>& same_call_;
  Tools& tools_;
  std::vector<CardOutcome> outcomes_;  // in the order of the unit
  std::vector<Step> todo_;
  std::vector<Step> begun_;  // read when it is asked for
  std::size_t at_ = 0;       // the card that is at work
};

}  // namespace

std::vector<CardOutcome> detach_unit(const Unit& unit, const std::vector<Card>& same_call,
                                     Tools& tools) {
  return Detach(unit, same_call, tools).run();
}

}  // namespace cluster::agent
