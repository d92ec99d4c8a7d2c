# bash completion for gpupci: what --help says, and the names of cards and vGPUs.
_gpupci() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} help wants words
  [[ $before != = ]] || before=${COMP_WORDS[COMP_CWORD - 2]} # bash ends its words at '='
  [[ $current != = ]] || before=${COMP_WORDS[COMP_CWORD - 1]} current=
  help=$(gpupci --help 2>/dev/null)
  wants=$(sed -nE 's/^ +(-[a-z], )?(--[a-z-]+)[ =]([A-Z|a-z[]+\]?).*/\1\2 \3/p' <<<"$help" |
    awk -v before="$before" '{ for (i = 1; i < NF; i++) if ($i == before || $i == before ",") print $NF }')
  case $wants in
    *NAME* | *PARENT*) words=$(gpupci -l 2>/dev/null | cut -d ' ' -f 1) ;;
    VGPU) words=$(gpupci --vgpus 2>/dev/null | sed '1d;s/ .*//') ;;
    GUARD) words=$(sed -n '/begins with:/,/--lease/p' <<<"$help" | sed '1d;$d' | tr ',' ' ') ;;
    *'['*) words=$(tr '[]|' ' ' <<<"$wants") ;;
    *) words=$(grep -oE '^ +(-[a-z], )?--[a-z-]+=?' <<<"$help" | grep -oE -e '--.*') ;;
  esac
  [[ $wants != *all* ]] || words+=' all'
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -F _gpupci gpupci
