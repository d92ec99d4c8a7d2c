#!/bin/bash
# Real shells complete gpupci: bash, zsh and fish, each with its file of packaging/completion, by the --help of the real
# program and the lists of a stand-in.
#   gpupci_completion_test.sh GPUPCI FOLDER
set -euo pipefail
gpupci=$(realpath "$1")
folder=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cat >"$work/bin/gpupci" <<END
#!/bin/sh
case \$1 in
  -l) printf '%s\n' 'gpupci1 pci_0000_02_00_0' 'gpupci2 pci_0000_03_00_0' ;;
  --vgpus) printf '%s\n' 'VGPU       PARENT' 'gpupci1.0  gpupci1.0' ;;
  *) exec $gpupci "\$@" ;;
esac
END
chmod 755 "$work/bin/gpupci"
export HOME=$work PATH=$work/bin:$PATH

in_bash() {
  FILE=$folder/gpupci.bash bash --norc -c '
    source "$FILE"
    compopt() { :; } # the real one wants a line that is edited
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _gpupci
    printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}
in_fish() { fish --no-config -c "source $folder/gpupci.fish; complete -C \"$*\"" | cut -f 1; }
# compadd wants a line that is edited, too; what it would add, those that do not begin so left out, is in the array.
in_zsh() {
  FILE=$folder/_gpupci zsh -f -c '
    compadd() { print -rl -- "${(@M)${(@P)@[-1]}:#${words[CURRENT]}*}" }
    words=("$@") CURRENT=$#
    source "$FILE"' - "$@"
}

# is WANTED WORD...: what each shell offers for the last of the words, with blanks between them.
is() {
  local shell got wanted=$1
  shift
  for shell in ${shells:-bash fish zsh}; do
    got=$("in_$shell" "$@" 2>"$work/err" | sed '/^$/d' | LC_ALL=C sort | paste -s -d ' ')
    [[ $got == "$wanted" ]] && continue
    printf 'gpupci_completion_test: %s: %s\nwant: %s\ngot:  %s\n' "$shell" "$*" "$wanted" "$got" >&2
    cat "$work/err" >&2
    exit 1
  done
}

# Every option of --help, and no other word of it.
options=$("$gpupci" --help | sed -n '/^Actions:/,/^Exit/p' | grep -oE -e '^ +(-[a-z], )?--[a-z-]+=?' | sed 's/.* //' | LC_ALL=C sort | paste -s -d ' ')
[[ $options == *--detach*--force=*--serve-ssh* ]] || exit 1
is "$options" gpupci --
is --detach gpupci --de
for action in -s --status -d --detach -a --check; do
  is 'all gpupci1 gpupci2' gpupci "$action" ''
done
is 'gpupci1 gpupci2' gpupci --vfs ''
is gpupci2 gpupci --detach gpupci2
is gpupci1.0 gpupci --remove-vgpu ''
is cards gpupci --restore ''
is 'debian rhel' gpupci --print-cmdline ''
is --force= gpupci -d gpupci1 --fo
shells='fish zsh' is '--force=disk' gpupci -d gpupci1 --force=di
# bash ends its words at '='.
shells=bash is disk gpupci -d gpupci1 --force = di
shells=bash is "$("$gpupci" --help | sed -n '/begins with:/,/--lease/p' | sed '1d;$d' | tr -d ' \n' | tr , '\n' | LC_ALL=C sort | paste -s -d ' ')" \
  gpupci -d gpupci1 --force =
