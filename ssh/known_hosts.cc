#include "ssh/known_hosts.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "ssh/pattern.h"
#include "ssh/public_key.h"

namespace cluster::ssh {
namespace {

// Takes the first word of `line`.
std::string_view take_word(std::string_view& line) {
  line = trim(line);
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

// A file that cannot be read has no keys, as for OpenSSH; somebody may have named a folder.
std::string text_of_file(const std::string& file) {
  try {
    return read_file(file).value_or("");
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

KnownHosts::KnownHosts(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    add(text_of_file(file), file);
  }
}

void KnownHosts::add(std::string_view text, const std::string& file) {
  int number = 0;
  for (const auto line : split(text, '\n')) {
    add_line(line.substr(0, line.find('\0')), file + ":" + std::to_string(++number));
  }
}

void KnownHosts::add_line(std::string_view line, const std::string& where) {
  auto names = take_word(line);
  if (names.empty() || names.starts_with('#')) return;
  KnownKey key;
  key.where = where;
  if (names.starts_with('@')) {
    if (names != "@revoked" && names != "@cert-authority") return;
    key.mark = names == "@revoked" ? KnownKey::Mark::revoked : KnownKey::Mark::authority;
    names = take_word(line);
  }
  key.type = take_word(line);
  key.base64 = take_word(line);
  if (key.base64.empty() || (!is_plain_type(key.type) && !is_openssh_type(key.type))) return;
  if (is_key_of_other_type(key.type, key.base64)) return;

  const std::size_t index = keys_.size();
  if (names.starts_with('|')) {
    if (!hasher_) hasher_.emplace();
    const auto hashed = hasher_->parse(names);
    if (!hashed) return;
    by_hash_.emplace_back(*hashed, index);
  } else if (names.find_first_of("*?!") != std::string_view::npos) {
    const auto pieces = split(names, ',');
    std::vector<std::string> patterns;
    std::ranges::transform(pieces, std::back_inserter(patterns), lower);
    by_pattern_.emplace_back(std::move(patterns), index);
  } else {
    for (const auto name : split(names, ',')) by_name_.emplace(lower(name), index);
  }
  keys_.push_back(std::move(key));
}

std::vector<KnownKey> KnownHosts::lookup(const std::vector<std::string>& names) const {
  std::set<std::size_t> found;
  for (const auto& name : names) {
    const auto [first, last] = by_name_.equal_range(name);
    for (auto at = first; at != last; ++at) found.insert(at->second);
    for (const auto& [patterns, index] : by_pattern_) {
      if (matches_list(name, patterns)) found.insert(index);
    }
    for (const auto& [hashed, index] : by_hash_) {
      if (hasher_->matches(hashed, name)) found.insert(index);
    }
  }
  std::vector<KnownKey> keys;
  for (const auto index : found) keys.push_back(keys_[index]);
  return keys;
}

}  // namespace cluster::ssh
