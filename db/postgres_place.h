#pragma once

#include <string>
#include <utility>
#include <vector>

// Where an inventory on PostgreSQL is, and how safely it is spoken to.
namespace cluster::db {

/// True for "postgresql://...", "postgres://..." and "service=NAME": no path of a file.
bool is_postgres(const std::string& place);

/// The parameters of a connection to `place`, in the order in which libpq takes them: our defaults,
/// which `place` may change, then `place`, then what we insist on. To another machine the
/// certificate of the server is verified. Throws Error(usage) for a `place` with a password in it,
/// and for what libpq cannot read.
/// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS
std::vector<std::pair<std::string, std::string>> connection_parameters(const std::string& place);

/// The number of servers that `place` names. Of several, the one that may be written to is meant.
std::size_t number_of_servers(const std::string& place);

/// True for the name of this machine or a folder with a socket.
bool is_local(const std::string& host);

}  // namespace cluster::db
