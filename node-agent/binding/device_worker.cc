#include "node-agent/binding/device_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/error.h"

namespace cluster::agent {
namespace {

// The packets on the socket: each is a letter, then text.
constexpr char kDetach = 'd';    // to the child: address
constexpr char kAttach = 'a';    // to the child: address
constexpr char kOverride = 'w';  // to the child: address, a space, the driver
constexpr char kVms = 'v';       // to the child: nothing
constexpr char kDevice = 'm';    // from it: a device that a VM has, "0000:02:00.0 rocks-33"
constexpr char kSaved = 'z';     // from it: the same of a VM that is saved
constexpr char kVersion = 'n';   // from it: the version of libvirt
constexpr char kThrough = 't';   // from it: what it opened, "libvirt"
constexpr char kStep = 's';      // from it: the step it is about to take
constexpr char kDone = 'o';      // from it: the act has ended well
constexpr char kFailed = 'e';    // from it: the act has failed, why
constexpr std::size_t kMaxPacket = 8192;

bool send_packet(int socket, char letter, std::string_view text) {
  std::string packet(1, letter);
  packet += text.substr(0, kMaxPacket - 1);
  return ::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) >= 0;
}

// Returns "" when the other side has gone.
std::string receive_packet(int socket) {
  std::array<char, kMaxPacket> packet{};
  ssize_t count = 0;
  do {
    count = ::recv(socket, packet.data(), packet.size(), 0);
  } while (count < 0 && errno == EINTR);
  return count > 0 ? std::string(packet.data(), static_cast<std::size_t>(count)) : std::string();
}

// The other side of DeviceWorker. It ends when the parent ends, even between two steps of one act.
// A parent that has given up must not find out later that the rest was done after all.
class Child {
 public:
  Child(const DeviceWorker::Open& open, int socket) : open_(open), socket_(socket) {}

  [[noreturn]] void serve() {
    for (;;) {
      const auto packet = receive_packet(socket_);
      if (packet.empty()) ::_exit(0);
      try {
        if (packet[0] == kVms) {
          send_vms();
        } else {
          const auto blank = std::min(packet.find(' '), packet.size());
          act(packet[0], PciAddress::parse(packet.substr(1, blank - 1)),
              packet.substr(std::min(blank + 1, packet.size())));
        }
        send(kDone, "");
      } catch (const std::exception& error) {
        devices_.reset();
        send(kFailed, error.what());
      }
    }
  }

 private:
  void open() {
    if (!devices_) devices_ = open_([this](const std::string& step) { send(kStep, step); });
  }

  void send_vms() {
    open();
    if (const auto version = devices_->libvirt_version()) send(kVersion, std::to_string(*version));
    for (const auto& one : devices_->vm_devices()) {
      send(one.saved ? kSaved : kDevice, one.device + " " + one.vm);
    }
  }

  void act(char letter, const PciAddress& pci, const std::string& driver) {
    open();
    send(kThrough, devices_->through());
    if (letter == kDetach) {
      devices_->detach(pci);
    } else if (letter == kOverride) {
      devices_->set_driver_override(pci, driver);
    } else {
      devices_->attach(pci);
    }
  }

  void send(char letter, std::string_view text) const {
    if (!send_packet(socket_, letter, text)) ::_exit(0);
  }

  const DeviceWorker::Open& open_;
  int socket_;
  std::unique_ptr<virt::NodeDevices> devices_;
};

// "60 s", "0.1 s"
std::string seconds(std::chrono::milliseconds time) {
  const auto tenths = time.count() % 1000 / 100;
  return std::to_string(time.count() / 1000) + (tenths != 0 ? "." + std::to_string(tenths) : "") +
         " s";
}

// The caller of the parent waits until some files are closed: sshd ends a session when the last
// process has closed stdout. A stuck child must not keep these files open.
void leave_standard_streams() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
}

void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

DeviceWorker::DeviceWorker(Open open, std::chrono::milliseconds deadline,
                           virt::StepListener on_step, std::chrono::milliseconds vms_patience)
    : open_(std::move(open)),
      deadline_(deadline),
      vms_patience_(vms_patience),
      on_step_(std::move(on_step)) {}

DeviceWorker::~DeviceWorker() { stop(); }

void DeviceWorker::detach(const PciAddress& pci) { request(kDetach, pci); }

