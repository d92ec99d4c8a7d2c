#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "virt/domain_gates.h"
#include "virt/domain_view.h"

// The gates about the guest's address space. Only virt/ includes this header.

namespace cluster::virt {

/// See guest_address_bits().
std::optional<int> address_bits(const DomainView& view, const GateFacts& facts);

/// True if the CPU of the guest has pages of 1 GiB, as far as its name tells.
bool has_gib_pages(const DomainView& view);

/// V3 for `cards`, which are all in the document. It warns when only one of the two kinds of OVMF
/// has a place for all, and when less than one biggest BAR is left. `host_bits` are those of the
/// container.
std::optional<GateRefusal> refuse_bars(const DomainView& view, const std::vector<CardSpec>& cards,
                                       std::optional<int> bits, std::optional<int> host_bits);

/// V4.
std::optional<GateRefusal> refuse_hole(const DomainView& view, std::optional<int> bits);

std::uint64_t sum_of(const std::vector<int>& bars);

/// "128 GiB", or "131104 MiB".
std::string size_text(std::uint64_t mib);

}  // namespace cluster::virt
