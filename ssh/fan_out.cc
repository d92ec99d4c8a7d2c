#include "ssh/fan_out.h"

#include <netdb.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "core/at_once.h"
#include "core/error.h"
#include "core/without_sigpipe.h"
#include "ssh/bystanders.h"
#include "ssh/config.h"
#include "ssh/conversation.h"
#include "ssh/crew.h"
#include "ssh/descriptors.h"
#include "ssh/guarded_sink.h"
#include "ssh/job.h"
#include "ssh/jumps.h"
#include "ssh/login_order.h"
#include "ssh/openssh.h"
#include "ssh/public_key.h"
#include "ssh/session.h"
#include "ssh/ssh_process.h"

namespace cluster::ssh {
namespace {

std::vector<Route> find_routes(const std::vector<Target>& targets, const Operator& me) {
  const Config config = Config::read(me);
  DoorFinder doors(config, me);
  std::vector<Route> routes;
  for (const auto& target : targets) {
    routes.push_back(config.route(target, me));
    doors.find(routes.back());
  }
  return routes;
}

std::vector<std::string> doors_of(const std::vector<Route>& routes) {
  std::vector<std::string> doors;
  std::ranges::transform(routes, std::back_inserter(doors), &Route::door);
  return doors;
}

// Says why the keys of a host need OpenSSH; "" when libssh is enough.
std::string beyond_libssh(Run& run, Route& route, const std::vector<KnownKey>& known) {
  const auto authority = std::ranges::find(known, KnownKey::Mark::authority, &KnownKey::mark);
  if (authority != known.end()) return "@cert-authority at " + authority->where;
  const auto is_beyond = [](const KnownKey& key) { return is_openssh_type(key.type); };
  if (!known.empty() && std::ranges::all_of(known, is_beyond)) {
    return known[0].type + " at " + known[0].where;
  }
  if (route.agent_socket.empty()) return order_login(route, run.identities, {});
  auto& agent = run.agent(route.agent_socket);
  if (agent.has_refused()) return kRefusingAgent;
  return order_login(route, run.identities, agent.keys());
}

std::unique_ptr<Job> make_job(Run& run, std::size_t index, Route route, Past past,
                              const Operator& me) {
  const auto& target = run.targets[index];
  std::vector<KnownKey> known;
  if (target.through_openssh) route.needs_openssh = "ssh_client=openssh";
  if (route.needs_openssh.empty()) {
    known = known_keys(target, route, run.known_hosts(route.known_hosts_files));
    if (!target.shows_key) route.needs_openssh = beyond_libssh(run, route, known);
  }
  if (route.needs_openssh.empty()) {
    return std::make_unique<Session>(run, index, std::move(route), std::move(past),
                                     std::move(known));
  }
  return std::make_unique<SshProcess>(run, index, std::move(route), std::move(past), me);
}

// The time until the last host that runs is late, as far as that is bound.
std::chrono::seconds time_left(const Run& run) {
  const auto last = run.loop.last_alarm();
  if (!last || run.limits.command_timeout.count() == 0) return std::chrono::seconds(0);
  return std::chrono::ceil<std::chrono::seconds>(*last - Clock::now());
}

bool has_failed(const Reply& reply) { return !reply.reason.empty() || reply.status > 0; }

Reply not_asked() {
  return {End::interrupted, -1, "interrupted before it was asked", std::chrono::milliseconds(0)};
}

bool resolves(const std::string& name) {
  addrinfo* found = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, nullptr, &found) != 0) return false;
  freeaddrinfo(found);
  return true;
}

}  // namespace

FanOut::FanOut() = default;
FanOut::FanOut(Operator me) : me_(std::move(me)) {}
FanOut::~FanOut() = default;

