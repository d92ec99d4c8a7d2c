#include "cmd/line/wrap.h"

#include <algorithm>
#include <vector>

#include "core/text.h"

namespace cluster::cmd {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;
constexpr std::size_t kMaxLeft = 26;  // the right column keeps its room
constexpr std::size_t kMinRight = 20;

// The words of a paragraph. A text in backquotes is part of one word, with its blanks.
std::vector<std::string> words_of(std::string_view paragraph) {
  std::vector<std::string> words;
  bool quoted = false;
  bool inside = false;  // true inside a word
  for (const char c : paragraph) {
    if (c == '`') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\n')) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += c == '\n' ? ' ' : c;
  }
  return words;
}

// The lines of one paragraph.
std::vector<std::string> filled(std::string_view paragraph, std::size_t width) {
  std::vector<std::string> lines;
  for (auto& word : words_of(paragraph)) {
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.push_back(std::move(word));
    } else {
      lines.back() += ' ' + word;
    }
  }
  return lines;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  std::string paragraph;
  const auto finish = [&] {
    for (const auto& line : filled(paragraph, width)) out += line + '\n';
    paragraph.clear();
  };
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return "";
  for (const auto line : split(text, '\n')) {
    if (line.empty() || line.starts_with(' ')) {
      finish();
      out += std::string(line) + '\n';
    } else {
      paragraph += std::string(line) + '\n';
    }
  }
  finish();
  return out;
}

std::string hanging(std::string_view head, std::string_view text, std::size_t width) {
  const auto right = std::max(kMinRight, width > head.size() ? width - head.size() : 0);
  std::string out;
  std::string before(head);
  for (const auto& line : filled(text, right)) {
    out += before + line + '\n';
    before.assign(head.size(), ' ');
  }
  return out;
}

std::string two_columns(std::span<const std::pair<std::string, std::string>> rows,
                        std::size_t width) {
  std::size_t left = 0;
  for (const auto& row : rows) {
    if (row.first.size() <= kMaxLeft) left = std::max(left, row.first.size());
  }
  const auto start = kIndent + left + kGap;
  std::string out;
  for (const auto& [name, description] : rows) {
    std::string head = std::string(kIndent, ' ') + name;
    if (head.size() + kGap > start || description.empty()) {
      out += head + '\n';
      head.clear();
    }
    head.resize(start, ' ');
    out += hanging(head, description, width);
  }
  return out;
}

}  // namespace cluster::cmd