void DeviceWorker::attach(const PciAddress& pci) { request(kAttach, pci); }

void DeviceWorker::set_driver_override(const PciAddress& pci, const std::string& driver) {
  request(kOverride, pci, driver);
}

void DeviceWorker::start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw Error(Fault::io, "cannot make a socket pair: " + errno_text(errno));
  }
  socket_ = FileDescriptor(ends[0]);
  FileDescriptor theirs(ends[1]);
  child_ = ::fork();
  if (child_ < 0) {
    child_ = 0;
    throw Error(Fault::io, "cannot fork: " + errno_text(errno));
  }
  if (child_ == 0) {
    socket_.reset();
    ::prctl(PR_SET_NAME, "gpupci-worker");
    leave_standard_streams();
    block_signals();
    Child(open_, theirs.get()).serve();
  }
}

// This also starts the child, where there is none.
void DeviceWorker::ask(char letter, std::string_view text) {
  if (!stuck_.empty()) throw Error(Fault::io, "not tried, an earlier step is stuck");
  if (child_ == 0) start();
  last_step_ = through_.empty() ? "connecting to libvirt" : "waiting for " + through_;
  if (send_packet(socket_.get(), letter, text)) return;
  stop();
  throw Error(Fault::io, "the process that acts has died");
}

std::vector<virt::VmDevice> DeviceWorker::vm_devices() {
  const auto end = std::chrono::steady_clock::now() + vms_patience_;
  ask(kVms, "");
  std::vector<virt::VmDevice> all;
  for (;;) {
    const auto packet = receive(end);
    if (!packet) {
      ::kill(child_, SIGKILL);  // nothing of a card is in its hands
      stop();
      throw Error(Fault::unreachable, "no answer from libvirt after " + seconds(vms_patience_));
    }
    const auto text = packet->substr(1);
    if (packet->front() == kDone) return all;
    if (packet->front() == kVersion) {
      libvirt_version_ = std::stoul(text);
      continue;
    }
    if (packet->front() != kDevice && packet->front() != kSaved) throw Error(Fault::io, text);
    const auto blank = text.find(' ');
    all.push_back({text.substr(blank + 1), text.substr(0, blank), packet->front() == kSaved});
  }
}

void DeviceWorker::request(char act, const PciAddress& pci, const std::string& driver) {
  const auto end = std::chrono::steady_clock::now() + deadline_;
  ask(act, pci.sysfs() + (driver.empty() ? "" : " " + driver));
  last_pci_ = pci;
  for (;;) {
    const auto packet = receive(end);
    if (!packet) give_up();
    const auto text = packet->substr(1);
    switch (packet->front()) {
      case kThrough:
        through_ = text;
        break;
      case kStep:
        last_step_ = text;
        on_step_(text);
        break;
      case kDone:
        return;
      default:
        throw Error(Fault::io, text);
    }
  }
}

// Returns nothing when `end` has passed.
std::optional<std::string> DeviceWorker::receive(std::chrono::steady_clock::time_point end) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready == 0) return std::nullopt;
    if (ready < 0) continue;  // EINTR
    auto packet = receive_packet(socket_.get());
    if (!packet.empty()) return packet;
    stop();
    throw Error(Fault::io, "the process that acts has died in: " + last_step_);
  }
}

void DeviceWorker::give_up() {
  stuck_ = last_step_;
  const auto then = through_ == "sysfs" ? "see the kernel's log"
                    : through_.empty()  ? "see libvirt's log (journalctl -u libvirtd)"
                                       : through_ + " may still do it: gpupci --restore afterwards";
  throw Error(Fault::io, "no end after " + seconds(deadline_) + " of: " + stuck_ +
                             "; it is not tried again, " + then);
}

void DeviceWorker::stop() {
  // Another child, which may be stuck, also has this end open. So close() alone would not tell our
  // child.
  if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
  if (child_ == 0) return;
  // It does no harm to kill a client of libvirt. A task inside an unbind must not be hurried: it
  // dies at its next step, which the task cannot tell.
  if (!stuck_.empty() && through_ != "sysfs") ::kill(child_, SIGKILL);
  if (stuck_.empty() || through_ != "sysfs") {
    while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  child_ = 0;
}

}  // namespace cluster::agent
