#include "virt/domains.h"

namespace cluster::virt {

std::string_view state_word(const Domain& domain) {
  return domain.saved && !domain.active ? "saved" : name(domain.state);
}

std::string_view name(DomainState state) {
  switch (state) {
    case DomainState::none:
      return "no state";
    case DomainState::running:
      return "running";
    case DomainState::paused:
      return "paused";
    case DomainState::shutting_down:
      return "in shutdown";
    case DomainState::shut_off:
      return "shut off";
    case DomainState::crashed:
      return "crashed";
    case DomainState::suspended:
      return "pmsuspended";
  }
  return "unknown";
}

}  // namespace cluster::virt
