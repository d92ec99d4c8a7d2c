#include "ssh/tunnel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "core/without_sigpipe.h"
#include "ssh/child_process.h"
#include "ssh/config.h"
#include "ssh/doors.h"
#include "ssh/jumps.h"
#include "ssh/knock.h"
#include "ssh/loop.h"
#include "ssh/resolver.h"

namespace cluster::ssh {
namespace {

constexpr auto kSshGrace = std::chrono::seconds(2);
constexpr const char* kSocket = "socket";
constexpr std::size_t kMostSaid = 4096;

[[noreturn]] void cannot(const std::string& what) {
  throw Error(Fault::io, "cannot " + what + ": " + errno_text(errno));
}

std::filesystem::path make_folder() {
  std::string path = std::filesystem::temp_directory_path() / "cluster-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) cannot("make the folder " + quote(path));
  return path;
}

FileDescriptor listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    throw Error(Fault::io,
                "the path of a socket is too long: " + quote(path) + " (want a shorter TMPDIR)");
  }
  path.copy(address.sun_path, path.size());
  FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener ||
      bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.get(), 1) != 0) {
    cannot("listen at " + quote(path));
  }
  return listener;
}

FileDescriptor event() {
  FileDescriptor made(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made) cannot("make an event");
  return made;
}

constexpr std::size_t kMostWaitedFor = 5;

// Waits until a descriptor can be read, or its other end is gone, or the time is over. -1 is no
// descriptor.
void wait_for(std::array<int, kMostWaitedFor> descriptors,
              std::chrono::steady_clock::time_point until) {
  std::array<pollfd, kMostWaitedFor> wanted{};
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = {descriptors[i], POLLIN, 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      until - std::min(until, std::chrono::steady_clock::now()));
  const bool is_bound = until != std::chrono::steady_clock::time_point::max();
  constexpr long long kLongest = 1'000'000'000;
  const auto bound = static_cast<int>(std::min<long long>(left.count(), kLongest));
  poll(wanted.data(), wanted.size(), is_bound ? bound : -1);
}

bool is_readable(int descriptor) {
  pollfd wanted{descriptor, POLLIN, 0};
  return poll(&wanted, 1, 0) == 1;
}

// Reads all that is there.
void read_log(const Pipe& pipe, SshLog& log) {
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(pipe.read.get(), buffer.data(), buffer.size())) > 0;) {
    log.take({buffer.data(), static_cast<std::size_t>(count)});
  }
}

}  // namespace

