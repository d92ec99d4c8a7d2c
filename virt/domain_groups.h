#pragma once

#include <pugixml.hpp>
#include <utility>
#include <vector>

// Finds the elements of one domain document in others. Only virt/ includes this header.

namespace cluster::virt {

/// Whose an element is: `agreed` means that an agreement pairs the two sides; devices that have
/// nothing but their place are not the same for strangers.
enum class Acquaintance { agreed, strangers };

/// The elements of `left`, each with the one of `right` that it is: by alias, then by key, then by
/// place among equals.
std::vector<std::pair<pugi::xml_node, pugi::xml_node>> pairs(
    const std::vector<pugi::xml_node>& left, const std::vector<pugi::xml_node>& right,
    Acquaintance acquaintance = Acquaintance::agreed);

/// One element in the four documents of a merge, null where it is not: rendered at the last define,
/// defined by libvirt then, theirs, ours.
struct Quad {
  pugi::xml_node rendered;
  pugi::xml_node defined;
  pugi::xml_node theirs;
  pugi::xml_node ours;
};

/// The children of a quad, theirs first and in their order.
std::vector<Quad> groups(const Quad& parents);

}  // namespace cluster::virt
