#pragma once

#include <string>
#include <vector>

#include "virt/domain_spec.h"

namespace cluster {

/// A VM that a test renders; its document is tests/data/domain/NAME.xml.
struct ExampleDomain {
  std::string name;
  virt::DomainSpec spec;
};

/// One VM of each kind: cards of all sorts, and every feature that needs no card.
std::vector<ExampleDomain> example_domains();

/// The example with that name.
virt::DomainSpec example_domain(const std::string& name);

}  // namespace cluster
