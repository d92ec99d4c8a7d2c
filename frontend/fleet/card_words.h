#pragma once

#include <map>
#include <optional>
#include <string>

#include "frontend/fleet/fleet.h"

// Words for cards that other tools take, and why a card is not offered to them.
namespace cluster::frontend {

/// The ids of its first function, "10de:20f1"; "" when they are not known.
std::string ids_of(const GpuCard& card);

/// A word for each kind of card in a fleet, by ids_of(): lower case letters, digits and `separator`
/// alone, beginning with a letter, at most 60 of them. No two kinds have the same word. It is made
/// of the name that pci.ids has in brackets: "GA100 [A100 PCIe 40GB]" is "a100_pcie_40gb".
std::map<std::string, std::string> model_words(const Fleet& fleet, char separator);

/// "gpupci1 of n1".
std::string who(const Host& host, const FleetCard& card);

/// Why a tool that gives cards to VMs of its own may not have this one: "it is in VM v1"; "" when
/// it may: it is a GPU, and free.
std::string why_not_free(const FleetCard& card);

/// True if the card is its host's own: it is to stay there, or its host has no VMs; no VM and no
/// domain has it or a part of it.
bool stays_with_host(const Host& host, const FleetCard& card);

/// A number in digits; "" when it is not known.
std::string digits(const std::optional<int>& number);

/// A comment of one line for formats in which `#` begins one: "# TEXT\n". Whatever is in the text.
std::string comment_line(const std::string& text);

}  // namespace cluster::frontend
