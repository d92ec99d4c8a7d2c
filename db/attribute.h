#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"

namespace cluster {

/// A setting, as it is stored: of all hosts of an appliance, of one host, or, with neither, of all.
struct Attribute {
  std::optional<std::string> appliance;
  std::optional<HostName> host;
  std::string name;   ///< letters, digits, '_', '-' and '.', not starting with a digit, '-' or '.'
  std::string value;  ///< UTF-8 without NUL; may have several lines

  bool operator==(const Attribute&) const = default;
};

/// Where a value was set, the farthest first.
enum class AttributeSource { global, appliance, container, host };

/// The value that counts for one host.
struct ResolvedAttribute {
  std::string value;
  AttributeSource source = AttributeSource::global;
};

/// By name.
using ResolvedAttributes = std::map<std::string, ResolvedAttribute, std::less<>>;

/// Whose attributes are wanted. What is absent has no say.
struct AttributeScope {
  std::optional<std::string> appliance;
  std::optional<HostName> container;  ///< of a VM
  std::optional<HostName> host;
};

/// All attributes of the inventory, sorted out once so that each of 10,000 VMs has its own fast.
class AttributeResolver {
 public:
  /// `attributes` as Inventory::attributes() gives them.
  explicit AttributeResolver(const std::vector<Attribute>& attributes);

  /// The nearest value of each name: global < appliance < container < host.
  ResolvedAttributes resolve(const AttributeScope& scope) const;

 private:
  using Values = std::map<std::string, std::string, std::less<>>;

  Values global_;
  std::map<std::string, Values> of_appliance_;
  std::map<HostName, Values> of_host_;
};

}  // namespace cluster
