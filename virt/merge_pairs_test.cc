// The merge over pairs of documents: tests/data/merge/cases.txt asks, answers/ has what it says.
#include "tests/support/merge_pairs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "virt/domain_merge.h"

namespace cluster {
namespace {

std::string answers_file(const std::string& base) {
  return std::string(MERGE_DATA) + "/answers/" + base + ".txt";
}

// The answers of a base, by case.
std::map<std::string, std::string> answers(const std::string& base) {
  std::map<std::string, std::string> out;
  std::ifstream in(answers_file(base));
  std::string name;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("== ")) {
      name = line.substr(3);
    } else if (!line.empty()) {
      out[name] += line + "\n";
    }
  }
  return out;
}

virt::Merged merged(const MergePair& pair, const std::string& theirs) {
  virt::Agreement agreement{pair.rendered, {}};
  if (pair.knows_defined) agreement.defined = pair.defined;
  return virt::merge(pair.agreed ? &agreement : nullptr, theirs, edited(pair.rendered, pair.ours),
                     pair.keep);
}

TEST(MergePairs, AreAnsweredAsRead) {
  std::map<std::string, std::map<std::string, std::string>> read;
  std::map<std::string, std::string> said;
  const auto pairs = merge_pairs();
  EXPECT_GE(pairs.size(), 100U);
  for (const auto& pair : pairs) {
    const auto theirs = edited(pair.defined, pair.host);
    const auto text = answer(merged(pair, theirs), theirs);
    said[pair.base] += "== " + pair.name + "\n" + text + "\n";
    if (!read.contains(pair.base)) read[pair.base] = answers(pair.base);
    if (std::getenv("MERGE_WRITE") == nullptr) {
      EXPECT_EQ(text, read[pair.base][pair.name]) << pair.name << " of " << pair.base;
    }
  }
  if (std::getenv("MERGE_WRITE") == nullptr) return;
  for (const auto& [base, text] : said) std::ofstream(answers_file(base)) << text;
}

// What is said twice changes nothing the second time, as far as libvirt adds nothing to it.
TEST(MergePairs, SayNothingTheSecondTime) {
  for (const auto& pair : merge_pairs()) {
    const auto theirs = edited(pair.defined, pair.host);
    const auto first = merged(pair, theirs);
    if (!first.document) continue;
    const auto ours = edited(pair.rendered, pair.ours);
    const virt::Agreement agreement{ours, first.document};
    const auto second = virt::merge(&agreement, *first.document, ours, virt::Keep::ask);
    EXPECT_FALSE(second.changes() || second.drifted()) << pair.name << " of " << pair.base << "\n"
                                                       << answer(second, *first.document);
  }
}

}  // namespace
}  // namespace cluster
