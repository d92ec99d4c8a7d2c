#include "cmd/run_printer.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cmd/failures.h"
#include "core/folded_names.h"
#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

// A line that has no end is cut here, so that a host cannot fill the frontend's memory.
constexpr std::size_t kMaxLine = 1 << 20;

// The lines of all hosts that have no end yet take so much together; then the one that grows is
// cut.
constexpr std::size_t kMostPending = 64 << 20;

std::string seconds(std::chrono::milliseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s", static_cast<double>(time.count()) / 1000);
  return text.data();
}

// "third", "24th".
std::string ordinal(int number) {
  constexpr std::array kWords{"first", "second",  "third",  "fourth", "fifth",
                              "sixth", "seventh", "eighth", "ninth",  "tenth"};
  const auto at = static_cast<std::size_t>(number - 1);
  if (at < kWords.size()) return kWords[at];
  const int last = number % 10;
  const bool is_teen = number % 100 / 10 == 1;
  const char* end = is_teen || last == 0 || last > 3 ? "th"
                    : last == 1                      ? "st"
                    : last == 2                      ? "nd"
                                                     : "rd";
  return std::to_string(number) + end;
}

}  // namespace

bool failed(const ssh::Reply& reply) { return reply.end != ssh::End::exited || reply.status != 0; }

std::string outcome(const ssh::Reply& reply) {
  if (reply.end == ssh::End::exited) return "exit status " + std::to_string(reply.status);
  return reply.reason;
}

void RunSink::summarize(const std::vector<ssh::Reply>& replies) {
  if (replies.size() < 2) return;
  const auto not_reached = std::ranges::count_if(
      replies, [](const ssh::Reply& reply) { return !ssh::reached(reply.end); });
  const auto bad = std::ranges::count_if(replies, failed) - not_reached;
  std::vector<std::string> parts;
  if (bad > 0) parts.push_back("failed on " + std::to_string(bad));
  if (not_reached > 0) parts.push_back("did not reach " + std::to_string(not_reached));
  if (parts.empty()) return;
  output_.note("run host: " + joined(parts, ", ") + " of " + std::to_string(replies.size()) +
               " hosts");
}

void RunSink::note_time(std::size_t target, const ssh::Reply& reply) {
  if (!stats_) return;
  output_.note(name(target) + ": " + seconds(reply.elapsed) + ", " + outcome(reply));
}

void RunSink::note_failures(const std::vector<ssh::Reply>& replies) {
  FoldedNotes notes;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (failed(replies[i])) notes.add(name(i), ": " + outcome(replies[i]));
  }
  notes.print(output_);
}

RunPrinter::RunPrinter(Output& output, const std::vector<ssh::Target>& targets, bool prefix,
                       bool stats)
    : RunSink(output, targets, stats), prefix_(prefix), pending_(targets.size()) {}

void RunPrinter::out(std::size_t target, std::string_view bytes) { print(false, target, bytes); }

void RunPrinter::err(std::size_t target, std::string_view bytes) { print(true, target, bytes); }

bool RunPrinter::is_terminal(bool is_err) {
  return is_err ? output().terminals().err : output().terminals().out;
}

void RunPrinter::print(bool is_err, std::size_t target, std::string_view bytes) {
  auto& stream = is_err ? output().err() : output().out();
  if (prefix_ || (targets().size() > 1 && is_terminal(is_err))) {
    auto& pending = is_err ? pending_[target].err : pending_[target].out;
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
      if (pending.empty()) {
        print_line(is_err, target, bytes.substr(0, end));
      } else {
        pending += bytes.substr(0, end);
        all_pending_ += end;
        finish(is_err, pending, target);
      }
      bytes.remove_prefix(end + 1);
    }
    pending += bytes;
    all_pending_ += bytes.size();
    if (pending.size() > kMaxLine || all_pending_ > kMostPending) finish(is_err, pending, target);
    stream << std::flush;
  } else {
    stream << bytes << std::flush;
  }
  if (!is_err) output().check_outlet();
}

void RunPrinter::print_line(bool is_err, std::size_t target, std::string_view line) {
  auto& stream = is_err ? output().err() : output().out();
  if (prefix_) stream << name(target) << ": ";
  if (is_terminal(is_err)) {
    stream << for_terminal(line);
  } else {
    stream << line;
  }
  stream << '\n';
}

void RunPrinter::finish(bool is_err, std::string& pending, std::size_t target) {
  if (pending.empty()) return;
  print_line(is_err, target, pending);
  all_pending_ -= pending.size();
  pending = {};  // with its memory
}

void RunPrinter::ended(std::size_t target, const ssh::Reply& reply) {
  finish(false, pending_[target].out, target);
  finish(true, pending_[target].err, target);
  if (reply.tries > 1 && ssh::reached(reply.end)) {
    output().note(
        name(target) + ": in at the " + ordinal(reply.tries) +
        " try: an sshd on the way turned it away before (MaxStartups in its sshd_config)");
  }
  // With one host the command's own status is enough; with several hosts, each failed host is
  // named. Those that were interrupted are named together.
  const bool is_told = reply.end != ssh::End::exited || targets().size() > 1;
  if (failed(reply) && is_told && reply.end != ssh::End::interrupted) {
    output().note(name(target) + ": " + outcome(reply));
  }
  note_time(target, reply);
}

void RunPrinter::summarize(const std::vector<ssh::Reply>& replies) {
  auto interrupted = replies;
  for (auto& reply : interrupted) {
    if (reply.end != ssh::End::interrupted) reply = {ssh::End::exited, 0, "", {}};
  }
  note_failures(interrupted);
  RunSink::summarize(replies);
}

}  // namespace cluster::cmd
