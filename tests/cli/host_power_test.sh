#!/bin/bash
# A BMC of its own (OpenIPMI's simulator, on a free port of the loopback) is switched over IPMI by fence_ipmilan.
#   host_power_test.sh CLUSTER
set -euo pipefail
cluster=$1
work=$(mktemp -d)
trap 'kill "${bmc:-}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# shellcheck source=tests/support/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/place.sh"
CLUSTER_DB=$(new_place "$work")
export CLUSTER_DB

fail() {
  echo "host_power_test: $*" >&2
  exit 1
}

# What the simulator calls to look at and to switch the power.
cat >"$work/chassis" <<'END'
#!/bin/sh
state=${0%/*}/power
shift
case $1 in
  get) for what; do [ "$what" != power ] || echo "power:$(cat "$state")"; done ;;
  set) while [ $# -gt 1 ]; do shift; [ "$1" != power ] || echo "$2" >"$state"; done ;;
esac
END
chmod +x "$work/chassis"
echo 0 >"$work/power"
mkdir "$work/state"
cat >"$work/sim.emu" <<'END'
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
END

# start_bmc PORT: fails when another has the port.
start_bmc() {
  cat >"$work/lan.conf" <<END
name "bmc"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 $1
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "$work/chassis 0x20"
  user 2 true "admin" "sesame" admin 10 none md2 md5 straight
END
  ipmi_sim -c "$work/lan.conf" -f "$work/sim.emu" -s "$work/state" -n >"$work/sim.out" 2>&1 </dev/null &
  bmc=$!
  for _ in {1..50}; do
    kill -0 "$bmc" 2>/dev/null || return 1
    if ss -Hulnp "sport = :$1" | grep -q "pid=$bmc,"; then return; fi
    sleep 0.1
  done
  return 1
}
for _ in {1..10}; do
  port=$((20000 + RANDOM % 10000))
  if start_bmc "$port"; then break; fi
  kill "$bmc" 2>/dev/null || true
  bmc=
done
[[ -n ${bmc:-} ]] || fail "no BMC: $(cat "$work/sim.out")"

"$cluster" add host n1
"$cluster" set host attr n1 fence \
  "fence_ipmilan ip=127.0.0.1 ipport=$port username=admin lanplus=1 cipher=3 power_wait=0 password_file=$work/secret"
power() { "$cluster" set host power n1 "$@"; }
is() {
  local state
  state=$(power action=status format=csv | tail -n 1)
  [[ $state == "n1,$1" ]] || fail "want $1, not '$state'"
}

(umask 077 && echo sesame >"$work/secret")
is off
power action=on
is on
[[ $(cat "$work/power") == 1 ]] || fail "the BMC was not switched"
power action=cycle
is on
power action=off
is off
chmod 644 "$work/secret"
if power action=on 2>"$work/err"; then fail "a secret that others read was used"; fi
grep -q 'chmod 600' "$work/err" || fail "$(cat "$work/err")"
[[ $(cat "$work/power") == 0 ]] || fail "it was switched all the same"
if grep -r sesame "$CLUSTER_DB"; then fail "the secret is in the inventory"; fi

# A signal lets the agents that have begun go on to their end, and no other begins: a cycle is never half done.
"$cluster" add host 'm[1-20]' 2>/dev/null
"$cluster" set host attr 'm[1-20]' fence "fence_dummy type=file delay=2 status_file=$work/switch-{host}"
interrupt() { # interrupt SIGNAL
  rm -f "$work"/switch-*
  "$cluster" set host power 'm[1-20]' action=cycle 2>"$work/err" &
  local pid=$! children
  for _ in {1..100}; do
    children=$(cat "/proc/$pid"/task/*/children)
    if (($(wc -w <<<"$children") > 16)); then break; fi # a process that guards them is among these
    sleep 0.05
  done
  kill -s "$1" "$pid"
  wait "$pid" || true
  grep -l on "$work"/switch-* | wc -l
}
[[ $(interrupt TERM) == 16 ]] || fail "TERM: $(cat "$work/err")"
grep -q 'm\[17-20\] (4): interrupted before it began' "$work/err" || fail "TERM: $(cat "$work/err")"
[[ $(trap '' HUP && interrupt HUP) == 20 ]] || fail "a HUP that is ignored: $(cat "$work/err")"
