#include "virt/domains.h"

#include <algorithm>

#include "core/text.h"

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

std::string virsh_word(const std::string& name, const std::string& uuid) {
  // It reads a number as C does, with blanks and a sign before it.
  auto digits = trim(name);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const bool is_id = !digits.empty() && std::ranges::all_of(digits, is_digit);
  const bool other = is_id || name.starts_with("--") || is_uuid(lower(name));
  return shell_word(other && !uuid.empty() ? uuid : name);
}

}  // namespace cluster::virt
