#!/bin/bash
# Nothing that a frontend says to another machine can be read or answered by a third: the certificate of the server must
# be of its CA and have its name, a server without TLS is refused, and a password stands in no command.
#   tls_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql tls
trap remove_postgresql EXIT
make_postgresql main
listen_postgresql main
data=$pg_dir/main/data
export HOME=$pg_dir/home
mkdir "$HOME"

# certify CA NAME FILE: a key and a certificate for the host NAME, by a CA that is made when it is not there yet.
certify() {
  [[ -e $1.key ]] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$1.key" -out "$1.crt"
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -keyout "$3.key" -out "$3.csr"
  openssl x509 -req -in "$3.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 2 -copy_extensions copy -out "$3.crt"
}
cd "$pg_dir"
{
  certify ours db.example.org server
  certify others db.example.org stranger
} 2>openssl.log || { cat openssl.log; exit 1; }
cp server.crt server.key "$data"
((EUID != 0)) || chown postgres: "$data/server.crt" "$data/server.key"
chmod 600 "$data/server.key"
# Over TCP only with TLS and a password.
printf '%s\n' 'local all all trust' 'hostssl all all 127.0.0.0/8 scram-sha-256' >"$data/pg_hba.conf"
start_postgresql main -c ssl=on
make_inventory main inventory
add_role main otto cluster_operator
pg_sql main postgres -c "ALTER ROLE otto PASSWORD 'sesame'"
echo '*:*:*:otto:sesame' >"$HOME/.pgpass"
chmod 600 "$HOME/.pgpass"

# at HOST [PARAMETER...]: prints the URI of the server by this name, which no DNS is asked for.
at() {
  local host=$1
  shift
  printf 'postgresql://otto@%s:%s/inventory?hostaddr=127.0.0.1' "$host" "${pg_ports[main]}"
  (($# == 0)) || printf '&%s' "$@"
}
ours=sslrootcert=$pg_dir/ours.crt
list() { CLUSTER_DB=$1 "$cluster" list host format=csv; }

same 'with the right certificate' "$(list "$(at db.example.org "$ours")" | wc -l)" 1
same 'how it is connected' "$(CLUSTER_DB=$(at db.example.org "$ours") "$cluster" add host n1 && pg_sql main inventory -c \
  'SELECT origin FROM cluster.change')" 127.0.0.1
mkdir "$HOME/.postgresql"
cp ours.crt "$HOME/.postgresql/root.crt"
same 'with the certificate of the CA in its place' "$(list "$(at db.example.org)" | wc -l)" 2
rm "$HOME/.postgresql/root.crt"

says 'root certificate file' list "$(at db.example.org)"
says 'does not match host name "other.example.org"' list "$(at other.example.org "$ours")"
says 'certificate verify failed' list "$(at db.example.org "sslrootcert=$pg_dir/others.crt")"

# A stranger in between, whose certificate another CA has given.
stop_postgresql main
cp stranger.crt "$data/server.crt"
cp stranger.key "$data/server.key"
start_postgresql main -c ssl=on
says 'certificate verify failed' list "$(at db.example.org "$ours")"

# A server without TLS, and one that no name of ours describes: what libpq would take by itself is refused.
stop_postgresql main
printf '%s\n' 'local all all trust' 'host all all 127.0.0.0/8 scram-sha-256' >"$data/pg_hba.conf"
start_postgresql main
says 'server does not support SSL' list "$(at db.example.org "$ours")"
printf '%s\n' '[site]' host=db.example.org hostaddr=127.0.0.1 "port=${pg_ports[main]}" dbname=inventory user=otto >"$HOME/.pg_service.conf"
says 'want sslmode=verify-full' list service=site
PGHOST=db.example.org PGHOSTADDR=127.0.0.1 PGPORT=${pg_ports[main]} PGUSER=otto says 'server does not support SSL' list postgresql:///inventory
same 'on this machine without TLS' "$(list "postgresql://otto@127.0.0.1:${pg_ports[main]}/inventory" | wc -l)" 2

# Passwords.
local_uri="postgresql://otto@127.0.0.1:${pg_ports[main]}/inventory"
for place in "postgresql://otto:sesame@127.0.0.1:${pg_ports[main]}/inventory" "$local_uri?password=sesame"; do
  says 'has a password' list "$place"
  said=$(list "$place" 2>&1) || true
  [[ $said != *sesame* ]] || fail "it repeats the password: $said"
done
PGPASSWORD=sesame says 'has a password' list "$local_uri"
echo '*:*:*:otto:wrong' >"$HOME/.pgpass"
says 'password authentication failed' list "$local_uri"
echo '*:*:*:otto:sesame' >"$HOME/.pgpass"
chmod 644 "$HOME/.pgpass"
list "$local_uri" >/dev/null 2>&1 && fail 'a .pgpass that everybody reads is used'
grep -r sesame "$pg_dir"/main.log && fail 'the password is in the log of the server'

((failures > 0)) || echo 'tls: ok'
exit $((failures > 0))
