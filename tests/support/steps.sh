# shellcheck shell=bash
# Steps that take a while and report their name, elapsed seconds and result. Their output goes to a log.
# Sourced by `quickstart` and `run-tests`, which set `log_dir`.
# shellcheck disable=SC2154 # log_dir

step_count=0
step_pid=

# step NAME COMMAND...: runs the command, prints the time, and shows the end of the log when it fails. Returns its
# status; 77 means that the command skipped itself, and its last line says why.
step() {
  local name=$1 begin=$SECONDS status=0 log
  shift
  step_count=$((step_count + 1))
  mkdir -p "$log_dir"
  log=$log_dir/$step_count-${name//[^a-zA-Z0-9]/-}.log
  # The step has its own process group, so that stop_step can end all of it.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  step_pid=$!
  set +m
  tell_progress "$name" "$log" "$begin"
  wait "$step_pid" || status=$?
  step_pid=
  if ((status == 0)); then
    printf '%-40s ok, %d s\n' "$name" $((SECONDS - begin))
  elif ((status == 77)); then
    printf '%-40s skipped: %s\n' "$name" "$(tail -n 1 "$log")"
  else
    printf '%-40s FAILED with status %d after %d s; the end of %s:\n' "$name" "$status" $((SECONDS - begin)) "$log"
    tail -n 40 "$log"
  fi
  return "$status"
}

# stop_step: ends the step that is running, for the trap of a script that is interrupted.
stop_step() {
  [[ -z $step_pid ]] || kill -- "-$step_pid" 2>/dev/null || true
  wait
}

# Returns when the background job has ended. On a terminal the running step is one line that is written over; in a log it is a line now and then.
tell_progress() {
  local name=$1 log=$2 begin=$3 last told=$SECONDS
  while [[ -n $(jobs -rp) ]]; do
    if [[ -t 1 ]]; then
      last=$(tail -c 200 "$log" | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]')
      printf '\r\033[K%-40s %3d s  %.35s' "$name" $((SECONDS - begin)) "$last"
    elif ((SECONDS - told >= 15)); then
      told=$SECONDS
      printf '%-40s ... %d s\n' "$name" $((SECONDS - begin))
    fi
    sleep 0.5
  done
  [[ ! -t 1 ]] || printf '\r\033[K'
}

# Asks for the password on the terminal, before a step hides the question in a log.
ask_for_root() {
  local repository=$1
  shift
  if ((EUID != 0)) && [[ -n $("$repository/tests/support/packages.sh" missing "$@") ]] && command -v sudo >/dev/null; then
    echo "Packages of Debian have to be installed; that takes root."
    sudo -v
  fi
}
