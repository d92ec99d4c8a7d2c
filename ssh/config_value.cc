#include "ssh/config_value.h"

#include <glob.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "core/glob.h"
#include "core/text.h"

namespace cluster::ssh {
namespace {

// Calls `literal` with each character, and `token` with each letter behind a `%`, as long as they
// return true, and `variable` with each NAME in ${NAME}.
template <typename Literal, typename Token, typename Variable>
bool walk(std::string_view text, const Literal& literal, const Token& token,
          const Variable& variable) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 1 == text.size() || !token(text[++i])) return false;
    } else if (text.substr(i, 2) == "${") {
      const auto end = text.find('}', i);
      if (end == std::string_view::npos) return false;
      if (!variable(std::string(text.substr(i + 2, end - i - 2)))) return false;
      i = end;
    } else {
      literal(text[i]);
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
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto at = i + 1 < text.size() ? tokens.find(text[++i]) : tokens.end();
    if (at == tokens.end()) return std::nullopt;
    out += at->second;
  }
  return out;
}

std::optional<std::string> in_home(std::string_view path, const std::string& home) {
  if (!path.starts_with('~')) return std::string(path);
  if (path.size() > 1 && path[1] != '/') return std::nullopt;
  return home + std::string(path.substr(1));
}

std::optional<std::string> file_name(std::string_view path, const std::string& home,
                                     const Tokens& tokens) {
  const auto text = in_home(path, home);
  std::string out;
  const auto variable = [&out](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) out += value;
    return value != nullptr;
  };
  const auto token = [&](char letter) {
    const auto at = tokens.find(letter);
    if (at != tokens.end()) out += at->second;
    return at != tokens.end();
  };
  const auto literal = [&out](char c) { out += c; };
  if (!text || !walk(*text, literal, token, variable)) return std::nullopt;
  return out;
}

bool Sockets::has(std::string_view path, const std::string& home, const Tokens& tokens) {
  const auto text = in_home(path, home);
  if (!text) return true;
  std::string pattern;
  const auto add = [&pattern](char c) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
    pattern += c;
  };
  const auto variable = [&](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) std::ranges::for_each(std::string_view(value), add);
    return value != nullptr;
  };
  const auto token = [&](char letter) {
    const auto at = tokens.find(letter);
    if (at == tokens.end()) {
      pattern += '*';
    } else {
      std::ranges::for_each(at->second, add);
    }
    return true;
  };
  if (!walk(*text, add, token, variable)) return true;
  const auto [at, is_new] = found_.try_emplace(pattern);
  if (is_new) at->second = is_socket(pattern);
  return at->second;
}

bool means_more_than_language(std::string_view pattern) {
  constexpr std::array<std::string_view, 19> kOfLanguage{"COLORTERM",
                                                         "LANG",
                                                         "LANGUAGE",
                                                         "LC_ADDRESS",
                                                         "LC_ALL",
                                                         "LC_COLLATE",
                                                         "LC_CTYPE",
                                                         "LC_IDENTIFICATION",
                                                         "LC_MEASUREMENT",
                                                         "LC_MESSAGES",
                                                         "LC_MONETARY",
                                                         "LC_NAME",
                                                         "LC_NUMERIC",
                                                         "LC_PAPER",
                                                         "LC_TELEPHONE",
                                                         "LC_TERMINAL",
                                                         "LC_TERMINAL_VERSION",
                                                         "LC_TIME",
                                                         "NO_COLOR"};
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view variable(*at);
    const auto name = variable.substr(0, variable.find('='));
    const bool is_of_language = std::ranges::find(kOfLanguage, name) != kOfLanguage.end();
    if (!is_of_language && matches_glob(name, pattern)) return true;
  }
  return false;
}

std::string usual_spelling(const std::string& name) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return lower(name);
  std::array<char, NI_MAXHOST> text{};
  const bool is_told = getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(),
                                   nullptr, 0, NI_NUMERICHOST) == 0;
  freeaddrinfo(found);
  return is_told ? text.data() : lower(name);
}

std::optional<std::chrono::seconds> read_time(std::string_view text) {
  constexpr long long kMost = 1'000'000'000;
  static const std::map<char, long long> units{
      {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
  const auto small = lower(text);
  long long total = 0;
  for (std::size_t at = 0; at < small.size();) {
    const auto end = std::min(small.find_first_not_of("0123456789", at), small.size());
    const auto number = parse_number(std::string_view(small).substr(at, end - at));
    const auto unit = end < small.size() ? units.find(small[end]) : units.find('s');
    if (!number || *number > kMost || unit == units.end()) return std::nullopt;
    total = std::min(total + *number * unit->second, kMost);
    at = end + 1;
  }
  return std::chrono::seconds(total);
}

}  // namespace cluster::ssh
