#include "ssh/config_file.h"

#include <arpa/inet.h>
#include <glob.h>
#include <netdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "ssh/config_check.h"

namespace cluster::ssh {
namespace {

constexpr int kDeepestInclude = 16;  // as in OpenSSH

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(Fault::usage, where + ": " + what);
}

constexpr std::string_view kBlanks = " \t\r\n";

// Returns the words of `text`, as argv_split() of OpenSSH does. They stand between blanks or in
// quotes of either kind; `#` at the start of a word ends the line.
std::vector<std::string> words_of(std::string_view text, const std::string& where) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (true) {
    at = text.find_first_not_of(" \t", at);
    if (at == std::string_view::npos || text[at] == '#') return words;
    std::string word;
    char in_quotes = 0;
    for (; at < text.size() && (in_quotes != 0 || (text[at] != ' ' && text[at] != '\t')); ++at) {
      const char c = text[at];
      const char after = at + 1 < text.size() ? text[at + 1] : '\0';
      const bool is_escape = c == '\\' && (after == '"' || after == '\'' || after == '\\' ||
                                           (in_quotes == 0 && after == ' '));
      if (is_escape) {
        word += after;
        ++at;
      } else if (in_quotes == 0 && (c == '"' || c == '\'')) {
        in_quotes = c;
      } else if (in_quotes != 0 && c == in_quotes) {
        in_quotes = 0;
      } else {
        word += c;
      }
    }
    if (in_quotes != 0) refuse(where, "a quote has no end");
    words.push_back(std::move(word));
  }
}

// Takes a word and what separates it from the next one off `text`, as strdelim() of OpenSSH does:
// it also ends at one `=`. Returns nothing when a quote has no end.
std::optional<std::string> take_piece(std::string_view& text) {
  const auto skip = [&text](std::size_t from) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks, from), text.size()));
  };
  const auto end = std::min(text.find_first_of(" \t\r\n\"="), text.size());
  std::string piece(text.substr(0, end));
  if (end == text.size()) {
    text = {};
  } else if (text[end] == '"') {
    const auto close = text.find('"', end + 1);
    if (close == std::string_view::npos) return std::nullopt;
    piece += text.substr(end + 1, close - end - 1);
    skip(close + 1);
  } else {
    const bool was_sign = text[end] == '=';
    skip(end + 1);
    if (!was_sign && text.starts_with('=')) skip(1);
  }
  return piece;
}

// The words of a Match, which OpenSSH takes apart in another way than those of other lines.
std::vector<std::string> match_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    auto piece = take_piece(text);
    if (!piece || piece->empty() || piece->starts_with('#')) break;
    words.push_back(*std::move(piece));
  }
  return words;
}

constexpr std::array<std::string_view, 6> kWithManyWords{
    "globalknownhostsfile", "host", "include", "match", "sendenv", "userknownhostsfile"};

// Of these OpenSSH takes a line that has nothing but a comment behind the keyword.
constexpr std::array<std::string_view, 8> kMayHaveNoWords{
    "canonicaldomains", "globalknownhostsfile", "host", "include", "logverbose", "sendenv",
    "setenv",           "userknownhostsfile"};

// A number as strtonum(3) reads it, which OpenSSH asks: "+0022" is 22.
std::optional<long long> loose_number(std::string_view text) {
  text = trim(text.substr(0, text.find_last_not_of(kBlanks) + 1));
  if (text.starts_with('+')) text.remove_prefix(1);
  while (text.size() > 1 && text.starts_with('0')) text.remove_prefix(1);
  return parse_number(text);
}

// A port is a number or the name of a service.
void check_port(Setting& setting) {
  auto& word = setting.words[0];
  const auto number = loose_number(word);
  if (number && *number >= 1 && *number <= 65535) {
    word = std::to_string(*number);
    return;
  }
  const servent* service = number ? nullptr : getservbyname(word.c_str(), "tcp");
  if (service == nullptr) {
    refuse(setting.where, "'port' wants a number from 1 to 65535, not " + quote(word));
  }
  word = std::to_string(ntohs(static_cast<std::uint16_t>(service->s_port)));
}

// Only what is read here is checked; of all else OpenSSH tells.
void check_words(Setting& setting, bool has_comment) {
  auto& words = setting.words;
  if (words.empty()) {
    if (has_comment && std::ranges::find(kMayHaveNoWords, setting.keyword) != kMayHaveNoWords.end())
      return;
    refuse(setting.where, quote(setting.keyword) + " has no value");
  }
  if (setting.use != Use::honoured) return;
  if (words.size() > 1 &&
      std::ranges::find(kWithManyWords, setting.keyword) == kWithManyWords.end()) {
    refuse(setting.where, quote(setting.keyword) + " has more than one value");
  }
  if (std::ranges::find(words, "") != words.end()) {
    refuse(setting.where, quote(setting.keyword) + " has an empty value");
  }
  if (setting.keyword.ends_with("knownhostsfile") && words.size() > 1 &&
      std::ranges::any_of(words, [](const auto& word) { return lower(word) == "none"; })) {
    refuse(setting.where, "'none' in " + quote(setting.keyword) + " must stand alone");
  }
  if (setting.keyword == "port") check_port(setting);
}

