#pragma once

#include <span>
#include <string>
#include <string_view>

#include "db/attribute.h"
#include "virt/domain_spec.h"

namespace cluster::frontend {

/// An attribute that says how VMs are made. It is a row of the table in vm_attributes.cc, and
/// `cluster help attr` and docs/commands.md are made of that table.
struct VmAttribute {
  std::string_view name;
  std::string_view fallback;  ///< the value when it is set nowhere; "" = nothing
  std::string_view values;    ///< "kvm, qemu"
  std::string_view help;      ///< half a line

  /// Puts `value` into `domain`, which has its disks and cards already. Throws Error(usage) that
  /// says what would be right. If the attribute is not for the definition, it only checks the
  /// value.
  void (*apply)(virt::DomainSpec& domain, const std::string& value);
};

/// Every such attribute, in the order in which they are applied.
std::span<const VmAttribute> vm_attributes();

/// Throws Error(usage) when `name` looks like one of these ("vm_", "hostdev_", ...) and is none: an
/// attribute that nobody reads would be ignored without a word. Other names belong to the site.
void check_attribute_name(const std::string& name);

/// Throws Error(usage) when `value` is not valid for the attribute `name`, as far as this is known
/// without a VM.
void check_attribute_value(const std::string& name, const std::string& value);

/// The value that counts for `name`, which is one of vm_attributes(). It is the resolved value,
/// else the attribute's fallback.
std::string attribute_value(const ResolvedAttributes& resolved, std::string_view name);

/// Applies all to `domain`. Throws Error(refused) that names the attribute.
void apply_attributes(virt::DomainSpec& domain, const ResolvedAttributes& resolved);

}  // namespace cluster::frontend
