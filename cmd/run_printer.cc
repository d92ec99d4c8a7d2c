#include "cmd/run_printer.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/text.h"

namespace cluster::cmd {
namespace {

// A line that has no end is cut here, so that a host cannot fill the frontend's memory.
constexpr std::size_t kMaxLine = 1 << 20;

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

std::string outcome(const ssh::Reply& reply) {
  if (reply.end == ssh::End::exited) return "exit status " + std::to_string(reply.status);
  return reply.reason;
}

}  // namespace

bool failed(const ssh::Reply& reply) { return reply.end != ssh::End::exited || reply.status != 0; }

RunPrinter::RunPrinter(Output& output, const std::vector<ssh::Target>& targets, bool prefix,
                       bool stats)
    : output_(output),
      targets_(targets),
      prefix_(prefix),
      stats_(stats),
      pending_(targets.size()) {}

void RunPrinter::out(std::size_t target, std::string_view bytes) {
  print(output_.out(), pending_[target].out, target, bytes);
}

void RunPrinter::err(std::size_t target, std::string_view bytes) {
  print(output_.err(), pending_[target].err, target, bytes);
}

void RunPrinter::print(std::ostream& stream, std::string& pending, std::size_t target,
                       std::string_view bytes) {
  if (!prefix_) {
    stream << bytes << std::flush;
    return;
  }
  const auto& name = targets_[target].name;
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    stream << name << ": " << pending << bytes.substr(0, end + 1);
    pending.clear();
    bytes.remove_prefix(end + 1);
  }
  pending += bytes;
  if (pending.size() > kMaxLine) finish(stream, pending, target);
  stream << std::flush;
}

void RunPrinter::finish(std::ostream& stream, std::string& pending, std::size_t target) {
  if (pending.empty()) return;
  stream << targets_[target].name << ": " << pending << '\n';
  pending.clear();
}

void RunPrinter::ended(std::size_t target, const ssh::Reply& reply) {
  finish(output_.out(), pending_[target].out, target);
  finish(output_.err(), pending_[target].err, target);
  const auto& name = targets_[target].name;
  if (reply.tries > 1 && ssh::reached(reply.end)) {
    output_.note(name + ": in at the " + ordinal(reply.tries) +
                 " try: an sshd on the way turned it away before (MaxStartups in its sshd_config)");
  }
  // With one host the command's own status is enough; with several hosts, each failed host is
  // named.
  if (failed(reply) && (reply.end != ssh::End::exited || targets_.size() > 1)) {
    output_.note(name + ": " + outcome(reply));
  }
  if (stats_) output_.note(name + ": " + seconds(reply.elapsed) + ", " + outcome(reply));
}

void RunPrinter::summarize(const std::vector<ssh::Reply>& replies) {
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

}  // namespace cluster::cmd
