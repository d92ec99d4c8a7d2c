#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ssh/config_keyword.h"

namespace cluster::ssh {

/// One line of a configuration file.
struct Setting {
  std::string keyword;             ///< in lower case and present spelling: "hostname"
  std::vector<std::string> words;  ///< its arguments, without quotes; a Host alone may have none
  std::string where;               ///< "/root/.ssh/config:3"
  Use use = Use::unknown;
  bool is_usual = true;    ///< false: only OpenSSH can tell whether it takes the value
  std::size_t number = 0;  ///< of a condition: its place among those read
};

/// Settings that count for the same hosts.
struct ConfigBlock {
  std::vector<Setting> conditions;  ///< `host` and `match` lines that must all match
  std::vector<Setting> settings;
};

/// The folders that a file's paths are relative to.
struct ConfigFolders {
  std::string home;        ///< the folder that a leading `~/` stands for
  std::string includes;    ///< the base of an Include without a leading `/` or `~`
  bool is_system = false;  ///< it is the system's: `~` has no meaning in its Include
};

/// The blocks of `text`, the content of `file`, in the order of the lines; Include is followed.
/// Lines are read as readconf.c of OpenSSH reads them. Throws Error(usage) with `FILE:LINE: ` when
/// a line cannot be read.
std::vector<ConfigBlock> parse_config(std::string_view text, const std::string& file,
                                      const ConfigFolders& folders);

/// A configuration file is named by the operator, the user's or the system's.
enum class ConfigFile {
  named,  ///< by the operator: must exist
  user,   ///< ~/.ssh/config: must not be writable by others, as in OpenSSH
  system  ///< /etc/ssh/ssh_config
};

/// The blocks of `file`; none when it does not exist and does not have to. Throws Error(usage) when
/// it cannot be read or must not be trusted.
std::vector<ConfigBlock> read_config(const std::string& file, ConfigFile kind,
                                     const ConfigFolders& folders);

}  // namespace cluster::ssh
