#include "frontend/neighbours/yaml_file.h"

#include <yaml-cpp/eventhandler.h>

#include <set>
#include <sstream>
#include <vector>

#include "core/secret_names.h"
#include "core/text.h"
#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {
namespace {

constexpr int kMostNodes = 1'000'000;  // references counted as often as they are used
constexpr int kMostDepth = 100;

// Hears of one document, and keeps nothing but whether it says something and where it begins.
class OneDocument : public YAML::EventHandler {
 public:
  bool says_something() const { return line_ > 0; }
  int line() const { return line_; }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { hear(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {
    hear(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
    hear(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    hear(mark);
  }
  void OnMapEnd() override {}

 private:
  void hear(const YAML::Mark& mark) {
    if (line_ == 0) line_ = mark.line + 1;
  }

  int line_ = 0;
};

// yaml-cpp reads the first document, and leaves the others without a word.
void refuse_second_document(std::string_view text) {
  std::istringstream in{std::string(text)};
  YAML::Parser parser(in);
  OneDocument first;
  if (!parser.HandleNextDocument(first)) return;
  OneDocument second;
  if (parser.HandleNextDocument(second) && second.says_something()) {
    throw Error(Fault::usage, "line " + std::to_string(second.line()) +
                                  ": a second document begins: want one in a file");
  }
}

// Puts what maps merge into them (https://yaml.org/type/merge.html), which yaml-cpp does not do.
class Merge {
 public:
  void in(const YAML::Node& node, int depth = 0) {
    if (++count_ > kMostNodes || depth > kMostDepth) {
      throw Error(Fault::usage, "line " + std::to_string(line_of(node)) +
                                    ": references make too much, or a circle, of this");
    }
    if (node.IsSequence()) {
      for (const auto& member : node) in(member, depth + 1);
    }
    if (!node.IsMap()) return;
    for (const auto& entry : node) in(entry.second, depth + 1);
    merge(node);
  }

 private:
  static void merge(YAML::Node node) {
    std::vector<YAML::Node> sources;  // the first one that has a key counts
    for (const auto& entry : node) {
      if (!is_merge(entry.first)) continue;
      const auto& from = entry.second;
      if (from.IsMap()) sources.push_back(from);
      for (std::size_t i = 0; from.IsSequence() && i < from.size(); ++i) {
        if (from[i].IsMap()) sources.push_back(from[i]);
      }
      if (sources.empty()) {
        throw Error(Fault::usage, "line " + std::to_string(line_of(entry.first)) +
                                      ": << merges maps alone (want <<: *NAME)");
      }
    }
    if (sources.empty()) return;
    node.remove("<<");
    std::set<std::string> keys;
    for (const auto& entry : node) keys.insert(one_line(entry.first));
    for (const auto& source : sources) {
      for (const auto& entry : source) {
        if (keys.insert(one_line(entry.first)).second) {
          node.force_insert(entry.first, entry.second);
        }
      }
    }
  }

  static bool is_merge(const YAML::Node& key) {
    return key.IsScalar() && key.Scalar() == "<<" && key.Tag() != "!";  // "<<" in quotes is a text
  }

  int count_ = 0;
};

void hide_secrets(const YAML::Node& node) {  // NOLINT(misc-no-recursion): as deep as Merge went
  if (node.IsSequence()) {
    for (auto member : node) hide_secrets(member);
  }
  if (!node.IsMap()) return;
  for (auto entry : node) {
    if (entry.first.IsScalar() && may_be_secret(entry.first.Scalar())) {
      entry.second = "***";
    } else {
      hide_secrets(entry.second);
    }
  }
}

}  // namespace

std::string one_line(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  if (node.IsNull()) return "";
  YAML::Emitter out;
  out.SetMapFormat(YAML::Flow);
  out.SetSeqFormat(YAML::Flow);
  out << node;
  std::string line;
  for (const auto piece : split(out.c_str(), '\n')) {
    if (!line.empty()) line += ' ';
    line += trim(piece);
  }
  return line;
}

std::string told_line(const YAML::Node& node) {
  auto told = YAML::Clone(node);
  hide_secrets(told);
  return one_line(told);
}

YAML::Node only_document(std::string_view text) {
  refuse_second_document(text);
  auto document = YAML::Load(std::string(text));
  Merge().in(document);
  return document;
}

}  // namespace cluster::frontend
