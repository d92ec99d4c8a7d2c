#!/bin/sh
# Tests cards that their native drivers have and nobody uses: sh -s NAME=ADDRESS... as root, one card after another, for
# cluster check host gpu selftest=yes. Each tool runs for a bounded time, and nothing stays. It prints
#   card NAME                      and for both ends of its link: can SPEED|WIDTH
#   part ecc|rows|pages|bandwidth|back|diag
#   | a line of the tool
#   link SPEED|WIDTH               as it was while the tool ran
#   done STATUS TOOL               or: not REASON<tab>FIX, where FIX may be empty
LC_ALL=C
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/local/cuda/bin:/opt/rocm/bin
export LC_ALL PATH
devices=/sys/bus/pci/devices
engine=
stop_engine() {
  [ -n "$engine" ] || return 0
  kill "$engine" 2>/dev/null
  wait "$engine" 2>/dev/null
  engine=
}
has() { command -v "$1" >/dev/null 2>&1; }
has timeout || { echo "there is no timeout (of coreutils)" >&2; exit 1; }
dir=$(mktemp -d) || exit 1
trap 'stop_engine; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# An idle card lets its link down, so it is looked at while a tool uses it.
links() {
  while sleep 0.2 >/dev/null 3>&- 4>&- && read -r speed <"$slot/current_link_speed" &&
    read -r width <"$slot/current_link_width"; do
    echo "link $speed|$width"
  done 2>/dev/null
}

# not PART REASON [FIX]: the part is not tested.
not() { printf 'part %s\nnot %s\t%s\n' "$1" "$2" "${3-}"; }

# find_tool PART TOOL FIX
find_tool() { has "$2" || { not "$1" "there is no $2 on the host" "$3"; return 1; }; }

# run PART SECONDS TOOL...: the tool is there.
run() {
  echo "part $1"
  seconds=$2
  shift 2
  { said=$({ {
    links >&3 &
    timeout -k 5 "$seconds" "$@" </dev/null 2>&1 3>&- 4>&-
    ended=$?
    kill $! && wait $!
    case $ended in
      124 | 137) printf "not %s did not end in %s s\tsee the kernel's log there\n" "$1" "$seconds" ;;
      *) echo "done $ended $1" ;;
    esac >&3
  } 2>/dev/null | head -c 65536 | awk '{ print "| " $0 }' >&4; } 3>&1); } 4>&1
  printf '%s\n' "$said"
}

driver() { (cd -P "$devices/$address/driver" && pwd) 2>/dev/null; }

# idle PART: gpupci would take the card from its driver now, so nobody has opened it meanwhile.
idle() {
  [ "$(driver)" = "$native" ] && case $(timeout -k 5 20 gpupci -d all --dry-run --json </dev/null 2>/dev/null) in
    *"{\"name\":\"$name\",\"pci\":\"pci_$(echo "$address" | tr :. __)\",\"error\":null,"*) return 0 ;;
  esac
  not "$1" "not tested: somebody has taken it meanwhile" "gpupci -d all --dry-run there says who"
  return 1
}

# The quick level looks at the software, and does not load the card. The engine is one of our own: it ends with us.
diag() {
  for tool in dcgmi nv-hostengine; do
    find_tool diag "$tool" "install datacenter-gpu-manager" || return
  done
  timeout -k 5 100 nv-hostengine --no-daemon --domain-socket "$dir/dcgm" --pid "$dir/pid" \
    --log-filename "$dir/log" </dev/null >/dev/null 2>&1 &
  engine=$!
  tries=0
  while [ ! -S "$dir/dcgm" ] && [ "$tries" -lt 50 ] && kill -0 "$engine" 2>/dev/null; do
    sleep 0.2
    tries=$((tries + 1))
  done
  bus=": $(printf %08x "0x${address%%:*}"):${address#*:} "
  id=$(timeout -k 5 10 dcgmi discovery --host "unix://$dir/dcgm" -l </dev/null 2>/dev/null |
    awk -v bus="$bus" '/^\| *[0-9]/ { id = $2 } index(tolower($0), "pci bus id" bus) { print id }')
  # Without a number it would look at all cards, also at those in use.
  case $id in
    '' | *[!0-9]*) not diag "dcgmi does not show the card" ;;
    *) run diag 60 dcgmi diag --host "unix://$dir/dcgm" -r 1 -i "$id" -j ;;
  esac
  stop_engine
}

