# shellcheck shell=sh disable=SC2154 # prelude.sh and families/*.sh have the names
# What the scripts of `run roll undo=yes` have beside prelude.sh. They go the way back, from the
# last item to the first, by what the roll noted on the host while it changed it; what it found as
# it should be, it leaves.

remove_packages=no
case " $* " in *' --remove-packages '*) remove_packages=yes ;; esac
stayed=0
undone() {
  changes=$((changes + 1))
  say "undone   $doing"
}
# stays WHY: it was done by the roll, and stays.
stays() {
  stayed=$((stayed + 1))
  say "stays    $doing: $1"
}
# erase LIST LINE takes a note back.
erase() {
  [ -e "$records/$roll/$1" ] || return 0
  grep -vxF -e "$2" "$records/$roll/$1" >"$records/$roll/left" || [ $? -eq 1 ]
  mv -f "$records/$roll/left" "$records/$roll/$1"
}
# afterwards COMMAND WORD...: the undo of a step wants it at the end, once, when all is put back.
afterwards() { grep -qsxF -e "$*" "$scratch/afterwards" || printf '%s\n' "$*" | into -a "$scratch/afterwards"; }

# Only root can see what the roll noted.
[ "$(id -u)" -eq 0 ] || fail 'only root can do this'

# unless_needed ROLL...: these rolls require this one.
unless_needed() {
  begin 'no roll here requires it'
  for other in "$@"; do
    [ ! -d "$records/$other" ] || fail "roll $other is on this host, too: first cluster run roll $other undo=yes host=${host:-HOST}"
  done
}

undo_unit() {
  begin "unit $1 is enabled"
  recorded units "$1" || return 0
  if [ "$dry_run" = yes ]; then
    would
    return 0
  fi
  systemctl --quiet disable "$1"
  erase units "$1"
  undone
}

# is_as_before PATH: true when it is the file that was there before the roll, as when the roll was
# killed before it wrote its own.
is_as_before() {
  before=$records/$roll/before$1
  [ -f "$before" ] && [ ! -L "$before" ] && [ ! -L "$1" ] && cmp -s "$1" "$before" &&
    [ "$(stat -c '%a %U:%G' "$1")" = "$(stat -c '%a %U:%G' "$before")" ]
}
# put_back PATH, unless somebody else has changed it.
put_back() {
  begin "file $1"
  there=$records/$roll
  if [ ! -e "$there/before$1" ] && [ ! -L "$there/before$1" ] && [ ! -e "$there/absent$1" ]; then
    return 0
  fi
  # A script that was killed may have left these; see beside.
  [ "$dry_run" = yes ] || rm -f "$1.new-$roll" "$1.before-$roll.new-$roll"
  if is_as_before "$1"; then
    if [ "$dry_run" = no ]; then
      ! cmp -s "$1" "$1.before-$roll" || rm -f "$1.before-$roll"
      rm -f "$there/before$1" "$there/after$1"
    fi
    return 0
  fi
  if [ -e "$1" ] && ! cmp -s "$1" "$there/after$1"; then
    if [ -e "$there/before$1" ]; then
      stays "somebody has changed it since; what was there before the roll is in $there/before$1"
    else
      stays 'somebody has changed it since; before the roll there was none'
    fi
  elif [ "$dry_run" = yes ]; then
    would
  elif [ -e "$there/absent$1" ]; then
    rm -f "$1"
    rm -f "$there/absent$1" "$there/after$1"
    undone
  else
    mkdir -p "${1%/*}"
    beside "$there/before$1" "$1" -a
    ! cmp -s "$1" "$1.before-$roll" || rm -f "$1.before-$roll"
    rm -f "$there/before$1" "$there/after$1"
    undone
  fi
}

# undo_step FUNCTION REBOOT [WHY]: puts back the files that the step kept, then calls FUNCTION (''
# when the step has none). REBOOT is yes when that counts from the next boot on. WHY says why
# nothing else is taken back. Packages that the step installed are an item by themselves.
undo_step() {
  step=$doing
  if ! recorded steps "$step"; then
    # Of packages that it has installed the item of packages tells.
    ! recorded begun "$step" || recorded installed "$step" ||
      stays "it was begun and did not end, and ${3:-no script can take it back}"
    return 0
  fi
  : >"$scratch/files"
  if [ -e "$records/$roll/files" ]; then
    of_step="$step|" awk 'index($0, ENVIRON["of_step"]) == 1 { print substr($0, length(ENVIRON["of_step"]) + 1) }' \
      "$records/$roll/files" >"$scratch/files"
  fi
  while read -r path; do put_back "$path"; done <"$scratch/files"
  begin "$step"
  if recorded installed "$step" && [ -z "$1" ] && [ ! -s "$scratch/files" ]; then
    if [ "$dry_run" = no ] && [ "$2" = yes ] && [ "$remove_packages" = yes ]; then needs_reboot; fi
    return 0
  fi
  if [ "$dry_run" = yes ] && { [ -n "$1" ] || [ -s "$scratch/files" ]; }; then
    would
    return 0
  fi
  if [ -n "$1" ]; then
    ("$1") </dev/null
  elif [ -n "${3-}" ] || [ ! -s "$scratch/files" ]; then
    stays "${3:-no script can take it back}"
    return 0
  fi
  erase steps "$step"
  erase begun "$step"
  undone
  [ "$2" = no ] || needs_reboot
}

undo_packages() {
  begin packages
  [ -s "$records/$roll/packages" ] || return 0
  set --
  while read -r package; do
    ! is_installed "$package" || set -- "$@" "$package"
  done <"$records/$roll/packages"
  if [ $# -eq 0 ]; then
    rm "$records/$roll/packages"
    return 0
  fi
  begin "packages $*"
  if [ "$remove_packages" = no ]; then
    stays 'packages=remove removes them'
    return 0
  fi
  printf '%s\n' "$@" | into "$scratch/ours"
  removal_takes "$@" >"$scratch/takes"
  others=$(grep -vxF -f "$scratch/ours" "$scratch/takes" | paste -s -d ' ' -)
  if [ -n "$others" ]; then
    stays "others would go with them: $others"
  elif [ "$dry_run" = yes ]; then
    would
  else
    uninstall_packages "$@" </dev/null
    rm "$records/$roll/packages"
    undone
  fi
}

# finish_undo says how it ended.
finish_undo() {
  if [ "$dry_run" = no ] && [ -s "$scratch/afterwards" ]; then
    while read -r line; do
      begin "$line"
      eval "$line" </dev/null
      say "changed  $doing"
    done <"$scratch/afterwards"
  fi
  if [ "$stayed" -eq 0 ] && [ "$dry_run" = no ]; then
    rm -rf "${records:?}/$roll"
    rmdir "$records" 2>/dev/null || :
  fi
  words="done, nothing to be undone"
  outcome='done'
  left=
  [ "$stayed" -eq 0 ] || left=", $stayed stay"
  if [ "$dry_run" = yes ]; then
    words="dry run: $changes to be undone$left"
  elif [ -e "$pending" ] && [ "$changes" -gt 0 ]; then
    outcome=reboot
    words="$changes undone$left; reboot needed"
  elif [ "$changes" -gt 0 ] || [ "$stayed" -gt 0 ]; then
    words="done, $changes undone$left"
  fi
  say "$words"
  report "$outcome" "$words"
}
