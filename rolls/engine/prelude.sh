# shellcheck shell=sh disable=SC2154,SC2034 # the lines before set $roll, those after read $held
# What every script of a roll begins with, after the names of the host. rolls/engine/script.h writes
# the rest. A step and a check of a roll may use what docs/rolls.md names of it; these lines of
# comment, down to the first empty one, are left out of the scripts.

set -eu
# A shell over SSH may have no sbin.
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
DEBIAN_FRONTEND=noninteractive
export PATH LC_ALL DEBIAN_FRONTEND
umask 022

# --report=TOKEN is for `cluster run roll apply=yes`; see report.
dry_run=no
token=
for word in "$@"; do
  case $word in
    '') ;;
    --dry-run) dry_run=yes ;;
    --remove-packages) ;; # undo.sh reads it
    --report=*) token=${word#*=} ;;
    *)
      echo "usage: sh $0 [--dry-run]" >&2
      exit 2
      ;;
  esac
done

changes=0
# What was on the host before a roll changed it is in a folder here for each roll; see keep.
records=/var/lib/cluster-rolls

say() { printf '%s: %s\n' "$roll" "$*"; }

# into [-a] FILE: it gets what is on standard input; -a: at its end. On a full disk tee names the file
# and the reason. Where cat or printf write to a file, sh does not.
into() { tee "$@" >/dev/null; }

# begin WHAT names what is done next, for messages. Then one of these says how it went:
#   already  it was so
#   changed  it was not so, and is so now
#   would    it is not so, and would be done without --dry-run
#   needs    [WHY]: it is not so, and no script can make it so
#   skipped  WHY: nobody looked whether it is so
#   waits    WHY: it will be so after the next boot, which it asks for
begin() { doing=$*; }
already() { say "ok       $doing"; }
changed() {
  changes=$((changes + 1))
  say "changed  $doing"
}
would() {
  changes=$((changes + 1))
  say "would    $doing"
}
needs() { say "needs    $doing${1:+: $1}"; }
skipped() { say "skipped  $doing: $1"; }
waits() {
  say "waits    $doing: $1"
  [ "$dry_run" = yes ] || needs_reboot
}
# skip WHY and await_reboot WHY end the check of a step that cannot say whether it is so: there is
# nothing to look at on this host, or the kernel that runs was started before it was made so.
skip() {
  printf '%s' "$*" | into "$scratch/why"
  exit 77
}
await_reboot() {
  printf '%s' "$*" | into "$scratch/why"
  exit 75
}
# leave_alone is true when the check that was looked at last ended so, and says it.
leave_alone() {
  [ -s "$scratch/why" ] || return 1
  case $held in
    77) skipped "$(cat "$scratch/why")" ;;
    75) waits "$(cat "$scratch/why")" ;;
    *) return 1 ;;
  esac
}
# booted_since FILE: true when the kernel that runs was started after FILE was written.
booted_since() { [ "$(sed -n 's/^btime //p' /proc/stat)" -gt "$(stat -c %Y "$1")" ]; }
# look FUNCTION: $held becomes 0 when FUNCTION ends with 0. It is a command by itself, because inside
# of `if` and `||` the shell takes no notice of -e.
look() {
  rm -f "$scratch/why"
  set +e
  (
    set -e
    "$1"
  )
  held=$?
  set -e
}
# report OUTCOME WORDS: how it ended, in one line for the program that asked for it. TOKEN, the first
# word of that line, is new each time and not in the environment, so no line that a step prints can
# pass for it. rolls/engine/script_report.h reads it.
report() {
  [ -z "$token" ] || printf '\n%s\t%s\t%s\t%s\n' "$token" "$1" "$roll" "$(printf %s "$2" | tr '\n\t' '  ')"
}
failed() {
  printf '%s: failed: %s\n' "$roll" "$1" >&2
  report failed "$1"
}
fail() {
  failed "$doing: $*"
  trap clean EXIT
  exit 1
}
clean() {
  if [ "$locked" = yes ]; then rm -f "$lock"; fi
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
}
ended() {
  status=$?
  # Files that a step has changed before it ended half way are taken back, too.
  if [ -e "$scratch/kept" ]; then kept || :; fi
  clean
  [ "$status" -eq 0 ] || failed "$doing (status $status)"
}
locked=no
scratch=
trap ended EXIT
# Nobody reads on, as when the connection broke: what a step has changed is noted all the same.
trap 'exit 141' PIPE
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
doing='making a folder for this run'
scratch=$(mktemp -d)
doing='looking at the host'

