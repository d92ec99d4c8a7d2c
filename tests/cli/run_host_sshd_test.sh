#!/bin/bash
# Runs the program as an operator types it, against a real sshd. Checks the output and the exit status when things go
# wrong.
#   run_host_sshd_test.sh CLUSTER MAX_KIB     MAX_KIB: the memory that 50 MB of output may take
set -euo pipefail

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
cluster=$(realpath "$1")
max_kib=$2
dir=$(mktemp -d)
frozen=
finish() {
  stop_sshd
  [[ -z $frozen ]] || kill "$frozen"
  rm -rf "$dir"
}
trap finish EXIT
# shellcheck source=tests/support/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/place.sh"
cd "$dir"
CLUSTER_DB=$(new_place "$dir")
export CLUSTER_DB CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
failures=0

# expect STATUS OUT ERR ARG...: OUT is a whole text, ERR a pattern of bash for all of standard error.
expect() {
  local status=$1 out=$2 err=$3 got=0
  shift 3
  "$cluster" "$@" >out 2>err || got=$?
  # shellcheck disable=SC2053 # ERR is a pattern
  if [[ $got != "$status" || $(<out) != "$out" || $(<err) != $err ]]; then
    printf 'cluster %s\n  status %s, want %s\n  out: %s\n  err: %s\n' "$*" "$got" "$status" "$(head -c 300 out)" "$(<err)"
    failures=$((failures + 1))
  fi
}

ssh-keygen -q -t ed25519 -N '' -f other_key
sshd_options=(-o PermitUserEnvironment=yes)
start_sshd authorized_keys 127.0.7.1 127.0.7.2
# This server accepts connections and never speaks.
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.7.9", LocalPort => $ARGV[0], Listen => 5) or die;
  push @kept, $s->accept while 1' "$port" &
frozen=$!

write_ssh_config
echo "[127.0.7.1]:$port,[127.0.7.9]:$port $(<host_key.pub)" >known_hosts
for i in 1 2 9; do "$cluster" add host "n$i" address=127.0.7.$i; done
dump=$("$cluster" dump host)

# shellcheck disable=SC2016 # the remote shell is to see them
{
  expect 0 'a b  $HOME' '' run host n1 'printf "%s\n" "a b  \$HOME"'
  expect 7 'out' 'err' run host n1 'echo out; echo err >&2; exit 7'
  expect 0 '' '' run host n1 '[ -d / ]'
  expect 1 '' 'cluster: n1: *KILL*' run host n1 'kill -9 $$'
}
expect 124 '' 'cluster: n1: *1 s*' run host n1 'sleep 30' timeout=1
expect 3 '' "cluster: n2: *SHA256:*ssh-keyscan*$port*" run host n2 true
echo "[127.0.7.2]:$port $(<other_key.pub)" >>known_hosts
expect 3 '' "cluster: n2: *known_hosts:2*" run host n2 true
expect 3 '' 'cluster: n9: *' run host n9 true connect-timeout=1
expect 3 'n1: x' $'cluster: n*: *\ncluster: n*: *\ncluster: run host: did not reach 2 of 3 hosts' \
  run host 'echo x' connect-timeout=1
"$cluster" set host n2 port=1
expect 3 '' 'cluster: n2: *Connection refused*' run host n2 true
"$cluster" set host n2 port=
sed -i "s|IdentityFile .*|IdentityFile $dir/other_key|" ssh_config
expect 3 '' 'cluster: n1: *other_key*' run host n1 true
sed -i "s|IdentityFile .*|IdentityFile $dir/id|" ssh_config

# The command prints 50 MB, in bounded memory. This gives the bytes, and the largest resident set in KiB.
"$cluster" run host n1 'head -c 50000000 /dev/zero' >zeros &
pid=$!
peak=0
while kill -0 $pid 2>/dev/null; do
  rss=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
  peak=${rss:-$peak}
  sleep 0.05
