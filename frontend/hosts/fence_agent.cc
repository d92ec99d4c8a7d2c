#include "frontend/hosts/fence_agent.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include "core/command_reader.h"
#include "core/error.h"
#include "core/file.h"
#include "core/secret_names.h"
#include "core/text.h"
#include "frontend/hosts/fence_words.h"
#include "ssh/child_process.h"

namespace cluster::frontend {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kFolder = "/usr/sbin";
constexpr std::string_view kFile = "_file";
constexpr std::chrono::seconds kLastChance{2};  // from SIGTERM to SIGKILL
constexpr std::size_t kMaxOutput = 65536;       // what is kept of an agent's words
constexpr int kOff = 2;                         // exit status of `status`; 0 is on

bool is_option_name(std::string_view name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(
             name, [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_'; });
}

bool is_agent_name(std::string_view name) {
  constexpr std::string_view kPrefix = "fence_";
  return name.size() > kPrefix.size() && name.starts_with(kPrefix) && is_option_name(name);
}

[[noreturn]] void refuse(const std::string& why) { throw Error(Fault::usage, "fence: " + why); }

void add_option(FenceDevice& device, const std::string& word) {
  const auto equals = word.find('=');
  const auto name = word.substr(0, equals);
  if (equals == std::string::npos || !is_option_name(name)) {
    refuse(quote(word) + " is no option of an agent: want ip=bmc-7");
  }
  const auto value = word.substr(equals + 1);
  if (std::ranges::any_of(value, is_control)) refuse(quote(word) + ": want one line");
  if (name == "action" || name == "option") {
    refuse(quote(name) + " is what `cluster set host power` says");
  }
  if (name.ends_with("_script") || name.ends_with("_path") || name.ends_with("_cmd")) {
    refuse(quote(name) + " names a program that would run here, which no inventory may");
  }
  const bool is_file = name.ends_with(kFile);
  const auto stem = is_file ? name.substr(0, name.size() - kFile.size()) : name;
  if (!may_be_secret(stem)) {
    device.options[name] = value;
  } else if (!is_file) {
    refuse("a secret belongs into a file that only its owner reads: want " + name +
           "_file=PATH in place of " + quote(name));
  } else if (!value.starts_with('/')) {
    refuse(quote(word) + ": want a whole path");
  } else {
    device.secrets[stem] = value;
  }
}

// The first line of a file that nobody but its owner may read.
std::string secret_in(const std::string& option, const std::filesystem::path& path) {
  const auto fail = [&](Fault fault, const std::string& why) {
    throw Error(fault, option + std::string(kFile) + " " + quote(path.string()) + ": " + why);
  };
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) fail(Fault::io, errno_text(errno));
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) fail(Fault::io, errno_text(errno));
  if (!S_ISREG(facts.st_mode)) fail(Fault::refused, "it is no file");
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
    fail(Fault::refused, "it belongs to another: chown root");
  }
  if ((facts.st_mode & 077) != 0) fail(Fault::refused, "others may use it: chmod 600");
  std::string text(4096, '\0');
  const auto length = ::read(file.get(), text.data(), text.size());
  if (length < 0) fail(Fault::io, errno_text(errno));
  text.resize(static_cast<std::size_t>(length));
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.empty()) fail(Fault::refused, "its first line is empty");
  return text;
}

std::string_view agents_word(Power power) {
  switch (power) {
    case Power::on:
      return "on";
    case Power::off:
      return "off";
    case Power::cycle:
      return "reboot";
    case Power::status:
      break;
  }
  return "status";
}

std::string input_for(const FenceDevice& device, Power power) {
  std::string text = "action=" + std::string(agents_word(power)) + "\n";
  for (const auto& [name, value] : device.options) text += name + "=" + value + "\n";
  for (const auto& [name, path] : device.secrets) text += name + "=" + secret_in(name, path) + "\n";
  return text;
}

// Adds what can be read now to `text`; keeps its end.
void drain(int from, std::string& text) {
  std::array<char, 4096> piece{};
  for (;;) {
    const auto length = ::read(from, piece.data(), piece.size());
    if (length <= 0) return;
    text.append(piece.data(), static_cast<std::size_t>(length));
    if (text.size() > kMaxOutput) text.erase(0, text.size() - kMaxOutput);
  }
}

struct Ended {
  std::optional<int> status;  // of waitpid(2); nothing: it did not end in time
  std::string said;           // on both outputs
};

Ended wait_for(ssh::ChildProcess& child, std::chrono::seconds patience) {
  Ended ended;
  const auto read_all = [&] {
    drain(child.out(), ended.said);
    drain(child.err(), ended.said);
  };
  const auto wait_until = [&](Clock::time_point deadline) {
    while (!ended.status && Clock::now() < deadline) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      std::array<pollfd, 1> watched{pollfd{child.exit(), POLLIN, 0}};
      // Its outputs are looked at now and then: one that is closed would be readable for ever.
      constexpr int kLookMs = 100;
      ::poll(watched.data(), watched.size(),
             static_cast<int>(std::clamp<long long>(left.count() + 1, 0, kLookMs)));
      read_all();
      ended.status = child.reap();
    }
  };
  wait_until(Clock::now() + patience);
  if (ended.status) {
    read_all();
    return ended;
  }
  child.signal(SIGTERM);
  wait_until(Clock::now() + kLastChance);
  ended.status.reset();
  return ended;
}

}  // namespace

FenceDevice parse_fence(const std::string& value, const HostName& host) {
  constexpr std::string_view kHost = "{host}";
  auto text = value;
  for (auto at = text.find(kHost); at != std::string::npos; at = text.find(kHost, at)) {
    text.replace(at, kHost.size(), host.str());
  }
  CommandReader reader(text);
  CommandLine line;
  if (!reader.next(line) || !is_agent_name(line.words.front())) {
    refuse(
        "want an agent and its options: fence_ipmilan ip=bmc-7 username=admin "
        "password_file=/etc/cluster/bmc");
  }
  FenceDevice device{line.words.front(), {}, {}};
  for (std::size_t i = 1; i < line.words.size(); ++i) add_option(device, line.words[i]);
  if (reader.next(line)) refuse("want one line");
  return device;
}

void check_fence_attribute(const std::string& name, const std::string& value) {
  if (name == "fence" && !value.empty()) parse_fence(value, HostName("host"));
}

PowerAnswer switch_power(const ssh::Warden& warden, const FenceDevice& device, Power power,
                         std::chrono::seconds patience) {
  const auto program = std::filesystem::path(kFolder) / device.agent;
  if (::access(program.c_str(), X_OK) != 0) {
    throw Error(Fault::not_found, "there is no " + program.string() +
                                      ": install fence-agents, or the package of this agent");
  }
  ssh::ChildProcess child(warden, {program.string()}, input_for(device, power));
  const auto ended = wait_for(child, patience);
  if (!ended.status) {
    throw Error(Fault::io, device.agent + " did not end in " + std::to_string(patience.count()) +
                               " s" + (power == Power::status ? "" : ": see action=status"));
  }
  const int status = WIFEXITED(*ended.status) ? WEXITSTATUS(*ended.status) : -1;
  const auto warning = fence_warning(ended.said);
  if (power == Power::status && (status == 0 || status == kOff)) {
    return {status == 0 ? "on" : "off", warning};
  }
  if (status == 0) return {"", warning};
  auto why = fence_failure(ended.said);
  if (why.empty()) why = "it ended without a word";
  throw Error(Fault::io, device.agent + ": " + why);
}

}  // namespace cluster::frontend
