#include "node-agent/transaction/slice_steps.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/binding/run_in_child.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {
namespace {

void run_program(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  auto copy = words;
  for (auto& word : copy) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto child = ::fork();
  if (child < 0) throw Error(Fault::io, "cannot fork: " + errno_text(errno));
  if (child == 0) {
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return;
  throw Error(Fault::io,
              words.front() + (WIFEXITED(status)
                                   ? " failed with status " + std::to_string(WEXITSTATUS(status))
                                   : " was killed"));
}

}  // namespace

void SliceSteps::concern(const PciAddress& pci) {
  WedgedCards(environment_.wedged, environment_.boot_id()).refuse(pci);
  pci_ = pci;
}

void SliceSteps::write(const std::filesystem::path& attribute, const std::string& value) {
  take("echo " + value + " > " + attribute.native(),
       [&] { environment_.write_attribute(attribute, value + "\n"); });
}

void SliceSteps::run(const std::vector<std::string>& words) {
  std::vector<std::string> spelled;
  for (const auto& word : words) spelled.push_back(shell_word(word));
  take(joined(spelled, " "), [&] { run_program(words); });
}

void SliceSteps::take(const std::string& step, const std::function<void()>& act) {
  if (!stuck_.empty()) throw Error(Fault::io, "not tried, an earlier step is stuck");
  tell(step);
  if (!acts() || act_in_time(act, environment_.act_deadline)) return;
  stuck_ = step;
  if (pci_) WedgedCards(environment_.wedged, environment_.boot_id()).mark(*pci_, step);
  throw Error(Fault::io, "no end after " +
                             std::to_string(environment_.act_deadline.count() / 1000) +
                             " s of: " + step + "; reboot the host");
}

}  // namespace cluster::agent