done
wait $pid
if [[ $(stat -c %s zeros) != 50000000 ]] || ((peak > max_kib)); then
  echo "50 MB: $(stat -c %s zeros) bytes came, peak $peak KiB"
  failures=$((failures + 1))
fi

# What ends here has ended there, with all that it had started.
runs() { [[ -r /proc/$1/stat ]] && ! grep -q ') Z' "/proc/$1/stat"; }
# ended WHAT WANTED GOT: the processes in the file out run no more.
ended() {
  local pid
  if [[ $2 != "$3" ]] || ! grep -q '^[0-9]' out; then
    printf '%s: status %s, want %s\n  out: %s\n  err: %s\n' "$1" "$3" "$2" "$(<out)" "$(<err)"
    failures=$((failures + 1))
  fi
  for pid in $(<out); do
    ! runs "$pid" || { echo "$1: $pid runs still"; failures=$((failures + 1)); }
  done
}
# shellcheck disable=SC2016 # the remote shell is to see them
two='sleep 1000 & echo $! $$; sleep 1001'
got=0
"$cluster" run host n1 "$two" timeout=1 >out 2>err || got=$?
ended timeout= 124 $got
grep -q 'it was ended there' err || { echo "timeout= says: $(<err)"; failures=$((failures + 1)); }

# A shell without job control starts what is in the background with SIGINT ignored.
perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$cluster" run host n1 "$two" >out 2>err &
pid=$!
until grep -q ' ' out; do sleep 0.1; done
kill -INT $pid
got=0
wait $pid || got=$?
ended Ctrl-C 130 $got
grep -q 'ending what runs on n1; once more' err || { echo "Ctrl-C says: $(<err)"; failures=$((failures + 1)); }

got=0
{ "$cluster" run host n1 "$two" 2>err || echo $? >status; } | head -n 1 >out
ended '| head' 141 "$(<status)"
[[ ! -s err ]] || { echo "| head says: $(<err)"; failures=$((failures + 1)); }

# Nothing is printed before all have ended, and yet the command ends with its reader. A reader goes when $begun is there.
reader() { until [[ -s $begun ]]; do sleep 0.05; done; }
begun=$dir/begun
for how in collate=yes format=json; do
  rm -f "$begun"
  echo 0 >status
  { "$cluster" run host n1 "sleep 1000 & echo \$! \$\$ >$begun; sleep 1001" "$how" timeout=0 2>err || echo $? >status; } | reader
  cp "$begun" out
  ended "$how and a reader that goes" 141 "$(<status)"
  [[ ! -s err ]] || { echo "$how says: $(<err)"; failures=$((failures + 1)); }
done
# A stream that the caller has closed is neither a connection nor a file that is opened later.
for way in '' collate=yes; do
  got=0
  # shellcheck disable=SC2086 # an empty word is none
  "$cluster" run host n1 'echo out' $way 2>err >&- || got=$?
  if [[ $got != 1 || $(<err) != "cluster: cannot write the answer: standard output is closed" ]]; then
    echo "closed standard output, $way: status $got, $(<err)"
    failures=$((failures + 1))
  fi
done
# Files are wanted all the same.
rm -f "$begun"
echo 0 >status
waits="until [[ -e $dir/gone ]]; do sleep 0.05; done"
{ "$cluster" run host n1 "echo 1 >$begun; $waits; echo whole" output-dir=answers 2>err || echo $? >status; } |
  { reader; exec <&-; touch gone; }
if [[ $(<status) != 0 || $(<answers/n1.out) != whole ]]; then
  echo "output-dir= and a reader that goes: $(<status) $(<err)"
  failures=$((failures + 1))
fi

# What asks agents ends with its reader as well, and what lets them act goes on.
mkdir bin
cat >bin/gpupci <<END
#!/bin/sh
case \$1 in
  --check) sleep 1000 & echo \$! \$\$ >$begun; sleep 1001 ;;
  *) echo 1 >$begun; until [ -e $dir/gone ]; do sleep 0.05; done; echo 1 >$dir/acted; echo '{"cards":[]}' ;;