std::vector<Reply> FanOut::run(const std::vector<Target>& targets, const std::string& command,
                               const Limits& limits, Sink& sink) {
  for (const auto& target : targets) {
    const auto& one = target.command.empty() ? command : target.command;
    if (one.empty()) throw Error(Fault::usage, "there is no command to run");
    if (one.find('\0') != std::string::npos) {
      throw Error(Fault::usage, "a command cannot have a NUL character");
    }
  }
  if (interruption_ != 0) {
    std::vector replies(targets.size(), not_asked());
    for (std::size_t i = 0; i < replies.size(); ++i) sink.ended(i, replies[i]);
    return replies;
  }
  if (!me_) me_ = Operator::current();
  if (libssh_ == nullptr) libssh_ = std::make_unique<LibSsh>();
  auto routes = find_routes(targets, *me_);
  const auto at_once = std::max<std::size_t>(limits.at_once, 1);
  const WithoutSigpipe without_sigpipe;

  GuardedSink guarded(sink);
  Doors doors(doors_of(routes));
  Run run(*libssh_, targets, command, limits, guarded, doors);
  SignalWatch signal(run.loop);
  OutletWatch outlet(run.loop, guarded);
  Ticker ticker(run.loop, guarded);
  std::vector<std::unique_ptr<Job>> jobs(targets.size());
  std::vector<Reply> replies(targets.size());
  std::vector<bool> have_ended(targets.size());
  std::unordered_map<std::size_t, Past> pasts;  // of those that begin anew
  std::deque<std::size_t> left_to_openssh;      // in the middle of the login
  const auto room = room_for_descriptors();
  std::size_t descriptors = 0;  // of those that run
  Progress progress;
  progress.hosts = targets.size();
  bool is_ending = false;
  const auto note_end = [&](std::size_t target, Reply reply) {
    replies[target] = std::move(reply);
    have_ended[target] = true;
    ++progress.ended;
    if (has_failed(replies[target])) ++progress.failed;
    guarded.ended(target, replies[target]);
  };
  const auto end_all = [&] {
    is_ending = true;
    std::vector<std::size_t> pending;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (!have_ended[i]) pending.push_back(i);
    }
    interruption_ = signal.number();
    if (interruption_ != 0) guarded.interrupted(pending);
    for (const auto target : pending) {
      if (jobs[target] != nullptr) {
        jobs[target]->interrupt();
      } else {
        note_end(target, not_asked());
      }
    }
  };
  const auto has_room = [&] {
    const bool fits = progress.running == 0 || descriptors + Job::kMostDescriptors <= room;
    return !is_ending && progress.running < at_once && fits;
  };
  while (progress.ended < progress.hosts) {
    while (has_room()) {
      auto next = Doors::kNone;
      if (left_to_openssh.empty()) {
        next = doors.next(Clock::now());
      } else {
        next = left_to_openssh.front();
        left_to_openssh.pop_front();
      }
      if (next == Doors::kNone) break;
      const auto past = pasts.find(next);
      jobs[next] =
          make_job(run, next, routes[next], past == pasts.end() ? Past{} : past->second, *me_);
      ++progress.running;
      descriptors += jobs[next]->descriptors();
      jobs[next]->start();
    }
    if (run.ended.empty()) run.loop.turn(has_room() ? doors.wakes() : Clock::time_point::max());
    for (const auto target : std::exchange(run.ended, {})) {
      const auto job = std::exchange(jobs[target], nullptr);
      --progress.running;
      descriptors -= job->descriptors();
      if (!job->needs_openssh().empty() && !is_ending) {
        routes[target].needs_openssh = job->needs_openssh();
        pasts[target] = {job->reply().tries - 1, job->spent(), job->turned_away_as()};
        left_to_openssh.push_back(target);
        continue;
      }
      if (job->may_try_again() && !is_ending) {
        const auto& reply = job->reply();
        const auto now = Clock::now();
        const auto waited = doors.has_moved(target) ? job->spent() : Clock::duration{};
        const auto deadline = job->connect_deadline() + waited;
        const auto when = doors.try_again(target, reply.tries, now, deadline);
        if (when) {
          pasts[target] = {reply.tries, job->spent() - waited + (*when - now),
                           job->turned_away_as()};
          continue;
        }
      }
      const auto& reply = job->reply();
      // A jump host that was passed has let us in, although the host behind it is not there.
      if (reply.end == End::unreachable && !job->may_try_again()) doors.opens(target);
      doors.has_ended(target);
      note_end(target, reply);
    }
    if (!is_ending && (signal.number() != 0 || guarded.has_failed())) end_all();
    if (ticker.take()) {
      progress.left = time_left(run);
      guarded.progress(progress);
    }
  }
  guarded.rethrow();
  return replies;
}

void FanOut::work_on(const std::vector<Target>& targets, const Work& work, Sink& sink) {
  if (interruption_ != 0) return;
  GuardedSink guarded(sink);
  Loop loop;
  SignalWatch signal(loop);  // before the threads, which leave signals to this one
  OutletWatch outlet(loop, guarded);
  Ticker ticker(loop, guarded);
  Crew crew(loop, targets.size(), work);
  bool is_ending = false;
  while (!crew.is_over()) {
    loop.turn();
    if (!is_ending && (signal.number() != 0 || guarded.has_failed())) {
      is_ending = true;
      interruption_ = signal.number();
      const auto pending = crew.stop();
      if (interruption_ != 0) guarded.interrupted(pending);
      doorway_.close();
    }
    if (ticker.take()) guarded.progress(crew.progress());
  }
  crew.rethrow();
  guarded.rethrow();
}

std::vector<bool> FanOut::finds(const std::vector<Target>& targets) {
  constexpr std::size_t kLookups = 16;  // a name service may take long to say no
  if (!me_) me_ = Operator::current();
  const auto config = Config::read(*me_);
  std::vector<Route> routes;
  for (const auto& target : targets) routes.push_back(config.route(target, *me_));
  std::vector<char> found(targets.size());
  at_once(targets.size(), kLookups, [&](std::size_t i) {
    const auto& route = routes[i];
    const bool is_told = !route.needs_openssh.empty() || route.address != targets[i].name;
    found[i] = static_cast<char>(is_told || resolves(route.address));
  });
  return {found.begin(), found.end()};
}

int FanOut::converse(const Target& target, const std::string& command,
                     std::chrono::seconds connect_timeout) {
  if (!me_) me_ = Operator::current();
  const auto route = Config::read(*me_).route(target, *me_);
  auto words = openssh_words(target, *me_, connect_timeout, host_key_options(target, route));
  words.insert(words.end(), {"-t", "-o", "LogLevel=ERROR", "--", target.name, command});
  return ssh::converse(std::move(words));
}

}  // namespace cluster::ssh