# This file names what needs a reboot. It is in /run, which the reboot empties.
pending=/run/cluster-rolls.reboot
needs_reboot() { grep -qsxF -e "$roll: $doing" "$pending" || printf '%s: %s\n' "$roll" "$doing" | into -a "$pending"; }

family=
ids=" $(sed -n -e 's/^ID=//p' -e 's/^ID_LIKE=//p' /etc/os-release | tr -d "\"'" | tr '\n' ' ')"
# start FAMILIES: the first line behind families/*.sh, each of which sets $family when the host is of
# it. FAMILIES is the end of a message that names them.
start() {
  [ -n "$family" ] || fail "this is neither of the family of $1:$ids"
  export family
  [ "$dry_run" = yes ] || [ "$(id -u)" -eq 0 ] || fail 'only root can do this'
  [ "$dry_run" = yes ] || take_turn
}
# take_turn: no two scripts change a host at once. The lock is a link that names the process, with
# the time at which it was started, so what a script that was killed has left is none.
lock=/run/cluster-rolls.lock
mark_of() { sed -n "s/^.*) \\(.*\\)/\\1/p" "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
take_turn() {
  mark=$$:$(mark_of $$)
  ln -sn "$mark" "$lock" 2>/dev/null || {
    other=$({ flock 9 && take_over; } 9<"${lock%/*}")
    [ "$other" = "$mark" ] ||
      fail "another script of a roll changes this host (process ${other%%:*}): run this again when it has ended"
  }
  locked=yes
}
# take_over prints whose turn it is then. Of several scripts that find what a killed one has left, one
# at a time looks, and the first takes its place.
take_over() {
  other=$(readlink "$lock") || other=
  case $other in
    '' | *:"$(mark_of "${other%%:*}")") ;;
    *) rm -f "$lock" ;;
  esac
  [ -L "$lock" ] || ln -sn "$mark" "$lock" || :
  readlink "$lock"
}

# keep PATH...: a step calls it before it writes these files. What is there now is kept, unless the
# roll wrote it, so that undo=yes puts it back or removes the file.
keep() {
  for path in "$@"; do
    if [ -e "$path" ] && [ -e "$records/$roll/after$path" ] && ! cmp -s "$path" "$records/$roll/after$path"; then
      rm -f "$records/$roll/before$path" "$records/$roll/absent$path"  # somebody has changed it since
    fi
    if [ ! -e "$records/$roll/before$path" ] && [ ! -L "$records/$roll/before$path" ] && [ ! -e "$records/$roll/absent$path" ]; then
      (umask 077 && mkdir -p "$records/$roll")
      if [ -e "$path" ] || [ -L "$path" ]; then
        note_copy "$path" "before$path"
      else
        mkdir -p "$records/$roll/absent${path%/*}"
        : >"$records/$roll/absent$path"
      fi
    fi
    record files "$doing|$path"
    record steps "$doing"
    printf '%s\n' "$path" | into -a "$scratch/kept"
  done
}
# note_copy PATH NOTE: it is there whole or not at all, also when the disk is full or the script is
# killed.
note_copy() {
  (umask 077 && mkdir -p "$records/$roll")
  mkdir -p "$(dirname "$records/$roll/$2")"
  rm -rf "$records/$roll/copy.$$"
  cp -a "$1" "$records/$roll/copy.$$"
  mv -fT "$records/$roll/copy.$$" "$records/$roll/$2"
}
# kept: after a step; what the roll has written is kept, too. A file that is another one when it is
# undone was changed by somebody else, and stays.
kept() {
  [ -e "$scratch/kept" ] || return 0
  while read -r path; do
    [ ! -e "$path" ] || note_copy "$path" "after$path"
  done <"$scratch/kept"
  rm "$scratch/kept"
}
# record LIST LINE: notes the line once. recorded LIST LINE: true when it was noted.
record() {
  recorded "$1" "$2" || {
    (umask 077 && mkdir -p "$records/$roll")
    printf '%s\n' "$2" | into -a "$records/$roll/$1"
  }
}
recorded() { grep -qsxF -e "$2" "$records/$roll/$1"; }
# steadily COMMAND WORD...: a program that must not be cut off half way, as when the connection breaks
# to which it prints. What it says is printed when it has ended, where nobody watches it.
steadily() {
  if [ -z "$token" ]; then
    "$@"
    return
  fi
  ended_with=0
  "$@" >"$scratch/said" 2>&1 || ended_with=$?
  cat "$scratch/said"
  return "$ended_with"
}
# note_packages PACKAGE...: those that are not there yet are noted as the roll's, and that what is
# done now installs some.
note_packages() {
  for package in $(missing "$@"); do
    record packages "$package"
    record installed "$doing"
  done
}

