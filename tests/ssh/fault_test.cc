// Among many good hosts there is one for each misbehaviour. Each has its own outcome, and nobody
// else notices.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <thread>

#include "core/text.h"
#include "tests/ssh/odd_server.h"
#include "tests/ssh/server.h"
#include "tests/ssh/spoiler.h"

namespace cluster::ssh {
namespace {

// A sanitizer keeps what was freed for a while. gcc and clang 14 say in two ways that there is one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
constexpr bool kIsSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSanitized = false;
#endif

using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// Counts what comes, and keeps a little of it.
class Counts : public Sink {
 public:
  explicit Counts(std::size_t hosts) : count_(hosts), pieces_(hosts), first_(hosts) {}
  void out(std::size_t target, std::string_view bytes) override {
    count_[target] += bytes.size();
    ++pieces_[target];
    if (first_[target].size() < 100) first_[target] += bytes.substr(0, 100);
  }
  void err(std::size_t, std::string_view) override {}
  void ended(std::size_t, const Reply&) override {}

  std::size_t count(std::size_t target) const { return count_[target]; }
  std::size_t pieces(std::size_t target) const { return pieces_[target]; }
  const std::string& first(std::size_t target) const { return first_[target]; }

 private:
  std::vector<std::size_t> count_;
  std::vector<std::size_t> pieces_;
  std::vector<std::string> first_;
};

// Long enough for 100 logins of an instrumented build on a busy machine. A login that is never
// answered takes as long.
constexpr std::chrono::seconds kLogin{20};

class Faults : public Server {
 protected:
  Faults() {
    start();
    lines_ = "[127.*]:" + std::to_string(port()) + " " + host_key() + "\n";
    limits.command_timeout = std::chrono::seconds(60);
    configure("GlobalKnownHostsFile none\nHost bad-*\n  ConnectTimeout 3");
  }

  // A host that is `name` to us, at a port of this machine.
  std::size_t add(const std::string& name, int port, const std::string& command = "echo in") {
    targets_.push_back({name, "127.0.0.1", port, "", command});
    // Nothing may run twice, whatever is tried again.
    targets_.back().command = "echo " + name + " >>" + path("ran") + "; " + command;
    lines_ += "[127.0.0.1]:" + std::to_string(port) + " " + host_key() + "\n";
    return targets_.size() - 1;
  }

  std::size_t add_spoilt(Spoiler::Way way, std::size_t good, int spoilt = 1'000'000) {
    spoilers_.push_back(std::make_unique<Spoiler>(port(), way, good, spoilt));
    return add("bad-" + std::to_string(targets_.size()), spoilers_.back()->number());
  }

  void add_good(int count) {
    for (int i = 1; i <= count; ++i) {
      const auto address = "127.0.7." + std::to_string(i);
      targets_.push_back({"good-" + std::to_string(i), address, port(), "", "echo in"});
    }
  }

  void run_all() {
    know(lines_);
    counts_ = std::make_unique<Counts>(targets_.size());
    FanOut fan_out(me);
    replies_ = fan_out.run(targets_, "", limits, *counts_);
  }

  void expect_good_unharmed() const {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (!targets_[i].name.starts_with("good-")) continue;
      EXPECT_EQ(replies_[i].end, End::exited) << targets_[i].name << ": " << replies_[i].reason;
      EXPECT_EQ(counts_->first(i), "in\n") << targets_[i].name;
    }
  }

  void expect_nothing_ran_twice() const {
    const auto ran = read_file(path("ran"));
    for (const auto& target : targets_) {
      EXPECT_LE(occurrences("\n" + ran, "\n" + target.name + "\n"), 1U) << target.name;
    }
  }

