#!/bin/bash
# kerberos_test.sh CLUSTER: a host that takes Kerberos tickets and no keys, with a KDC of the test's own. Where ssh gets
# in, cluster gets in, and where it does not, it says what helps.
set -euo pipefail
cluster=$(realpath "$1")
# shellcheck source=tests/ssh/gets_in.sh
. "$(dirname "$0")/gets_in.sh"
export PATH=$PATH:/usr/sbin
for tool in krb5kdc kdb5_util kadmin.local kinit; do
  command -v "$tool" >/dev/null || skip "no $tool: apt-get install krb5-kdc krb5-admin-server krb5-user"
done
export KRB5_CONFIG=$dir/krb5.conf KRB5_KDC_PROFILE=$dir/kdc.conf KRB5_KTNAME=$dir/keytab KRB5CCNAME=FILE:$dir/ticket
user=$(id -un)

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
  daemon=$!
  for _ in {1..100}; do
    if echo sesame | kinit "$user" >/dev/null 2>kinit.log; then break 2; fi
    kill -0 "$daemon" 2>/dev/null || break  # the port was taken
    sleep 0.1
  done
  kill "$daemon" 2>/dev/null || true
  daemon=
done
[[ -s ticket ]] || fail "no ticket: $(<kinit.log)"

# ---- a host of it
sshd_options=(-o GSSAPIAuthentication=yes -o GSSAPIStrictAcceptorCheck=no -o AuthenticationMethods=gssapi-with-mic)
make_host

# It is not asked for: what there is does not get in, and the reason says what does.
stays_out "*takes Kerberos tickets: kinit, and GSSAPIAuthentication yes*"

echo '  GSSAPIAuthentication yes' >>ssh_config
gets_in

rm ticket
stays_out "*takes Kerberos tickets: kinit, and GSSAPIAuthentication yes*"
