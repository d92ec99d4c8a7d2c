#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::virt {

/// Writes the values of a document as libvirt writes them when it reads them back, so that what
/// means the same is the same: sizes in KiB, PCI addresses in hexadecimal, MAC and UUID in lower
/// case, sets of CPUs as ranges, one <vcpusched> a CPU, the listen address of graphics in its
/// element. What it cannot read stays as it is.
void spell(pugi::xml_node root);

/// True if libvirt could have made one of the other: `q35` and `pc-q35-7.2`, letters of a UUID or
/// of an address. `path` is that of the element, "domain/os/type"; `attribute` is "" for its text.
/// Two that are missing are the same.
bool same(std::string_view path, std::string_view attribute, std::optional<std::string_view> a,
          std::optional<std::string_view> b);

/// The numbers of a set in order: {0, 1, 3} of "0-1,3"; "^1" takes one out again. Returns nothing
/// when `text` is no set, or larger than any libvirt knows.
std::optional<std::vector<int>> numbers(std::string_view text);

/// A number of a PCI address, decimal or hexadecimal; `otherwise` when `text` is none.
int number(std::string_view text, int otherwise = 0);

/// 0x and `value` in at least `digits` hexadecimal digits.
std::string hexadecimal(int value, int digits);

}  // namespace cluster::virt
