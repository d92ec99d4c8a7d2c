#pragma once

#include <filesystem>
#include <string>

namespace cluster::cmd {

/// The settings of the frontend, one file for the machine; tests name another by $CLUSTER_CONFIG.
inline constexpr const char* kConfigFile = "/etc/cluster/cluster.yaml";

/// The inventory where nobody says otherwise: the same for everybody, so that two administrators
/// cannot come to have two.
inline constexpr const char* kDefaultInventory = "/var/lib/cluster/cluster.db";

/// The file of the inventory, and who said so.
struct InventoryPlace {
  std::filesystem::path file;
  std::string said_by;  ///< "--db", "$CLUSTER_DB", "/etc/cluster/cluster.yaml", "built in"
};

/// The place that `text` names; `said_by` begins the messages. Throws Error(usage) when that is no
/// place of an inventory.
InventoryPlace named_place(const std::string& text, const std::string& said_by);

/// $CLUSTER_CONFIG, else kConfigFile.
std::filesystem::path config_file();

/// The place of the inventory: `option` (--db) when it is not empty, else $CLUSTER_DB, else
/// `database:` of config_file(), else kDefaultInventory. Throws Error(usage) when that is no path
/// of a file, "postgresql://...", or when the settings are wrong.
InventoryPlace inventory_place(const std::string& option);

}  // namespace cluster::cmd
