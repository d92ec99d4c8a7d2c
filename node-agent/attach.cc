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
    const auto before = one.function.driver;
    const bool at_home = before && !tools_.settings.is_stub(*before);
    // Without a record there is nothing of ours about it: libvirt need not be asked.
    if (at_home && !tools_.saved.has(pci)) {
      one.outcome = Outcome::already_attached;
      return;
    }
    if (hold) {
      one.outcome = Outcome::held_back;
      return;
    }
    // What the host has is right, whichever driver it chose since one was saved.
    const auto wanted = at_home ? std::nullopt : tools_.saved.find(pci);
    give_back(pci, wanted, tools_);
    if (tools_.mode == virt::Mode::rehearse) {
      one.outcome = at_home ? Outcome::already_attached : Outcome::would_attach;
      return;
    }
    // Without a driver before, and none that wants it now: nothing has changed.
    one.outcome =
        tools_.sysfs.driver(pci) == before ? Outcome::already_attached : Outcome::attached;
    tools_.saved.forget(pci);
  }

  Tools& tools_;
  CardReport report_;
  std::vector<std::string> errors_;
};

}  // namespace

CardReport attach_card(const Card& card, Tools& tools) { return Attach(card, tools).run(); }

}  // namespace cluster::agent
