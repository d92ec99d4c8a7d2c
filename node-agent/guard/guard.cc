#include "node-agent/guard/guard.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/error.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

constexpr std::chrono::milliseconds kPause{100};

// One guard and the reasons that it found.
struct Answer {
  const Guard* guard;
  Reasons reasons{};
};

void ask(Answer& answer, const Subject& subject) {
  answer.reasons = answer.guard->probe(subject);
  for (auto& reason : answer.reasons) reason.id = answer.guard->name;
}

Reasons all_of(std::vector<Answer>& answers) {
  Reasons all;
  for (auto& one : answers) std::ranges::move(one.reasons, std::back_inserter(all));
  return all;
}

// Asks the guards that look at programs, with one look at all processes. If a program has the card
// only for a moment, we wait a little for it: udev looks at each device that has just got its
// driver, at a boot and after an attach.
void ask_about_programs(std::vector<Answer>& answers, const Card& card,
                        const std::vector<Card>& same_call, const GuardInput& input) {
  const auto end = std::chrono::steady_clock::now() + input.settle_time;
  for (;;) {
    const Subject subject(card, same_call, input);
    bool refused = false;
    bool passing = true;
    for (auto& one : answers) {
      if (one.guard->of_programs) ask(one, subject);
      refused = refused || !one.reasons.empty();
      passing = passing && std::ranges::all_of(one.reasons, &Reason::passing);
    }
    if (!refused || !passing || std::chrono::steady_clock::now() >= end) return;
    std::this_thread::sleep_for(kPause);
  }
}

// The guards that are not overridden, without an answer yet.
std::vector<Answer> unanswered(const Forced& forced) {
  std::vector<Answer> answers;
  for (const auto* guard : guards()) {
    if (!guard->not_forced.empty() || !forced.contains(guard->name)) answers.push_back({guard});
  }
  return answers;
}

Reasons ask_all(std::vector<Answer> answers, const Card& card, const std::vector<Card>& same_call,
                const GuardInput& input) {
  const Subject subject(card, same_call, input);
  for (auto& one : answers) {
    if (!one.guard->of_programs) ask(one, subject);
  }
  ask_about_programs(answers, card, same_call, input);
  return all_of(answers);
}

}  // namespace

Reasons refusals(const Card& card, const std::vector<Card>& same_call, const GuardInput& input,
                 const Forced& forced) {
  return ask_all(unanswered(forced), card, same_call, input);
}

Reasons changed_refusals(const Card& rest, const std::vector<Card>& same_call,
                         const GuardInput& input, const Forced& forced) {
  auto answers = unanswered(forced);
  std::erase_if(answers,
                [](const Answer& one) { return !one.guard->of_programs && !one.guard->again; });
  auto now = input;
  now.vm_devices = nullptr;
  now.settle_time = {};
  // The first function has just come to vfio, and udev looks at its new device node.
  const auto end = std::chrono::steady_clock::now() + input.settle_time;
  for (;;) {
    auto reasons = ask_all(answers, rest, same_call, now);
    if (reasons.empty() || std::chrono::steady_clock::now() >= end) return reasons;
    std::this_thread::sleep_for(kPause);
  }
}

Reasons attach_refusals(const Card& card, const GuardInput& input) {
  std::vector<Answer> answers;
  for (const auto* guard : guards()) {
    if (guard->on_attach) answers.push_back({guard});
  }
  return ask_all(std::move(answers), card, {card}, input);
}

std::vector<std::string> forcible_guards() {
  std::vector<std::string> names;
  for (const auto* guard : guards()) {
    if (guard->not_forced.empty()) names.emplace_back(guard->name);
  }
  return names;
}

void add_forced(std::string_view list, Forced& forced) {
  for (const auto name : split(list, ',')) {
    const auto found = std::ranges::find(guards(), name, &Guard::name);
    if (found == guards().end()) {
      throw Error(Fault::usage, "no such guard: " + quote(name) + " (want " +
                                    joined(forcible_guards(), ", ") + ")");
    }
    if (!(*found)->not_forced.empty()) {
      throw Error(Fault::usage, std::string((*found)->not_forced));
    }
    forced.emplace(name);
  }
}

std::string guards_markdown() {
  std::string lines;
  for (const auto* guard : guards()) {
    lines += "| `" + std::string(guard->name) + "` | " + std::string(guard->help) + " |\n";
  }
  return lines;
}

}  // namespace cluster::agent