  std::vector<Target> targets_;
  std::vector<std::unique_ptr<Spoiler>> spoilers_;
  std::string lines_;
  std::vector<Reply> replies_;
  std::unique_ptr<Counts> counts_;
};

TEST_F(Faults, BeforeTheLoginEachHasItsOwnWords) {
  const Port closed(Port::Kind::closed);
  const Port silent(Port::Kind::silent);
  const Port garbage("\x1b]0;title\a\xff\xfe no ssh here\r\n");
  const Port endless(std::string(200'000, 'x'));
  const Port closing("");
  const Port version("SSH-2.0-OpenSSH_9.2\r\n");
  const Port old("SSH-1.5-old\r\n");
  const Port penalty("Not allowed at this time\r\n");
  struct Case {
    std::size_t host;
    std::string words;
  };
  add_good(50);
  const std::vector<Case> cases{
      {add("bad-closed", closed.number()), "Connection refused; is sshd running"},
      {add("bad-silent", silent.number()), "did not speak SSH within 3 s"},
      {add("bad-garbage", garbage.number()), "it says '.x1b.0;title.x07"},
      {add("bad-endless", endless.number()), "port " + std::to_string(endless.number())},
      {add("bad-closing", closing.number()), "closes connections at once; tried [0-9]+ times"},
      {add("bad-version", version.number()), "SSH handshake with .*; tried [0-9]+ times"},
      {add("bad-old", old.number()), "SSH handshake with"},
      {add("bad-penalty", penalty.number()), "PerSourcePenalties"}};
  run_all();
  for (const auto& [host, words] : cases) {
    EXPECT_EQ(replies_[host].end, End::unreachable) << targets_[host].name;
    EXPECT_THAT(replies_[host].reason, ContainsRegex(words)) << targets_[host].name;
    EXPECT_EQ(printable(replies_[host].reason), replies_[host].reason);
  }
  expect_good_unharmed();
}

TEST_F(Faults, OfTrustAndLoginEachHasItsOwnWords) {
  add_good(50);
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("other")});
  const auto wrong = add("bad-key", port());
  const auto stranger = add("bad-stranger", port());
  const auto user = add("bad-user", port());
  targets_[user].user = "no-such-user";
  lines_ += "wrong " + without_comment(read_file(path("other.pub"))) + "\n";
  configure(
      "GlobalKnownHostsFile none\nHost bad-key\n  HostKeyAlias wrong\n"
      "Host bad-stranger\n  HostKeyAlias nobody");
  run_all();
  EXPECT_EQ(replies_[wrong].end, End::host_key);
  EXPECT_THAT(replies_[wrong].reason, HasSubstr("is not the one in"));
  EXPECT_EQ(replies_[stranger].end, End::host_key);
  EXPECT_THAT(replies_[stranger].reason, HasSubstr("is not known"));
  EXPECT_EQ(replies_[user].end, End::no_login);
  expect_good_unharmed();
}

// A server may stop at each byte of the way.
TEST_F(Faults, AtEachStageAreEachItsOwn) {
  add_good(100);
  std::vector<std::size_t> spoilt;
  for (const auto way :
       {Spoiler::Way::close, Spoiler::Way::reset, Spoiler::Way::silent, Spoiler::Way::noise}) {
    for (const std::size_t good : {10U, 45U, 700U, 1150U, 1500U, 1750U, 1900U, 2100U}) {
      spoilt.push_back(add_spoilt(way, good));
    }
  }
  limits.connect_timeout = kLogin;
  limits.command_timeout = std::chrono::seconds(4);
  run_all();
  for (const auto host : spoilt) {
    const auto& reply = replies_[host];
    EXPECT_THAT(reply.end,
                AnyOf(End::unreachable, End::lost, End::no_login, End::timed_out, End::exited))
        << targets_[host].name;
    EXPECT_EQ(reply.reason.empty(), reply.end == End::exited) << targets_[host].name;
  }
  // None of the first five has come as far as a command.
  for (std::size_t i = 0; i < spoilt.size(); ++i) {
    if (i % 8 >= 5) continue;
    EXPECT_EQ(replies_[spoilt[i]].end, End::unreachable) << replies_[spoilt[i]].reason;
  }
  expect_good_unharmed();
  expect_nothing_ran_twice();
}

TEST_F(Faults, ThatPassAreWaitedFor) {
  add_good(20);
  const auto crowded = add_spoilt(Spoiler::Way::close, 0, 3);
  const auto broken = add_spoilt(Spoiler::Way::reset, 700, 2);
  const auto slow = add_spoilt(Spoiler::Way::drip, 0);
  targets_[slow].name = "slow";
  configure("GlobalKnownHostsFile none");
  run_all();
  for (const auto host : {crowded, broken, slow}) {
    EXPECT_EQ(replies_[host].end, End::exited) << replies_[host].reason;
    EXPECT_EQ(counts_->first(host), "in\n");
  }
  EXPECT_EQ(replies_[crowded].tries, 4);
  EXPECT_EQ(replies_[broken].tries, 3);
  EXPECT_EQ(replies_[slow].tries, 1);
  expect_good_unharmed();
  expect_nothing_ran_twice();
}

TEST_F(Faults, OfTheCommandAreEachItsOwn) {
  add_good(50);
  const auto much = add("much", port(), "head -c 100000000 /dev/zero");
  const auto no_newline = add("no-newline", port(), "printf end");
  const auto hang_up = add("hang-up", port(), "kill -9 $PPID");
  const auto early = add("early-eof", port(), "exec >&- 2>&-; sleep 0.3; exit 3");
  const OddServer no_status_server(OddServer::Way::no_status, path("host_key"));
  const OddServer tiny_server(OddServer::Way::tiny, path("host_key"));
  const auto no_status = add("no-status", no_status_server.number());
  const auto tiny = add("tiny", tiny_server.number());
  const auto killed = add("killed", port(), "kill -9 $$");
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  run_all();
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(replies_[much].end, End::exited) << replies_[much].reason;
  EXPECT_EQ(counts_->count(much), 100'000'000U);
  EXPECT_EQ(replies_[no_newline].end, End::exited);
  EXPECT_EQ(counts_->first(no_newline), "end");
  EXPECT_EQ(replies_[hang_up].end, End::lost) << replies_[hang_up].reason;
  EXPECT_EQ(replies_[no_status].end, End::lost);
  EXPECT_THAT(replies_[no_status].reason, HasSubstr("without an exit status"));
  EXPECT_EQ(counts_->first(no_status), "in\n");
  EXPECT_EQ(replies_[early].end, End::exited);
  EXPECT_EQ(replies_[early].status, 3);
  EXPECT_EQ(replies_[tiny].end, End::exited) << replies_[tiny].reason;
  EXPECT_EQ(counts_->count(tiny), OddServer::kTiny);
  EXPECT_EQ(counts_->pieces(tiny), OddServer::kTiny);
  EXPECT_EQ(replies_[killed].end, End::signaled);
  expect_good_unharmed();
  expect_nothing_ran_twice();
  if (!kIsSanitized) {
    EXPECT_LE(after.ru_maxrss - before.ru_maxrss, 64 * 1024);  // in KiB
  }
}

// All kinds in one run, and each is told as what it is.
TEST_F(Faults, AllAtOnceAreEachItsOwnAmongAHundred) {
  const Port closed(Port::Kind::closed);
  const Port silent(Port::Kind::silent);
  const Port garbage("\xff\xfe no ssh here\r\n");
  const Port closing("");
  const Port crowded("Exceeded MaxStartups\r\n");
  const Port penalty("Not allowed at this time\r\n");
  const OddServer no_status_server(OddServer::Way::no_status, path("host_key"));
  const OddServer tiny_server(OddServer::Way::tiny, path("host_key"));
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("other")});
  struct Case {
    std::size_t host;
    End end;
    std::string words;
  };
  add_good(100);
  std::vector<Case> cases{
      {add("bad-closed", closed.number()), End::unreachable, "Connection refused"},
      {add("bad-silent", silent.number()), End::unreachable, "did not speak SSH within 3 s"},
      {add("bad-garbage", garbage.number()), End::unreachable, "no ssh here"},
      {add("bad-closing", closing.number()), End::unreachable, "closes connections at once"},
      {add("bad-crowded", crowded.number()), End::unreachable, "said 'Exceeded MaxStartups'"},
      {add("bad-penalty", penalty.number()), End::unreachable, "PerSourcePenalties"},
      {add("wrong-key", port()), End::host_key, "is not the one in"},
      {add("wrong-user", port()), End::no_login, "takes no key of ours for 'no-such-user'"},
      {add("much", port(), "head -c 100000000 /dev/zero"), End::exited, "^$"},
      {add("no-newline", port(), "printf end"), End::exited, "^$"},
      {add("hang-up", port(), "kill -9 $PPID"), End::lost, "without an exit status|broke"},
      {add("early-eof", port(), "exec >&- 2>&-; sleep 0.3; exit 3"), End::exited, "^$"},
      {add("tiny", tiny_server.number()), End::exited, "^$"},
      {add("killed", port(), "kill -9 $$"), End::signaled, "killed there by signal 'KILL'"},
      {add_spoilt(Spoiler::Way::close, 45), End::unreachable,
       "SSH handshake .*; tried|did not speak"},
      {add_spoilt(Spoiler::Way::reset, 700), End::unreachable,
       "SSH handshake .*; tried|did not speak"},
      {add_spoilt(Spoiler::Way::silent, 700), End::unreachable, "did not speak SSH within 3 s"},
      {add_spoilt(Spoiler::Way::noise, 45), End::unreachable, "SSH handshake|did not speak"}};
  targets_[cases[7].host].user = "no-such-user";
  cases.push_back(
      {add("no-status", no_status_server.number()), End::lost, "closed .* without an exit status"});
  const auto slow = add_spoilt(Spoiler::Way::drip, 0);
  targets_[slow].name = "slow";
  cases.push_back({slow, End::exited, "^$"});
  lines_ += "wrong " + without_comment(read_file(path("other.pub"))) + "\n";
  configure(
      "GlobalKnownHostsFile none\nHost wrong-key\n  HostKeyAlias wrong\n"
      "Host bad-*\n  ConnectTimeout 3");
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  run_all();
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  for (const auto& [host, end, words] : cases) {
    EXPECT_EQ(replies_[host].end, end) << targets_[host].name << ": " << replies_[host].reason;
    EXPECT_THAT(replies_[host].reason, ContainsRegex(words)) << targets_[host].name;
    EXPECT_EQ(printable(replies_[host].reason), replies_[host].reason);
  }
  EXPECT_EQ(counts_->count(cases[8].host), 100'000'000U);
  EXPECT_EQ(replies_[cases[11].host].status, 3);
  EXPECT_EQ(counts_->pieces(cases[12].host), OddServer::kTiny);
  expect_good_unharmed();
  expect_nothing_ran_twice();
  if (!kIsSanitized) {
    EXPECT_LE(after.ru_maxrss - before.ru_maxrss, 64 * 1024);  // in KiB
  }
}

