# shellcheck shell=bash
# Inventories on the servers of tests/support/postgresql.sh. A test sources this file; $cluster is the program.
#   make_inventory SERVER DATABASE   makes a database with the schema, as docs/postgresql.md says
#   make_template SERVER             makes `inventory` a template, and a role that makes databases of it
#   add_role SERVER NAME [GROUP]     makes a role that logs in, a member of GROUP
#   as ROLE COMMAND [ARG...]         runs cluster as ROLE on the inventory $database of the server $server
# It counts what is wrong in `failures`.
# shellcheck disable=SC2154 # cluster and pg_dir

# shellcheck source=tests/support/postgresql.sh
. "${BASH_SOURCE[0]%/*}/../support/postgresql.sh"

failures=0
server=main
database=inventory

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

same() { [[ $2 == "$3" ]] || fail "$1: '$2', want '$3'"; } # same WHAT GOT WANT

# says TEXT COMMAND...: it fails with one line that has TEXT.
says() {
  local want=$1 said
  shift
  said=$("$@" 2>&1 >/dev/null) && fail "went well: $*"
  [[ $said == *"$want"* && $said != *$'\n'* ]] || fail "$*: said '$said', want '$want'"
}

add_role() {
  pg_sql "$1" postgres -c "CREATE ROLE \"$2\" LOGIN"
  [[ -z ${3:-} ]] || pg_sql "$1" postgres -c "GRANT $3 TO \"$2\""
}

make_inventory() {
  # The frontend's own folders, of rolls and logs, are the test's.
  export XDG_CACHE_HOME=$pg_dir/cache XDG_STATE_HOME=$pg_dir/state
  new_database "$1" "$2"
  CLUSTER_DB=$(pg_uri "$1" "$2") "$cluster" upgrade database >/dev/null
  pg_sql "$1" postgres -c "REVOKE ALL ON DATABASE \"$2\" FROM PUBLIC" \
    -c "GRANT CONNECT ON DATABASE \"$2\" TO cluster_owner, cluster_operator, cluster_delegate, cluster_reader"
}

make_template() {
  pg_sql "$1" postgres -c 'CREATE ROLE stories LOGIN CREATEDB'
  make_inventory "$1" inventory
  pg_sql "$1" postgres -c 'ALTER DATABASE inventory IS_TEMPLATE true' -c 'GRANT cluster_operator TO stories'
}

as() {
  local role=$1
  shift
  CLUSTER_DB=$(pg_uri "$server" "$database" "$role") "$cluster" "$@"
}

# A configuration of this machine counts for nothing here.
export CLUSTER_CONFIG=/nonexistent
unset CLUSTER_DB PGHOST PGUSER PGDATABASE PGSERVICE PGPASSWORD PGPASSFILE PGSSLMODE
