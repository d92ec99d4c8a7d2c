#include "cmd/line/manual.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <vector>

#include "cmd/line/command_page.h"
#include "cmd/line/output.h"
#include "cmd/line/wrap.h"
#include "core/error.h"
#include "core/text.h"
#include "core/version.h"

namespace cluster::cmd {
namespace {

constexpr std::size_t kSourceWidth = 78;  // of lines that people may read in the source
constexpr std::size_t kTopicWidth = 72;   // what is left of 80 columns behind man's margin

bool is_heading(std::string_view line) {
  return !line.empty() &&
         std::ranges::all_of(line, [](char c) { return (c >= 'A' && c <= 'Z') || c == ' '; });
}

// Lines of text: a '.' at the beginning of one is none of a request, and an empty one is none of
// roff's either.
std::string roff_lines(std::string_view text) {
  std::string out;
  for (const auto line : split(text, '\n')) {
    if (line.empty() || line.starts_with('.')) out += "\\&";
    out += std::string(line) + '\n';
  }
  return out;
}

// The words of a paragraph, with what is in backquotes bold. One alone stands for itself.
std::string roff_paragraph(std::string_view text) {
  const auto parts = split(text, '`');
  const bool paired = parts.size() % 2 == 1;
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto words = roff_words(parts[i]);
    if (i % 2 == 1 && paired) {
      out += "\\fB" + words + "\\fR";
    } else {
      out += (i > 0 && !paired ? "\\(ga" : "") + words;
    }
  }
  return out;
}

// Lines that stay as they are.
std::string roff_block(std::string_view lines) {
  while (lines.ends_with('\n')) lines.remove_suffix(1);
  return ".PP\n.EX\n" + roff_lines(roff_words(lines)) + ".EE\n";
}

// `text` with `heading` before each of its headings.
std::string roff_sections(std::string_view text, const std::string& heading) {
  std::string out;
  std::string paragraph;
  std::string block;
  const auto finish = [&] {
    if (!paragraph.empty()) out += ".PP\n" + roff_lines(roff_paragraph(trim(paragraph)));
    if (!block.empty()) out += roff_block(block);
    paragraph.clear();
    block.clear();
  };
  for (const auto line : split(text, '\n')) {
    if (line.empty() && !block.empty()) {
      block += '\n';
    } else if (line.starts_with(' ')) {
      if (block.empty()) finish();
      block += std::string(line) + '\n';
    } else if (line.empty() || is_heading(line)) {
      finish();
      if (!line.empty()) out += heading + std::string(line) + '\n';
    } else {
      if (!block.empty()) finish();
      paragraph += std::string(line) + '\n';
    }
  }
  finish();
  return out;
}

// mandoc warns of a paragraph that begins where a section does.
std::string without_idle_paragraphs(std::string_view page) {
  std::string out;
  bool begins = false;
  for (const auto line : split(page, '\n')) {
    if (line == ".PP" && begins) continue;
    begins = line.starts_with(".SH ") || line.starts_with(".SS ");
    if (!line.empty()) out += std::string(line) + '\n';
  }
  return out;
}

// "cluster-host-gpu"
std::string page_name(const std::string& program, std::string_view noun) {
  std::string name = program + (noun.empty() ? "" : "-") + std::string(noun);
  std::ranges::replace(name, ' ', '-');
  return name;
}

// Nothing is filled with blanks to the margin: .ad for older groffs, the string AD for 1.23.
std::string head(const std::string& name, const std::string& names, const std::string& summary) {
  return ".TH " + upper(name) + " 8 \"\" \"Rollcall " + std::string(version()) +
         "\" Rollcall\n.ad l\n.ds AD l\n.nh\n.SH NAME\n" + roff_words(names) + " \\- " +
         roff_words(summary) + "\n.SH SYNOPSIS\n";
}

std::string usage_line(const std::string& usage) { return ".PP\n.B " + roff_words(usage) + '\n'; }

std::string row(std::string_view name, std::string_view meaning) {
  return ".TP\n.B " + roff_words(name) + '\n' + roff_lines(roff_paragraph(meaning));
}

std::string command_section(const std::string& program, const CommandTable& table,
                            const Command& command) {
  const CommandPage page(table, command);
  auto out = ".SS " + roff_words(command.path) + '\n' +
             roff_lines(roff_paragraph(std::string(command.summary) + ".")) +
             usage_line(program + " " + page.usage);
  for (const auto& argument : page.arguments) out += row(argument.name, argument.description);
  return out + roff_text(page.text);
}

std::string topic_section(const Topic& topic) {
  std::ostringstream text;
  Output printed(text, text, kTopicWidth);
  topic.print(printed);
  return ".SH DESCRIPTION\n" + roff_block(text.str());
}

// The nouns that have a page: those of commands and of topics.
std::set<std::string, std::less<>> nouns_of(const CommandTable& table) {
  std::set<std::string, std::less<>> nouns;
  for (const auto& command : table.commands) nouns.emplace(noun_of(command));
  for (const auto& topic : table.topics) nouns.emplace(topic.name);
  nouns.erase("");
  return nouns;
}

std::string see_also(const std::vector<std::string>& pages) {
  return ".SH SEE ALSO\n" +
         roff_lines(roff_words(trim(wrapped(joined(pages, ", "), kSourceWidth))));
}

std::string program_page(const std::string& program, const CommandTable& table) {
  auto out = head(program, "cluster, rollcall", "give the GPUs of many hosts to virtual machines") +
             usage_line(program + " VERB NOUN [HOST...] [ARG...] [key=value...]") +
             ".SH DESCRIPTION\n" + roff_text(text_called(table, "manual_description.txt")) +
             ".SH COMMANDS\n";
  for (const auto group : table.groups) {
    out += ".SS " + roff_words(group) + '\n';
    for (const auto& command : table.commands) {
      if (command.group == group) out += row(command.path, command.summary);
    }
  }
  for (const auto& command : table.commands) {
    if (noun_of(command).empty()) out += command_section(program, table, command);
  }
  out += roff_sections(text_called(table, "manual.txt"), ".SH ");
  std::vector<std::string> pages;
  for (const auto& noun : nouns_of(table)) pages.push_back(page_name(program, noun) + "(8)");
  for (const auto* page : {"gpupci(8)", "cluster.yaml(5)", "gpupci.yaml(5)", "roll.yaml(5)"}) {
    pages.emplace_back(page);
  }
  return out + see_also(pages);
}

std::string noun_page(const std::string& program, const CommandTable& table,
                      const std::string& noun) {
  const auto name = page_name(program, noun);
  auto out = head(name, name, "the commands of cluster about " + noun);
  std::string sections;
  for (const auto& command : table.commands) {
    if (noun_of(command) != noun) continue;
    out += usage_line(program + " " + CommandPage(table, command).usage);
    sections += command_section(program, table, command);
  }
  const auto topic = std::ranges::find(table.topics, noun, &Topic::name);
  if (topic != table.topics.end()) {
    out += usage_line(program + " help " + noun) + topic_section(*topic);
  }
  if (!sections.empty()) out += ".SH COMMANDS\n" + sections;
  return out + see_also({program + "(8)"});
}

}  // namespace

std::string roff_words(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\(rs";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '"':
        out += "\\(dq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string roff_text(std::string_view text) { return roff_sections(text, ".PP\n.B "); }

void print_manual(Output& output, const CommandTable& table, const std::string& noun) {
  if (!noun.empty() && !nouns_of(table).contains(noun)) {
    throw Error(Fault::usage, "no manual page of " + quote(noun) + " (want a noun: host gpu)");
  }
  const auto& program = output.program();
  output.text(without_idle_paragraphs(noun.empty() ? program_page(program, table)
                                                   : noun_page(program, table, noun)));
}

}  // namespace cluster::cmd
