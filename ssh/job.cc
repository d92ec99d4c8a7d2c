#include "ssh/job.h"

#include <algorithm>
#include <utility>

namespace cluster::ssh {

Job::Job(Run& run, std::size_t target, Route route, Past past)
    : run_(run),
      target_(target),
      route_(std::move(route)),
      started_(Clock::now() - past.spent),
      connect_timeout_(run.limits.connect_timeout),
      turned_away_as_(std::move(past.reason)) {
  reply_.tries = past.tries + 1;
  // The configuration may make the time shorter. The time that the operator typed is the upper
  // bound.
  if (route_.connect_timeout.count() > 0) {
    connect_timeout_ = std::min(connect_timeout_, route_.connect_timeout);
  }
}

std::string Job::connect_bound() const {
  const auto bound = has_begun_login_ ? run_.limits.connect_timeout : connect_timeout_;
  return "within " + std::to_string(bound.count()) + " s";
}

void Job::begin_login() {
  has_begun_login_ = true;
  run_.loop.alarm(*this, Clock::now() + run_.limits.connect_timeout);
}

Clock::time_point Job::command_deadline() const {
  if (run_.limits.command_timeout.count() == 0) return Clock::time_point::max();
  return Clock::now() + run_.limits.command_timeout;
}

void Job::end_turned_away(Refusal refusal, std::string reason) {
  if (has_ended_) return;
  refusal_ = refusal;
  turned_away_as_ = reason;
  if (refusal == Refusal::momentary && tries() > 1) reason += "; " + tried_words(tries());
  end(End::unreachable, std::move(reason));
}

std::string Job::words_when_late(std::string reason) const {
  if (turned_away_as_.empty() || has_begun_login_) return reason;
  return turned_away_as_ + "; " + tried_words(tries());
}

void Job::end_with_key(const HostKey& shown, const std::vector<KnownKey>& known) {
  const auto is_none = [](const KnownKey& key) { return key.mark == KnownKey::Mark::authority; };
  if (!std::ranges::all_of(known, is_none)) {
    auto reason = distrust(route_, shown, known);
    if (!reason.empty()) return end(End::host_key, std::move(reason));
  }
  reply_.key = {shown.type, shown.base64};
  conclude(End::exited, 0, "");
}

void Job::conclude(End end, int status, std::string reason) {
  if (std::exchange(has_ended_, true)) return;
  reply_.end = end;
  reply_.status = status;
  reply_.reason = std::move(reason);
  reply_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(spent());
  run_.loop.silence(*this);
  run_.ended.push_back(target_);
}

}  // namespace cluster::ssh
