#include "core/keys.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/ip_address.h"
#include "core/names.h"
#include "core/text.h"

namespace cluster {
namespace {

// Throws Error unless `hop` is [USER@]HOST[:PORT]; an IPv6 address is in brackets.
void check_hop(std::string_view hop) {
  if (const auto at = hop.rfind('@'); at != std::string_view::npos) {
    parse_user(std::string(hop.substr(0, at)));
    hop.remove_prefix(at + 1);
  }
  const bool is_v6 = hop.starts_with('[') && hop.find(']') != std::string_view::npos;
  const auto end = std::min(is_v6 ? hop.find(']') + 1 : hop.find(':'), hop.size());
  const auto host = is_v6 ? hop.substr(1, end - 2) : hop.substr(0, end);
  parse_address(std::string(host));
  if (end == hop.size()) return;
  if (hop[end] != ':') throw Error(Fault::usage, "no port");
  parse_int("port", std::string(hop.substr(end + 1)), 1, kMaxPort);
}

}  // namespace

int parse_int(const std::string& key, const std::string& text, int min, int max) {
  const auto value = parse_number(text);
  if (!value || *value < min || *value > max) {
    throw Error(Fault::usage, key + "=" + quote(text) + ": want a whole number from " +
                                  std::to_string(min) + " to " + std::to_string(max));
  }
  return static_cast<int>(*value);
}

std::optional<int> parse_optional_int(const std::string& key, const std::string& text, int min,
                                      int max) {
  if (text.empty()) return std::nullopt;
  return parse_int(key, text, min, max);
}

int parse_size(const std::string& key, const std::string& text, char unit, int min, int max) {
  constexpr std::string_view kUnits = "KMGT";
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  auto suffix = lower(trim(std::string_view(text).substr(end)));
  if (suffix.empty()) return parse_int(key, text, min, max);
  const std::string one_unit{unit};
  const auto place = kUnits.find(static_cast<char>(suffix[0] - 'a' + 'A'));
  const bool known =
      place != std::string_view::npos && (suffix.size() == 1 || suffix.substr(1) == "ib");
  const auto number = parse_number(std::string_view(text).substr(0, end));
  const auto wrong = [&] {
    throw Error(Fault::usage,
                key + "=" + quote(text) + ": want a number of " + one_unit + "iB from " +
                    std::to_string(min) + " to " + std::to_string(max) +
                    ", or with its unit, 1024 of the one before: 512M, 4G, 40GiB, 1T");
  };
  if (!known || !number || *number > std::numeric_limits<int>::max()) wrong();
  // In KiB a number of TiB has 62 bits at the most.
  long long kib = *number;
  for (std::size_t i = 0; i < place; ++i) kib *= 1024;
  long long divisor = 1;
  for (std::size_t i = 0; i < kUnits.find(unit); ++i) divisor *= 1024;
  if (kib % divisor != 0 || kib / divisor < min || kib / divisor > max) wrong();
  return static_cast<int>(kib / divisor);
}

bool parse_yes_no(const std::string& key, const std::string& text) {
  const auto word = lower(text);
  for (const auto* yes : {"yes", "y", "true", "on", "1"}) {
    if (word == yes) return true;
  }
  for (const auto* no : {"no", "n", "false", "off", "0"}) {
    if (word == no) return false;
  }
  throw Error(Fault::usage, key + "=" + quote(text) + ": want yes or no");
}

std::string parse_address(const std::string& text) {
  if (auto address = spelled_address(text); !address.empty()) return address;
  try {
    // A text that looks like an IPv4 address but is none is a typing mistake, not a DNS name.
    if (text.find_first_not_of("0123456789.") != std::string::npos) return HostName(text).str();
  } catch (const Error&) {  // said below, as an address
  }
  throw Error(Fault::usage, "address=" + quote(text) + ": want an IP address or a DNS name");
}

std::string parse_jump(const std::string& text) {
  try {
    if (lower(text) == "none") throw Error(Fault::usage, "no host");
    for (const auto hop : split(text, ',')) check_hop(hop);
  } catch (const Error&) {
    throw Error(Fault::usage, "jump=" + quote(text) +
                                  ": want jump hosts as ssh has them: gate, you@gate:24, several "
                                  "with commas");
  }
  return text;
}

std::string parse_user(const std::string& text) {
  const auto fits = [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-' || c == '@';
  };
  if (text.empty() || text[0] == '-' || text.size() > 256 || !std::ranges::all_of(text, fits)) {
    throw Error(Fault::usage, "user=" + quote(text) + ": want a login name");
  }
  return text;
}

std::string parse_reason(const std::string& text) {
  constexpr std::size_t kMost = 200;
  if (!is_utf8_text(text) || text.size() > kMost || std::ranges::any_of(text, is_control)) {
    throw Error(Fault::usage, "reason=" + quote(text.substr(0, kMost)) + ": want a line of " +
                                  std::to_string(kMost) + " bytes at the most");
  }
  return text;
}

}  // namespace cluster
