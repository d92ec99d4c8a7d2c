#!/bin/bash
# sudo_test.sh GPUPCI CLUSTER: gpupci as an ordinary account runs it by sudo, with the lines of docs/security.md: from a shell, and
# as the forced command of a key behind a real sshd. It answers as it does to root, and heeds no variable of its caller.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ ${1-} != --inside ]]; then
  skip() {
    echo "sudo: skipped: $*"
    exit 77
  }
  ((EUID == 0)) || skip "only root can become another user"
  for program in sudo visudo /usr/sbin/sshd umockdev-run; do
    command -v "$program" >/dev/null || skip "there is no $program: tests/support/packages.sh install test"
  done
  state=$(mktemp -d)
  trap 'rm -rf "$state"' EXIT
  "$here/../support/on_host.sh" "$here/../data/hosts/rtx-four-functions" "$state" "$0" --inside "$1" "$2"
  exit
fi

# shellcheck source=tests/support/sshd.sh
. "$here/../support/sshd.sh"
fail() {
  echo "FAILED: $*" >&2
  exit 1
}
gpupci=$(realpath "$2")
cluster=$(realpath "$3")
dir=/run/test
mkdir -m 755 "$dir"
trap stop_sshd EXIT
cd "$dir"

# ---- an account of this test alone, and what docs/security.md says of it
for file in passwd shadow group; do
  cp -p "/etc/$file" "$file"
  mount --bind "$file" "/etc/$file"
done
echo "rollcall:x:54321:54321::$dir/home:/bin/sh" >>/etc/passwd
echo 'rollcall:*:19000:0:99999:7:::' >>/etc/shadow
echo 'rollcall:x:54321:' >>/etc/group
mkdir home
chown 54321:54321 home
mount -t tmpfs -o mode=755 bin /usr/local/bin
cp "$gpupci" /usr/local/bin/gpupci
chmod 755 /usr/local/bin/gpupci
lines_of() { sed -n "/^## Without root's login/,\$p" "$here/../../docs/security.md" | grep -E "$1"; }
{
  echo 'root ALL=(ALL:ALL) ALL'
  lines_of '^(Defaults!|rollcall ALL)'
} >sudoers
chmod 440 sudoers
visudo -cqf sudoers || fail "docs/security.md has lines that sudo refuses"
cp -p sudoers now
mount --bind now /etc/sudoers

# As root would get it, without sudo.
root_says() { env -i PATH=/usr/bin:/bin /usr/local/bin/gpupci "$@"; }
as_user() { setpriv --reuid 54321 --regid 54321 --clear-groups -- env -i PATH=/usr/bin:/bin HOME="$dir/home" "$@"; }

# same NAME ROOT'S-WORDS COMMAND...: COMMAND answers what gpupci answers to root.
same() {
  local name=$1 words=$2 status=0 got=0
  shift 2
  # shellcheck disable=SC2086 # these are words
  root_says $words >here 2>here_err || status=$?
  "$@" >there 2>there_err </dev/null || got=$?
  [[ $got == "$status" ]] || fail "$name: status $got, root's is $status: $(<there_err)"
  diff here there || fail "$name: another answer than root's"
  diff here_err there_err || fail "$name: another complaint than root's"
}

# ---- from a shell
as_user sudo -n true 2>/dev/null && fail "the account may run more than gpupci"
for words in "-l" "-s gpupci2 --json" "-d all --dry-run" "-d gpupci9" "--restore" "--vgpus" "--print-unit"; do
  # shellcheck disable=SC2086 # these are words
  same "sudo gpupci $words" "$words" as_user sudo -n /usr/local/bin/gpupci $words
done

# ---- variables, also where sudo keeps all of them
echo 'root:secret:19000' >secret
chmod 600 secret
variables=(GPUPCI_SETTINGS="$dir/secret" GPUPCI_STATE="$dir/elsewhere" GPUPCI_DEADLINE=1 LIBVIRT_DEBUG=1
  LIBVIRT_LOG_OUTPUTS="1:file:$dir/libvirt.log")
for kept in no yes; do
  if [[ $kept == yes ]]; then
    { echo 'Defaults !env_reset'; echo 'rollcall ALL = NOPASSWD: /usr/bin/printenv'; } >>now
    [[ $(as_user "${variables[@]}" sudo -n printenv GPUPCI_SETTINGS) == "$dir/secret" ]] || fail "sudo should keep all variables here"
  fi
  for words in "-l" "-d all --dry-run"; do
    # shellcheck disable=SC2086 # these are words
    same "variables, kept: $kept" "$words" as_user "${variables[@]}" sudo -n /usr/local/bin/gpupci $words
  done
