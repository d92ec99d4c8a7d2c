// The INI of Ansible, as its plugin `ini` reads it.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "frontend/neighbours/ansible_inventory.h"

namespace cluster::frontend {
namespace {

[[noreturn]] void refuse(int line, const std::string& why) {
  throw Error(Fault::usage, "line " + std::to_string(line) + ": " + why);
}

// Splits NAME=VALUE NAME='a b' as Python's shlex does: quotes join and go, \ takes the next
// character as it is, and a # outside of quotes begins a comment, in a word, too.
std::vector<std::string> shell_words(std::string_view line, int number) {
  std::vector<std::string> words;
  std::string word;
  bool is_inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool has_next = i + 1 < line.size();
    if (quote != 0) {
      const bool is_escape =
          quote == '"' && c == '\\' && has_next && (line[i + 1] == '"' || line[i + 1] == '\\');
      if (c == quote) {
        quote = 0;
      } else {
        word += is_escape ? line[++i] : c;
      }
      continue;
    }
    if (c == '#') break;
    if (c == ' ' || c == '\t' || c == '\r') {
      if (is_inside) words.push_back(std::move(word));
      word.clear();
      is_inside = false;
      continue;
    }
    is_inside = true;
    if (c == '"' || c == '\'') {
      quote = c;
    } else {
      word += c == '\\' && has_next ? line[++i] : c;
    }
  }
  if (quote != 0) refuse(number, std::string("a quote (") + quote + ") is not closed");
  if (is_inside) words.push_back(std::move(word));
  return words;
}

// The text between the quotes at the front, and what is behind them; nothing when there is none,
// or when Python reads more into it.
std::optional<std::string> python_text(std::string_view text, std::string_view& rest) {
  if (text.size() < 2 || (text[0] != '"' && text[0] != '\'')) return std::nullopt;
  const auto end = text.find(text[0], 1);
  if (end == std::string_view::npos) return std::nullopt;
  const auto inside = text.substr(1, end - 1);
  if (inside.find('\\') != std::string_view::npos) return std::nullopt;
  rest = trim(text.substr(end + 1));
  return std::string(inside);
}

// Python reads 007 as an error, and 007.5 as a number.
bool is_python_number(std::string_view text) {
  if (parse_number(text)) return true;
  if (text.find_first_of(".eE") == std::string_view::npos) return false;
  double number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_python_word(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords{"True", "False", "None"};
  return is_python_number(text) || std::ranges::find(kWords, text) != kWords.end();
}

// A value that Python reads as a text or a number is that, and loses its comment; all others are
// what stands there.
std::string value_of(std::string_view text) {
  text = trim(text);
  std::string_view rest;
  if (const auto inside = python_text(text, rest)) {
    if (rest.empty() || rest.starts_with('#')) return *inside;
  }
  const auto before = trim(text.substr(0, text.find('#')));
  return std::string(is_python_word(before) ? before : text);
}

struct Section {
  std::string group = "ungrouped";
  std::string kind{};  // "", "vars" or "children"
};

Section section_of(std::string_view line, int number) {
  const auto end = line.find(']');
  if (end == std::string_view::npos) refuse(number, quote(line) + " lacks a ]");
  const auto behind = trim(line.substr(end + 1));
  if (!behind.empty() && !behind.starts_with('#')) {
    refuse(number, quote(behind) + " stands behind a section");
  }
  const auto inside = line.substr(1, end - 1);
  const auto colon = inside.find(':');
  Section section{std::string(inside.substr(0, colon)),
                  colon == std::string_view::npos ? "" : std::string(inside.substr(colon + 1))};
  if (section.kind.empty() || section.kind == "vars" || section.kind == "children") return section;
  refuse(number, "no such section: " + quote(inside) + " (want [x], [x:vars] or [x:children])");
}

// Only a section has nothing behind its bracket; "[fe80::1]:22" is a host.
bool is_section(std::string_view line) {
  const auto end = line.find(']');
  return line.front() == '[' &&
         (end == std::string_view::npos || !line.substr(end).starts_with("]:"));
}

void read_host(const Section& section, std::string_view line, int number,
               AnsibleInventory& inventory) {
  const auto words = shell_words(line, number);
  if (words.empty()) return;
  for (const auto& name : inventory.hosts(words[0], number, section.group)) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      if (equals == std::string::npos) refuse(number, quote(words[i]) + " is no NAME=VALUE");
      inventory.host_value(name, words[i].substr(0, equals), value_of(words[i].substr(equals + 1)),
                           number);
    }
  }
}

}  // namespace

void read_ansible_ini(std::string_view text, AnsibleInventory& inventory) {
  Section section;
  int number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (is_section(line)) {
      section = section_of(line, number);
      inventory.group(section.group);
    } else if (section.kind == "children") {
      inventory.child(std::string(trim(line.substr(0, line.find('#')))), section.group, number);
    } else if (section.kind == "vars") {
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) refuse(number, "want NAME=VALUE");
      inventory.group_value(section.group, std::string(trim(line.substr(0, equals))),
                            value_of(line.substr(equals + 1)), number);
    } else {
      read_host(section, line, number, inventory);
    }
  }
}

}  // namespace cluster::frontend
