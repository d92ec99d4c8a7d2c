#pragma once

#include <span>
#include <string>
#include <string_view>

#include "db/attribute.h"
#include "virt/domain_spec.h"

namespace cluster::frontend {

/// An attribute that says how VMs are made: a row of the table in vm_attributes.cc, of which
/// `cluster help attr` and docs/commands.md are made.
struct VmAttribute {
  std::string_view name;
  std::string_view fallback;  ///< what counts where it is set nowhere; "" = nothing
  std::string_view values;    ///< "kvm, qemu"
  std::string_view help;      ///< half a line

  /// Puts `value` into `domain`, which has its disks and cards already. Throws Error(usage) with
  /// what would be right. Only looks at the value of an attribute that is not for the rendering.
  void (*apply)(virt::DomainSpec& domain, const std::string& value);
};

/// Every such attribute, in the order in which they are applied.
std::span<const VmAttribute> vm_attributes();

/// Throws Error(usage) when `name` looks like one of these ("vm_", "hostdev_", ...) and is none: an
/// attribute that nobody reads would be ignored without a word. Others are the site's own.
void check_attribute_name(const std::string& name);

/// Throws Error(usage) when `value` is none for the attribute `name`, as far as can be said without
/// a VM.
void check_attribute_value(const std::string& name, const std::string& value);

/// The value that counts for `name`, which is one of vm_attributes(): the resolved one, else its
/// fallback.
std::string attribute_value(const ResolvedAttributes& resolved, std::string_view name);

/// Applies all to `domain`. Throws Error(refused) that names the attribute.
void apply_attributes(virt::DomainSpec& domain, const ResolvedAttributes& resolved);

}  // namespace cluster::frontend
