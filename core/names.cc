#include "core/names.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace cluster {
namespace {

constexpr std::size_t kMaxName = 253;  // RFC 1123 section 2.1, RFC 1035 section 2.3.4
constexpr std::size_t kMaxLabel = 63;
constexpr long long kMaxGpu = 99999;
// The kernel numbers virtual functions from 0; PCI Express has at most 65535 of them.
constexpr long long kMaxSlice = 65534;
constexpr std::string_view kGpuPrefix = "gpupci";

bool is_label_character(char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, is_label_character);
}

}  // namespace

HostName::HostName(std::string_view text) : text_(text) {
  const auto labels = split(text, '.');
  const auto shown = quote(text.substr(0, kMaxName));
  if (!std::ranges::all_of(labels, is_label)) {
    throw Error(Fault::usage, "not a host name: " + shown +
                                  " (want letters, digits, hyphens and _: vm-container-0-15)");
  }
  const auto is_long = [](std::string_view label) { return label.size() > kMaxLabel; };
  if (text.size() > kMaxName || std::ranges::any_of(labels, is_long)) {
    throw Error(Fault::usage, "a host name is too long: " + shown + " (want " +
                                  std::to_string(kMaxLabel) + " letters between dots, and " +
                                  std::to_string(kMaxName) + " in all, at the most)");
  }
}

GpuName::GpuName(std::string_view text) : text_(text) {
  if (text == kGpuPrefix) return;
  const auto value =
      text.starts_with(kGpuPrefix) ? parse_number(text.substr(kGpuPrefix.size())) : std::nullopt;
  if (!value || *value < 1 || *value > kMaxGpu) {
    throw Error(Fault::usage, "not a card name: " + quote(text) + " (want gpupci1, gpupci2, ...)");
  }
  number_ = static_cast<int>(*value);
}

SliceName SliceName::parse(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return {GpuName(text)};
  const auto number = parse_number(text.substr(dot + 1));
  if (!number || *number > kMaxSlice) {
    throw Error(Fault::usage, "not a card's or slice's name: " + quote(text) +
                                  " (want gpupci1, or gpupci1.0 for its first slice)");
  }
  return {GpuName(text.substr(0, dot)), static_cast<int>(*number)};
}

std::string SliceName::str() const {
  return card.str() + (slice ? "." + std::to_string(*slice) : "");
}

}  // namespace cluster
