#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cluster::frontend {

/// A file of a volume: its name, lower case letters, digits and '-', and its text.
using IsoFile = std::pair<std::string, std::string>;

/// The bytes of a small CD-ROM that is called `label` and has these files in its one folder:
/// ISO 9660 (ECMA-119) with Joliet's names, so that Linux, BSD and Windows read them. The same
/// files give the same bytes: nothing in it is dated.
std::string iso_volume(const std::string& label, std::vector<IsoFile> files);

}  // namespace cluster::frontend
