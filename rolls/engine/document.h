#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// This YAML reader says where a file is wrong. It is only for the files of rolls/.
namespace cluster::rolls {

/// The value at one place of a YAML file.
struct YamlNode {
  enum class Kind { null, text, list, map };
  Kind kind = Kind::null;
  std::string text;
  std::vector<YamlNode> members;  ///< the items of a list; for a map, each key and then its value
  int line = 1;
  int column = 1;  ///< in bytes
};

/// A value in a YAML file.
class Item {
 public:
  Item(std::shared_ptr<const YamlNode> node, std::string file)
      : node_(std::move(node)), file_(std::move(file)) {}

  /// One line of 1000 bytes at the most, not empty. Here and below, `what` is its name in messages.
  std::string line(std::string_view what) const;

  /// One line that may be empty.
  std::string line_or_empty(std::string_view what) const;

  /// Several lines, each with its line end; at least one is not blank.
  std::string lines(std::string_view what) const;

  /// The words yes, no, true or false.
  bool yes_or_no(std::string_view what) const;

  /// The members of a list, 1000 at the most.
  std::vector<Item> list(std::string_view what) const;

  /// The keys and values in the order of the file, 1000 at the most. No key is there twice.
  std::vector<std::pair<Item, Item>> entries(std::string_view what) const;

  /// "FILE:LINE:COLUMN"
  std::string where() const;

  /// Throws Error(usage), "FILE:LINE:COLUMN: WHY".
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  std::string scalar(std::string_view what) const;
  void refuse_too_many(std::size_t members, std::string_view what) const;
  Item member(std::size_t number) const;

  std::shared_ptr<const YamlNode> node_;
  std::string file_;
};

/// Reads the whole file. Throws Error(usage) when it is not one YAML document, or has a reference
/// (`*name`) to another place: a few lines of references can make a document of gigabytes.
Item parse_document(const std::string& text, const std::string& file);

/// A map that may only have known keys.
class Fields {
 public:
  Fields(const Item& map, std::string_view what, const std::vector<std::string>& known);

  /// Throws Error(usage) at the map when the key is not there.
  Item require(const std::string& key) const;
  std::optional<Item> find(const std::string& key) const;

 private:
  Item map_;
  std::string what_;
  std::map<std::string, Item> values_;
};

}  // namespace cluster::rolls
