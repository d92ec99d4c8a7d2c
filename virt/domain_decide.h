#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "virt/domain_merging.h"

// Decides about one value of a document. Only virt/ includes this header.

namespace cluster::virt {

/// A value of one attribute or text in the four documents; a missing one is a value as well.
using Value = std::optional<std::string_view>;
struct QuadValues {
  Value rendered;
  Value defined;
  Value theirs;
  Value ours;
};

/// The value that stays, and tells what is different. `attribute`: "" for the text of the element
/// at `path`.
Value decide(Merging& merging, const std::string& path, std::string_view attribute,
             const QuadValues& values);

/// Ours and theirs differ, and the host has changed what was agreed.
struct Drift {
  Value theirs;
  Value ours;
  Value agreed;  ///< missing as well where nothing is
  MergeDifference::Who who;
};

/// Tells of drift at `path`. Returns true if ours wins.
bool settle(Merging& merging, const std::string& path, const Drift& drift);

/// Tells of something of the host that stays.
void tell_kept(Merging& merging, std::string path, std::optional<std::string> old,
               std::optional<std::string> now);

/// An attribute of an element, nothing when there is none.
Value attribute_if_any(pugi::xml_node element, const char* name);

/// A text, nothing when it is empty.
Value value_if_any(std::string_view text);

}  // namespace cluster::virt
