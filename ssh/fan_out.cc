#include "ssh/fan_out.h"

#include <netdb.h>
#include <sys/resource.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "core/at_once.h"
#include "core/error.h"
#include "core/without_sigpipe.h"
#include "ssh/config.h"
#include "ssh/conversation.h"
#include "ssh/job.h"
#include "ssh/jumps.h"
#include "ssh/login_order.h"
#include "ssh/openssh.h"
#include "ssh/session.h"
#include "ssh/ssh_process.h"

namespace cluster::ssh {
namespace {

// One host takes four descriptors (its socket twice, an agent's twice); some belong to no host.
constexpr std::size_t kDescriptorsPerHost = 4;
constexpr std::size_t kOtherDescriptors = 64;

// Raises the bound on open descriptors as far as it goes; returns the number of hosts that it
// allows.
std::size_t room_for_hosts() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto open = std::max<std::size_t>(limit.rlim_cur, kOtherDescriptors + kDescriptorsPerHost);
  return (open - kOtherDescriptors) / kDescriptorsPerHost;
}

std::vector<Route> find_routes(const std::vector<Target>& targets, const Operator& me) {
  const Config config = Config::read(me);
  std::vector<Route> routes;
  for (const auto& target : targets) {
    routes.push_back(config.route(target, me));
    find_door(routes.back(), config, me);
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
  static const std::vector<AgentKey> none;
  const auto& keys = route.agent_socket.empty() ? none : run.agent(route.agent_socket).keys();
  return order_login(route, run.identities, keys);
}

std::unique_ptr<Job> make_job(Run& run, std::size_t index, const Target& target, Route route,
                              Past past, const Operator& me) {
  std::vector<KnownKey> known;
  if (route.needs_openssh.empty()) {
    known = known_keys(route, run.known_hosts(route.known_hosts_files));
    route.needs_openssh = beyond_libssh(run, route, known);
  }
  if (route.needs_openssh.empty()) {
    return std::make_unique<Session>(run, index, std::move(route), past, std::move(known));
  }
  return std::make_unique<SshProcess>(run, index, std::move(route), past, target, me);
}

bool resolves(const std::string& name) {
  addrinfo* found = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, nullptr, &found) != 0) return false;
  freeaddrinfo(found);
  return true;
}

// Wakes the loop when somebody at a door may go on.
class DoorKeeper : public Waiter {
 public:
  explicit DoorKeeper(Loop& loop) : loop_(loop) {}
  ~DoorKeeper() override { loop_.silence(*this); }
  DoorKeeper(const DoorKeeper&) = delete;
  DoorKeeper& operator=(const DoorKeeper&) = delete;

  void wake_at(Clock::time_point when) { loop_.alarm(*this, when); }
  void ready() override {}
  void late() override {}

 private:
  Loop& loop_;
};

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
  if (!me_) me_ = Operator::current();
  if (libssh_ == nullptr) libssh_ = std::make_unique<LibSsh>();
  const auto routes = find_routes(targets, *me_);
  const std::size_t at_once = std::clamp<std::size_t>(limits.at_once, 1, room_for_hosts());
  const WithoutSigpipe without_sigpipe;

  Doors doors(doors_of(routes));
  Run run(*libssh_, targets, command, limits, sink, doors);
  DoorKeeper keeper(run.loop);
  std::vector<std::unique_ptr<Job>> jobs(targets.size());
  std::vector<Reply> replies(targets.size());
  std::unordered_map<std::size_t, Past> pasts;  // of those that were turned away
  std::size_t open = 0;
  std::size_t ended = 0;
  while (ended < targets.size()) {
    while (open < at_once) {
      const auto next = doors.next(Clock::now());
      if (next == Doors::kNone) break;
      const auto past = pasts.find(next);
      jobs[next] = make_job(run, next, targets[next], routes[next],
                            past == pasts.end() ? Past{} : past->second, *me_);
      ++open;
      jobs[next]->start();
    }
    if (run.ended.empty()) {
      keeper.wake_at(open < at_once ? doors.wakes() : Clock::time_point::max());
      run.loop.turn();
    }
    for (const auto target : std::exchange(run.ended, {})) {
      const auto job = std::exchange(jobs[target], nullptr);
      --open;
      if (job->may_try_again()) {
        const auto& reply = job->reply();
        const auto now = Clock::now();
        const auto when = doors.try_again(target, reply.tries, now, job->connect_deadline());
        if (when) {
          pasts[target] = {reply.tries, job->spent() + (*when - now)};
          continue;
        }
      }
      replies[target] = job->reply();
      // A jump host that was passed has let us in, although the host behind it is not there.
      if (replies[target].end == End::unreachable && !job->may_try_again()) {
        doors.opens(target);
      }
      doors.has_ended(target);
      ++ended;
      sink.ended(target, replies[target]);
    }
  }
  return replies;
}

std::vector<bool> FanOut::finds(const std::vector<Target>& targets) {
  constexpr std::size_t kLookups = 16;  // a name service may take long to say no
  if (!me_) me_ = Operator::current();
  const auto routes = find_routes(targets, *me_);
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
  auto words = openssh_words(target, *me_, connect_timeout, host_key_alias(target, *me_));
  words.insert(words.end(), {"-t", "-o", "LogLevel=ERROR", "--", target.name, command});
  return ssh::converse(std::move(words));
}

}  // namespace cluster::ssh