# is_installed PACKAGE
is_installed() { [ -z "$(missing "$1")" ]; }
# packages PACKAGE...: installs those that are not there.
packages() {
  # shellcheck disable=SC2046 # one word a package
  set -- $(missing "$@")
  if [ $# -eq 0 ]; then
    already
  elif [ "$dry_run" = yes ]; then
    begin "packages $*"
    would
  else
    begin "packages $*"
    install_packages "$@" </dev/null
    left=$(missing "$@" | paste -s -d ' ' -)
    [ -z "$left" ] || fail "not there after it was installed: $left"
    changed
  fi
}

# beside FROM PATH [OPTION]: copies it, by cp -p or as OPTION says. It is written beside PATH first, so
# nobody reads a file that is half written, and a full disk leaves none.
beside() {
  cp "${3:--p}" "$1" "$2.new-$roll" || {
    rm -f "$2.new-$roll"
    return 1
  }
  mv -fT "$2.new-$roll" "$2"
}

# file PATH MODE OWNER: PATH gets the text on standard input. A file that somebody else wrote there
# is kept beside it, once.
file() {
  begin "file $1"
  new=$scratch/new
  into "$new"
  if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$new" "$1" && [ "0$(stat -c '%a %U:%G' "$1")" = "$2 $3" ]; then
    already
  elif [ "$dry_run" = yes ]; then
    would
  else
    [ ! -d "$1" ] || [ -L "$1" ] || fail 'there is a folder of that name'
    chmod "$2" "$new"
    chown "$3" "$new"
    keep "$1"
    # Its text is noted before it is there, so that it is known as the roll's whenever this ends.
    note_copy "$new" "after$1"
    mkdir -p "$(dirname "$1")"
    if [ -e "$1" ] && ! cmp -s "$new" "$1" && [ ! -e "$1.before-$roll" ]; then
      beside "$1" "$1.before-$roll"
    fi
    beside "$new" "$1"
    rm "$scratch/kept"
    changed
  fi
}

# unit NAME: systemd starts it at each boot.
unit() {
  begin "unit $1 is enabled"
  if systemctl is-enabled --quiet "$1" 2>/dev/null; then
    already
  elif [ "$dry_run" = yes ]; then
    would
  else
    record units "$1"
    systemctl --quiet enable "$1"
    changed
  fi
}

# is_time: true when what is looked at last can be looked at, else it is said to be skipped.
is_time() {
  if [ "$dry_run" = yes ]; then
    skipped 'dry run'
  elif [ -e "$pending" ]; then
    skipped 'not before the reboot'
  else
    return 0
  fi
  return 1
}

# finish says how it ended. It is the last line of a script.
finish() {
  outcome='done'
  if [ "$dry_run" = yes ]; then
    words="dry run: $changes to be done"
  elif [ -e "$pending" ]; then
    outcome=reboot
    words="reboot needed ($(paste -s -d ';' "$pending" | sed 's/;/; /g')); then run this again, to see that it worked"
  elif [ "$changes" -eq 0 ]; then
    words='done, nothing had to be changed'
  else
    words="done, $changes changed"
  fi
  say "$words"
  report "$outcome" "$words"
}
