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
    --report=*) token=${word#*=} ;;
    *)
      echo "usage: sh $0 [--dry-run]" >&2
      exit 2
      ;;
  esac
done

changes=0
doing='looking at the host'

say() { printf '%s: %s\n' "$roll" "$*"; }

# begin WHAT names what is done next, for messages. Then one of these says how it went:
#   already  it was so
#   changed  it was not so, and is so now
#   would    it is not so, and would be done without --dry-run
#   needs    it is not so, and no script can make it so
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
needs() { say "needs    $doing"; }
# look FUNCTION: $held becomes 0 when FUNCTION ends with 0. It is a command by itself, because inside
# of `if` and `||` the shell takes no notice of -e.
look() {
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
  trap - EXIT
  exit 1
}
ended() {
  status=$?
  [ "$status" -eq 0 ] || failed "$doing (status $status)"
}
trap ended EXIT

# This file names what needs a reboot. It is in /run, which the reboot empties.
pending=/run/cluster-rolls.reboot
needs_reboot() { grep -qsxF -e "$roll: $doing" "$pending" || printf '%s: %s\n' "$roll" "$doing" >>"$pending"; }

family=
ids=" $(sed -n -e 's/^ID=//p' -e 's/^ID_LIKE=//p' /etc/os-release | tr -d "\"'" | tr '\n' ' ')"
# start FAMILIES: the first line behind families/*.sh, each of which sets $family when the host is of
# it. FAMILIES is the end of a message that names them.
start() {
  [ -n "$family" ] || fail "this is neither of the family of $1:$ids"
  export family
  [ "$dry_run" = yes ] || [ "$(id -u)" -eq 0 ] || fail 'only root can do this'
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

# file PATH MODE OWNER: PATH gets the text on standard input. A file that somebody else wrote there
# is kept beside it, once.
file() {
  begin "file $1"
  new=$(mktemp)
  cat >"$new"
  if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$new" "$1" && [ "0$(stat -c '%a %U:%G' "$1")" = "$2 $3" ]; then
    already
  elif [ "$dry_run" = yes ]; then
    would
  else
    mkdir -p "$(dirname "$1")"
    if [ -e "$1" ] && ! cmp -s "$new" "$1" && [ ! -e "$1.before-$roll" ]; then
      cp -p "$1" "$1.before-$roll"
    fi
    chmod "$2" "$new"
    chown "$3" "$new"
    # It is written beside PATH first, so nobody reads a file that is half written.
    cp -p "$new" "$1.new-$roll"
    mv -f "$1.new-$roll" "$1"
    changed
  fi
  rm -f "$new"
}

# unit NAME: systemd starts it at each boot.
unit() {
  begin "unit $1 is enabled"
  if systemctl is-enabled --quiet "$1" 2>/dev/null; then
    already
  elif [ "$dry_run" = yes ]; then
    would
  else
    systemctl --quiet enable "$1"
    changed
  fi
}

# finish says how it ended. It is the last line of a script.
finish() {
  outcome='done'
  if [ "$dry_run" = yes ]; then
    words="dry run: $changes to be done"
  elif [ -e "$pending" ]; then
    outcome=reboot
    words="reboot needed ($(paste -s -d ';' "$pending")); then run this again, to see that it worked"
  elif [ "$changes" -eq 0 ]; then
    words='done, nothing had to be changed'
  else
    words="done, $changes changed"
  fi
  say "$words"
  report "$outcome" "$words"
}
