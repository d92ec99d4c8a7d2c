#include "rolls/engine/host_family.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.h"
#include "rolls/engine/embedded.h"
#include "rolls/engine/shell_text.h"

namespace cluster::rolls {
namespace {

std::string words_with(std::string_view between, std::string_view HostFamily::*word) {
  std::vector<std::string> words;
  for (const auto& family : host_families()) words.emplace_back(family.*word);
  return joined(words, between);
}

}  // namespace

std::span<const HostFamily> host_families() {
  static const std::array families{
      HostFamily{"debian", "Debian", family_shell("debian")},
      HostFamily{"rhel", "RHEL", family_shell("rhel")},
  };
  return families;
}

const HostFamily* find_host_family(std::string_view word) {
  const auto families = host_families();
  const auto at = std::ranges::find(families, word, &HostFamily::word);
  return at == families.end() ? nullptr : &*at;
}

std::string host_family_words() { return words_with(" or ", &HostFamily::word); }

std::string host_family_shell() {
  std::string text;
  for (const auto& family : host_families()) text += family.shell;
  return text + "start " + shell_word(words_with(" nor of ", &HostFamily::title)) + "\n";
}

}  // namespace cluster::rolls