// The CPU time of this process so far. It does not grow while other processes keep us waiting.
std::chrono::nanoseconds time_of_process() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// A run that only waits sleeps: for a version, a key exchange, a login, a command on each of the
// two ways, and for a place at a door.
TEST_F(Faults, ThatOnlyWaitTakeNoTime) {
  constexpr std::chrono::seconds kMeasured{6};
  constexpr std::size_t kCommands = 20;
  std::vector<std::unique_ptr<Port>> silent;
  for (int i = 0; i < 10; ++i) {
    silent.push_back(std::make_unique<Port>(Port::Kind::silent));
    add("silent-" + std::to_string(i), silent.back()->number());
  }
  for (int i = 0; i < 50; ++i) add("at-door-" + std::to_string(i), silent.back()->number());
  for (const std::size_t good : {10U, 45U, 700U, 1150U, 1500U}) {
    add_spoilt(Spoiler::Way::silent, good);
  }
  for (std::size_t i = 0; i < kCommands; ++i) {
    add("command-" + std::to_string(i), port(), "exec sleep 600");
    targets_.back().through_openssh = i < 2;
  }
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519"));
  limits.connect_timeout = limits.command_timeout = std::chrono::seconds(300);  // nobody is late
  std::chrono::nanoseconds spent{};
  std::chrono::nanoseconds measured{};
  std::atomic<bool> is_running = true;
  const auto runs = pthread_self();
  std::jthread measure([&] {
    const auto all_wait = [&] {
      return occurrences(read_file(path("ran")), "\n") == kCommands &&
             std::ranges::all_of(spoilers_, [](const auto& one) { return one->has_spoilt(); });
    };
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (!all_wait() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (all_wait()) {
      const auto began = std::chrono::steady_clock::now();
      const auto before = time_of_process();
      std::this_thread::sleep_for(kMeasured);
      spent = time_of_process() - before;
      measured = std::chrono::steady_clock::now() - began;
    }
    if (is_running) pthread_kill(runs, SIGINT);
  });
  run_all();
  is_running = false;
  measure.join();
  ASSERT_GE(measured, kMeasured) << "the hosts have not all come to wait";
  EXPECT_LE(spent * 100, measured) << spent.count() << " ns of CPU time";
  for (std::size_t i = 0; i < replies_.size(); ++i) {
    EXPECT_EQ(replies_[i].end, End::interrupted) << targets_[i].name << ": " << replies_[i].reason;
  }
}

}  // namespace
}  // namespace cluster::ssh
