#!/bin/bash
# A primary with a synchronous standby dies twenty times while two frontends write; the standby is promoted each time.
# What was acknowledged is there, and what was said not to be done is not. It prints how long nobody could write.
#   failover_test.sh CLUSTER [ROUNDS]
set -euo pipefail
export LC_ALL=C

cluster=$(realpath "$1")
rounds=${2:-20}
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql failover
trap remove_postgresql EXIT

primary=a standby=b
make_postgresql a
listen_postgresql a
listen_postgresql b
start_postgresql a
make_inventory a inventory
add_role a one cluster_operator
add_role a two cluster_operator
dir=$pg_dir/told
mkdir "$dir"

# Beside a standby that is synchronous the primary acknowledges nothing alone. The setting is the primary's: a standby that
# took it over would wait for a standby of its own when it is promoted.
follow() {
  make_standby "$standby" "$primary"
  echo "synchronous_standby_names = ''" >>"$pg_dir/$standby/data/postgresql.auto.conf"
  start_postgresql "$standby"
  pg_sql "$primary" postgres -c "ALTER SYSTEM SET synchronous_standby_names = '*'" -c "SELECT pg_reload_conf()" >/dev/null
  local state
  for _ in {1..600}; do
    state=$(pg_sql "$primary" postgres -c "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'")
    [[ $state != sync ]] || return 0
    sleep 0.05
  done
  fail "no synchronous standby: '$state'"
  return 1
}

# write_as ROLE: adds hosts one after the other, and writes down what it was told about each: "NAME STATUS WORDS".
write_as() {
  local uri="postgresql://127.0.0.1:${pg_ports[a]},127.0.0.1:${pg_ports[b]}/inventory?user=$1" i status said
  for ((i = 1; ; ++i)); do
    [[ -e $pg_dir/go ]] || return 0
    status=0
    said=$(CLUSTER_DB=$uri timeout 60 "$cluster" add host "$1-$i" appliance=compute 2>&1) || status=$?
    echo "$1-$i $status ${said//$'\n'/; }" >>"$dir/$1"
  done
}
acknowledged() { cat "$dir"/* 2>/dev/null | awk '$2 == 0' | wc -l; }

# until_more COUNT: until COUNT more hosts are acknowledged than there were at the call.
until_more() {
  local want=$(($(acknowledged) + $1))
  for _ in {1..1200}; do
    (($(acknowledged) < want)) || return 0
    sleep 0.05
  done
  fail "nobody writes any more: $(tail -qn 1 "$dir"/*)"
  return 1
}

follow
touch "$pg_dir/go"
writers=()
for role in one two; do
  write_as $role &
  writers+=($!)
done
pauses=()
for ((round = 1; round <= rounds; ++round)); do
  until_more 6
  sleep "0.0$((RANDOM % 10))"
  begin=$EPOCHREALTIME
  kill_postgresql "$primary"
  pg_sql "$standby" postgres -c 'SELECT pg_promote()' >/dev/null
  until_more 1
  pauses+=("$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $begin }")")
  read -r primary standby <<<"$standby $primary"
  follow
done
until_more 6
rm "$pg_dir/go"
wait "${writers[@]}"

cat "$dir"/* >"$pg_dir/all"
pg_sql "$primary" inventory -c 'SELECT name FROM cluster.host' | sort >"$pg_dir/there"
names() { cut -d ' ' -f 1 | sort; }
grep -E '^[^ ]+ 0 ' "$pg_dir/all" | names >"$pg_dir/acknowledged"
grep 'may be done' "$pg_dir/all" | names >"$pg_dir/unknown" || true
grep -Ev '^[^ ]+ 0 |may be done' "$pg_dir/all" | names >"$pg_dir/not_done" || true
lost=$(comm -23 "$pg_dir/acknowledged" "$pg_dir/there" | wc -l)
denied=$(comm -12 "$pg_dir/not_done" "$pg_dir/there")
done_after_all=$(comm -12 "$pg_dir/unknown" "$pg_dir/there" | wc -l)
echo "$rounds times SIGKILL: $lost of $(wc -l <"$pg_dir/acknowledged") acknowledged hosts lost"
echo "not known whether done: $(wc -l <"$pg_dir/unknown"), of which $done_after_all were; not done: $(wc -l <"$pg_dir/not_done")"
echo "seconds from the SIGKILL until somebody wrote again: ${pauses[*]}"
awk '$2 != 0' "$pg_dir/all" | cut -d ' ' -f 2- | sed 's/port [0-9]*/port N/g' | sort | uniq -c | sort -rn | head -n 20
same 'lost' "$lost" 0
same 'said not to be done, and there' "$denied" ''
same 'statuses other than 0, 1 and 3' "$(awk '$2 != 0 && $2 != 1 && $2 != 3' "$pg_dir/all")" ''

# Who may see the standbys is told that the last one went; others are told that they may not see it.
remarks() { as "$1" check database 2>&1 | grep standby || true; }
server=$primary
same 'with a standby' "$(remarks postgres)" ''
[[ $(remarks one) == *"role 'one' may not see whether one is connected"* ]] || fail "an operator: $(remarks one)"
stop_postgresql "$standby"
[[ $(remarks postgres) == *'no such standby is connected'* ]] || fail "without a standby: $(remarks postgres)"

((failures > 0)) || echo 'failover: ok'
exit $((failures > 0))