esac
END
chmod +x bin/gpupci
cp authorized_keys keys
echo "environment=\"PATH=$dir/bin:/usr/bin:/bin\" $(<id.pub)" >authorized_keys
rm -f "$begun" gone
echo 0 >status
{ "$cluster" check host gpu n1 2>err || echo $? >status; } | reader
cp "$begun" out
ended 'check host gpu' 141 "$(<status)"
[[ ! -s err ]] || { echo "check host gpu says: $(<err)"; failures=$((failures + 1)); }
rm -f "$begun"
echo 0 >status
{ "$cluster" detach host gpu n1 2>err || echo $? >status; } | { reader; exec <&-; touch gone; }
[[ $(<status) == 0 && -e acted ]] || { echo "detach host gpu: $(<status) $(<err)"; failures=$((failures + 1)); }
cp keys authorized_keys

# The kernel asks whether the host is there, and soon: one that lost its power says nothing.
"$cluster" run host n1 "touch $dir/asked; sleep 3" &
asking=$!
until [[ -e asked ]]; do sleep 0.05; done
held=$(find "/proc/$asking/fd" -lname "$dir/cluster.db*")
[[ -z $held ]] || { echo "the inventory is open while a host works: $held"; failures=$((failures + 1)); }
timer='none was seen'
for _ in {1..40}; do
  timer=$(ss -Htno state established "dst 127.0.7.1 and dport = :$port")
  [[ $timer != *keepalive* ]] || break
  sleep 0.05
done
if [[ ! $timer =~ keepalive,([1-5]?[0-9]|60)sec ]]; then
  echo "nobody asks whether the host is there: $timer"
  failures=$((failures + 1))
fi
wait "$asking"

# A terminal shows that it lives. What is piped shows nothing.
if command -v script >/dev/null; then
  TERM=xterm script -qec "'$cluster' run host n1 'sleep 4; echo done'" /dev/null </dev/null >out
  grep -q '1 host: 0 done, 1 running, [0-9]* s left' out || { echo "no sign of life: $(<out)"; failures=$((failures + 1)); }
  # What one of several hosts says does not act there, in whichever way it is printed.
  wipes='printf "\033[2Jx"; printf "\033[2Jy" >&2'
  for how in collate=no collate=prefix collate=yes format=json; do
    TERM=xterm script -qec "'$cluster' run host n1 n9 '$wipes' $how connect-timeout=1" /dev/null </dev/null >out || true
    if ! grep -q '\(x1b\|u001b\)\[2Jx' out || ! grep -q '\(x1b\|u001b\)\[2Jy' out || grep -q $'\x1b\\[2J' out; then
      echo "a terminal gets what a host says, $how: $(cat -v out)"
      failures=$((failures + 1))
    fi
  done
fi
"$cluster" run host n1 'sleep 2; echo over' >out 2>&1
[[ $(<out) == over ]] || { echo "more than the answer: $(<out)"; failures=$((failures + 1)); }

# Files go there whole, under whatever name.
mkdir there
head -c 300000 /dev/urandom >"a b"
chmod 640 "a b"
expect 0 $'HOST FILE OUTCOME\nn1:  a b  copied' '' copy host "a b" "n1:$dir/there"
expect 0 $'HOST FILE OUTCOME\nn1:  a b  unchanged' '' copy host "a b" "n1:$dir/there/"
cmp "a b" "there/a b" && [[ $(stat -c %a "there/a b") == 640 ]] || failures=$((failures + 1))
expect 1 '' "cluster: n1: there is no folder $dir/none" copy host "a b" "n1:$dir/none/x"

if [[ $("$cluster" dump host) != "$dump" ]]; then
  echo 'the inventory has changed'
  failures=$((failures + 1))
fi
((failures == 0))
