#include "node-agent/kernel/far_interfaces.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "node-agent/kernel/namespaces.h"
#include "node-agent/kernel/net_facts.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/rtnetlink.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

struct Space {
  NetSpace who;
  FileDescriptor file;
};

// A name in /run/netns whose namespace is gone is an empty file.
FileDescriptor open_space(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct statfs status {};
  if (file && (::fstatfs(file.get(), &status) != 0 || status.f_type != NSFS_MAGIC)) file.reset();
  return file;
}

ino_t inode(const FileDescriptor& file) {
  struct stat status {};
  return file && ::fstat(file.get(), &status) == 0 ? status.st_ino : 0;
}

// Every other namespace, by its inode.
std::map<ino_t, Space> other_spaces(const fs::path& proc, const fs::path& runtime, ino_t own) {
  std::map<ino_t, Space> found;
  for (const auto& other : other_namespaces(proc, "net")) {
    auto file = open_space(proc / std::to_string(other.pid) / "ns/net");
    const auto number = inode(file);
    if (number != 0 && number != own)
      found.emplace(number, Space{{"", other.pid}, std::move(file)});
  }
  for (const auto* folder : {"netns", "docker/netns"}) {
    for (const auto& entry : entries_quietly(runtime / folder)) {
      auto file = open_space(entry);
      const auto number = inode(file);
      if (number == 0 || number == own) continue;
      auto& space = found[number];
      if (!space.file) space.file = std::move(file);
      if (folder == std::string_view("netns")) space.who.name = entry.filename().native();
    }
  }
  return found;
}

// A socket of another namespace. This thread is back in its own one afterwards.
std::optional<RouteSocket> socket_in(const FileDescriptor& space, const FileDescriptor& home) {
  if (!space || ::setns(space.get(), CLONE_NEWNET) != 0) return std::nullopt;
  RouteSocket socket;
  if (::setns(home.get(), CLONE_NEWNET) != 0) {
    throw Error(Fault::io, "cannot come back from a network namespace: " + errno_text(errno));
  }
  return socket ? std::optional(std::move(socket)) : std::nullopt;
}

// The device of an interface, by the words of the kernel or of its driver.
fs::path device_of(const NetLink& link, const RouteSocket& socket, const fs::path& sysfs) {
  const auto find = [&](const std::string& bus, const std::string& name) {
    std::error_code none;
    const auto path = fs::canonical(sysfs / "bus" / bus / "devices" / name, none);
    return none ? fs::path() : path;
  };
  if (!link.parent.empty()) return find(link.parent_bus, link.parent);
  auto place = socket.bus_info(link.name);
  if (place.starts_with("usb-")) {  // "usb-0000:00:14.0-2"
    place = place.substr(4, place.find('-', 4) - 4);
  }
  if (place.empty() || place.find('/') != std::string::npos) return {};
  for (const auto* bus : {"pci", "virtio", "auxiliary", "thunderbolt", "usb"}) {
    if (auto path = find(bus, place); !path.empty()) return path;
  }
  return {};
}

}  // namespace

FarNetwork far_network(const fs::path& proc, const fs::path& sysfs, const fs::path& runtime) {
  FarNetwork network;
  network.hidden = hides_namespaces(proc, "net");
  if (!are_of_kernel(proc, sysfs)) {
    for (const auto& other : other_namespaces(proc, "net")) {
      if (!other.id.empty()) network.unknown.push_back({"", other.pid});
    }
    return network;
  }
  const auto home = open_space(proc / "self/ns/net");
  for (const auto& [number, space] : other_spaces(proc, runtime, inode(home))) {
    const auto socket = home ? socket_in(space.file, home) : std::nullopt;
    const auto links = socket ? socket->links() : std::nullopt;
    if (!links) {
      network.unknown.push_back(space.who);
      continue;
    }
    std::optional<std::int32_t> ours;
    if (std::ranges::any_of(*links, [](const NetLink& link) { return link.far.has_value(); })) {
      ours = socket->number_of(home);
    }
    for (const auto& link : *links) {
      FarInterface one{space.who, link.name, link.up, device_of(link, *socket, sysfs), 0};
      if (link.far && ours && *link.far == *ours) one.lower = link.lower;
      if (one.lower != 0 || !one.device.empty()) network.interfaces.push_back(std::move(one));
    }
  }
  return network;
}

}  // namespace cluster::agent
