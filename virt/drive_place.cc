#include "virt/drive_place.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace cluster::virt {

std::optional<int> target_number(std::string_view target) {
  constexpr std::array<std::string_view, 6> kPrefixes{"fd", "hd", "sd", "ubd", "vd", "xvd"};
  constexpr int kLetters = 26;
  constexpr int kMost = 100'000;  // more than any guest has
  const auto prefix = std::ranges::find_if(
      kPrefixes, [&](std::string_view one) { return target.starts_with(one); });
  if (prefix == kPrefixes.end()) return {};
  target.remove_prefix(prefix->size());
  // libvirt takes the number of a partition, too.
  while (!target.empty() && is_digit(target.back())) target.remove_suffix(1);
  int number = 0;
  for (const char c : target) {
    if (c < 'a' || c > 'z' || number > kMost) return {};
    number = number * kLetters + (c - 'a') + 1;
  }
  if (number == 0) return {};
  return number - 1;
}

// virDomainDiskDefAssignAddress() of libvirt.
std::optional<DrivePlace> drive_place(std::string_view bus, std::string_view target) {
  const auto number = target_number(target);
  if (!number) return {};
  const auto nth = [&](int of_controller, int of_channel) {
    const int rest = *number % of_controller;
    return DrivePlace{std::string(bus), *number / of_controller, rest / of_channel, 0,
                      rest % of_channel};
  };
  if (bus == "sata") return nth(6, 6);
  if (bus == "scsi") return nth(7, 7);
  if (bus == "ide") return nth(4, 2);
  if (bus == "fdc") return nth(2, 2);
  return {};
}

}  // namespace cluster::virt