done
cat sudoers >now
[[ ! -e elsewhere && ! -e libvirt.log ]] || fail "gpupci wrote where a variable said"
# Root's own variables count.
out=$(env GPUPCI_SETTINGS="$dir/secret" /usr/local/bin/gpupci -l 2>&1) && fail "root's own GPUPCI_SETTINGS should count: $out"

# ---- from a forced command
ssh-keygen -q -t ed25519 -N '' -f bound
lines_of '^restrict,command=' | sed "s|ssh-ed25519 .*|$(<bound.pub)|" >authorized_keys
grep -q "$(cut -d ' ' -f 2 bound.pub)" authorized_keys || fail "docs/security.md has no line for authorized_keys"
chmod 644 authorized_keys
sshd_options=(-o 'AcceptEnv=*')
start_sshd authorized_keys 127.0.8.2
echo "[127.0.8.2]:$port $(<host_key.pub)" >known_hosts
over_ssh() {
  ssh -F /dev/null -p "$port" -l rollcall -i bound -o IdentitiesOnly=yes -o BatchMode=yes \
    -o "UserKnownHostsFile=$dir/known_hosts" -o "SetEnv=${variables[*]}" 127.0.8.2 "$@"
}
for words in "-l" "-s gpupci2 --json" "-d all --dry-run" "-d gpupci9" "--restore" "--vgpus"; do
  same "ssh: gpupci $words" "$words" over_ssh "gpupci $words"
done
for evil in id 'gpupci -l; id' 'sudo id' 'sudo -n gpupci -l'; do
  status=0
  over_ssh "$evil" >out 2>err </dev/null || status=$?
  [[ $status == 2 && ! -s out && $(wc -l <err) == 1 ]] || fail "'$evil' gave $status: $(cat out err)"
done
[[ ! -e elsewhere && ! -e libvirt.log ]] || fail "gpupci wrote where a variable of the client said"

# Without the line that keeps it, gpupci says what is missing.
grep -v '^Defaults' sudoers >now
status=0
over_ssh 'gpupci -l' >out 2>err </dev/null || status=$?
[[ $status == 2 && $(<err) == *SSH_ORIGINAL_COMMAND* ]] || fail "without env_keep: $status: $(cat out err)"

# ---- from the frontend, by the key of an account with a shell: sudo=yes
cat id.pub >>authorized_keys
cat >ssh_config <<END
Host n1
  Port $port
  IdentityFile $dir/id
  UserKnownHostsFile $dir/known_hosts
END
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
"$cluster" add host n1 address=127.0.8.2 user=rollcall sudo=yes
# frontend STATUS PATTERN ARG...: what `cluster ARG...` prints, on both streams, is like PATTERN.
frontend() {
  local status=$1 pattern=$2 got=0
  shift 2
  "$cluster" "$@" >out 2>&1 || got=$?
  # shellcheck disable=SC2053 # a pattern
  [[ $got == "$status" && $(<out) == $pattern ]] || fail "cluster $*: status $got, want $status: $(<out)"
}
for defaults in '' 'Defaults use_pty' 'Defaults secure_path=/usr/bin:/bin'; do
  { cat sudoers; echo "$defaults"; } >now
  frontend 0 '*n1: *gpupci1 new *' discover host gpu dryrun=yes
  frontend 0 '*n1: *gpupci1 *' attach host gpu n1 all dryrun=yes
done
frontend 0 54321 run host n1 'id -u'
line='rollcall ALL = (root) NOPASSWD: /usr/local/bin/gpupci'
grep -v '^rollcall' sudoers >now
frontend 1 "cluster: n1: sudo says 'sudo: a password is required' there: put \`$line\` into /etc/sudoers.d/rollcall of the host*" \
  discover host gpu
{ cat sudoers; echo 'Defaults requiretty'; } >now
# shellcheck disable=SC2016 # the mark is a character of the answer
frontend 1 '*put `Defaults:rollcall !requiretty` into /etc/sudoers.d/rollcall*' discover host gpu
cat sudoers >now
frontend 1 '*sudo: a password is required*' run host n1 'id -u' sudo=yes
echo 'rollcall ALL = (root) NOPASSWD: ALL' >>now
frontend 0 0 run host n1 'id -u' sudo=yes
