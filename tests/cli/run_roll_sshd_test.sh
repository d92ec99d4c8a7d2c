#!/bin/bash
# Runs `cluster run roll apply=yes` against a real sshd, and checks the result for each host. The script runs as root of
# a user namespace in which /run and /var/lib are folders of the test, for each host. So nothing of this machine is
# touched.
#   run_roll_sshd_test.sh CLUSTER
set -euo pipefail

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
cluster=$(realpath "$1")
unshare -rm true 2>/dev/null || { echo 'no user namespaces here'; exit 77; }
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
failures=0

# expect STATUS OUT ARG...: OUT is a pattern of bash for all of standard output. On standard error stand the last lines
# of what failed, and where the rest is.
expect() {
  local status=$1 out=$2 got=0 told="cluster: what the hosts said is in $dir/roll-logs"
  shift 2
  "$cluster" "$@" >out 2>err || got=$?
  # shellcheck disable=SC2053 # OUT is a pattern
  if [[ $got != "$status" || $(<out) != $out || $(tail -n 1 err) != "$told" ]]; then
    printf 'cluster %s\n  status %s, want %s\n  out: %s\n  err: %s\n' "$*" "$got" "$status" "$(head -c 2000 out)" "$(<err)"
    failures=$((failures + 1))
  fi
}
holds() {
  if ! "$@"; then
    echo "not so: $*"
    failures=$((failures + 1))
  fi
}

start_sshd authorized_keys 127.0.7.1 127.0.7.2 127.0.7.3 127.0.7.5
cat >enter <<END
#!/bin/sh
# Each login gets its own /run and /var/lib.
set -eu
set -- \$SSH_CONNECTION
mkdir -p "$dir/run.\$3" "$dir/lib.\$3"
mount --bind "$dir/run.\$3" /run
mount --bind "$dir/lib.\$3" /var/lib
export TMPDIR="$dir"
exec sh -c "\$SSH_ORIGINAL_COMMAND"
END
chmod +x enter
echo "command=\"unshare -rm $dir/enter\" $(<id.pub)" >authorized_keys
write_ssh_config
for i in 1 2 3 5; do echo "[127.0.7.$i]:$port $(<host_key.pub)"; done >known_hosts

mkdir tiny
# This is more than Linux allows for one argument of a program.
seq 60000 >tiny/big
cat >tiny/roll.yaml <<'END'
name: tiny
version: 1.0.0
summary: shows what becomes of a host
attributes:
  tiny_kernel: {default: "no", values: ["yes", "no"], help: whether something counts from the next boot on}
  tiny_break: {default: "no", values: ["no", fail, die], help: how it goes wrong}
hosts:
  vm-container:
    files:
      - {from: big, to: /run/tiny/big}
    steps:
      - name: it is well
        why: Else it fails, or dies, half way.
        check: '[ "$tiny_break" = no ]'
        run: |
          [ "$tiny_break" != die ] || { kill -9 $$; exit; }
          echo "no $tiny_break" >&2
          exit 1
      - name: the kernel is told
        why: It reads this at boot.
        check: '[ "$tiny_kernel" = no ] || [ -e /run/tiny/kernel ]'
        run: touch /run/tiny/kernel
        reboot: yes
    checks:
      - name: the script on standard input is not read
        run: '[ -z "$(cat)" ]'
END
"$cluster" add roll tiny
"$cluster" enable roll tiny
"$cluster" add host n1 address=127.0.7.1
for i in 2 3 4 5; do "$cluster" add host n$i address=127.0.7.$i; done
"$cluster" set host attr n2 tiny_kernel yes
"$cluster" set host attr n3 tiny_break fail
"$cluster" set host attr n5 tiny_break die

expect 0 $'HOST ROLL OUTCOME DETAILS
n1:  tiny would   file /run/tiny/big
n1:  tiny skipped check: the script on standard input is not read: dry run
n1:  tiny done    dry run: 1 to be done' \
  run roll tiny host=n1 apply=yes dryrun=yes
holds test ! -e run.127.0.7.1/tiny
expect 3 $'HOST ROLL OUTCOME DETAILS
n1:  tiny done    done, 1 changed
n2:  tiny skipped check: the script on standard input is not read: not before the reboot
n2:  tiny reboot  reboot needed (tiny: the kernel is told); then run this again, to see that it worked
n3:  tiny failed  it is well (status 1)
n4:  tiny failed  *Connection refused*
n5:  tiny failed  the script did not come to its end (status 137)*' run roll tiny apply=yes
holds grep -qx 'cluster: n3: no fail' err
holds grep -q 'no fail' roll-logs/n3/*
for i in 1 2 3 5; do holds cmp tiny/big "run.127.0.7.$i/tiny/big"; done

# The second run leaves alone all that is already done. After the reboot, which empties /run, the checks run.
expect 0 $'*\nn1:  tiny done    done, nothing had to be changed' run roll tiny host=n1 apply=yes
expect 0 $'*\nn2:  tiny reboot  reboot needed *' run roll tiny host=n2 apply=yes
rm run.127.0.7.2/cluster-rolls.reboot
expect 0 $'*\nn2:  tiny done    done, nothing had to be changed' run roll tiny host=n2 apply=yes
"$cluster" remove host attr n5 tiny_break
expect 0 $'*\nn5:  tiny done    done, nothing had to be changed' run roll tiny host=n5 apply=yes
expect 1 $'*\nn3:  tiny failed  it is well (status 1)' run roll tiny host=n3 apply=yes
holds test ! -e run.127.0.7.3/tiny/kernel
((failures == 0))
