#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rolls/engine/document.h"
#include "rolls/engine/folder.h"

namespace cluster::rolls {

/// The files of a roll's folder, under the paths that roll.yaml uses.
class RollFiles {
 public:
  /// `shown` stands for the folder in messages. Throws as list_folder() does.
  RollFiles(const std::filesystem::path& folder, std::string shown);

  /// The file or folder at that path in the roll; null when there is none.
  const Entry* find(const std::string& path) const;

  /// The file that `item` names. Throws Error(usage) at the item when the roll has none.
  const Entry& named_by(const Item& item, std::string_view what) const;

  /// The whole text of a file. Throws Error(usage) when it has more than 1 MiB.
  std::string text_of(const Entry& entry) const;

  /// The whole text of a file in which `{{ name }}` may be one of `names`. Throws as
  /// check_placeholders() does.
  std::string template_of(const Entry& entry, const std::vector<std::string>& names,
                          bool whole_lines) const;

  /// The path of a file in messages: "gpupt-1.0.0/files/a".
  std::string shown(const std::string& path) const { return shown_ + "/" + path; }

 private:
  std::filesystem::path folder_;
  std::string shown_;
  std::vector<Entry> entries_;
};

}  // namespace cluster::rolls
