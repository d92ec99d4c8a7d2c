#!/bin/bash
# hostbased_test.sh CLUSTER: a host that lets in who comes from a machine that it knows (HostbasedAuthentication), and takes
# no keys. Where ssh gets in, cluster gets in, and where it does not, it says what helps. ssh-keysign reads the keys and
# the switch of the whole machine, so the test has an /etc/ssh of its own, and a user whose home is not somebody's.
set -euo pipefail
if [[ ${2:-} != --inside ]]; then
  if ((EUID != 0)) || ! unshare --mount true 2>/dev/null; then
    echo "skipped: not root, or no mount namespaces here"
    exit 77
  fi
  exec unshare --mount "$0" "$1" --inside
fi
cluster=$(realpath "$1")
# shellcheck source=tests/ssh/gets_in.sh
. "$(dirname "$0")/gets_in.sh"

awk -F : -v OFS=: -v user="$(id -un)" -v home="$dir" '$1 == user { $6 = home } { print }' /etc/passwd >passwd
mount --bind passwd /etc/passwd
mount -t tmpfs private /etc/ssh
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
echo 'EnableSSHKeysign yes' >/etc/ssh/ssh_config
echo "127.0.0.1 $(</etc/ssh/ssh_host_ed25519_key.pub)" >/etc/ssh/ssh_known_hosts
echo "127.0.0.1 $(id -un)" >.shosts

sshd_options=(-o HostbasedAuthentication=yes -o IgnoreRhosts=no -o UseDNS=no -o AuthenticationMethods=hostbased)
make_host

hint='*takes the keys of machines: HostbasedAuthentication yes in ~/.ssh/config, EnableSSHKeysign yes in /etc/ssh/ssh_config*'
stays_out "$hint"

echo '  HostbasedAuthentication yes' >>ssh_config
gets_in

# That it comes before our keys is for ssh to say.
echo '  PreferredAuthentications hostbased,publickey' >>ssh_config
gets_in

# Without the switch neither gets in.
: >/etc/ssh/ssh_config
stays_out "*because of HostbasedAuthentication at $dir/ssh_config:*Permission denied (hostbased)*"
