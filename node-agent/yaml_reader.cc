#include "node-agent/yaml_reader.h"

#include <yaml.h>

#include <algorithm>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

using Kind = YamlValue::Kind;

// An alias may stand inside what it names, and a few of them for millions of values, or of bytes.
constexpr int kDepth = 8;
constexpr int kValues = 100'000;
constexpr std::size_t kBytes = std::size_t{1} << 20U;  // of all scalars

// A document of libyaml, which is 84 KB of gpupci; yaml-cpp would be 160, and its streams 400 more.
class Document {
 public:
  explicit Document(yaml_document_t& document) : document_(document) {}

  // Copies the value, in which no more than `depth` others stand in each other. Gives false when it
  // is deeper, or there are too many.
  bool copy(const yaml_node_t& from, int depth, YamlValue& to) {
    if (depth == 0 || ++values_ > kValues) return false;
    to.line = from.start_mark.line + 1;
    if (from.type == YAML_SEQUENCE_NODE) {
      to.kind = Kind::list;
      const auto& items = from.data.sequence.items;
      for (const auto item : std::span(items.start, items.top)) {
        if (!copy(node(item), depth - 1, to.items.emplace_back())) return false;
      }
    } else if (from.type == YAML_MAPPING_NODE) {
      to.kind = Kind::mapping;
      const auto& pairs = from.data.mapping.pairs;
      for (const auto& pair : std::span(pairs.start, pairs.top)) {
        if (!copy(node(pair.key), depth - 1, to.keys.emplace_back())) return false;
        if (!copy(node(pair.value), depth - 1, to.items.emplace_back())) return false;
      }
    } else if (!is_null(from)) {
      to.kind = Kind::scalar;
      to.text = text_of(from);
      bytes_ += to.text.size();
    }
    return bytes_ <= kBytes;
  }

 private:
  // libyaml takes every scalar for a text, even one that is absent.
  static bool is_null(const yaml_node_t& value) {
    if (value.type != YAML_SCALAR_NODE) return false;
    if (value.data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    const auto text = text_of(value);
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
  }

  static std::string text_of(const yaml_node_t& value) {
    const auto& scalar = value.data.scalar;
    return {reinterpret_cast<const char*>(scalar.value), scalar.length};
  }

  const yaml_node_t& node(int index) { return *yaml_document_get_node(&document_, index); }

  yaml_document_t& document_;
  int values_ = 0;
  std::size_t bytes_ = 0;
};

// The line of an error. When a byte is not UTF-8, libyaml knows its place in the text but not its
// line.
std::size_t line_of(const yaml_parser_t& parser, std::string_view text) {
  if (parser.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
  if (parser.error != YAML_READER_ERROR) return parser.problem_mark.line + 1;
  return static_cast<std::size_t>(std::ranges::count(text.substr(0, parser.problem_offset), '\n')) +
         1;
}

}  // namespace

YamlFile::YamlFile(std::string file, const std::string& text) : file_(std::move(file)) {
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) throw std::bad_alloc();
  const std::unique_ptr<yaml_parser_t, decltype(&yaml_parser_delete)> end(&parser,
                                                                          yaml_parser_delete);
  const auto* bytes = reinterpret_cast<const yaml_char_t*>(text.data());
  yaml_parser_set_input_string(&parser, bytes, text.size());
  yaml_document_t document;
  if (yaml_parser_load(&parser, &document) == 0) refuse(line_of(parser, text), parser.problem);
  const std::unique_ptr<yaml_document_t, decltype(&yaml_document_delete)> last(
      &document, yaml_document_delete);
  const auto* root = yaml_document_get_root_node(&document);
  if (root != nullptr && !Document(document).copy(*root, kDepth, root_)) {
    refuse(root_, "there is too much in each other");
  }
}

std::vector<YamlEntry> YamlFile::mapping(const YamlValue& value, const std::string& want) const {
  std::vector<YamlEntry> found;
  if (value.kind == Kind::null) return found;
  if (value.kind != Kind::mapping) refuse(value, want);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const auto& key = value.keys[i];
    auto name = scalar(key, "a key");
    if (!seen.insert(name).second) refuse(key, quote(name) + " is given twice");
    found.push_back({std::move(name), &key, &value.items[i]});
  }
  return found;
}

std::string YamlFile::scalar(const YamlValue& value, const std::string& what) const {
  if (value.kind != Kind::scalar) refuse(value, quote(what) + " wants a plain word");
  return value.text;
}

void YamlFile::refuse(const YamlValue& value, const std::string& why) const {
  refuse(value.line, why);
}

void YamlFile::refuse(std::size_t line, const std::string& why) const {
  throw Error(Fault::usage, file_ + ":" + std::to_string(line) + ": " + why);
}

}  // namespace cluster::agent
