#!/bin/bash
# kerberos_test.sh CLUSTER: a host that takes Kerberos tickets and no keys, with a KDC of the test's own. Where ssh gets
# in, cluster gets in, and where it does not, it says what helps.
set -euo pipefail
# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
cluster=$(realpath "$1")
export PATH=$PATH:/usr/sbin
for tool in krb5kdc kdb5_util kadmin.local kinit; do
  command -v "$tool" >/dev/null || { echo "no $tool: apt-get install krb5-kdc krb5-admin-server krb5-user"; exit 77; }
done
dir=$(mktemp -d)
kdc=
finish() {
  stop_sshd
  [[ -z $kdc ]] || kill "$kdc"
  rm -rf "$dir"
}
trap finish EXIT
cd "$dir"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
export KRB5_CONFIG=$dir/krb5.conf KRB5_KDC_PROFILE=$dir/kdc.conf KRB5_KTNAME=$dir/keytab KRB5CCNAME=FILE:$dir/ticket
user=$(id -un)

fail() {
  echo "$*" >&2
  tail -n 5 out err sshd.log kdc.log >&2 || true
  exit 1
}
# says STATUS PATTERN ARG...: cluster run host h1 ARG... prints what fits the pattern, on either stream.
says() {
  local status=$1 pattern=$2 got=0
  shift 2
  "$cluster" run host h1 "$@" >out 2>err || got=$?
  # shellcheck disable=SC2053 # it is a pattern
  [[ $got == "$status" && $(cat out err) == $pattern ]] || fail "status $got, want $status and '$pattern'"
}

# ---- a realm of one machine
for _ in 1 2 3 4 5; do
  kdc_port=$((20000 + RANDOM % 10000))
  cat >krb5.conf <<END
[libdefaults]
  default_realm = ROLLCALL.TEST
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  ROLLCALL.TEST = {
    kdc = 127.0.0.1:$kdc_port
  }
END
  cat >kdc.conf <<END
[kdcdefaults]
  kdc_listen = 127.0.0.1:$kdc_port
  kdc_tcp_listen = 127.0.0.1:$kdc_port
[realms]
  ROLLCALL.TEST = {
    database_name = $dir/principals
    key_stash_file = $dir/stash
    acl_file = $dir/acl
  }
END
  if [[ ! -e principals ]]; then
    kdb5_util -r ROLLCALL.TEST -P master create -s >kdc.log 2>&1
    printf '%s\n' "addprinc -pw sesame $user" 'addprinc -randkey host/127.0.7.1' "ktadd -k $dir/keytab host/127.0.7.1" |
      kadmin.local >>kdc.log 2>&1
  fi
  krb5kdc -n >>kdc.log 2>&1 &
  kdc=$!
  for _ in {1..100}; do
    if echo sesame | kinit "$user" >/dev/null 2>kinit.log; then break 2; fi
    kill -0 "$kdc" 2>/dev/null || break  # the port was taken
    sleep 0.1
  done
  kill "$kdc" 2>/dev/null || true
  kdc=
done
[[ -s ticket ]] || fail "no ticket: $(<kinit.log)"

# ---- a host of it
sshd_options=(-o GSSAPIAuthentication=yes -o GSSAPIStrictAcceptorCheck=no -o AuthenticationMethods=gssapi-with-mic)
start_sshd authorized_keys 127.0.7.1
write_ssh_config
echo "[127.0.7.1]:$port $(<host_key.pub)" >known_hosts
"$cluster" add host h1 address=127.0.7.1

# It is not asked for: what there is does not get in, and the reason says what does.
says 3 "*takes Kerberos tickets: kinit, and GSSAPIAuthentication yes*" true

echo '  GSSAPIAuthentication yes' >>ssh_config
ssh -F ssh_config -o BatchMode=yes 127.0.7.1 true 2>err || fail "ssh does not get in"
says 0 in 'echo in'
says 7 '' 'exit 7'

# Without a ticket neither gets in.
rm ticket
! ssh -F ssh_config -o BatchMode=yes 127.0.7.1 true 2>err || fail "ssh gets in without a ticket"
says 3 "*takes Kerberos tickets: kinit, and GSSAPIAuthentication yes*" true
