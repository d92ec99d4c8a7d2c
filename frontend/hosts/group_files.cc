#include "frontend/hosts/group_files.h"

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBetweenFields = " \t\r";

std::string_view without_comment(std::string_view line) { return line.substr(0, line.find('#')); }

// A value of YAML without its quotes.
std::string_view unquoted(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == text.back() && (text[0] == '\'' || text[0] == '"')) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// "[a, 'b[1-2]']" is a list of YAML; "[1-2]" is a range of names that are numbers.
bool is_flow_list(std::string_view text) {
  return text.starts_with('[') && text.ends_with(']') &&
         text.find_first_not_of("0123456789-,/ []") != std::string_view::npos;
}

void add_words(std::vector<std::string>& words, std::string_view value) {
  value = unquoted(value);
  if (is_flow_list(value)) value = value.substr(1, value.size() - 2);
  if (!value.empty()) words.emplace_back(value);
}

// A percent sign is doubled in a genders file (https://github.com/chaos/genders, README).
std::string single_percent(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    out += text[at];
    if (text.substr(at, 2) == "%%") ++at;
  }
  return out;
}

}  // namespace

Groups clush_groups(std::string_view text) {
  Groups groups;
  std::vector<std::string>* last = nullptr;
  for (const auto whole : split(text, '\n')) {
    const auto line = trim(without_comment(whole));
    if (line.starts_with("- ")) {
      if (last != nullptr) add_words(*last, line.substr(2));
      continue;
    }
    const auto colon = line.find(':');
    if (line.empty() || colon == std::string_view::npos) continue;
    last = &groups[std::string(unquoted(line.substr(0, colon)))];
    add_words(*last, line.substr(colon + 1));
  }
  // What has no hosts is the name of a source.
  std::erase_if(groups, [](const auto& group) { return group.second.empty(); });
  return groups;
}

Groups genders_groups(std::string_view text) {
  Groups groups;
  for (const auto whole : split(text, '\n')) {
    const auto line = trim(without_comment(whole));
    const auto blank = line.find_first_of(kBetweenFields);
    if (blank == std::string_view::npos) continue;
    const std::string nodes(line.substr(0, blank));
    for (const auto part : split(line.substr(blank), ',')) {
      const auto attribute = single_percent(trim(part));
      if (attribute.empty()) continue;
      groups[attribute].push_back(nodes);
      const auto equals = attribute.find('=');
      if (equals == std::string::npos) continue;
      groups[attribute.substr(0, equals)].push_back(nodes);
    }
  }
  return groups;
}

std::vector<fs::path> group_files() {
  std::vector<fs::path> files;
  if (const char* named = std::getenv("CLUSTER_GROUPS")) {
    for (const auto file : split(std::string_view(named), ':')) {
      if (!file.empty()) files.emplace_back(file);
    }
    return files;
  }
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/etc/clustershell/groups.d", ignored)) {
    const auto ending = entry.path().extension();
    if (ending == ".yaml" || ending == ".cfg") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (fs::exists("/etc/genders", ignored)) files.emplace_back("/etc/genders");
  return files;
}

Groups groups_in(const std::vector<fs::path>& files) {
  Groups groups;
  for (const auto& file : files) {
    const auto text = read_file(file);
    if (!text) throw Error(Fault::io, "groups of hosts: there is no file " + quote(file.native()));
    const bool genders = file.filename() == "genders" || file.extension() == ".genders";
    groups.merge(genders ? genders_groups(*text) : clush_groups(*text));
  }
  return groups;
}

}  // namespace cluster::frontend
