# shellcheck shell=bash
# A program that is killed in the middle of its work, for scripts that look at what is there then. Sourced by a script
# that has set `cluster`. It goes to a folder of its own, which goes with the script, and counts failures.
# shellcheck disable=SC2154 # cluster

strace -o /dev/null true 2>/dev/null || { echo 'strace may not trace here'; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# killed_at CALL N ARG...: runs cluster and kills it before its Nth call of CALL; returns its status, then 137.
killed_at() {
  local status=0
  strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" "$cluster" "${@:3}" 2>err || status=$?
  [[ $status == 0 || $status == 137 ]] || fail "${*:3}, killed at $1 $2: status $status, $(<err)"
  return $status
}
