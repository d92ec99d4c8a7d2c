#!/bin/bash
# sudo_test.sh CLUSTER: what an ordinary account started there by sudo is ended with its time, also where sudo gives it a
# session of its own (use_pty), and where it listens to no signal. The test has users and rules of sudo of its own.
set -euo pipefail
if [[ ${2:-} != --inside ]]; then
  command -v sudo >/dev/null || {
    echo "skipped: no sudo here"
    exit 77
  }
  if ((EUID != 0)) || ! unshare --mount true 2>/dev/null; then
    echo "skipped: not root, or no mount namespaces here"
    exit 77
  fi
  exec unshare --mount "$0" "$1" --inside
fi
cluster=$(realpath "$1")
# shellcheck source=tests/ssh/gets_in.sh
. "$(dirname "$0")/gets_in.sh"

for file in passwd group shadow; do cp -p "/etc/$file" .; done
echo "rollcall:x:64999:64999::/:/bin/sh" >>passwd
echo "rollcall:x:64999:" >>group
echo "rollcall:*:19000:0:99999:7:::" >>shadow
for file in passwd group shadow; do mount --bind "$file" "/etc/$file"; done
: >sudoers
mount --bind sudoers /etc/sudoers
chmod 755 .

make_host
"$cluster" set host h1 user=rollcall

# is_gone: the process that has told its number does not run. One that nobody has waited for yet does not.
is_gone() {
  local state
  state=$(sed 's/.*) //' "/proc/$(<out)/stat" 2>/dev/null) || true
  [[ -z $state || $state == Z* ]] || fail "process $(<out) runs still"
}

for rule in use_pty '!use_pty'; do
  printf 'Defaults %s\nroot ALL = (ALL:ALL) ALL\nrollcall ALL = (root) NOPASSWD: ALL\n' "$rule" >sudoers
  chmod 440 sudoers
  ended='*did not end within 1 s; it was ended there*'
  says 124 "$ended" 'echo $$; exec sleep 1000' timeout=1 sudo=yes
  is_gone
  says 124 "$ended" 'trap "" TERM HUP; echo $$; while :; do sleep 1; done' timeout=1 sudo=yes
  is_gone
  # Typed by the operator, and not said.
  says 124 "$ended" "sudo -n sh -c 'echo \$\$; exec sleep 1000'" timeout=1
  is_gone
done

# Where sudo may run one program and no shell, it is told truly.
printf '#!/bin/sh\ntrap "" TERM HUP\necho $$\nexec sleep 1000\n' >stubborn
chmod 755 stubborn
echo "rollcall ALL = (root) NOPASSWD: $dir/stubborn" >sudoers
says 124 '*did not end within 1 s; it was told to end, but runs there still*' "sudo -n $dir/stubborn" timeout=1
kill -KILL "$(<out)" || fail "it does not run any more"
