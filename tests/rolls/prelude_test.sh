#!/bin/bash
# Tests the effect of each function of rolls/engine/prelude.sh and families/*.sh, in the sh of this machine. The
# programs that ask or change a host (apt-get, rpm, systemctl and the like) are stand-ins that keep lists; files are
# real ones. This file passes 400 lines on purpose: all functions of the prelude, on one set of stand-ins.
set -euo pipefail

engine=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../rolls/engine" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir bin
failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# on IDS STATUS OUT ERR [OPTION...]: runs the lines on standard input behind the prelude, on a host with these words in
# os-release; OUT and ERR are patterns of bash for all that they print.
on() {
  local ids=" $1 " want=$2 out=$3 err=$4 status=0 file
  shift 4
  {
    echo 'roll=demo'
    echo ". $engine/prelude.sh"
    echo "pending=$dir/pending ids='$ids' records=$dir/records lock=$dir/lock"
    for file in "$engine"/families/*.sh; do echo ". $file"; done
    [[ ${back-} != yes ]] || echo ". $engine/undo.sh"
    cat
  } >script
  PATH=$dir/bin:$PATH sh script "$@" >out 2>err || status=$?
  # shellcheck disable=SC2053 # they are patterns
  if [[ $status != "$want" || $(<out) != $out || $(<err) != $err ]]; then
    fail "line ${BASH_LINENO[0]}: status $status, want $want"
    printf '  out: %s\n  err: %s\n' "$(<out)" "$(<err)" >&2
  fi
}
# holds COMMAND...
holds() { "$@" || fail "line ${BASH_LINENO[0]}: not so: $*"; }

stand_in() {
  { echo '#!/bin/sh'; echo "cd '$dir' || exit 9"; cat; } >"bin/$1"
  chmod 755 "bin/$1"
}
# `installed` lists the installed packages, one word a line; `packages` lists those that can be installed.
stand_in dpkg-query <<'END'
shift 3
for package in "$@"; do
  ! grep -qx "$package" installed || printf ' %s=installed %s:amd64=installed ' "$package" "$package"
  ! grep -qx "$package" removed || printf ' %s=config-files %s:amd64=config-files ' "$package" "$package"
done
END
stand_in apt-get <<'END'
echo "apt-get $*" >>calls
case $* in
  *--simulate*)
    shift 3
    for package in "$@" $(cat along); do echo "Remv $package [1]"; done
    exit
    ;;
  *' remove '*)
    shift 5
    for package in "$@"; do grep -vx "$package" installed >left; mv left installed; done
    exit
    ;;
esac
if [ "$*" = '-q update' ]; then cp mirror packages; exit; fi
for package in "$@"; do
  case $package in -* | install | Dpkg::*) continue ;; esac
  grep -qx "$package" packages || { echo "E: Unable to locate package $package" >&2; exit 100; }
  [ "$package" = hollow ] || echo "$package" >>installed
done
END
stand_in rpm <<'END'
[ "$1 $2" = '-q --quiet' ] && grep -qx "$3" installed
END
stand_in dnf <<'END'
echo "dnf $*" >>calls
shift 3
printf '%s\n' "$@" >>installed
END
stand_in systemctl <<'END'
case $1 in
  is-enabled) grep -qx "$3" enabled ;;
  --quiet)
    grep -vx "$3" enabled >enabled.new
    mv enabled.new enabled
    [ "$2" = disable ] || echo "$3" >>enabled
    ;;
esac
END
for tool in update-initramfs dracut; do stand_in "$tool" <<<"echo \"$tool \$*\" >>calls"; done
stand_in id <<<'cat user'
fresh() {
  rm -rf calls pending tree records
  : >along
  printf '%s\n' gcc gcc:amd64 >installed
  printf '%s\n' old >removed
  printf '%s\n' gcc make hollow >packages
  printf '%s\n' gcc make hollow late >mirror
  echo a.service >enabled
  echo 0 >user
  : >calls
}
fresh

# ---- words
# shellcheck disable=SC2016 # the lines are for the script
{
  on debian 0 $'demo: ok       it is so\ndemo: changed  it is so\ndemo: would    it is so\ndemo: needs    it is so\n2' '' \
    <<<'begin it is so; already; changed; would; needs; echo "$changes"'
  on debian 0 'demo: a  b' '' <<<"say 'a  b'"
  on debian 1 '' 'demo: failed: it is so: because' <<<'begin it is so; fail because; echo never'
  on debian 3 '' 'demo: failed: it is so (status 3)' <<<'begin it is so; (exit 3); echo never'
  on debian 1 '' 'demo: failed: looking at the host (status 1)' <<<'false; echo never'
  on debian 2 '' '*nosuch: parameter not set*' <<<'begin x; echo "$nosuch"'
  on debian 2 '' 'usage: sh script \[--dry-run\]' --other <<<'echo never'
  on debian 2 '' 'usage: sh script \[--dry-run\]' --dry-run other <<<'echo never'
  on debian 0 yes '' --dry-run <<<'echo "$dry_run"'
  on debian 0 no '' '' <<<'echo "$dry_run"'

  # ---- look: -e counts in what is looked at, and what it sets stays there
  on debian 0 '1 unset' '' <<<'is() { x=1; false; true; }; look is; echo "$held ${x-unset}"'
  on debian 0 0 '' <<<'is() { true; }; look is; echo "$held"'
  on debian 0 7 '' <<<'is() { exit 7; }; look is; echo "$held"'
  on debian 4 1 'demo: failed: *' <<<'is() { false; }; look is; echo "$held"; (exit 4); echo never'

  # ---- start
  on debian 0 debian '' <<<"start 'Debian nor of RHEL'; sh -c 'echo \$family'"
  on 'ubuntu debian' 0 debian '' <<<'start x; echo "$family"'
  on 'rocky rhel centos fedora' 0 rhel '' <<<'start x; echo "$family"'
  on fedora 0 rhel '' <<<'start x; echo "$family"'
  on 'plan9 inferno' 1 '' 'demo: failed: looking at the host: this is neither of the family of Debian nor of RHEL: plan9 inferno ' \
    <<<"start 'Debian nor of RHEL'"
  on debianish 1 '' '*neither of the family*' <<<'start x'
  echo 1000 >user
  on debian 1 '' 'demo: failed: looking at the host: only root can do this' <<<'start x'
  on debian 0 '' '' --dry-run <<<'start x'
  echo 0 >user

  # ---- report: nothing where nobody asked; one line, whatever the words are, also when it fails
  on debian 0 '' '' <<<'report done words'
  on debian 0 $'\nabc\tdone\tdemo\tsome words here' '' --report=abc <<<$'report done "some\twords\nhere"'
  on debian 1 $'\nabc\tfailed\tdemo\tit is so: one two' $'demo: failed: it is so: one\ntwo' --report=abc \
    <<<$'begin it is so\nfail "one\ntwo"'
  on debian 3 $'\nabc\tfailed\tdemo\tit is so (status 3)' 'demo: failed: it is so (status 3)' --report=abc \
    <<<'begin it is so; (exit 3)'
  # A command that runs in it has no token in its environment.
  on debian 0 '' '' --report=abc <<<'(export -p; env) | grep abc || :'

  # ---- packages
  on debian 0 $'make\nold' '' <<<'missing gcc make old'
  on debian 0 '' '' <<<'missing gcc gcc:amd64'
  on rhel 0 $'make\nold' '' <<<'missing gcc make old'
  for family in debian rhel; do
    on "$family" 0 gcc '' <<<'for p in gcc make; do ! is_installed "$p" || echo "$p"; done'
    on "$family" 0 'demo: ok       packages' '' <<<'begin packages; packages gcc'
    on "$family" 0 'demo: would    packages make' '' --dry-run <<<'begin packages; packages gcc make'
    holds test ! -s calls
  done
  on debian 0 'demo: changed  packages make' '' <<<'begin packages; packages gcc make'
  holds test "$(<calls)" = 'apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends make'
  fresh
  on rhel 0 'demo: changed  packages make perl' '' <<<'begin packages; packages gcc make perl'
  holds test "$(<calls)" = 'dnf -q -y install make perl'
  fresh
  # The lists are read again when a package is not in them, and not before.
  on debian 0 'demo: changed  packages late' 'E: Unable to locate package late' <<<'packages late'
  holds test "$(cut -d ' ' -f 2-3 calls)" = $'-q -y\n-q update\n-q -y'
  on debian 100 '' $'E: *\nE: Unable to locate package never\ndemo: failed: packages never (status 100)' <<<'packages never; echo on'
  on debian 1 '' 'demo: failed: packages hollow: not there after it was installed: hollow' <<<'packages hollow'
  fresh

  # ---- initramfs
  on debian 0 '' '' <<<'renew_initramfs all; renew_initramfs running'
  on rhel 0 '' '' <<<'renew_initramfs all; renew_initramfs running'
  holds test "$(<calls)" = "update-initramfs -u -k all
update-initramfs -u -k $(uname -r)
dracut --regenerate-all --force
dracut --force"

  # ---- file
  me=$(stat -c %U:%G .)
  # give OUT MODE [OPTION]
  give() { on debian 0 "$1 $dir/tree/a/b" '' "${@:3}" <<<"file $dir/tree/a/b $2 $me <<'X'"$'\nnew $HOME\nX'; }
  give 'demo: would    file' 0640 --dry-run
  holds test ! -e tree
  give 'demo: changed  file' 0640
  holds test "$(<tree/a/b) $(stat -c %a tree/a/b)" = 'new $HOME 640'
  give 'demo: ok       file' 0640
  give 'demo: changed  file' 0600
  holds test "$(stat -c %a tree/a/b)" = 600
  holds test "$(ls tree/a)" = b
  # A file that somebody else wrote is kept, the first time.
  echo theirs >tree/a/b
  give 'demo: changed  file' 0600
  echo 'theirs again' >tree/a/b
  give 'demo: changed  file' 0600
  holds test "$(<tree/a/b.before-demo)" = theirs
  holds test "$(<tree/a/b)" = 'new $HOME'
  # A link is replaced, and its target is left alone.
  echo elsewhere >tree/other
  ln -sf ../other tree/a/b
  give 'demo: changed  file' 0600
  holds test ! -L tree/a/b
  holds test "$(<tree/other)" = elsewhere
  holds test "$(ls tree/a)" = $'b\nb.before-demo'

  # ---- unit
  fresh
  on debian 0 'demo: ok       unit a.service is enabled' '' <<<'unit a.service'
  on debian 0 'demo: would    unit b.service is enabled' '' --dry-run <<<'unit b.service'
  holds test "$(<enabled)" = a.service
  on debian 0 'demo: changed  unit b.service is enabled' '' <<<'unit b.service'
  holds grep -qx b.service enabled

  # ---- the end
  on debian 0 'demo: done, nothing had to be changed' '' <<<'finish'
  on debian 0 $'*\ndemo: done, 2 changed' '' <<<'begin x; changed; changed; finish'
  on debian 0 $'*\ndemo: dry run: 1 to be done' '' --dry-run <<<'begin x; would; finish'
  on debian 0 $'demo: done, nothing had to be changed\n\nabc\tdone\tdemo\tdone, nothing had to be changed' '' \
    --report=abc <<<'finish'
  # Each reason is printed once, however often it occurs; and no dry run reports a reboot.
  reason='reboot needed (demo: x; demo: y); then run this again, to see that it worked'
  on debian 0 "demo: $reason"$'\n\nabc\treboot\tdemo\t'"$reason" '' --report=abc \
    <<<'begin x; needs_reboot; needs_reboot; begin y; needs_reboot; finish'
  on debian 0 "demo: $reason" '' <<<finish
  on debian 0 'demo: dry run: 0 to be done' '' --dry-run <<<finish

  # ---- the way back: what the roll changed is as before, and nothing else
  fresh
  me=$(stat -c %U:%G .)
  mkdir tree
  echo earlier >tree/theirs
  echo mine >tree/found
  forth="packages gcc make
file $dir/tree/theirs 0644 $me <<'X'
ours
X
file $dir/tree/new 0644 $me <<'X'
ours
X
begin a step
(keep $dir/tree/kept $dir/tree/found; echo ours >$dir/tree/kept; echo ours >$dir/tree/found)
record steps \"\$doing\"; kept
begin no way back; record steps \"\$doing\"
begin for ever; record steps \"\$doing\"
begin with packages; note_packages perl; record steps \"\$doing\"
unit a.service; unit b.service"
  backwards="undo_unit b.service; undo_unit a.service
called() { echo called >>$dir/calls; afterwards echo one; afterwards echo one; }
begin with packages; undo_step '' no
begin for ever; undo_step '' no 'it was eaten'
begin no way back; undo_step '' no
begin a step; undo_step called yes
begin never done; undo_step called yes
put_back $dir/tree/new; put_back $dir/tree/theirs
undo_packages; finish_undo"
  on debian 0 '*' '' <<<"$forth"
  holds test "$(cat tree/theirs tree/new tree/kept tree/found | sort -u)" = ours
  holds test "$(stat -c %a records/demo)" = 700
  # What somebody has made of a file between two runs is what is put back.
  echo theirs >tree/theirs
  on debian 0 '*' '' <<<"$forth"
  echo 'somebody' >tree/new
  before=$(find tree records enabled installed | sort | while read -r file; do [[ -d $file ]] || cksum "$file"; done)
  back=yes on debian 0 $'demo: would    unit b.service is enabled\n*demo: dry run: 5 to be undone, 4 stay' '' --dry-run <<<"$backwards"
  holds test "$(find tree records enabled installed | sort | while read -r file; do [[ -d $file ]] || cksum "$file"; done)" = "$before"
  back=yes on debian 0 "demo: undone   unit b.service is enabled
demo: stays    for ever: it was eaten
demo: stays    no way back: no script can take it back
demo: undone   file $dir/tree/kept
demo: undone   file $dir/tree/found
demo: undone   a step
demo: stays    file $dir/tree/new: somebody has changed it since*
demo: undone   file $dir/tree/theirs
demo: stays    packages make: packages=remove removes them
one
demo: changed  echo one
demo: 5 undone, 4 stay; reboot needed" '' <<<"$backwards"
  holds test "$(<enabled)" = a.service
  holds test "$(cat tree/theirs tree/found tree/new)" = $'theirs\nmine\nsomebody'
  holds test ! -e tree/kept
  holds test "$(<tree/theirs.before-demo)" = earlier
  holds test "$(grep -c called calls)" = 1
  # What stayed is told again; what others need is not removed; and then all is forgotten.
  rm pending
  echo debhelper >along
  back=yes on debian 0 $'*stays    packages make: others would go with them: debhelper\n*' '' --remove-packages <<<"$backwards"
  : >along
  rm tree/new
  back=yes on debian 0 '*demo: undone   packages make
demo: done, 2 undone, 2 stay' '' --remove-packages <<<"$backwards"
  holds test "$(<installed)" = $'gcc\ngcc:amd64'
  # A step that ended half way is taken back, too.
  echo mine >tree/half
  on debian 3 '' 'demo: failed: half (status 3)' <<<"begin half; (keep $dir/tree/half; echo ours >$dir/tree/half; exit 3)"
  holds test "$(<tree/half)" = ours
  back=yes on debian 0 "*demo: undone   file $dir/tree/half
demo: undone   half
*" '' <<<"begin half; undo_step '' no; finish_undo"
  holds test "$(<tree/half)" = mine
  back=yes on debian 0 'demo: done, nothing to be undone' '' <<<"$backwards"
  mkdir -p records/other
  back=yes on debian 1 '' '*roll other is on this host, too: first cluster run roll other undo=yes host=HOST' <<<'unless_needed other'

  # ---- two scripts: the second one says so and changes nothing; what one that was killed left is no lock
  fresh
  sleep 60 &
  other=$!
  ln -s "$other:$(sed 's/^.*) //' "/proc/$other/stat" | cut -d ' ' -f 20)" lock
  on debian 1 '' "demo: failed: looking at the host: another script of a roll changes this host (process $other): *" <<<'start x; echo never'
  holds test -L lock
  on debian 0 debian '' --dry-run <<<'start x; echo "$family"'
  kill "$other"
  wait "$other" || :
  on debian 0 "lock of $$" '' <<<'start x; echo "lock of $PPID"; readlink "$lock" | grep -q "^$$:[0-9]"'
  holds test ! -L lock
  # Its process is there again, and is another one.
  ln -s "$$:1" lock
  on debian 3 '' '*status 3*' <<<'start x; (exit 3)'
  holds test ! -L lock

  # Of several that find what a killed one has left, one begins.
  for _ in {1..15}; do
    rm -f go one-*
    ln -sfn "$$:1" lock
    {
      echo "roll=demo; . $engine/prelude.sh; lock=$dir/lock ids=' debian '"
      echo "for file in $engine/families/*.sh; do . \"\$file\"; done"
      echo "until [ -e $dir/go ]; do :; done; start x; : >$dir/one-\$\$; n=0; until [ -e $dir/end ] || [ \$n = 300 ]; do sleep 0.01; n=\$((n + 1)); done"
    } >turn-script
    rm -f end
    for _ in {1..5}; do PATH=$dir/bin:$PATH sh turn-script >/dev/null 2>&1 & done
    : >go
    # Four are turned away, and then the one that has begun may end.
    for _ in {1..4}; do wait -n || :; done
    : >end
    wait
    [[ $(find . -name 'one-*' | wc -l) == 1 ]] || fail "not one script at once: $(ls one-*)"
  done
  rm -f go end one-* turn-script

  # ---- nobody reads on, as when the connection broke: nothing is left lying, and what was changed is known
  fresh
  mkdir tree tmp
  unread() { # unread [OPTION...]: the lines on standard input, with a reader that goes away after the first line
    {
      echo "roll=demo; . $engine/prelude.sh; records=$dir/records lock=$dir/lock pending=$dir/pending ids=' debian '"
      echo "for file in $engine/families/*.sh; do . \"\$file\"; done; start x; echo begun"
      cat
    } >unread-script
    { PATH=$dir/bin:$PATH TMPDIR=$dir/tmp sh unread-script "$@" 2>/dev/null || :; } | { read -r _; }
  }
  unread <<<"until ! echo alive; do :; done; echo never >>$dir/calls"
  holds test ! -L lock
  holds test -z "$(ls -A tmp)"
  unread <<<"begin half; (keep $dir/tree/half; echo ours >$dir/tree/half; until ! echo alive; do :; done; exit 3)"
  holds test ! -L lock
  holds test -z "$(ls -A tmp)"
  holds test ! -s calls
  holds test "$(<"records/demo/after$dir/tree/half")" = ours
  # A program that installs comes to its end, and what it says is told.
  mv bin/apt-get bin/apt-get.good
  stand_in apt-get <<<'for i in 1 2 3; do echo unpacking; sleep 0.1; done; echo make >>installed; echo whole >>calls'
  unread --report=abc <<<'packages make'
  holds test "$(<calls)" = whole
  holds test -z "$(ls -A tmp)"
  fresh
  on debian 0 $'unpacking\nunpacking\nunpacking\ndemo: changed  packages make\n*' '' --report=abc <<<'packages make; finish'
  stand_in apt-get <<<'echo "E: broken"; exit 100'
  on debian 100 $'E: broken\nE: broken\n*failed*' 'demo: failed: packages late (status 100)' --report=abc <<<'packages late'
  # What would go with packages has to be known.
  fresh
  mkdir -p records/demo
  echo gcc >records/demo/packages
  back=yes on debian 100 '' 'demo: failed: packages gcc (status 100)' --remove-packages <<<'undo_packages; echo never'
  holds grep -qx gcc installed
  mv bin/apt-get.good bin/apt-get
  rm -r tmp

  # ---- half done: what was begun is told, or taken back
  fresh
  mv bin/systemctl bin/systemctl.good
  stand_in systemctl <<<'[ "$2" != enable ] || echo b.service >>enabled; exit 1'
  on debian 1 '' 'demo: failed: unit b.service is enabled (status 1)' <<<'unit b.service'
  mv bin/systemctl.good bin/systemctl
  back=yes on debian 0 $'demo: undone   unit b.service is enabled\n*' '' <<<'undo_unit b.service; finish_undo'
  holds test "$(<enabled)" = a.service
  on debian 3 '' 'demo: failed: half (status 3)' <<<'begin half; record begun "$doing"; (exit 3)'
  for _ in 1 2; do
    back=yes on debian 0 $'demo: stays    half: it was begun and did not end, and no script can take it back\ndemo: done, 0 undone, 1 stay' '' \
      <<<"begin half; undo_step '' no; finish_undo"
  done
  # A disk that is full loses no note.
  fresh
  mkdir -p records/demo
  printf '%s\n' one two >records/demo/steps
  for program in grep awk; do
    stand_in "$program" <<END
cd "\$OLDPWD"
case \$* in
  -vxF* | *index*) echo "$program: write error: No space left on device" >&2; exit 2 ;;
esac
exec $(command -v $program) "\$@"
END
  done
  back=yes on debian 1 '' '*No space left*' <<<'undo() { :; }; begin one; undo_step undo no; finish_undo'
  holds test "$(<records/demo/steps)" = $'one\ntwo'
  echo "one|$dir/tree/kept" >records/demo/files
  back=yes on debian 2 '' '*No space left*' <<<"begin one; undo_step '' no; finish_undo"
  holds test -e records/demo/files
  rm bin/grep bin/awk

  # ---- a full disk and a kill: what was there before is known whole, or nothing was changed
  fresh
  mkdir tree records
  me=$(stat -c %U:%G .)
  head -c 5000 /dev/zero | tr '\0' x >tree/large
  large=$(cksum <tree/large)
  # cp as it ends on a full disk: a part is there, and then it fails.
  stand_in cp <<'END'
for to; do :; done
case $to in
  *"$(cat full)"*)
    head -c 100 "$dir/tree/large" >"$to"
    echo "cp: error writing '$to': No space left on device" >&2
    exit 1
    ;;
esac
exec /bin/cp "$@"
END
  sed -i "s|\$dir|$dir|" bin/cp
  change="file $dir/tree/large 0644 $me <<'X'
ours
X"
  for full in records/demo/copy. .before-demo .new-demo; do
    echo "$full" >full
    on debian 1 '' "*No space left on device*failed: file $dir/tree/large (status 1)" <<<"$change"
    holds test "$(cksum <tree/large)" = "$large"
    holds test "$(ls tree)" = large
  done
  # The file and the reason are told, whatever was to be written. grep would read /dev/full without an end.
  mkdir -p scratch records/demo
  stand_in grep <<<'exit 1'
  stand_in mktemp <<<"mkdir -p scratch; for file in new why; do ln -s /dev/full scratch/\$file; done; echo $dir/scratch"
  ln -sf /dev/full records/demo/steps
  ln -s /dev/full pending
  for writes in 'record steps a|records/demo/steps' 'needs_reboot|pending' 'skip because|scratch/why' \
    "file $dir/tree/x 0644 $me <<X"$'\nours\nX\n|scratch/new'; do
    rm -rf scratch
    on debian 1 '' "tee: $dir/${writes#*|}: No space left on device"$'\n''demo: failed: * (status 1)' \
      <<<"begin it; ${writes%|*}"
  done
  rm -rf bin/grep bin/mktemp records/demo pending scratch
  echo 'nothing is full' >full
  on debian 0 "demo: changed  file $dir/tree/large" '' <<<"$change"
  back=yes on debian 0 "demo: undone   file $dir/tree/large"$'\n*' '' <<<"put_back $dir/tree/large; finish_undo"
  holds test "$(cksum <tree/large)" = "$large"
  rm bin/cp
  # The script is killed before each of its programs that change something, then run to its end or not at all; either
  # way undo=yes brings back what was there, or names where it is.
  programs='cp mv chmod chown mkdir rm'
  change="$change
begin a step
(keep $dir/tree/kept; printf 'ours' >$dir/tree/kept)
record steps \"\$doing\"; kept"
  killed=0
  for n in $(seq 1 60); do
    rm -rf records tree lock
    mkdir tree
    echo theirs >tree/large
    echo theirs >tree/kept
    echo "$n" >left
    for program in $programs; do
      stand_in "$program" <<END
left=\$((\$(cat left) - 1))
echo \$left >left
cd "\$OLDPWD"
[ \$left -ne 0 ] || { kill -9 \$(cat $dir/script.pid); exit 1; }
exec /bin/$program "\$@"
END
    done
    {
      echo "echo \$\$ >$dir/script.pid; roll=demo; . $engine/prelude.sh; records=$dir/records lock=$dir/lock ids=' debian '"
      echo "for file in $engine/families/*.sh; do . \"\$file\"; done; start x"
      echo "$change"
    } >killed-script
    status=0
    { PATH=$dir/bin:$PATH TMPDIR=$dir sh killed-script >/dev/null 2>&1 || status=$?; } 2>/dev/null
    for program in $programs; do rm "bin/$program"; done
    [[ $status == 137 ]] || break
    killed=$((killed + 1))
    ((n % 2)) || on debian 0 '*' '' <<<"start x; $change"
    back=yes on debian 0 '*' '' <<<"begin a step; undo_step '' no; put_back $dir/tree/large; finish_undo"
    for file in large kept; do
      [[ $(<"tree/$file") == theirs ]] || grep -q "stays .*$dir/records/demo/before$dir/tree/$file" out ||
        fail "killed at $n: $file is $(<"tree/$file"), $(<out)"
    done
    [[ $(ls tree) == $'kept\nlarge' ]] || fail "killed at $n: $(ls tree)"
  done
  [[ $status == 0 ]] || fail "not killed at $n, and status $status"
  ((killed > 15)) || fail "it was killed $killed times alone"
}
((failures == 0))
