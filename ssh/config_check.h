#pragma once

#include <string>
#include <vector>

#include "ssh/config_file.h"

namespace cluster::ssh {

/// True if every OpenSSH takes these words for `keyword`, which is in lower case and known to
/// config_keyword.h. Of others only the OpenSSH that is here can tell: it refuses a whole file for
/// one value, wherever that stands, and a later one may know a value that this table does not.
bool is_usual_value(const std::string& keyword, const std::vector<std::string>& words);

/// True if `setting`, which only OpenSSH knows, is switched off.
bool is_off(const Setting& setting);

}  // namespace cluster::ssh