// Reads a line that is neither empty nor a comment.
Setting setting_of(std::string_view line, const std::string& where) {
  auto word = take_piece(line);
  if (word && word->empty()) word = take_piece(line);  // a sign stood before it
  if (!word) refuse(where, "a quote has no end");
  const auto& row = keyword_row(lower(*word));
  Setting setting{
      row.name.empty() ? lower(*word) : std::string(row.name), {}, where, row.use, true, 0};
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  setting.words = words_of(line, where);
  if (setting.keyword == "match") setting.words = match_words(line);
  check_words(setting, line.starts_with('#'));
  setting.is_usual = is_usual_value(setting.keyword, setting.words);
  return setting;
}

// OpenSSH trusts a file of the user, and each that a file includes, only if nobody else can write
// it.
void check_owner(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return;
  if ((status.st_uid != 0 && status.st_uid != getuid()) || (status.st_mode & 022U) != 0) {
    throw Error(Fault::usage, quote(file) + " can be written by others (chmod 600 it)");
  }
}

class Parser {
 public:
  explicit Parser(const ConfigFolders& folders) : folders_(folders) {}

  void parse(std::string_view text, const std::string& file) {
    const auto outer = conditions_;
    open_block();
    int number = 0;
    for (const auto raw : split(text, '\n')) {
      ++number;
      // A form feed may stand at the end only. OpenSSH reads nothing behind a NUL.
      const auto whole = raw.substr(0, raw.find('\0'));
      const auto line = trim(whole.substr(0, whole.find_last_not_of(" \t\r\n\f") + 1));
      if (line.empty() || line.starts_with('#') || line == "=") continue;
      Setting setting = setting_of(line, file + ":" + std::to_string(number));
      if (setting.keyword == "host" || setting.keyword == "match") {  // a Host may name nobody
        conditions_ = outer;
        setting.number = conditions_read_++;
        conditions_.push_back(std::move(setting));
        open_block();
      } else if (setting.keyword == "include") {
        include(setting);
        open_block();
      } else if (!setting.words.empty()) {
        blocks_.back().settings.push_back(std::move(setting));
      }
    }
    conditions_ = outer;
  }

  void read(const std::string& file, bool must_exist) {
    struct stat status {};
    if (stat(file.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;  // it has no lines
    std::optional<std::string> text;
    try {
      text = read_file(file);
    } catch (const Error& error) {
      throw Error(Fault::usage, error.what());
    }
    if (text) return parse(*text, file);
    if (must_exist) {
      throw Error(Fault::usage, "cannot read " + quote(file) + ": " + errno_text(ENOENT));
    }
  }

  std::vector<ConfigBlock> take() { return std::move(blocks_); }

 private:
  void open_block() { blocks_.push_back({conditions_, {}}); }

  void include(const Setting& setting) {
    if (++depth_ > kDeepestInclude) refuse(setting.where, "files include one another too deeply");
    for (const auto& word : setting.words) {
      // OpenSSH 9.9 replaces these, an older one does not.
      if (word.find('%') != std::string::npos || word.find("${") != std::string::npos) {
        open_block();  // the one before may be of a file that another word included
        blocks_.back().settings.push_back(setting);
        blocks_.back().settings.back().use = Use::openssh;
        continue;
      }
      if (word.starts_with('~') && folders_.is_system) {
        refuse(setting.where, "the system's file cannot include " + quote(word));
      }
      const std::string pattern = word.starts_with("~/")  ? folders_.home + word.substr(1)
                                  : word.starts_with('/') ? word
                                  : word.starts_with('~') ? word
                                                          : folders_.includes + "/" + word;
      glob_t found{};
      if (glob(pattern.c_str(), GLOB_TILDE, nullptr, &found) == 0) {
        const std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        globfree(&found);
        for (const auto& file : files) {
          check_owner(file);
          read(file, true);
        }
      }
    }
    --depth_;
  }

  const ConfigFolders& folders_;
  std::vector<ConfigBlock> blocks_;
  std::vector<Setting> conditions_;  // the conditions of the line that is read
  std::size_t conditions_read_ = 0;
  int depth_ = 0;
};

}  // namespace

std::vector<ConfigBlock> parse_config(std::string_view text, const std::string& file,
                                      const ConfigFolders& folders) {
  Parser parser(folders);
  parser.parse(text, file);
  return parser.take();
}

std::vector<ConfigBlock> read_config(const std::string& file, ConfigFile kind,
                                     const ConfigFolders& folders) {
  if (kind == ConfigFile::user) check_owner(file);
  Parser parser(folders);
  parser.read(file, kind == ConfigFile::named);
  return parser.take();
}

}  // namespace cluster::ssh
