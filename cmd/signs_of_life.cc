#include "cmd/signs_of_life.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "core/folded_names.h"

namespace cluster::cmd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kQuiet = std::chrono::seconds(1);  // what ends before that needs no sign of life
constexpr const char* kWipe = "\r\x1b[K";         // ECMA-48, EL

class LivingSink : public ssh::Sink {
 public:
  // `fate` says what an interruption does to the pending.
  LivingSink(ssh::Sink& sink, const std::vector<ssh::Target>& targets, std::string_view fate,
             Output& output, std::size_t width)
      : sink_(sink), targets_(targets), fate_(fate), output_(output), width_(width) {}
  LivingSink(const LivingSink&) = delete;
  LivingSink& operator=(const LivingSink&) = delete;
  ~LivingSink() override { wipe(); }

  void out(std::size_t target, std::string_view bytes) override {
    before_printing(bytes);
    sink_.out(target, bytes);
  }
  void err(std::size_t target, std::string_view bytes) override {
    before_printing(bytes);
    sink_.err(target, bytes);
  }
  void ended(std::size_t target, const ssh::Reply& reply) override {
    before_printing("");
    sink_.ended(target, reply);
  }
  bool wants_progress() const override { return width_ > 0; }
  void progress(const ssh::Progress& progress) override {
    if (is_within_line_ || Clock::now() - began_ < kQuiet) return;
    auto line = progress_line(progress, width_);
    if (is_drawn_ && line == drawn_) return;
    output_.err() << kWipe << line << std::flush;
    drawn_ = std::move(line);
    is_drawn_ = true;
  }
  void interrupted(const std::vector<std::size_t>& pending) override {
    wipe();
    std::vector<std::string> names;
    for (const auto target : pending) names.push_back(targets_[target].name);
    output_.note("interrupted: " + std::string(fate_) + " " + counted_names(names) +
                 "; once more ends at once");
    sink_.interrupted(pending);
  }
  int outlet() const override { return output_.only_answers() ? output_.outlet() : -1; }
  void unread() override { throw ClosedPipe(); }
  bool prints() const override { return sink_.prints(); }

 private:
  // One host's output passes as it comes, so our line may not stand in the middle of one of its.
  void before_printing(std::string_view bytes) {
    if (!sink_.prints()) return;
    wipe();
    if (targets_.size() == 1 && !bytes.empty()) is_within_line_ = bytes.back() != '\n';
  }

  void wipe() {
    if (std::exchange(is_drawn_, false)) output_.err() << kWipe << std::flush;
  }

  ssh::Sink& sink_;
  const std::vector<ssh::Target>& targets_;
  std::string_view fate_;
  Output& output_;
  std::size_t width_;
  Clock::time_point began_ = Clock::now();
  bool is_drawn_ = false;
  bool is_within_line_ = false;
  std::string drawn_;
};

std::string time_left(std::chrono::seconds left) {
  constexpr std::chrono::seconds kMinutesFrom{120};
  if (left < kMinutesFrom) return std::to_string(left.count()) + " s left";
  return std::to_string(std::chrono::ceil<std::chrono::minutes>(left).count()) + " min left";
}

}  // namespace

std::string progress_line(const ssh::Progress& progress, std::size_t width) {
  const auto count = [](std::size_t number, const char* word) {
    return std::to_string(number) + " " + word;
  };
  std::string line = count(progress.hosts, progress.hosts == 1 ? "host: " : "hosts: ");
  line += count(progress.ended - progress.failed, "done, ");
  if (progress.failed > 0) line += count(progress.failed, "failed, ");
  line += count(progress.running, "running");
  const auto waiting = progress.hosts - progress.ended - progress.running;
  if (waiting > 0) line += ", " + count(waiting, "waiting");
  if (progress.left.count() > 0) line += ", " + time_left(progress.left);
  return line.substr(0, width > 1 ? width - 1 : 0);
}

std::vector<ssh::Reply> SignsOfLife::run(const std::vector<ssh::Target>& targets,
                                         const std::string& command, const ssh::Limits& limits,
                                         ssh::Sink& sink) {
  LivingSink living(sink, targets, "ending what runs on", output_, width_);
  return transport_.run(targets, command, limits, living);
}

void SignsOfLife::work_on(const std::vector<ssh::Target>& targets, const ssh::Work& work,
                          ssh::Sink& sink) {
  LivingSink living(sink, targets, "waiting no longer for", output_, width_);
  transport_.work_on(targets, work, living);
}

}  // namespace cluster::cmd