test_nvidia() {
  if ! has nvidia-smi; then
    for part in ecc rows bandwidth diag; do
      find_tool "$part" nvidia-smi "install the tools of NVIDIA's driver"
    done
    return
  fi
  run ecc 30 nvidia-smi -i "$address" --format=csv,noheader \
    "--query-gpu=ecc.mode.current,ecc.errors.uncorrected.volatile.total,ecc.errors.corrected.volatile.total"
  # Cards before Ampere retire pages.
  remapped=remapped_rows
  run rows 30 nvidia-smi -i "$address" --format=csv,noheader \
    --query-remapped-rows="$remapped.correctable,$remapped.uncorrectable,$remapped.pending,$remapped.failure"
  run pages 30 nvidia-smi -i "$address" --format=csv,noheader \
    "--query-gpu=retired_pages.single_bit_ecc.count,retired_pages.double_bit.count,retired_pages.pending"
  # CUDA sees this card alone, and none when there is no such UUID.
  CUDA_VISIBLE_DEVICES=$(timeout -k 5 30 nvidia-smi -i "$address" --query-gpu=uuid --format=csv,noheader \
    </dev/null 2>/dev/null)
  export CUDA_VISIBLE_DEVICES
  case $CUDA_VISIBLE_DEVICES in
    GPU-*)
      if find_tool bandwidth nvbandwidth "build github.com/NVIDIA/nvbandwidth into /usr/local/bin" &&
        idle bandwidth; then
        run bandwidth 60 nvbandwidth -j -t host_to_device_memcpy_ce device_to_host_memcpy_ce
      fi
      ;;
    *) not bandwidth "nvidia-smi does not tell the UUID of the card" ;;
  esac
  unset CUDA_VISIBLE_DEVICES
  if idle diag; then diag; fi
}

# The numbers of the tool's first CPU and of the card. It has no domain in its addresses.
rocm_devices() {
  timeout -k 5 20 rocm-bandwidth-test -t </dev/null 2>/dev/null | awk -v want="${address#*:}" '
    /Device Index:/ { at = $NF }
    /Device Type:/ && $NF == "CPU" && cpu == "" { cpu = at }
    /Device +BDF:/ {
      split(tolower($NF), part, /[:.]/)
      for (i in part) sub(/^0+/, "", part[i])
      split(want, own, /[:.]/)
      for (i in own) sub(/^0+/, "", own[i])
      if (part[1] == own[1] && part[2] == own[2] && part[3] == own[3]) { card = at; found++ }
    }
    END { if (cpu != "" && found == 1) print cpu, card }'
}

test_amdgpu() {
  if [ -d "$devices/$address/ras" ]; then
    run ecc 20 grep -h . "$devices/$address"/ras/*_err_count
    run rows 20 cat "$devices/$address/ras/gpu_vram_bad_pages"
  else
    for part in ecc rows; do
      not "$part" "amdgpu shows no errors of memory (ras in sysfs): the card has no ECC, or it is off"
    done
  fi
  find_tool bandwidth rocm-bandwidth-test "install rocm-bandwidth-test" && idle bandwidth || return
  numbers=$(rocm_devices)
  case $numbers in
    *\ *)
      run bandwidth 60 rocm-bandwidth-test -s "${numbers% *}" -d "${numbers#* }" -m 128
      run back 60 rocm-bandwidth-test -s "${numbers#* }" -d "${numbers% *}" -m 128
      ;;
    *) not bandwidth "rocm-bandwidth-test shows no card, or several, at its address" ;;
  esac
}

status=0
lose() {
  echo "$name $1" >&2
  status=1
}
for card in "$@"; do
  name=${card%%=*} address=${card#*=}
  echo "card $name"
  slot=$(cd -P "$devices/$address" 2>/dev/null && pwd) || { lose "is not there any more"; continue; }
  # A card with a switch of its own shows the link to that switch. The uppermost bridge is of the machine.
  while port=${slot%/*} && case ${port%/*} in */pci[0-9a-f]*:[0-9a-f][0-9a-f]) false ;; esac &&
    [ "$(cat "$port/vendor" 2>/dev/null)" = "$(cat "$devices/$address/vendor")" ]; do slot=$port; done
  for end in "$slot" "${slot%/*}"; do
    echo "can $(cat "$end/max_link_speed" 2>/dev/null)|$(cat "$end/max_link_width" 2>/dev/null)"
  done
  native=$(driver)
  case ${native##*/} in
    nvidia) test_nvidia ;;
    amdgpu) test_amdgpu ;;
    *) lose "is not on its driver any more" ;;
  esac
done
exit $status
