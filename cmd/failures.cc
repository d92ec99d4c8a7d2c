#include "cmd/failures.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "core/folded_names.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

bool is_of_a_name(char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; }

// "no address is known for 'HOST'" of "no address is known for 'n7'", so that it is said once.
std::string without_name(std::string words, const std::string& name) {
  for (std::size_t at = 0; !name.empty() && (at = words.find(name, at)) != std::string::npos;) {
    const auto end = at + name.size();
    if ((at > 0 && is_of_a_name(words[at - 1])) ||
        (end < words.size() && is_of_a_name(words[end]))) {
      at = end;
      continue;
    }
    words.replace(at, name.size(), "HOST");
    at += 4;
  }
  return words;
}

}  // namespace

void FoldedNotes::add(const std::string& who, const std::string& words) {
  const auto [at, is_new] = by_words_.try_emplace(without_name(words, who), lines_.size());
  if (is_new) lines_.push_back({words, {}});
  auto& line = lines_[at->second];
  if (!is_new && line.words != words) line.words = at->first;
  line.who.push_back(who);
}

void FoldedNotes::add(const std::string& who, const Error& error) {
  add(who, std::string(": ") + error.what());
  const auto fault = error.fault() == Fault::unreachable ? Fault::unreachable : Fault::io;
  status_ = std::max(status_, exit_status(fault));
}

void FoldedNotes::print(Output& output) const {
  for (const auto& line : lines_) output.note(counted_names(line.who) + line.words);
}

Table folded(const Table& table) {
  using Rest = std::vector<Cell>;
  std::map<Rest, std::vector<std::string>> groups;
  std::vector<Rest> order;
  for (const auto& row : table.rows) {
    Rest rest(row.begin() + 1, row.end());
    auto& who = groups[rest];
    if (who.empty()) order.push_back(std::move(rest));
    who.push_back(std::get<std::string>(row.front()));
  }
  Table result{table.columns, {}};
  for (const auto& rest : order) {
    std::vector<Cell> row{counted_names(groups[rest])};
    row.insert(row.end(), rest.begin(), rest.end());
    result.rows.push_back(std::move(row));
  }
  return result;
}

void print_folded(Output& output, const Table& table) {
  output.table_unless_empty(output.format() == Format::table ? folded(table) : table);
}

int report_failures(Output& output, const frontend::Failures& failures) {
  FoldedNotes notes;
  for (const auto& one : failures) notes.add(one.who, one.error);
  notes.print(output);
  return notes.status();
}

void for_each_answer(const std::vector<frontend::AgentAnswer>& answers, FoldedNotes& notes,
                     const std::function<void(const frontend::AgentAnswer&)>& work) {
  for (const auto& answer : answers) {
    if (const auto failure = frontend::take_answer(answer, work)) {
      notes.add(answer.host.name.str(), *failure);
    }
  }
}

int for_each_answer(Context& context, const std::vector<frontend::AgentAnswer>& answers,
                    const std::function<void(const frontend::AgentAnswer&)>& work) {
  FoldedNotes notes;
  for_each_answer(answers, notes, work);
  notes.print(context.output);
  return notes.status();
}

}  // namespace cluster::cmd
