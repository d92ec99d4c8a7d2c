#!/bin/bash
# Who may what in a shared inventory: readers, operators, and who is named by the attribute `owner`; by `cluster` and,
# past it, by psql. The history knows who it was.
#   roles_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql roles
trap remove_postgresql EXIT
make_postgresql main
start_postgresql main
make_inventory main inventory
add_role main olga cluster_owner
add_role main otto cluster_operator
add_role main rita cluster_reader
add_role main alice cluster_delegate
add_role main bob cluster_delegate
add_role main nobody

# denied ROLE SQL: PostgreSQL itself refuses it.
denied() {
  local said
  said=$("$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -c 'SET search_path = cluster' -c "$2" "$(pg_uri main inventory "$1")" 2>&1) &&
    fail "$1 may: $2"
  [[ $said == *'permission denied'* || $said == *'must be owner'* || $said == *"${3:-permission denied}"* ]] || fail "$1: $2: $said"
}
allowed() {
  "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -c 'SET search_path = cluster' -c "$2" "$(pg_uri main inventory "$1")" >"$pg_dir/said" 2>&1 ||
    fail "$1 may not: $2: $(<"$pg_dir/said")"
}
what_is_there() { as otto dump; }

as otto add host n1 appliance=vm-container
as otto add host n2 appliance=vm-container
for card in 1 2 3; do as otto add host gpu n1 gpupci$card "0$card:00.0"; done
as otto add host gpu n2 gpupci1 01:00.0
as otto add host vm va n1
as otto add host vm vb n1
as otto add host vm vc n2
as otto add host attr va owner alice
as otto add host attr vb owner 'bob, carol'

# A reader reads everything, and changes nothing.
same 'a reader lists' "$(as rita list host format=csv | wc -l)" 6
before=$(what_is_there)
says "role 'rita' may only read this inventory" as rita add host n3
says "role 'rita' may only read this inventory" as rita remove host n2
says "role 'rita' may only read this inventory" as rita add host gpu va gpupci gpupci1
for sql in "INSERT INTO host (name, appliance) VALUES ('n3', 'compute')" "DELETE FROM change" "UPDATE gpu SET missing = 1" \
  "BEGIN; LOCK TABLE turn IN EXCLUSIVE MODE" "CREATE TABLE mine (n integer)" "CREATE TEMP TABLE mine (n integer)" \
  "CREATE TABLE public.mine (n integer)" "SELECT change_of_now()" "TRUNCATE host" "INSERT INTO change_now VALUES (1, '1')"; do
  denied rita "$sql"
done
same 'what a reader changed' "$(what_is_there)" "$before"

# Who is in no group does not even read.
says 'permission denied for database' as nobody list host

# An operator changes rows, but not the schema, nor who may what, nor what was.
for sql in "TRUNCATE host CASCADE" "DROP TABLE host" "ALTER TABLE vm_gpu DISABLE TRIGGER ALL" \
  "SET session_replication_role = replica" "UPDATE schema_version SET version = 1" "DELETE FROM change" \
  "UPDATE change SET login = 'rita'" "DELETE FROM change_row" "CREATE TABLE mine (n integer)" \
  "SET ROLE cluster_owner" "DROP SCHEMA cluster CASCADE" "DROP FUNCTION one_writer() CASCADE"; do
  denied otto "$sql"
done
denied otto "GRANT cluster_owner TO otto" ' role "cluster_owner"' # the words differ between versions
same 'what an operator must not change' "$(what_is_there)" "$before"

# Who is named by the attribute `owner` gives cards to these VMs and takes them back, and changes nothing else.
as alice add host gpu va gpupci gpupci1
same 'the card that alice gave' "$(as alice list host gpu va | tail -n 1 | xargs)" 'va: gpupci pci_0000_01_00_0'
says "role 'alice' is no operator, and the attribute owner of 'vb' does not name it" as alice add host gpu vb gpupci gpupci2
as bob add host gpu vb gpupci gpupci2
says "attribute owner of 'vc'" as alice add host gpu vc gpupci gpupci1
given=$(what_is_there)
for sql in "INSERT INTO host (name, appliance) VALUES ('n3', 'compute')" "UPDATE attribute SET value = 'alice'" \
  "DELETE FROM attribute" "UPDATE vm SET container = 'n2'" "DELETE FROM change"; do
  denied alice "$sql"
done
# Past the program: neither takes a card of another's VM, nor gives one to it.
for sql in "DELETE FROM vm_gpu WHERE vm = 'vb'" "UPDATE vm_gpu SET vm = 'va', name = 'gpupci2' WHERE vm = 'vb'" \
  "UPDATE vm_gpu SET vm = 'vb', name = 'gpupci2' WHERE vm = 'va'" "INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('vb', 'gpupci2', 'n1', 'gpupci3')"; do
  denied alice "$sql" 'does not name it'
done
same 'what alice changed past it' "$(what_is_there)" "$given"
as alice remove host gpu va gpupci force=yes 2>/dev/null # whether va runs is not known
as otto remove host attr va owner
says "attribute owner of 'va'" as alice add host gpu va gpupci gpupci1
as otto add host attr n1 owner alice # of the container counts where the VM has none
as alice add host gpu va gpupci gpupci1
says "attribute owner of 'vb'" as alice add host gpu vb gpupci2 gpupci3

# The history knows the role, whatever the program says.
same 'who gave the cards' "$(pg_sql main inventory -c \
  "SELECT string_agg(DISTINCT login, ' ' ORDER BY login) FROM cluster.change JOIN cluster.change_row ON change = id WHERE place = 'vm_gpu'")" 'alice bob'
allowed otto "BEGIN; SET LOCAL cluster.login = 'rita'; SET LOCAL cluster.command = 'nothing'; INSERT INTO host (name, appliance) VALUES ('n9', 'compute'); COMMIT"
same 'who added n9' "$(pg_sql main inventory -c 'SELECT login FROM cluster.change ORDER BY id DESC LIMIT 1')" otto

# psql writes one after the other, too, and never in what others did not see.
said=$("$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 "$(pg_uri main inventory otto)" 2>&1 <<'SQL'
SET search_path = cluster;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO host (name, appliance) VALUES ('n10', 'compute');
SQL
) && fail 'psql writes in REPEATABLE READ'
[[ $said == *'write in READ COMMITTED or SERIALIZABLE'* ]] || fail "REPEATABLE READ: $said"

((failures > 0)) || echo 'roles: ok'
exit $((failures > 0))
