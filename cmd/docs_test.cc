#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "cmd/command_table.h"
#include "cmd/line/parse.h"
#include "core/file.h"
#include "core/text.h"
#include "tests/support/shell_words.h"

// What the pages tell a reader to type is a command line that there is.
namespace cluster::cmd {
namespace {

namespace fs = std::filesystem;
using Check = std::function<void(const std::string& line)>;

const fs::path kSource = SOURCE;

// The pages that people write, and the session that README shows. The reference is the program's
// own.
std::vector<fs::path> pages() {
  std::vector<fs::path> found{kSource / "README.md", kSource / "CONTRIBUTING.md",
                              kSource / "docs/session.txt"};
  for (const auto& entry : fs::directory_iterator(kSource / "docs")) {
    const auto& path = entry.path();
    if (path.extension() == ".md" && path.filename() != "commands.md") found.push_back(path);
  }
  std::ranges::sort(found);
  return found;
}

// Calls `check` with each line of a block of code of `page` that calls cluster, without the prompt;
// a line that ends with a backslash goes on in the next one.
void each_line(const fs::path& page, const Check& check) {
  const auto text = read_file(page).value_or("");
  bool fenced = page.extension() == ".txt";
  std::string begun;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("```")) fenced = !fenced;
    if (!fenced && !line.starts_with("    ")) continue;
    begun += trim(line);
    if (begun.ends_with('\\')) {
      begun.pop_back();
      continue;
    }
    for (const auto* prompt : {"$ ", "# "}) {
      if (begun.starts_with(prompt)) begun.erase(0, 2);
    }
    if (begun.starts_with("cluster ")) check(begun);
    begun.clear();
  }
}

// Calls `check` with each `cluster ...` in a sentence or a table of `page`.
void each_span(const fs::path& page, const Check& check) {
  const auto text = read_file(page).value_or("");
  bool fenced = page.extension() == ".txt";
  std::string prose;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("```")) fenced = !fenced;
    if (!fenced && !line.starts_with("    ")) prose += std::string(trim(line)) + ' ';
  }
  bool inside = false;
  for (const auto span : split(prose, '`')) {
    if (inside && span.starts_with("cluster ")) check(std::string(span));
    inside = !inside;
  }
}

// The words that cluster gets of a line of a shell.
std::vector<std::string> arguments(const std::string& line) {
  auto words = shell_words(line);
  words.erase(words.begin());
  const auto end = std::ranges::find_if(words, [](const std::string& word) {
    return word == "|" || word == "&&" || word == "<" || word == ">" || word.starts_with('#');
  });
  words.erase(end, words.end());
  return words;
}

bool is_path(const std::string& words) {
  return std::ranges::find(command_table().commands, words, &Command::path) !=
         command_table().commands.end();
}

// Whether a roll of the source tree brings the command.
bool is_of_a_roll(const std::vector<std::string>& words) {
  if (words.size() < 2) return false;
  for (const auto& roll : fs::directory_iterator(kSource / "rolls")) {
    const auto text = read_file(roll.path() / "roll.yaml").value_or("");
    if (text.find("\n  " + words[0] + " " + words[1] + ":") != std::string::npos) return true;
  }
  return false;
}

// Why `words` are no command line; nothing if they are one.
std::string refusal(const std::vector<std::string>& words) {
  try {
    const auto typed = parse(words, command_table());
    const bool asks = words.front() == "help" || words.back() == "--help";
    if (typed.wants == Invocation::Wants::help && !asks) return "it is no command";
  } catch (const UnknownCommand& error) {
    return is_of_a_roll(words) ? "" : error.what();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(Docs, HaveCommandLinesThatAreOnes) {
  std::size_t lines = 0;
  for (const auto& page : pages()) {
    each_line(page, [&](const std::string& line) {
      ++lines;
      EXPECT_EQ(refusal(arguments(line)), "") << page.filename() << ": " << line;
    });
  }
  EXPECT_GT(lines, 50U);
}

// A sentence may name a command without its arguments.
TEST(Docs, NameCommandsThatThereAre) {
  for (const auto& page : pages()) {
    each_span(page, [&](const std::string& span) {
      const auto words = arguments(span);
      if (is_path(joined(words, " "))) return;
      EXPECT_EQ(refusal(words), "") << page.filename() << ": " << span;
    });
  }
}

}  // namespace
}  // namespace cluster::cmd
