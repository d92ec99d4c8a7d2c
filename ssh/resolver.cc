#include "ssh/resolver.h"

#include <netdb.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/file.h"

namespace cluster::ssh {
namespace {

constexpr int kMostThreads = 8;

Resolved ask(const std::string& host, int port, int flags) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (code != 0) return {{}, code == EAI_SYSTEM ? errno_text(errno) : gai_strerror(code)};
  Resolved resolved;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    SocketAddress address{.size = at->ai_addrlen};
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    resolved.addresses.push_back(address);
  }
  freeaddrinfo(found);
  return resolved;
}

}  // namespace

struct Resolver::Shared {
  struct Question {
    std::uint64_t ticket;
    std::string host;
    int port;
  };

  FileDescriptor news{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::condition_variable asked;
  std::deque<Question> questions;
  std::vector<std::pair<std::uint64_t, Resolved>> answers;
  int threads = 0;
  int idle = 0;
  bool stop = false;

  // Each thread runs this.
  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      asked.wait(lock, [this] { return stop || !questions.empty(); });
      --idle;
      if (stop) return;
      const Question question = std::move(questions.front());
      questions.pop_front();
      lock.unlock();
      Resolved resolved = ask(question.host, question.port, AI_ADDRCONFIG);
      lock.lock();
      answers.emplace_back(question.ticket, std::move(resolved));
      eventfd_write(news.get(), 1);
    }
  }
};

Resolver::Resolver(Loop& loop) : loop_(loop), shared_(std::make_shared<Shared>()) {
  if (!shared_->news) throw Error(Fault::io, "cannot look up hosts: no descriptor left");
  loop_.watch(shared_->news.get(), EPOLLIN, *this);
}

Resolver::~Resolver() {
  loop_.forget(shared_->news.get());
  const std::lock_guard lock(shared_->mutex);
  shared_->stop = true;
  shared_->asked.notify_all();
}

std::vector<SocketAddress> Resolver::spelled(const std::string& host, int port) {
  return ask(host, port, AI_NUMERICHOST).addresses;
}

std::uint64_t Resolver::look_up(const std::string& host, int port, Answer answer) {
  const std::uint64_t ticket = ++last_ticket_;
  answers_.emplace(ticket, std::move(answer));
  const std::lock_guard lock(shared_->mutex);
  shared_->questions.push_back({ticket, host, port});
  const auto waiting = static_cast<int>(shared_->questions.size());
  if (waiting > shared_->idle && shared_->threads < kMostThreads) {
    ++shared_->threads;
    std::thread([shared = shared_] { shared->serve(); }).detach();
  }
  shared_->asked.notify_one();
  return ticket;
}

void Resolver::ready() {
  eventfd_t count = 0;
  eventfd_read(shared_->news.get(), &count);
  std::vector<std::pair<std::uint64_t, Resolved>> answers;
  {
    const std::lock_guard lock(shared_->mutex);
    answers.swap(shared_->answers);
  }
  for (auto& [ticket, resolved] : answers) {
    const auto at = answers_.find(ticket);
    if (at == answers_.end()) continue;
    const Answer answer = std::move(at->second);
    answers_.erase(at);
    answer(std::move(resolved));
  }
}

}  // namespace cluster::ssh
