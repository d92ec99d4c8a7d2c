#include "frontend/selftest/pcie_link.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.h"

namespace cluster::frontend {

PcieLink PcieLink::parse(std::string_view text) {
  constexpr int kMostLanes = 32;
  const auto unit = text.find(" GT/s");
  const auto bar = text.find('|');
  if (unit == std::string_view::npos || bar == std::string_view::npos) return {};
  const auto speed = decimal(text.substr(0, unit));
  const auto lanes = parse_number(text.substr(bar + 1)).value_or(0);
  if (speed <= 0 || lanes < 1 || lanes > kMostLanes) return {};
  return {speed, static_cast<int>(lanes)};
}

std::string PcieLink::str() const { return one_digit(speed) + " GT/s x" + std::to_string(lanes); }

double PcieLink::rate() const {
  constexpr double kBits = 8;
  constexpr double kFirstOf130 = 8;
  return speed * lanes / kBits * (speed < kFirstOf130 ? 8.0 / 10 : 128.0 / 130);
}

PcieLink least(const PcieLink& one, const PcieLink& other) {
  return {std::min(one.speed, other.speed), std::min(one.lanes, other.lanes)};
}

PcieLink most(const PcieLink& one, const PcieLink& other) {
  return {std::max(one.speed, other.speed), std::max(one.lanes, other.lanes)};
}

std::string one_digit(double number) {
  std::array<char, 400> text{};  // the largest double has 309 digits
  const auto end = text.data() + text.size();
  const auto put = std::to_chars(text.data(), end, number, std::chars_format::fixed, 1);
  return {text.data(), put.ptr};
}

double decimal(std::string_view text) {
  double number = 0;
  const auto end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end && std::isfinite(number) ? number : 0;
}

}  // namespace cluster::frontend
