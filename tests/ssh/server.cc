#include "tests/ssh/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>

namespace cluster::ssh {
namespace {

int create(const std::filesystem::path& file) {
  return open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// Starts `arguments` with an empty input. The output goes to the files.
pid_t spawn(const std::vector<std::string>& arguments, const std::filesystem::path& out,
            const std::filesystem::path& err) {
  std::vector<char*> words;
  std::ranges::transform(arguments, std::back_inserter(words),
                         [](const std::string& word) { return const_cast<char*>(word.c_str()); });
  words.push_back(nullptr);
  const int out_fd = create(out);
  const int err_fd = create(err);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
  pid_t pid = -1;
  const int code = posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out_fd);
  close(err_fd);
  if (code != 0) throw std::runtime_error(arguments[0] + ": " + strerror(code));
  return pid;
}

// The line that lets a test break off as many logins as it wants; "" for an sshd older than 9.8.
std::string without_penalties(const std::string& host_key) {
  const std::string line = "PerSourcePenalties no";
  try {
    call({"/usr/sbin/sshd", "-t", "-f", "/dev/null", "-h", host_key, "-o", line});
    return line + "\n";
  } catch (const std::runtime_error&) {
    return "";
  }
}

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

std::string call(const std::vector<std::string>& arguments) {
  const TempDir dir;
  const pid_t pid = spawn(arguments, dir.path() / "out", dir.path() / "err");
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) {
    throw std::runtime_error(arguments[0] + " failed: " + read_file(dir.path() / "err"));
  }
  return read_file(dir.path() / "out");
}

Background::Background(const std::vector<std::string>& arguments, const std::filesystem::path& log)
    : pid_(spawn(arguments, log, log)) {}

Background::~Background() {
  signal(SIGCONT);
  signal(SIGTERM);
  waitpid(pid_, nullptr, 0);
}

void Background::signal(int number) const { kill(pid_, number); }

// The port is below those that the kernel gives out by itself, and the first of 16 that belong to
// this process. So no test that runs beside this one takes the port between its choice and its use.
Port::Port(Kind kind)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      number_(10000 + 16 * (getpid() % 1250)) {
  auto address = local(number_);
  while (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (++number_ == 32768) throw std::runtime_error("no free port");
    address = local(number_);
  }
  if (kind == Kind::silent) listen(socket_, 16);  // bound without listening, it stays closed
}

Port::Port(const std::string& greeting) : Port(Kind::silent) {
  thread_ = std::thread([this, greeting] {
    for (int fd = 0; (fd = accept(socket_, nullptr, nullptr)) >= 0; close(fd)) {
      ++taken_;
      send(fd, greeting.data(), greeting.size(), MSG_NOSIGNAL);
    }
  });
}

Port::~Port() {
  shutdown(socket_, SHUT_RDWR);  // wakes the thread
  if (thread_.joinable()) thread_.join();
  close(socket_);
}

Crowd::Crowd(int port, int size) {
  const auto address = local(port);
  for (int i = 0; i < size; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds_.push_back(fd);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error(std::string("no crowd: ") + strerror(errno));
    }
  }
}

Crowd::~Crowd() {
  for (const int fd : fds_) close(fd);
}

Server::Server() {
  // What a shell starts in the background would have one of them ignored.
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
  const passwd* user = getpwuid(getuid());
  me.user = user == nullptr ? "root" : user->pw_name;
  me.home = folder();
  me.config = path("config");
  std::filesystem::create_directory(path(".ssh"));
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(".ssh/id_ed25519")});
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("host_key")});
  std::filesystem::copy(path(".ssh/id_ed25519.pub"), path("authorized_keys"));
  port_ = Port(Port::Kind::closed).number();
  know("[127.*]:" + std::to_string(port_) + " " + host_key());
  configure("GlobalKnownHostsFile none");
  // Instrumented builds on a busy machine are slow. A test waits for this bound only if it sets the
  // bound itself.
  limits.connect_timeout = std::chrono::seconds(60);
  limits.command_timeout = std::chrono::seconds(120);
}

Server::~Server() = default;

void Server::start(const std::string& extra) {
  // sshd wants its privilege separation folder, which a machine without a running sshd has not.
  if (getuid() == 0) mkdir("/run/sshd", 0755);
  static const std::string penalties = without_penalties(path("host_key"));
  write_file(path("sshd_config"), "Port " + std::to_string(port_) +
                                      "\nListenAddress 0.0.0.0\nAllowUsers *@127.*\nHostKey " +
                                      path("host_key") + "\nAuthorizedKeysFile " +
                                      path("authorized_keys") +
                                      "\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\n"
                                      "PasswordAuthentication no\n" +
                                      penalties +
                                      (extra.find("MaxStartups") == std::string::npos
                                           ? extra + "\nMaxStartups 2000"  // the last one counts
                                           : extra) +
                                      // No .bashrc of this machine prints anything. The first
                                      // SetEnv counts.
                                      "\nSetEnv HOME=" + path("") + "\n");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto addresses = occurrences(read_file(path("sshd_config")), "ListenAddress ");
  sshd_.reset();
  for (std::string log; occurrences(log, "Server listening on ") < addresses;) {
    // A child of the server before may hold the port a moment longer, and answer at it.
    if (sshd_ == nullptr || log.find("Cannot bind any address") != std::string::npos) {
      sshd_.reset();
      std::filesystem::remove(path("sshd.log"));
      sshd_ = std::make_unique<Background>(
          std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", path("sshd_config")},
          path("sshd.log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    log = read_file(path("sshd.log"));
    if (std::chrono::steady_clock::now() > until) {
      throw std::runtime_error("sshd does not start: " + log);
    }
  }
}

void Server::await_log(const std::string& words) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (read_file(path("sshd.log")).find(words) == std::string::npos) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("no " + words);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::size_t Server::connections() const {
  return occurrences(read_file(path("sshd.log")), "Connection from ");
}

void Server::configure(const std::string& lines) { write_file(me.config, lines + "\n"); }

void Server::know(const std::string& lines) { write_file(path(".ssh/known_hosts"), lines + "\n"); }

std::size_t occurrences(const std::string& text, const std::string& piece) {
  std::size_t count = 0;
  for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++count;
  return count;
}

Answer Server::run(const Target& to, const std::string& command) {
  Heard heard(1);
  FanOut fan_out(me);
  const auto replies = fan_out.run({to}, command, limits, heard);
  return {replies.at(0), heard.out(0), heard.err(0)};
}

Target Server::target(const std::string& address) const {
  return {"n-" + address, address, port_, ""};
}

std::string Server::host_key() const { return without_comment(read_file(path("host_key.pub"))); }

std::string without_comment(const std::string& public_key) {
  return public_key.substr(0, public_key.rfind(' '));
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace cluster::ssh
