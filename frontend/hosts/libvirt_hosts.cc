#include "frontend/hosts/libvirt_hosts.h"

#include "core/at_once.h"

namespace cluster::frontend {
namespace {

// Each thread waits for a network most of the time; ssh takes about 0.1 s of a processor.
constexpr std::size_t kMostThreads = 64;

}  // namespace

void on_each_of(std::size_t count, const std::function<LibvirtHost&(std::size_t)>& at,
                const std::function<void(std::size_t)>& work) {
  at_once(count, kMostThreads, [&](std::size_t i) {
    auto& host = at(i);
    if (host.failure) return;
    try {
      work(i);
    } catch (const Error& error) {
      host.failure = error;
      host.domains.reset();
    }
  });
}

}  // namespace cluster::frontend
