#include "rolls/engine/document.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace cluster::rolls {
namespace {

[[noreturn]] void refuse_at(const std::string& file, int line, int column, const std::string& why) {
  throw Error(Fault::usage,
              file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + why);
}

// The message counts from 1, but yaml-cpp counts from 0.
[[noreturn]] void refuse_at(const std::string& file, const YAML::Mark& mark,
                            const std::string& why) {
  refuse_at(file, mark.line + 1, mark.column + 1, why);
}

// yaml-cpp would put a question mark in the place of what is no UTF-8, also in lines for hosts.
void refuse_other_bytes(const std::string& text, const std::string& file) {
  int line = 0;
  for (const auto part : split(text, '\n')) {
    ++line;
    if (!is_utf8_text(part)) refuse_at(file, line, 1, "not UTF-8");
  }
}

constexpr std::size_t kMaxLine = 1000;     // bytes
constexpr std::size_t kMaxMembers = 1000;  // the bound for a list or a map

// Makes the tree of the first document while yaml-cpp reads it. It refuses references and further
// documents. An empty document ends the file, as it does for YAML::LoadAll().
class TreeMaker : public YAML::EventHandler {
 public:
  explicit TreeMaker(const std::string& file) : file_(file) {}

  /// Returns null when the file has no document, or an empty one.
  std::shared_ptr<const YamlNode> tree() const { return tree_; }
  bool at_end() const { return at_end_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse_at(file_, mark, "a reference (`*name`); want the text itself");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    at_end_ = at_end_ || open_.empty();
    add(YamlNode::Kind::null, mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& text) override {
    if (auto* node = add(YamlNode::Kind::text, mark)) node->text = text;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(add(YamlNode::Kind::list, mark));
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(add(YamlNode::Kind::map, mark));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  // Only the innermost open node gets members, so the open nodes are never moved.
  YamlNode* add(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node{kind, {}, {}, mark.line + 1, mark.column + 1};
    if (!open_.empty()) {
      open_.back()->members.push_back(std::move(node));
      return &open_.back()->members.back();
    }
    if (at_end_) return nullptr;
    if (tree_) refuse_at(file_, mark, "a second document (`---`); want one");
    tree_ = std::make_shared<YamlNode>(std::move(node));
    return tree_.get();
  }
  void open(YamlNode* node) { open_.push_back(node); }

  const std::string& file_;
  std::shared_ptr<YamlNode> tree_;
  std::vector<YamlNode*> open_;
  bool at_end_ = false;
};

}  // namespace

std::string Item::where() const {
  return file_ + ":" + std::to_string(node_->line) + ":" + std::to_string(node_->column);
}

void Item::refuse(const std::string& why) const {
  refuse_at(file_, node_->line, node_->column, why);
}

// The tree lives as long as one of its items.
Item Item::member(std::size_t number) const { return {{node_, &node_->members.at(number)}, file_}; }

std::string Item::scalar(std::string_view what) const {
  if (node_->kind != YamlNode::Kind::text) refuse(quote(what) + " wants a text");
  return node_->text;
}

std::string Item::line_or_empty(std::string_view what) const {
  auto text = scalar(what);
  if (std::ranges::any_of(text, is_control)) refuse(quote(what) + " wants a single line");
  if (text.size() > kMaxLine) {
    refuse(quote(what) + " is longer than " + std::to_string(kMaxLine) + " bytes");
  }
  return text;
}

std::string Item::line(std::string_view what) const {
  auto text = line_or_empty(what);
  if (trim(text).empty()) refuse(quote(what) + " is empty");
  return text;
}

std::string Item::lines(std::string_view what) const {
  auto text = scalar(what);
  if (trim(text).empty()) refuse(quote(what) + " is empty");
  const auto strange = [](char c) { return is_control(c) && c != '\n' && c != '\t'; };
  if (std::ranges::any_of(text, strange)) refuse(quote(what) + " has a control character");
  text.erase(text.find_last_not_of('\n') + 1);
  return text + "\n";
}

bool Item::yes_or_no(std::string_view what) const {
  const auto text = scalar(what);
  if (text == "yes" || text == "true") return true;
  if (text == "no" || text == "false") return false;
  refuse(quote(what) + " wants yes or no, not " + quote(text));
}

void Item::refuse_too_many(std::size_t members, std::string_view what) const {
  if (members > kMaxMembers) {
    refuse(quote(what) + " has more than " + std::to_string(kMaxMembers) + " members");
  }
}

std::vector<Item> Item::list(std::string_view what) const {
  if (node_->kind != YamlNode::Kind::list) refuse(quote(what) + " wants a list");
  refuse_too_many(node_->members.size(), what);
  std::vector<Item> items;
  for (std::size_t i = 0; i < node_->members.size(); ++i) items.push_back(member(i));
  return items;
}

std::vector<std::pair<Item, Item>> Item::entries(std::string_view what) const {
  if (node_->kind != YamlNode::Kind::map) refuse(quote(what) + " wants `key: value` lines");
  refuse_too_many(node_->members.size() / 2, what);
  std::vector<std::pair<Item, Item>> entries;
  std::set<std::string> seen;
  for (std::size_t i = 0; i + 1 < node_->members.size(); i += 2) {
    const auto key = member(i);
    if (!seen.insert(key.line("a key")).second) {
      key.refuse(quote(key.line("a key")) + " is given twice");
    }
    entries.emplace_back(key, member(i + 1));
  }
  return entries;
}

Item parse_document(const std::string& text, const std::string& file) {
  refuse_other_bytes(text, file);
  TreeMaker maker(file);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    while (!maker.at_end() && parser.HandleNextDocument(maker)) {
    }
  } catch (const YAML::DeepRecursion& error) {
    refuse_at(file, error.mark,
              "lists or maps in each other, " + std::to_string(error.depth()) + " deep");
  } catch (const YAML::Exception& error) {
    refuse_at(file, error.mark, printable(error.msg));
  }
  const auto tree = maker.tree();
  // yaml-cpp makes no document of what begins with a comma.
  const auto first = text.find_first_not_of(" \t\r\n");
  if (!tree && first != std::string::npos && text[first] == ',') {
    throw Error(Fault::usage, file + ":1:1: ',' begins no document");
  }
  if (!tree || tree->kind == YamlNode::Kind::null) {
    throw Error(Fault::usage, file + ":1:1: the file is empty");
  }
  return {tree, file};
}

Fields::Fields(const Item& map, std::string_view what, const std::vector<std::string>& known)
    : map_(map), what_(what) {
  for (const auto& [key, value] : map.entries(what)) {
    const auto name = key.line("a key");
    if (std::ranges::find(known, name) == known.end()) {
      const auto hint = did_you_mean(name, known);
      key.refuse("unknown key " + quote(name) + " in " + quote(what) +
                 (hint.empty() ? " (want " + joined(known, ", ") + ")" : hint));
    }
    values_.emplace(name, value);
  }
}

Item Fields::require(const std::string& key) const {
  const auto at = values_.find(key);
  if (at == values_.end()) map_.refuse(quote(what_) + " has no " + quote(key));
  return at->second;
}

std::optional<Item> Fields::find(const std::string& key) const {
  const auto at = values_.find(key);
  if (at == values_.end()) return std::nullopt;
  return at->second;
}

}  // namespace cluster::rolls
