#include <map>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {
namespace {

std::string driver_state(const SavedDrivers::Driver& driver) {
  return driver ? "on " + *driver : "without a driver";
}

class Detach {
 public:
  Detach(const Card& card, Tools& tools) : card_(card), tools_(tools), outcome_(untouched(card)) {}

  CardOutcome run(const std::vector<Card>& same_call) {
    try {
      plan();
      if (todo_.empty()) return outcome_;
      outcome_.refused = refusals(card_, same_call, tools_.input, tools_.forced);
      if (!outcome_.refused.empty()) return outcome_;
      save();
      for (auto* one : todo_) detach(*one);
    } catch (const Error& error) {
      add_error(error.what());
      put_back();
    }
    return outcome_;
  }

 private:
  void add_error(const std::string& what) { outcome_.errors.push_back({.what = what}); }

  bool acts() const { return tools_.mode == virt::Mode::act; }

  void plan() {
    for (auto& one : outcome_.functions) {
      if (one.function.driver && tools_.input.settings.is_stub(*one.function.driver)) {
        one.outcome = Outcome::already_detached;
      } else {
        todo_.push_back(&one);
      }
    }
  }

  void save() {
    std::map<PciAddress, SavedDrivers::Driver> drivers;
    std::vector<std::string> words;
    for (const auto* one : todo_) {
      const auto& pci = one->function.pci;
      // The function has a record and no driver: the last detach died between two steps.
      const bool kept = !one->function.driver && !tools_.saved.is_of_another(card_);
      const auto driver = kept ? tools_.saved.find(pci) : one->function.driver;
      drivers[pci] = driver;
      words.push_back(pci.sysfs() + " " + driver_state(driver));
    }
    tools_.on_step("# save that " + joined(words, ", "));
    if (acts()) tools_.saved.save(card_, drivers);
  }

  void detach(FunctionOutcome& one) {
    const auto& pci = one.function.pci;
    begun_.push_back(&one);
    one.outcome = Outcome::failed;
    tools_.devices.detach(pci);
    tools_.on_step("readlink " + (tools_.input.sysfs.device_path(pci) / "driver").native() +
                   "  # " + tools_.input.settings.stub_driver);
    if (!acts()) {
      one.outcome = Outcome::would_detach;
      return;
    }
    const auto driver = tools_.input.sysfs.driver(pci);
    if (!driver || !tools_.input.settings.is_stub(*driver)) {
      throw Error(Fault::io, pci.sysfs() + (driver ? " is still on " + *driver : " has no driver") +
                                 ", want " + tools_.input.settings.stub_driver);
    }
    one.function.driver = driver;
    one.outcome = Outcome::detached;
  }

  // Puts the functions back in reverse order. The first of them is the one that failed: it may be
  // half detached.
  void put_back() {
    if (!acts() || begun_.empty()) return;
    begin_giving_back();
    std::vector<std::string> back;
    std::vector<std::string> lost;
    for (auto at = begun_.rbegin(); at != begun_.rend(); ++at) {
      auto& one = **at;
      const auto& pci = one.function.pci;
      const auto original = tools_.saved.find(pci);
      try {
        give_back(pci, original, tools_);
        if (one.outcome == Outcome::detached) one.outcome = Outcome::rolled_back;
        back.push_back(pci.sysfs() + " " + driver_state(original));
        tools_.saved.forget(pci);
      } catch (const Error& error) {
        // The record stays for a later attach. The function may never have left its driver.
        if (one.outcome == Outcome::failed && original &&
            tools_.input.sysfs.driver(pci) == original) {
          continue;
        }
        one.outcome = Outcome::failed;
        lost.push_back(pci.sysfs() + " (" + error.what() + ")");
      }
      one.function.driver = tools_.input.sysfs.driver(pci);
    }
    forget_untouched();
    if (!back.empty()) add_error("put back: " + joined(back, ", "));
    if (!lost.empty()) {
      const auto anew = "gpupci -a " + card_.label() + " tries it anew";
      outcome_.errors.push_back(
          {.what = "NOT put back: " + joined(lost, ", "), .fix = tools_.stuck() ? "" : anew});
    }
  }

  // If this process dies after here, gpupci --restore puts the card back.
  void begin_giving_back() {
    try {
      std::vector<PciAddress> all;
      for (const auto* one : todo_) all.push_back(one->function.pci);
      tools_.saved.begin_giving_back(all);
    } catch (const Error& error) {
      add_error(error.what());
    }
  }

  void forget_untouched() {
    try {
      for (const auto* one : todo_) {
        if (one->outcome == Outcome::untouched) tools_.saved.forget(one->function.pci);
      }
    } catch (const Error& error) {
      add_error(error.what());
    }
  }

  const Card& card_;
  Tools& tools_;
  CardOutcome outcome_;
  std::vector<FunctionOutcome*> todo_;
  std::vector<FunctionOutcome*> begun_;
};

}  // namespace

CardOutcome detach_card(const Card& card, const std::vector<Card>& same_call, Tools& tools) {
  return Detach(card, tools).run(same_call);
}

}  // namespace cluster::agent
