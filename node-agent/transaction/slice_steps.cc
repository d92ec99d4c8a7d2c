#include "node-agent/transaction/slice_steps.h"

#include "core/error.h"
#include "core/text.h"
#include "node-agent/binding/run_in_child.h"
#include "node-agent/binding/run_program.h"
#include "node-agent/binding/signal_hold.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {
namespace {

// Returns 127 for a program that cannot be run at all, as a shell does.
int status_of(const std::vector<std::string>& words) {
  try {
    return run_program(words);
  } catch (const Error&) {
    return 127;
  }
}

void run_well(const std::vector<std::string>& words) {
  const int status = status_of(words);
  if (status == 0) return;
  throw Error(Fault::io,
              words.front() +
                  (status > 0 ? " failed with status " + std::to_string(status) : " was killed"));
}

}  // namespace

void SliceSteps::concern(const PciAddress& pci) {
  WedgedCards(environment_).refuse(pci);
  pci_ = pci;
}

void SliceSteps::write(const std::filesystem::path& attribute, const std::string& value) {
  take("echo " + value + " > " + attribute.native(),
       [&] { environment_.write_attribute(attribute, value + "\n"); });
}

void SliceSteps::run(const std::vector<std::string>& words) {
  std::vector<std::string> spelled;
  for (const auto& word : words) spelled.push_back(shell_word(word));
  take(joined(spelled, " "), [&] { run_well(words); });
}

void SliceSteps::take(const std::string& step, const std::function<void()>& act) {
  const auto signal = SignalHold::pending();
  if (acts() && !begun_ && signal) {
    throw Error(Fault::refused, "stopped by " + std::string(*signal) + "; nothing was changed");
  }
  begun_ = true;
  if (!stuck_.empty()) throw Error(Fault::io, "not tried, an earlier step is stuck");
  note(step);
  pid_t left = 0;
  if (!acts() || run_in_child(act, environment_.act_deadline, &left)) return;
  stuck_ = step;
  if (pci_) WedgedCards(environment_.wedged, environment_.boot_id()).mark(*pci_, step, left);
  throw Error(Fault::io, "no end after " +
                             std::to_string(environment_.act_deadline.count() / 1000) +
                             " s of: " + step + "; reboot the host");
}

}  // namespace cluster::agent
