# bash completion for cluster and rollcall: the program itself says what may follow.
_cluster() {
  local line=${COMP_LINE:0:COMP_POINT} current before candidate
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=${words[-1]}
  before=${current%"${current##*[=:]}"} # bash ends its words at '=' and ':'
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    COMPREPLY+=("${candidate#"$before"}")
  done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
  if ((${#COMPREPLY[@]} == 0)); then
    compopt -o default # a file
  elif [[ ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace
  fi
}
complete -F _cluster cluster rollcall
