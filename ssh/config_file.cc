#include "ssh/config_file.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "core/text.h"

namespace cluster::ssh {
namespace {

constexpr int kDeepestInclude = 16;  // as in OpenSSH

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(Fault::usage, where + ": " + what);
}

// Returns the words of `line`. They stand between blanks or in double quotes; `#` at the start of a
// word ends the line.
std::vector<std::string> words_of(std::string_view line, const std::string& where) {
  std::vector<std::string> words;
  for (line = trim(line); !line.empty() && !line.starts_with('#'); line = trim(line)) {
    std::string word;
    bool in_quotes = false;
    std::size_t at = 0;
    for (; at < line.size() && (in_quotes || (line[at] != ' ' && line[at] != '\t')); ++at) {
      if (line[at] == '"') {
        in_quotes = !in_quotes;
      } else {
        const bool is_escape = line[at] == '\\' && at + 1 < line.size() &&
                               (line[at + 1] == '"' || line[at + 1] == '\\');
        if (is_escape) ++at;
        word += line[at];
      }
    }
    if (in_quotes) refuse(where, "a quote has no end");
    words.push_back(word);
    line.remove_prefix(at);
  }
  return words;
}

// Splits "HostName = a" and "HostName a" after the keyword.
Setting setting_of(std::string_view line, const std::string& where) {
  const auto end = std::min(line.find_first_of(" \t="), line.size());
  Setting setting{lower(line.substr(0, end)), {}, where};
  line = trim(line.substr(end));
  if (line.starts_with('=')) line.remove_prefix(1);
  setting.words = words_of(line, where);
  if (setting.words.empty()) refuse(where, quote(setting.keyword) + " has no value");
  return setting;
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
      const auto line = trim(raw);
      if (line.empty() || line.starts_with('#')) continue;
      Setting setting = setting_of(line, file + ":" + std::to_string(number));
      if (setting.keyword == "host" || setting.keyword == "match") {
        conditions_ = outer;
        conditions_.push_back(std::move(setting));
        open_block();
      } else if (setting.keyword == "include") {
        include(setting);
        open_block();
      } else {
        blocks_.back().settings.push_back(std::move(setting));
      }
    }
    conditions_ = outer;
  }

  void read(const std::string& file, bool must_exist) {
    errno = 0;
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (in.is_open() && !in.bad()) return parse(text, file);
    if (errno != ENOENT || must_exist) {
      throw Error(Fault::usage, "cannot read " + quote(file) + ": " + strerror(errno));
    }
  }

  std::vector<ConfigBlock> take() { return std::move(blocks_); }

 private:
  void open_block() { blocks_.push_back({conditions_, {}}); }

  void include(const Setting& setting) {
    if (++depth_ > kDeepestInclude) refuse(setting.where, "files include one another too deeply");
    for (const auto& word : setting.words) {
      const std::string pattern = word.starts_with("~/")  ? folders_.home + word.substr(1)
                                  : word.starts_with('/') ? word
                                                          : folders_.includes + "/" + word;
      glob_t found{};
      if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        const std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        globfree(&found);
        for (const auto& file : files) read(file, true);
      }
    }
    --depth_;
  }

  const ConfigFolders& folders_;
  std::vector<ConfigBlock> blocks_;
  std::vector<Setting> conditions_;  // the conditions of the line that is read
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
  struct stat status {};
  if (kind == ConfigFile::user && stat(file.c_str(), &status) == 0 &&
      ((status.st_uid != 0 && status.st_uid != getuid()) || (status.st_mode & 022U) != 0)) {
    throw Error(Fault::usage, quote(file) + " can be written by others (chmod 600 it)");
  }
  Parser parser(folders);
  parser.read(file, kind == ConfigFile::named);
  return parser.take();
}

}  // namespace cluster::ssh
