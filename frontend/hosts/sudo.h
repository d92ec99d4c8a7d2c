#pragma once

#include <string>
#include <string_view>

#include "db/host.h"

// Root's work on hosts whose login user is another: by `sudo -n`, which never asks.
namespace cluster::frontend {

/// The login name that the inventory has for the host, by itself or by the attribute ssh_user; ""
/// leaves it to ssh. Throws Error(usage) when the attribute has none.
std::string login_user(const Host& host);

/// True if the key sudo= of the host says so, or else the attribute ssh_sudo. Throws Error(usage)
/// when the attribute says neither yes nor no.
bool by_sudo(const Host& host);

/// `command`, a program with its words, as it is to be given to the login shell of the host.
std::string as_root(const Host& host, const std::string& command);

/// The same for gpupci with `words`, "-l --json". Root's search path may be shorter than the login
/// user's (secure_path of sudoers), so gpupci is looked for before sudo starts it.
std::string gpupci_command(const Host& host, const std::string& words);

/// The reason if sudo did not run what it was to run, by what it `said` on standard error: one line
/// with what to put into /etc/sudoers.d. "" when sudo has not complained. `program` is what the
/// line is to allow, "/usr/local/bin/gpupci" or "ALL"; `user` is "" where ssh chooses it.
std::string sudo_refusal(const std::string& user, std::string_view said, std::string_view program);

/// Throws Error(usage) when `value` is not valid for the attribute `name`, if that is one of these.
void check_login_attribute(const std::string& name, const std::string& value);

}  // namespace cluster::frontend
