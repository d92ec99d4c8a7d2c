#pragma once

#include <vector>

#include "db/engine.h"
#include "db/host.h"

// This is only for the files of db/.
namespace cluster::db {

/// Fills Host::login of `hosts` with the values of the attributes ssh_user and ssh_sudo.
void read_logins(Connection& db, std::vector<Host>& hosts);

}  // namespace cluster::db
