#include "frontend/hosts/libvirt_hosts.h"

#include <algorithm>

#include "core/at_once.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace {

// Each waits for a network most of the time; ssh takes about 0.1 s of a processor.
constexpr std::size_t kMostThreads = 64;

}  // namespace

std::vector<Container> open_containers(Context& context, const std::vector<Host>& hosts,
                                       const ssh::Limits& limits) {
  std::vector<Container> containers;
  for (const auto& host : hosts) containers.push_back({host, nullptr, std::nullopt});
  on_each(containers, [&](Container& container) {
    container.domains = context.open_domains(target_of(container.host), limits);
  });
  return containers;
}

void on_each(std::vector<Container>& containers, const std::function<void(Container&)>& work) {
  at_once(containers.size(), kMostThreads, [&](std::size_t i) {
    auto& container = containers[i];
    if (container.failure) return;
    try {
      work(container);
    } catch (const Error& error) {
      container.failure = error;
      container.domains.reset();
    }
  });
}

int tell_failures(Context& context, const std::vector<Container>& containers) {
  int status = 0;
  for (const auto& container : containers) {
    if (!container.failure) continue;
    context.output.note(container.host.name.str() + ": " + container.failure->what());
    const int own = container.failure->fault() == Fault::unreachable
                        ? exit_status(Fault::unreachable)
                        : exit_status(Fault::io);
    status = std::max(status, own);
  }
  return status;
}

}  // namespace cluster::cmd
