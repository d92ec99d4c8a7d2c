#pragma once

#include <string>
#include <vector>

#include "core/text.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {

/// "detached detached / rolled back": the outcomes of each card's functions.
inline std::string outcome_words(const std::vector<CardOutcome>& outcomes) {
  std::vector<std::string> all;
  for (const auto& outcome : outcomes) {
    std::vector<std::string> words;
    for (const auto& one : outcome.functions) words.emplace_back(word(one.outcome));
    all.push_back(joined(words, " "));
  }
  return joined(all, " / ");
}

}  // namespace cluster::agent
