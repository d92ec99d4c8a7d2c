#include "core/error.h"
#include "core/text.h"
#include "node-agent/transaction.h"

namespace cluster::agent {
namespace {

class Attach {
 public:
  Attach(const Card& card, Tools& tools) : tools_(tools), report_(untouched(card)) {}

  CardReport run() {
    bool hold = false;
    for (auto& one : report_.functions) {
      try {
        attach(one, hold);
      } catch (const Error& error) {
        errors_.push_back(std::string(kind(one.function)) + " device " + one.function.pci.sysfs() +
                          ": " + error.what());
        one.outcome = Outcome::failed;
        hold = hold || &one == &report_.functions.front() || kind(one.function) == "video";
      }
      one.function.driver = tools_.sysfs.driver(one.function.pci);
    }
    report_.error = joined(errors_, "; ");
    return report_;
  }

 private:
  void attach(FunctionReport& one, bool hold) {
    const auto& pci = one.function.pci;
    const bool acts = tools_.mode == virt::Mode::act;
    const auto saved = tools_.saved.find(pci);
    const bool away = is_away(pci, saved, tools_);
    if (away && hold) {
      one.outcome = Outcome::held_back;
      return;
    }
    // What the host has is right, whichever driver it chose since it was saved.
    give_back(pci, away ? saved : std::nullopt, tools_);
    if (acts) tools_.saved.forget(pci);
    if (!away) {
      one.outcome = Outcome::already_attached;
    } else {
      one.outcome = acts ? Outcome::attached : Outcome::would_attach;
    }
  }

  Tools& tools_;
  CardReport report_;
  std::vector<std::string> errors_;
};

}  // namespace

CardReport attach_card(const Card& card, Tools& tools) { return Attach(card, tools).run(); }

}  // namespace cluster::agent
