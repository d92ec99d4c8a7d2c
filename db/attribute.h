#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"

namespace cluster {

/// A setting, as it is stored. It is for all hosts of an appliance, for one host, or, with neither,
/// for all hosts.
struct Attribute {
  std::optional<std::string> appliance;
  std::optional<HostName> host;
  std::string name;   ///< letters, digits, '_', '-' and '.', not starting with a digit, '-' or '.'
  std::string value;  ///< UTF-8 without NUL; may have several lines

  bool operator==(const Attribute&) const = default;
};

/// The place where a value was set, the farthest first.
enum class AttributeSource { global, appliance, container, host };

/// The value that counts for one host.
struct ResolvedAttribute {
  std::string value;
  AttributeSource source = AttributeSource::global;
};

/// The attributes by name.
using ResolvedAttributes = std::map<std::string, ResolvedAttribute, std::less<>>;

/// The owners whose attributes are wanted. An owner that is absent gives none.
struct AttributeScope {
  std::optional<std::string> appliance;
  std::optional<HostName> container;  ///< of a VM
  std::optional<HostName> host;
};

/// All attributes of the inventory, sorted once, so that the attributes of each of 10,000 VMs are
/// found fast.
class AttributeResolver {
 public:
  /// `attributes` are as Inventory::attributes() gives them.
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
