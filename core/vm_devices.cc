#include "core/vm_devices.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"

namespace cluster {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> kSources{"file", "phy", "cdrom"};
constexpr std::array<std::string_view, 4> kKinds{"bridge", "direct", "network", "ovs"};

template <typename Value, std::size_t count>
Value parse(const std::array<std::string_view, count>& names, std::string_view text,
            const char* what) {
  const auto at = std::ranges::find(names, text);
  if (at == names.end()) {
    throw Error(Fault::usage, "not " + std::string(what) + ": " + quote(text) + " (want " +
                                  joined({names.begin(), names.end()}, ", ") + ")");
  }
  return static_cast<Value>(at - names.begin());
}

}  // namespace

std::string_view name(DiskSource source) { return kSources.at(static_cast<std::size_t>(source)); }

DiskSource parse_disk_source(std::string_view text) {
  return parse<DiskSource>(kSources, text, "a source of a disk");
}

std::string_view name(InterfaceKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

InterfaceKind parse_interface_kind(std::string_view text) {
  return parse<InterfaceKind>(kKinds, text, "a kind of interface");
}

}  // namespace cluster
