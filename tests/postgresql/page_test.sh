#!/bin/bash
# docs/postgresql.md, typed: each of its boxes of commands is carried out, in order, on a server of the test's own, which
# has the names of the page by its certificate alone. `sudo -u postgres` is the superuser of that server.
#   page_test.sh CLUSTER PAGE
set -euo pipefail

cluster=$(realpath "$1")
page=$(realpath "$2")
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql page
if ((EUID != 0)); then
  echo 'page: skipped: not root, who gives the key of TLS to the account of the server'
  exit 77
fi
trap remove_postgresql EXIT
make_postgresql main
listen_postgresql main
echo 'local all all trust' >"$pg_dir/main/data/pg_hba.conf" # nobody comes in over TCP before the page lets them
start_postgresql main
dir=$pg_dir/page
mkdir -p "$dir/home" "$dir/bin" "$dir/etc/cluster" "$dir/lib/cluster"
cd "$dir"

# The page's machines and accounts.
ln -s "$cluster" bin/cluster
cat >bin/sudo <<END
#!/bin/bash
[[ \$1 != -u ]] || { shift 2; unset PGHOSTADDR; export PGHOST=$pg_dir/main PGUSER=postgres; }
exec "\$@"
END
chmod 755 bin/sudo
export HOME=$dir/home XDG_CACHE_HOME=$dir/cache XDG_STATE_HOME=$dir/state PATH=$dir/bin:$pg_bin:$PATH CLUSTER_CONFIG=$dir/etc/cluster/cluster.yaml
export PGPORT=${pg_ports[main]} PGUSER=jo
"$cluster" --db "$dir/lib/cluster/cluster.db" add host vm-container-0-15

# boxes: prints each box as a file of its own, NUMBER.KIND, in the order of the page.
awk '/^```[a-z]/ { file = sprintf("%02d.%s", ++count, substr($0, 4)); next } /^```/ { file = ""; next } file != "" { print > file }' "$page"
kinds=$(printf '%s\n' [0-9]*.* | sed 's/.*\.//' | sort | uniq -c | xargs)
[[ $kinds == *' pgpass '*sh ]] || fail "boxes: $kinds"

# Only this test's files are touched, whatever the page says.
for box in [0-9]*.*; do
  sed -i "s|/etc/cluster|$dir/etc/cluster|g; s|/var/lib/cluster|$dir/lib/cluster|g; s|10.1.0.0/16|127.0.0.0/8|" "$box"
  if [[ $box == *.pgpass ]]; then
    cat "$box" >>"$HOME/.pgpass"
    continue
  fi
  restarts=$(grep -c 'systemctl restart postgresql$' "$box" || true)
  sed -i '/systemctl restart postgresql$/d' "$box"
  # Two machines of one address, at this server's port. Without a terminal createuser reads the password, twice, from its
  # input.
  sed -Ei "s#(//|,)(db[12]\.example\.org)#\1\2:$PGPORT#g" "$box"
  addresses=127.0.0.1,127.0.0.1
  ! grep -q "^psql 'postgresql:" "$box" || addresses=127.0.0.1
  if ! PGHOSTADDR=$addresses setsid --wait bash -euo pipefail "./$box" >"$box.said" 2>&1 < <(yes sesame | head -n 4); then
    fail "box $box: $(<"$box")"
    cat "$box.said"
    break
  fi
  if ((restarts > 0)); then
    stop_postgresql main
    start_postgresql main
  fi
done

# What came of it.
same 'hosts' "$(PGHOSTADDR=127.0.0.1,127.0.0.1 bin/cluster list host format=csv | cut -d , -f 1 | xargs)" 'host vm-container-0-15'
same 'databases' "$(pg_sql main postgres -c "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'cl%'")" \
  'cluster cluster_before'
grep -rq sesame "$pg_dir/main.log" && fail 'the password is in the log of the server'

((failures > 0)) || echo 'page: ok'
exit $((failures > 0))
