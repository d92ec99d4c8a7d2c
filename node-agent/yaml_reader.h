#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cluster::agent {

/// A value of a YAML document: nothing, a scalar, a list or a mapping.
struct YamlValue {
  enum class Kind { null, scalar, list, mapping };

  Kind kind = Kind::null;
  std::string text{};              ///< of a scalar: every scalar is a text, also 0300 and true
  std::vector<YamlValue> items{};  ///< of a list, or the values of a mapping
  std::vector<YamlValue> keys{};   ///< of a mapping, in their order
  std::size_t line = 0;            ///< where it begins, from 1
};

/// One line of a mapping.
struct YamlEntry {
  std::string name;        ///< the key
  const YamlValue* key;    ///< where it stands
  const YamlValue* value;  ///< what it has
};

/// A file of ours in YAML. Whatever is wrong in it is refused with its place: "FILE:LINE: why".
class YamlFile {
 public:
  /// Reads `text`, the content of `file`. Throws Error(usage) when it is not YAML, or deeper than
  /// any file of ours.
  YamlFile(std::string file, const std::string& text);

  /// The only document of the file; null when there are but comments.
  const YamlValue& root() const { return root_; }

  /// The entries of a mapping, each key a scalar that is given once; none of null. Throws
  /// Error(usage) with `want` when the value is no mapping.
  std::vector<YamlEntry> mapping(const YamlValue& value, const std::string& want) const;

  /// The text of a scalar. Throws Error(usage) when the value of key `what` is none.
  std::string scalar(const YamlValue& value, const std::string& what) const;

  /// Throws Error(usage): "FILE:LINE: why".
  [[noreturn]] void refuse(const YamlValue& value, const std::string& why) const;

 private:
  [[noreturn]] void refuse(std::size_t line, const std::string& why) const;

  std::string file_;
  YamlValue root_;
};

}  // namespace cluster::agent
