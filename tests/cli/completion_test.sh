#!/bin/bash
# Real shells complete: bash, zsh and fish, each with its file of packaging/completion.
#   completion_test.sh CLUSTER FOLDER
set -euo pipefail
cluster=$(realpath "$1")
folder=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$cluster" "$work/bin/cluster"
ln -s "$cluster" "$work/bin/rollcall"
# shellcheck source=tests/support/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/place.sh"
CLUSTER_DB=$(new_place "$work")
export CLUSTER_DB HOME=$work PATH=$work/bin:$PATH
cluster add host vm-container-0-1
cluster add host vm-container-0-2

# is SHELL LINE WANTED: what the shell offers after LINE, one a line.
is() {
  local got
  got=$("in_$1" "$2" 2>"$work/err" | LC_ALL=C sort)
  [[ $got == "$3" ]] && return
  printf 'completion_test: %s: %s\nwant:\n%s\ngot:\n%s\n' "$1" "$2" "$3" "$got" >&2
  cat "$work/err" >&2
  exit 1
}

in_bash() {
  LINE=$1 FILE=$folder/cluster.bash bash --norc -c '
    source "$FILE"
    COMP_LINE=$LINE COMP_POINT=${#LINE}
    compopt() { :; } # the real one wants a line that is edited
    _cluster
    printf "%s\n" "${COMPREPLY[@]}"'
}
in_fish() { fish --no-config -c "source $folder/cluster.fish; complete -C \"$1\"" | cut -f 1; }
# compadd wants a line that is edited, too; what it would add is in the arrays that it is told.
in_zsh() {
  LINE=$1 FILE=$folder/_cluster zsh -f -c '
    compadd() { print -rl -- "${(@P)@[-1]}" }
    _files() { :; }
    words=("${(@Q)${(z)LINE}}"); [[ $LINE != *" " ]] || words+=("")
    CURRENT=${#words}
    source "$FILE"'
}

hosts=$'vm-container-0-1\nvm-container-0-2'
for shell in bash fish zsh; do
  for name in cluster rollcall; do
    is "$shell" "$name det" detach
    is "$shell" "$name list host vm-container-0-" "$hosts"
    is "$shell" "$name list host vm sta" status=
  done
done
# bash ends its words at '=' and ':', so it wants what is behind these alone.
is bash 'cluster set host power vm-container-0-1 action=o' $'off\non'
is bash 'cluster set host vm v1 container=vm-container-0-' "$hosts"
for shell in fish zsh; do
  is "$shell" 'cluster set host power vm-container-0-1 action=o' $'action=off\naction=on'
done
# What is typed is a word of the program, and no command of a shell.
for shell in bash zsh; do
  is "$shell" "cluster list host \$(touch$IFS$work/harm)" ''
done
[[ ! -e $work/harm ]] || exit 1
