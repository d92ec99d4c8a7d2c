#include "frontend/neighbours/neighbour_network.h"

#include <algorithm>
#include <utility>

#include "core/ip_address.h"
#include "core/text.h"
#include "core/vlan.h"

namespace cluster::frontend {
namespace {

constexpr int kMinPacket = 68;     // bytes, RFC 791
constexpr int kMaxPacket = 65535;  // bytes

bool is_within(std::string_view text, long long min, long long max) {
  const auto number = parse_number(text);
  return number && *number >= min && *number <= max;
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// Here a name begins with a letter, and has letters, digits, - and _.
std::string name_of(const std::string& theirs) {
  auto name = lower(theirs);
  if (!name.empty() && !is_letter(name[0])) name.insert(0, "net-");
  std::ranges::replace_if(
      name, [](char c) { return !is_letter(c) && (c < '0' || c > '9') && c != '-'; }, '_');
  return name;
}

}  // namespace

NeighbourNetwork::NeighbourNetwork(const std::string& theirs, Subnet subnet, int line)
    : name_(name_of(theirs)), subnet_(std::move(subnet)), line_(line) {}

bool NeighbourNetwork::take(const std::string& key, const std::string& value) {
  const bool is_value = key == "gateway" ? is_ip_address(value) && subnet_.has(value)
                        : key == "mtu"   ? is_within(value, kMinPacket, kMaxPacket)
                        : key == "vlan"  ? is_within(value, 1, kMaxVlan)
                                         : key == "dnszone";
  return is_value && values_.emplace(key, value).first->second == value;
}

NeighbourCommand NeighbourNetwork::command() const {
  NeighbourCommand command{{"add", "network", name_, subnet_.str()}, line_};
  for (const auto& [key, value] : values_) command.words.push_back(key + "=" + value);
  return command;
}

}  // namespace cluster::frontend
