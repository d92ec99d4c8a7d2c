#include "rolls/engine/roll_files.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/engine/template.h"

namespace cluster::rolls {
namespace {

constexpr std::uintmax_t kMaxText = 1U << 20U;  // for roll.yaml, and for a file that hosts get

}  // namespace

RollFiles::RollFiles(const std::filesystem::path& folder, std::string shown)
    : folder_(folder), shown_(std::move(shown)), entries_(list_folder(folder, shown_)) {}

const Entry* RollFiles::find(const std::string& path) const {
  const auto at = std::ranges::find(entries_, path, &Entry::path);
  return at == entries_.end() ? nullptr : &*at;
}

const Entry& RollFiles::named_by(const Item& item, std::string_view what) const {
  const auto path = item.line(what);
  if (const auto why = why_not_inside(path); !why.empty()) item.refuse(why);
  const auto* entry = find(path);
  if (entry == nullptr) {
    std::vector<std::string> paths;
    for (const auto& one : entries_) paths.push_back(one.path);
    item.refuse("the roll has no file " + quote(path) + did_you_mean(path, paths));
  }
  if (entry->is_folder) item.refuse(quote(path) + " is a folder; want a file");
  return *entry;
}

std::string RollFiles::text_of(const Entry& entry) const {
  if (entry.size > kMaxText) {
    throw Error(Fault::usage,
                shown(entry.path) + ": is larger than " + std::to_string(kMaxText) + " bytes");
  }
  return read_file(folder_ / entry.path).value_or("");
}

std::string RollFiles::template_of(const Entry& entry, const std::vector<std::string>& names,
                                   bool whole_lines) const {
  auto text = text_of(entry);
  check_placeholders(text, shown(entry.path), names, whole_lines);
  return text;
}

}  // namespace cluster::rolls
