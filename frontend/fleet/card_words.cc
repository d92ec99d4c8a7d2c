#include "frontend/fleet/card_words.h"

#include <algorithm>
#include <set>

#include "core/text.h"

namespace cluster::frontend {
namespace {

// The name in the last brackets of pci.ids' name of a model; the whole name when there are none.
std::string_view short_name(std::string_view model) {
  const auto open = model.rfind('[');
  const auto close = model.rfind(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close <= open + 1) {
    return model;
  }
  return model.substr(open + 1, close - open - 1);
}

std::string word_of(std::string_view text, char separator) {
  constexpr std::size_t kLongest = 48;  // with the ids behind it, it is still short enough
  std::string word;
  for (const char c : lower(text)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || is_digit(c);
    if (is_plain) word += c;
    if (!is_plain && !word.empty() && word.back() != separator) word += separator;
  }
  word.resize(std::min(word.size(), kLongest));
  while (word.ends_with(separator)) word.pop_back();
  if (word.empty() || (word.front() >= 'a' && word.front() <= 'z')) return word;
  return std::string("gpu") + separator + word;
}

}  // namespace

std::string ids_of(const GpuCard& card) {
  if (card.functions.empty()) return "";
  return card.functions.front().vendor + ":" + card.functions.front().device;
}

std::map<std::string, std::string> model_words(const Fleet& fleet, char separator) {
  std::map<std::string, std::string> words;
  std::set<std::string> taken;
  for (const auto& host : fleet.hosts) {
    for (const auto& one : host.cards) {
      const auto ids = ids_of(one.card);
      if (ids.empty() || words.contains(ids)) continue;
      auto word = word_of(short_name(one.card.model.value_or("")), separator);
      if (word.empty()) word = "gpu";
      if (word == "gpu" || taken.contains(word)) {
        for (const auto id : split(ids, ':')) word += separator + std::string(id);
      }
      taken.insert(word);
      words.emplace(ids, word);
    }
  }
  return words;
}

std::string digits(const std::optional<int>& number) {
  return number ? std::to_string(*number) : "";
}

std::string who(const Host& host, const FleetCard& card) {
  return card.card.name.str() + " of " + host.name.str();
}

std::string why_not_free(const FleetCard& card) {
  switch (card.state) {
    case CardState::missing:
      return "it was missing when the host was asked last";
    case CardState::in_vm:
      return "it is in VM " + card.place->vm.str();
    case CardState::in_domain:
      return "the domain " + quote(*card.domain) + " of libvirt has it, or a part of it";
    case CardState::in_slices:
      return "it is in slices";
    case CardState::failing:
      return "it failed its check: " + *card.failing;
    case CardState::maintenance:
      return "its host is in maintenance";
    case CardState::host:
      return "it is to stay with its host";
    case CardState::free:
      break;
  }
  if (card.kind == DeviceKind::unknown) return "its host was never asked";
  return card.kind == DeviceKind::gpu ? "" : "it is no GPU";
}

bool stays_with_host(const Host& host, const FleetCard& card) {
  if (card.card.missing || card.place || card.domain || !card.slices.empty()) return false;
  return card.card.wish == GpuWish::host || host.appliance != "vm-container";
}

std::string comment_line(const std::string& text) {
  auto line = "# " + printable(text) + "\n";
  // YAML ends a line at these, too: NEL, LS and PS of Unicode.
  for (const std::string_view end : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
    for (auto at = line.find(end); at != std::string::npos; at = line.find(end)) {
      line.replace(at, end.size(), " ");
    }
  }
  return line;
}

}  // namespace cluster::frontend
