#!/bin/bash
# inventory_faults_test.sh CLUSTER [KILLS [CARDS]]: many writers at once, commands that are killed, a clock that goes back, files
# that are no inventory, arguments that are nothing: what was answered with 0 is there, and nothing else is said to be.
set -u
cluster=$(realpath "$1")
kills=${2:-12}
cards=${3:-5}  # of each writer
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
fail() { echo "inventory_faults: $*" >&2; status=1; }
export CLUSTER_DB=$dir/cluster.db CLUSTER_CONFIG=$dir/none HOME=$dir

# Sixteen writers, which begin at once.
"$cluster" add host n1 || fail "cannot begin"
write() { # write WRITER: cards of its own
  local card
  for ((card = 1; card <= cards; ++card)); do
    "$cluster" add host gpu n1 "gpupci$(($1 * 1000 + card))" "$(printf '%04x:%02x:00.0' "$1" "$card")" || return 1
  done
}
writers=()
for writer in {1..16}; do
  write "$writer" 2>"$dir/err$writer" &
  writers+=($!)
done
for writer in {1..16}; do
  wait "${writers[writer - 1]}" || fail "writer $writer: $(cat "$dir/err$writer")"
done
[[ $("$cluster" list host gpu format=csv | grep -c '^n1,') == $((16 * cards)) ]] || fail "a card is lost"

# A loop that is killed at any moment: each command that answered 0 is there.
: >"$dir/done"
for ((kill = 1; kill <= kills; ++kill)); do
  (
    for ((i = 1; ; ++i)); do
      "$cluster" add host "k-$kill-$i" && echo "k-$kill-$i" >>"$dir/done"
    done
  ) 2>/dev/null &
  loop=$!
  for ((tries = 0; tries < 6000; ++tries)); do grep -q "^k-$kill-" "$dir/done" && break; sleep 0.01; done
  sleep "0.0$((kill * 7 % 10))"
  kill -STOP "$loop"  # it begins no other
  children=$(cat "/proc/$loop/task/$loop/children")
  # shellcheck disable=SC2086 # one word a child
  [[ -z $children ]] || kill -9 $children 2>/dev/null
  kill -9 "$loop"
  wait "$loop" 2>/dev/null
done
"$cluster" dump host | sed -n 's/^cluster add host \(k-[^ ]*\).*/\1/p' | sort >"$dir/there"
lost=$(sort "$dir/done" | comm -23 - "$dir/there")
[[ -z $lost ]] || fail "answered with 0 and lost: $lost"
"$cluster" check database >"$dir/out" 2>&1 || fail "after $kills kills: $(cat "$dir/out")"

# A clock that goes back, where there is one to turn.
if command -v faketime >/dev/null; then
  faketime '2001-01-01' "$cluster" add host clock || fail "an old clock"
fi

# Files that are no inventory: one line, status 1, and the file as it was.
refused() { # refused WHAT FILE
  local before said code
  before=$(cksum "$2" 2>/dev/null)
  for words in "list host" "add host x" "dump" "check database"; do
    # shellcheck disable=SC2086 # a word each
    said=$(CLUSTER_DB=$2 timeout 60 "$cluster" $words 2>&1 >/dev/null)
    code=$?
    [[ $code == 1 && -n $said && $said != *$'\n'* ]] || fail "$1: $words: status $code: $said"
  done
  [[ $(cksum "$2" 2>/dev/null) == "$before" ]] || fail "$1: the file was changed"
}
"$cluster" save database "$dir/whole.db" || fail "cannot save"
head -c 20000 "$dir/whole.db" >"$dir/short.db"
refused "truncated" "$dir/short.db"
head -c 8192 /dev/urandom >"$dir/garbage.db"
refused "garbage" "$dir/garbage.db"
mkdir "$dir/folder.db"
refused "a folder" "$dir/folder.db"
(head -c 100 "$dir/whole.db" && head -c 8092 /dev/zero) >"$dir/header.db"
refused "a header alone" "$dir/header.db"

# Arguments that are nothing: refused in one line, never a bug of ours, and nothing is kept of them.
before=$("$cluster" dump | cksum)
printf 'add host attr n1 big %s\n' "$(head -c 10000000 /dev/zero | tr '\0' x)" >"$dir/big"
nonsense() { # nonsense WHAT COMMAND...
  local what=$1 said code
  shift
  said=$(timeout 60 "$@" 2>&1 >/dev/null)
  code=$?
  [[ $code == [12] && $said != *$'\n'* ]] || fail "$what: status $code: ${said:0:300}"
}
for word in "it's" '"' $'two\nlines' $'\xff\xfe' "\$(reboot)" "; true" "" "$(head -c 100000 /dev/zero | tr '\0' a)"; do
  nonsense "host ${word:0:20}" "$cluster" add host "$word"
  nonsense "card ${word:0:20}" "$cluster" add host gpu n1 "$word" 02:00.0
  nonsense "address ${word:0:20}" "$cluster" add host gpu n1 gpupci999 "$word"
  nonsense "vm ${word:0:20}" "$cluster" add host vm "$word" n1 mem=1 cpus=1
  ((${#word} > 1000)) || nonsense "attribute ${word:0:20}" "$cluster" add attr "$word" x
  nonsense "table ${word:0:20}" "$cluster" add row "$word" a=b
  nonsense "column ${word:0:20}" "$cluster" add row host "$word=b"
done
nonsense "10 MB" "$cluster" load "$dir/big"
printf 'add host n\0x\n' >"$dir/nul"
nonsense "NUL" "$cluster" load "$dir/nul"
printf 'add attr x "\xff"\n' >"$dir/utf8"
nonsense "invalid UTF-8" "$cluster" load "$dir/utf8"
[[ $("$cluster" dump | cksum) == "$before" ]] || fail "nonsense was kept"
((status != 0)) || echo "inventory_faults: ok"
exit $status
