#!/bin/bash
# shellcheck disable=SC2016 # no shell is to expand them
# serve_ssh_test.sh GPUPCI CLUSTER: tests a key that is bound to `gpupci --serve-ssh`, behind a real sshd that hands on
# each variable of its clients, on a host of the field. The frontend's commands work with this key; nothing else does.
set -euo pipefail

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
on_host=$(realpath "$(dirname "$0")/../support/on_host.sh")
gpupci=$(realpath "$1")
cluster=$(realpath "$2")
host=$(realpath "$(dirname "$0")/../data/hosts")/rtx-four-functions
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
# shellcheck source=tests/support/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/place.sh"
cd "$dir"

cat >agent <<END
#!/bin/sh
exec "$on_host" "$host" "$dir/state" "$gpupci" "\$@"
END
chmod +x agent
./agent --version >/dev/null || exit "$?"
sshd_options=(-o 'AcceptEnv=*')
ssh-keygen -q -t ed25519 -N '' -f bound
echo "restrict,command=\"$dir/agent --serve-ssh\" $(<bound.pub)" >authorized_keys
start_sshd authorized_keys 127.0.8.1
cat id.pub >>authorized_keys
write_ssh_config
sed -i "s|IdentityFile .*|IdentityFile $dir/bound|" ssh_config
echo "[127.0.8.1]:$port $(<host_key.pub)" >known_hosts
CLUSTER_DB=$(new_place "$dir")
export CLUSTER_DB CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
"$cluster" add host n1 address=127.0.8.1

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# The output that comes over the wire is gpupci's own.
[[ $("$cluster" run host n1 "gpupci --version") == "$("$gpupci" --version)" ]] || fail "gpupci --version"
# gpupci only says what it would do, so that no libvirt of this machine does it.
for words in "-l" "-s gpupci2" "-d all --dry-run" "-a all --dry-run" "-d gpupci9" "--restore" "--vgpus"; do
  status=0
  # shellcheck disable=SC2086 # these are words
  ./agent $words >here 2>here_err || status=$?
  got=0
  "$cluster" run host n1 "gpupci $words" >there 2>there_err || got=$?
  [[ $got == "$status" ]] || fail "gpupci $words ended with $got, not $status"
  diff here there || fail "gpupci $words"
  diff here_err there_err || fail "what gpupci $words complains of"
  [[ $words == --restore || -s here || -s here_err ]] || fail "gpupci $words should say something"
done
# Programs and the kernel's own tables are this machine's and change between the two runs. So only the checks that
# were made are compared.
checks() { { "$@" || true; } | grep -o '"id":"[A-Z0-9]*","card":[^,]*'; }
checks ./agent --check all --json >here
checks "$cluster" run host n1 "gpupci --check all --json" >there
diff here there || fail "gpupci --check"
grep -qF '"id":"D9","card":"gpupci1"' there || fail "checks of a card were expected"
"$cluster" discover host gpu >/dev/null || fail "discover host gpu"

for evil in 'id' 'touch pwned' 'gpupci -l; touch pwned' 'gpupci $(touch pwned)' 'gpupci -l > pwned' 'gpupci --serve-ssh' \
  '/bin/sh -c "gpupci -l"' 'gpupci -l | sh' $'gpupci -l\ntouch pwned' 'sh'; do
  status=0
  "$cluster" run host n1 "$evil" >out 2>err || status=$?
  [[ $status == 2 && ! -s out && $(wc -l <err) == 1 ]] || fail "'$evil' gave $status: $(cat out err)"
done
[[ ! -e pwned && ! -e $HOME/pwned ]] || fail "something ran"

# Variables of the client change nothing: no file is read or written for them.
echo 'root:secret:19000' >secret
client() {
  local key=$1
  shift
  ssh -F ssh_config -o IdentitiesOnly=yes -o "SetEnv=GPUPCI_SETTINGS=$dir/secret GPUPCI_STATE=$dir/elsewhere GPUPCI_DEADLINE=1 LIBVIRT_DEBUG=1 LIBVIRT_LOG_OUTPUTS=1:file:$dir/libvirt.log SUDO_COMMAND=/bin/sh" \
    -i "$key" 127.0.8.1 "$@" </dev/null
}
# This sshd does hand them on.
[[ $(client id 'echo $GPUPCI_SETTINGS') == "$dir/secret" ]] || fail "a client's variables should arrive at a shell"
for words in "-l" "-s gpupci2 --json" "-d all --dry-run"; do
  status=0
  # shellcheck disable=SC2086 # these are words
  ./agent $words >here 2>here_err || status=$?
  got=0
  client bound "gpupci $words" >there 2>there_err || got=$?
  [[ $got == "$status" ]] || fail "gpupci $words ended with $got, not $status, for variables of the client: $(<there_err)"
  diff here there || fail "variables of the client change gpupci $words"
  diff here_err there_err || fail "variables of the client change what gpupci $words complains of"
done
[[ ! -e elsewhere && ! -e libvirt.log ]] || fail "gpupci wrote where a variable of the client said"
