#pragma once

#include <string>

#include "core/error.h"
#include "core/names.h"
#include "db/engine.h"

// The texts of refusals that several nouns of db/ share. Each function asks `db` in the transaction
// of the deed.
namespace cluster {

/// What a refusal of the database is to who asked for the deed.
Fault fault_of(const db::Failure& failure);

/// True when a constraint or a rule of the schema refused.
bool is_by_constraint(const db::Failure& failure);

/// The words of a failure in a change, with what the operator has to know of one that was cut off:
/// whether it is done.
std::string outcome_of(const db::Failure& failure);

/// "card gpupci1", "slice gpupci1.0", "mediated device c2177883-...".
std::string device_words(const std::string& device);

/// Throws Error(not_found): `host` has no card `card`, which is a name or an address.
[[noreturn]] void no_card(db::Connection& db, const HostName& host, const std::string& card);

/// Throws Error(exists) when a host has this name already, in the same or in another case.
void explain_host_name(db::Connection& db, const HostName& name);

/// The appliance of a host; "" when there is no such host.
std::string appliance_of(db::Connection& db, const HostName& host);

}  // namespace cluster
