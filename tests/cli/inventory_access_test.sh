#!/bin/bash
# inventory_access_test.sh CLUSTER: one inventory for the machine, for those who may write and for those who may only
# read: another account, a group, a file system that is read-only, a full disk. It needs root.
set -u
cluster=$(realpath "$1")
if ((EUID != 0)); then echo "inventory_access: skipped: not root" >&2; exit 77; fi
if [[ -z ${INVENTORY_ACCESS_NS:-} ]]; then
  unshare --mount true 2>/dev/null || { echo "inventory_access: skipped: no mount namespaces" >&2; exit 77; }
  INVENTORY_ACCESS_NS=1 exec unshare --mount "$0" "$@"
fi
dir=$(mktemp -d)
writer=
trap '[[ -z $writer ]] || kill "$writer"; umount "$dir/full" "$dir/ro" 2>/dev/null; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cp "$cluster" "$dir/cluster"  # the other account may not reach the build's folder
status=0
fail() { echo "inventory_access: $*" >&2; status=1; }
export CLUSTER_CONFIG=$dir/none HOME=$dir
unset CLUSTER_DB TMPDIR
as() { setpriv --reuid 54321 --regid "$1" --clear-groups -- "${@:2}"; }  # as GROUP COMMAND...
says() { # says TEXT COMMAND...: it fails with one line that has TEXT
  local want=$1 said
  shift
  said=$("$@" 2>&1 >/dev/null) && fail "went well: $*"
  [[ $said == *"$want"* && $said != *$'\n'* ]] || fail "$*: said: $said"
}
reads() { # reads HOSTS COMMAND...
  local hosts=$1 got
  shift
  got=$("$@" dump host 2>&1 | sed -n 's/^cluster add host \([^ ]*\).*/\1/p' | tr '\n' ' ')
  [[ $got == "$hosts" ]] || fail "$*: read: $got"
}

# Everybody reads what root wrote, and nothing is left beside it.
db=$dir/site/cluster.db
(umask 000 && CLUSTER_DB=$db "$dir/cluster" add host n1) || fail "root cannot make it"
[[ $(stat -c %a "$dir/site" "$db" | xargs) == "755 644" ]] || fail "modes $(stat -c %a "$dir/site" "$db" | xargs)"
export CLUSTER_DB=$db
reads "n1 " as 54321 "$dir/cluster"
says "is not writable: be root (sudo)" as 54321 "$dir/cluster" add host n2
[[ $(ls "$dir/site") == cluster.db ]] || fail "left beside it: $(echo "$dir"/site/*)"
as 54321 "$dir/cluster" show config | grep -q 'read only: it is not writable' || fail "show config does not say it"

# Neither can it be read when its folder is closed; and then it is not said to be missing.
chmod 750 "$dir/site"
says "is closed to you: be root (sudo), or a member of group root" as 54321 "$dir/cluster" list host
chmod 755 "$dir/site"

# The log of a command that was killed counts, wherever it is read.
python3 - "$db" <<'END' || fail "cannot leave a log"
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA wal_autocheckpoint = 0")
db.execute("INSERT INTO host (name, appliance) VALUES ('n2', 'compute')")
os._exit(0)  # nobody brings the log home
END
[[ -s $db-wal ]] || fail "there is no log"
reads "n1 n2 " as 54321 "$dir/cluster"
rm -f "$db-shm"
reads "n1 n2 " as 54321 "$dir/cluster"
[[ -s $db-wal && ! -e $db-shm ]] || fail "reading changed the folder: $(echo "$dir"/site/*)"
mkdir "$dir/ro"
mount --bind "$dir/site" "$dir/ro" || fail "cannot mount"
mount -o remount,bind,ro "$dir/ro" || fail "cannot mount"
CLUSTER_DB=$dir/ro/cluster.db reads "n1 n2 " "$dir/cluster"
CLUSTER_DB=$dir/ro/cluster.db says "is on a file system that is read-only" "$dir/cluster" add host n3
umount "$dir/ro"
reads "n1 n2 " "$dir/cluster"

# It is read while somebody has it open, too.
python3 - "$db" "$dir/go" <<'END' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("INSERT INTO host (name, appliance) VALUES ('n4', 'compute')")
open(sys.argv[2], "w").close()
time.sleep(120)
END
writer=$!
for ((tries = 0; tries < 1200; ++tries)); do [[ -e $dir/go ]] && break; sleep 0.05; done
reads "n1 n2 n4 " as 54321 "$dir/cluster"
kill "$writer"
wait "$writer" 2>/dev/null
writer=

# A group writes, root and members in turn, whatever their umasks.
group=54322
mkdir "$dir/shared" && chgrp $group "$dir/shared" && chmod 2770 "$dir/shared"
export CLUSTER_DB=$dir/shared/cluster.db
for umask in 077 022 000; do
  (umask $umask && "$dir/cluster" add host "root-$umask") || fail "root with umask $umask"
  (umask $umask && as $group "$dir/cluster" add host "member-$umask") || fail "member with umask $umask"
done
[[ $(stat -c '%a %g' "$CLUSTER_DB") == "660 $group" ]] || fail "modes $(stat -c '%a %g' "$CLUSTER_DB")"
[[ $("$dir/cluster" list host | grep -c -e root -e member) == 6 ]] || fail "a host is lost"
says "is closed to you: be root (sudo), or a member of group $group" as 54321 "$dir/cluster" list host

# What must not be trusted, and what is none.
chmod 666 "$CLUSTER_DB"
says "everybody may write to it" "$dir/cluster" list host
: >"$dir/empty"
says "is an empty file" env CLUSTER_DB="$dir/empty" "$dir/cluster" list host
says "is no regular file" env CLUSTER_DB=/dev/null "$dir/cluster" list host
[[ ! -e /dev/null-journal ]] || fail "/dev/null-journal"
(cd "$dir" && says "'mysql://...' is no inventory" env CLUSTER_DB=mysql://u:p@h/d "$dir/cluster" add host n1)
(cd "$dir" && says "has a password" env CLUSTER_DB=postgresql://u:p@h/d "$dir/cluster" add host n1)
[[ ! -e $dir/postgresql: ]] || fail "a folder for a URL"

# A full disk is read from; a write is refused, and leaves what was there.
mkdir "$dir/full"
mount -t tmpfs -o size=1m none "$dir/full" || fail "cannot mount"
export CLUSTER_DB=$dir/full/cluster.db
"$dir/cluster" add host n1 || fail "cannot make it on tmpfs"
dd if=/dev/zero of="$dir/full/rest" bs=4k 2>/dev/null
reads "n1 " "$dir/cluster"
"$dir/cluster" add host n2 2>"$dir/err" && fail "wrote to a full disk"
[[ $(<"$dir/err") == "cluster: inventory '$CLUSTER_DB': "*disk* ]] || fail "full disk: $(cat "$dir/err")"
rm "$dir/full/rest"
reads "n1 " "$dir/cluster"
"$dir/cluster" add host n2 || fail "does not write after the disk has room again"
((status != 0)) || echo "inventory_access: ok"
exit $status
