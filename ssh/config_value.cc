#include "ssh/config_value.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/glob.h"

namespace cluster::ssh {
namespace {

// Calls `literal` with each character, and `token` with each letter behind a `%`, as long as they
// return true.
template <typename Literal, typename Token>
bool walk(std::string_view text, const Literal& literal, const Token& token) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      literal(text[i]);
    } else if (i + 1 == text.size() || !token(text[++i])) {
      return false;
    }
  }
  return true;
}

// True if one of the files that match is one.
bool is_socket(const std::string& pattern) {
  glob_t found{};
  bool is_there = false;
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc && !is_there; ++i) {
      struct stat status {};
      is_there = stat(found.gl_pathv[i], &status) == 0 && S_ISSOCK(status.st_mode);
    }
  }
  globfree(&found);
  return is_there;
}

}  // namespace

std::optional<std::string> replace_tokens(std::string_view text, const Tokens& tokens) {
  std::string out;
  const bool is_whole = walk(
      text, [&](char c) { out += c; },
      [&](char letter) {
        const auto at = tokens.find(letter);
        if (at == tokens.end()) return false;
        out += at->second;
        return true;
      });
  if (!is_whole) return std::nullopt;
  return out;
}

std::optional<std::string> home_and_environment(std::string_view path, const std::string& home) {
  std::string out;
  if (path.starts_with('~')) {
    if (path.size() > 1 && path[1] != '/') return std::nullopt;
    out = home;
    path.remove_prefix(1);
  }
  while (true) {
    const auto at = path.find("${");
    out += path.substr(0, at);
    if (at == std::string_view::npos) return out;
    const auto end = path.find('}', at);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string name(path.substr(at + 2, end - at - 2));
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    out += value;
    path.remove_prefix(end + 1);
  }
}

bool Sockets::has(std::string_view path, const Tokens& tokens) {
  std::string pattern;
  const auto add = [&pattern](char c) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
    pattern += c;
  };
  walk(path, add, [&](char letter) {
    const auto at = tokens.find(letter);
    if (at == tokens.end()) {
      pattern += '*';
    } else {
      for (const char c : at->second) add(c);
    }
    return true;
  });
  const auto [at, is_new] = found_.try_emplace(pattern);
  if (is_new) at->second = is_socket(pattern);
  return at->second;
}

bool is_in_environment(std::string_view pattern) {
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view variable(*at);
    if (matches_glob(variable.substr(0, variable.find('=')), pattern)) return true;
  }
  return false;
}

}  // namespace cluster::ssh
