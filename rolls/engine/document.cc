#include "rolls/engine/document.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace cluster::rolls {
namespace {

// "roll.yaml:3:5"
std::string place(const std::string& file, const YAML::Mark& mark) {
  return file + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

[[noreturn]] void refuse_at(const std::string& file, const YAML::Mark& mark,
                            const std::string& why) {
  throw Error(Fault::usage, place(file, mark) + ": " + why);
}

constexpr std::size_t kMaxLine = 1000;     // bytes
constexpr std::size_t kMaxMembers = 1000;  // of a list or a map

// Refuses references; all else is looked at when the document is there.
class NoAliases : public YAML::EventHandler {
 public:
  explicit NoAliases(const std::string& file) : file_(file) {}

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse_at(file_, mark, "a reference (`*name`); want the text itself");
  }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  const std::string& file_;
};

}  // namespace

std::string Item::where() const { return place(file_, node_.Mark()); }

void Item::refuse(const std::string& why) const { refuse_at(file_, node_.Mark(), why); }

std::string Item::scalar(std::string_view what) const {
  if (!node_.IsScalar()) refuse(quote(what) + " wants a text");
  return node_.Scalar();
}

std::string Item::line_or_empty(std::string_view what) const {
  const auto text = scalar(what);
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

void Item::refuse_too_many(std::string_view what) const {
  if (node_.size() > kMaxMembers) {
    refuse(quote(what) + " has more than " + std::to_string(kMaxMembers) + " members");
  }
}

std::vector<Item> Item::list(std::string_view what) const {
  if (!node_.IsSequence()) refuse(quote(what) + " wants a list");
  refuse_too_many(what);
  std::vector<Item> items;
  for (const auto& member : node_) items.emplace_back(member, file_);
  return items;
}

std::vector<std::pair<Item, Item>> Item::entries(std::string_view what) const {
  if (!node_.IsMap()) refuse(quote(what) + " wants `key: value` lines");
  refuse_too_many(what);
  std::vector<std::pair<Item, Item>> entries;
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const Item key(entry.first, file_);
    if (!seen.insert(key.line("a key")).second) {
      key.refuse(quote(key.line("a key")) + " is given twice");
    }
    entries.emplace_back(key, Item(entry.second, file_));
  }
  return entries;
}

Item parse_document(const std::string& text, const std::string& file) {
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    NoAliases events(file);
    while (parser.HandleNextDocument(events)) {
    }
    const auto documents = YAML::LoadAll(text);
    if (documents.empty()) throw Error(Fault::usage, file + ":1:1: the file is empty");
    if (documents.size() > 1) {
      refuse_at(file, documents[1].Mark(), "a second document (`---`); want one");
    }
    return {documents[0], file};
  } catch (const YAML::Exception& error) {
    refuse_at(file, error.mark, printable(error.msg));
  }
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
