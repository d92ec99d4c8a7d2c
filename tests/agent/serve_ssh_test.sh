#!/bin/bash
# shellcheck disable=SC2016 # no shell is to expand them
# serve_ssh_test.sh GPUPCI CLUSTER: tests a key that is bound to `gpupci --serve-ssh`, behind a real sshd, on a host of
# the field whose /sys umockdev provides. The frontend's commands work with this key; nothing else does.
set -euo pipefail

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
gpupci=$(realpath "$1")
cluster=$(realpath "$2")
host=$(realpath "$(dirname "$0")/../data/hosts/rtx-four-functions.umockdev")
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"

# A sanitizer must be the first library; umockdev is preloaded before it.
cat >agent <<END
#!/bin/sh
export GPUPCI_STATE="$dir/state" ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
exec umockdev-run --device "$host" -- "$gpupci" "\$@"
END
chmod +x agent
ssh-keygen -q -t ed25519 -N '' -f bound
echo "restrict,command=\"$dir/agent --serve-ssh\" $(<bound.pub)" >authorized_keys
start_sshd authorized_keys 127.0.8.1
write_ssh_config
sed -i "s|IdentityFile .*|IdentityFile $dir/bound|" ssh_config
echo "[127.0.8.1]:$port $(<host_key.pub)" >known_hosts
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
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
