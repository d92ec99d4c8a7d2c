#include "frontend/cards/card_truth.h"

#include <algorithm>

#include "core/stub_driver.h"
#include "core/text.h"
#include "core/utc_time.h"

namespace cluster::frontend {
Binding binding_of(const std::optional<std::string>& driver, const std::string& stub) {
  if (!driver || driver->empty()) return Binding::unknown;
  const auto drivers = split(*driver, ' ');
  const auto is_stub = [&](std::string_view one) { return is_stub_driver(one, stub); };
  if (std::ranges::all_of(drivers, is_stub)) return Binding::detached;
  return std::ranges::any_of(drivers, is_stub) ? Binding::partly : Binding::host;
}

std::optional<HostName> holder_of(const GpuName& card, const std::vector<HeldDevice>& held) {
  const auto at = std::ranges::find_if(
      held, [&](const HeldDevice& one) { return one.is_card && one.gpu == card; });
  return at == held.end() ? std::nullopt : std::optional(at->vm);
}

std::optional<GpuWish> wish_of(const GpuCard& card, const std::vector<HeldDevice>& held) {
  return holder_of(card.name, held) ? GpuWish::detached : card.wish;
}

std::string age(const std::string& since, const std::string& now) {
  const auto from = utc_seconds(since);
  const auto to = utc_seconds(now);
  if (!from || !to) return "";
  constexpr std::time_t kMinute = 60;
  constexpr std::time_t kHour = 60 * kMinute;
  constexpr std::time_t kDay = 24 * kHour;
  const auto passed = std::max<std::time_t>(0, *to - *from);  // clocks may differ
  if (passed < 2 * kMinute) return std::to_string(passed) + " s";
  if (passed < 2 * kHour) return std::to_string(passed / kMinute) + " min";
  if (passed < 2 * kDay) return std::to_string(passed / kHour) + " h";
  return std::to_string(passed / kDay) + " d";
}

}  // namespace cluster::frontend