Tunnel::Tunnel(Target target, std::string command, const Limits& limits, Operator me,
               Doorway& doorway)
    : target_(std::move(target)),
      command_(std::move(command)),
      limits_(limits),
      me_(std::move(me)),
      doorway_(doorway),
      allowance_(limits.command_timeout),
      complaints_(memfd_create("ssh", MFD_CLOEXEC)),
      stop_(event()),
      over_(event()) {
  if (!complaints_) cannot("make a file in memory");
  const auto config = Config::read(me_);
  route_ = config.route(target_, me_);
  DoorFinder(config, me_).find(route_);
  host_key_options_ = host_key_options(target_, route_);
  folder_ = make_folder();
  socket_ = folder_ / kSocket;
  entry_ = FileDescriptor(open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  try {
    listener_ = listen_at(socket_);
    doorway_.warden();
  } catch (const Error&) {
    remove_socket();
    throw;
  }
  thread_ = std::thread([this] { serve(); });
}

Tunnel::~Tunnel() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

// The socket is removed relative to its folder, not by its whole path, as that name may belong to
// somebody else now.
void Tunnel::remove_socket() {
  unlinkat(entry_.get(), kSocket, 0);
  rmdir(folder_.c_str());
}

Reply Tunnel::end() {
  if (!thread_.joinable()) return reply_;
  wait_for({over_.get(), -1, -1, -1, -1}, std::chrono::steady_clock::now() + kSshGrace);
  eventfd_write(stop_.get(), 1);
  thread_.join();
  return reply_;
}

void Tunnel::serve() {
  const WithoutSigpipe without_sigpipe;
  reply_ = {End::exited, 0, "", {}};
  const auto connection = take_connection();
  try {
    if (connection) log_in(connection);
  } catch (const Error& error) {
    reply_ = {End::unreachable, -1, error.what(), {}};
  }
  eventfd_write(over_.get(), 1);
}

bool Tunnel::is_wanted() const {
  return !is_readable(stop_.get()) && !is_readable(doorway_.closed()) && !allowance_.is_over();
}

FileDescriptor Tunnel::take_connection() {
  while (is_wanted() && !is_readable(listener_.get())) {
    wait_for({listener_.get(), stop_.get(), doorway_.closed(), allowance_.news(), -1},
             allowance_.until());
    allowance_.take_news();
  }
  FileDescriptor connection;
  if (is_readable(listener_.get())) {
    connection = FileDescriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  listener_.reset();
  remove_socket();
  return connection;
}

void Tunnel::log_in(const FileDescriptor& connection) {
  if (!route_.loop.empty()) {
    reply_ = {End::unreachable, -1, quote(target_.name) + " is not asked: " + route_.loop, {}};
    return;
  }
  const auto began = std::chrono::steady_clock::now();
  Time::duration at_doors{};  // the waiting there does not count
  for (int tries = 1;; ++tries) {
    const auto came = std::chrono::steady_clock::now();
    {
      const Pause pause(allowance_);
      if (!doorway_.wait(route_.door, [this] { return !is_wanted(); })) return give_up();
    }
    at_doors += std::chrono::steady_clock::now() - came;
    Doorway::Place place(doorway_, route_.door);
    if (is_foretold()) return;
    const auto deadline = began + at_doors + limits_.connect_timeout;
    const auto refusal = try_once(connection, place, tries, deadline);
    if (refusal != Refusal::momentary) return;
    // The way through the jump host was closed without a word that we heard.
    const bool is_behind = !route_.proxy.empty() && !route_.door_address.empty();
    const auto has_to_knock = [&](Lessons& lessons) {
      return lessons.penalties.has_to_knock(door_place(route_), tries + 1);
    };
    if (is_behind && doorway_.with_lessons(has_to_knock) && hears_penalty() &&
        judge_penalty(door_place(route_), tries + 1) == Refusal::penalty) {
      return;
    }
    const auto until = std::chrono::steady_clock::now() + Doors::pause_after(tries);
    if (tries == Doors::kMostTries || until >= std::min(deadline, allowance_.until())) return;
    place.leave();
    wait_for({stop_.get(), doorway_.closed(), -1, -1, -1}, until);
    if (!is_wanted()) return give_up();
  }
}

// Ends the login without a try when an earlier one has shown what would come of it.
bool Tunnel::is_foretold() {
  for (const auto& sshd : {source(route_), door_place(route_)}) {
    if (!doorway_.with_lessons([&](auto& all) { return all.penalties.turn_away(sshd); })) continue;
    reply_ = {End::unreachable, -1, words_of_penalty(sshd), {}};
    return true;
  }
  if (!doorway_.with_lessons([](auto& all) { return all.has_failures(); })) return false;
  const auto known = known_keys(target_, route_, KnownHosts(route_.known_hosts_files));
  return doorway_.with_lessons([&](auto& all) {
    const auto* failure = all.foretold(route_, known);
    if (failure != nullptr) reply_ = {failure->why.end, -1, words_of(*failure), {}};
    return failure != nullptr;
  });
}

void Tunnel::learn(const NoConnection& why, const std::string& rest) {
  const bool is_past = why.end != End::unreachable;
  if (!is_past && !route_.proxy.empty() && is_refusal_on_way(said())) {
    doorway_.with_lessons([&](auto& all) { all.fail_on_way(route_, {why, rest}); });
  } else if (is_past) {
    const auto known = known_keys(target_, route_, KnownHosts(route_.known_hosts_files));
    doorway_.with_lessons([&](auto& all) { all.fail_at_host(route_, known, {why, rest}); });
  }
}

std::string Tunnel::words_of(const Lessons::Failure& failure) const {
  return "ssh to " + quote(target_.name) + " failed" + failure.reason(target_);
}

// The sshd at the host or at its door said "Not allowed at this time".
Refusal Tunnel::judge_penalty(const std::string& sshd, int tries) {
  reply_.end = End::unreachable;
  reply_.reason = words_of_penalty(sshd);
  return doorway_.with_lessons([&](auto& all) { return all.penalties.judge(sshd, tries); });
}

std::string Tunnel::words_of_penalty(const std::string& sshd) const {
  if (sshd == source(route_)) return penalty_words(ssh::place(route_), !route_.proxy.empty());
  return "ssh to " + quote(target_.name) + " failed: " + penalty_words(sshd);
}

void Tunnel::note_who_came_in(const SshLog& log) {
  doorway_.with_lessons([&](auto& all) {
    // The jump host has let us in as soon as the host behind it speaks.
    const bool is_past_door = log.has_sent_key_exchange() || log.is_penalty();
    if (is_past_door && !route_.proxy.empty()) all.penalties.let_in(door_place(route_));
    if (log.is_in()) all.penalties.let_in(source(route_));
  });
}

bool Tunnel::hears_penalty() const {
  Loop loop;
  Resolver resolver(loop);
  std::optional<Refusal> heard;
  Knock knock(loop, resolver, route_.door_address, route_.door_port,
              [&](std::string_view first_bytes) { heard = refusal_of_greeting(first_bytes); });
  knock.start();
  while (!heard) loop.turn();
  return *heard == Refusal::penalty;
}

std::vector<std::string> Tunnel::words(const FileDescriptor& log, Time connect_deadline) const {
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(connect_deadline - std::chrono::steady_clock::now());
  auto words = openssh_words(target_, me_, left, host_key_options_);
  // The last two notice a host that is gone, also when there is nothing to send.
  words.insert(words.end(),
               {"-E", descriptor_path(log), "-o", "LogLevel=DEBUG1", "-o", "ServerAliveInterval=5",
                "-o", "ServerAliveCountMax=3", "--", target_.name, command_});
  return words;
}

// Starts `ssh` once, and waits for its end. It reads nothing of the connection before it is in.
Refusal Tunnel::try_once(const FileDescriptor& connection, Doorway::Place& place, int tries,
                         Time connect_deadline) {
  static_cast<void>(ftruncate(complaints_.get(), 0) == 0);
  lseek(complaints_.get(), 0, SEEK_SET);
  const Pipe pipe;
  SshLog log;
  ChildProcess ssh(doorway_.warden(), words(pipe.write, connect_deadline), connection.get(),
                   complaints_.get());
  std::optional<int> wait_status;
  while (!wait_status && is_wanted()) {
    wait_for({ssh.exit(), stop_.get(), doorway_.closed(), allowance_.news(), pipe.read.get()},
             allowance_.until());
    allowance_.take_news();
    wait_status = ssh.reap();  // first: what it wrote is then all in the pipe
    read_log(pipe, log);
    note_who_came_in(log);
    if (log.is_in()) place.is_in();
  }
  if (!wait_status) {
    give_up();
    ssh.signal(SIGTERM);
    wait_for({ssh.exit(), -1, -1, -1, -1}, std::chrono::steady_clock::now() + kSshGrace);
    return Refusal::final;
  }
  const int status = WIFEXITED(*wait_status) ? WEXITSTATUS(*wait_status) : kOpensshFailed;
  reply_ = failure(log, status);
  reply_.tries = tries;
  if (status != kOpensshFailed || log.has_started()) return Refusal::final;
  auto refusal = refusal_of_ssh(log.said(), said(), log.has_sent_key_exchange(),
                                log.has_begun_login(), route_.proxy.starts_with("ProxyJump "));
  if (log.is_penalty()) {
    refusal = judge_penalty(source(route_), tries);
  } else if (refusal == Refusal::penalty) {
    refusal = judge_penalty(door_place(route_), tries);
  }
  if (refusal == Refusal::momentary && tries > 1) reply_.reason += "; " + tried_words(tries);
  return refusal;
}

void Tunnel::give_up() {
  reply_ = {End::exited, 0, "", {}};
  if (is_readable(doorway_.closed())) {
    reply_ = {End::interrupted, -1, "interrupted", {}};
    return;
  }
  if (!allowance_.is_over()) return;
  reply_ = {End::timed_out,
            -1,
            quote(target_.name) + " did not answer within " +
                std::to_string(limits_.command_timeout.count()) + " s",
            {}};
}

std::string Tunnel::said() const {
  std::string text(kMostSaid, '\0');
  const auto count = pread(complaints_.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

Reply Tunnel::failure(const SshLog& log, int status) {
  std::vector<std::string> lines;
  const auto text = said();
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  }
  if (status == 0) return {End::exited, 0, "", {}};
  if (status == kOpensshFailed) {
    const auto why = failure_in(log);
    std::string rest;
    if (why.end == End::unreachable && !lines.empty()) {
      rest = ", after " + quote(lines.back());
      if (!route_.proxy.empty()) rest += what_helps_on_way(lines.back());
    }
    if (!log.has_started()) learn(why, rest);
    return {why.end, -1, words_of({why, rest}), {}};
  }
  return {End::exited,
          status,
          quote(command_) + " on " + quote(target_.name) + " ended with status " +
              std::to_string(status) + (lines.empty() ? "" : ": " + quote(lines.back())),
          {}};
}

}  // namespace cluster::ssh
