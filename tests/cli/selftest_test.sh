#!/bin/bash
# Runs the script of `check host gpu selftest=yes` in every shell that a host may have, with stand-ins that print what
# the tools are documented to print (tests/data/selftest/sources.md): no GPU is here. Then `cluster` runs it over a real
# sshd.
#   selftest_test.sh CLUSTER [write]     write: makes the files *.said anew
set -euo pipefail

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
cluster=$(realpath "$1")
write=${2-}
source=$(realpath "$(dirname "$0")/../../frontend/selftest/selftest.sh")
data=$(realpath "$(dirname "$0")/../data/selftest")
export data
place=$(mktemp -d)
export place
trap 'stop_sshd; rm -rf "$place"' EXIT
# shellcheck source=tests/support/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/place.sh"
cd "$place"
failures=0
fail() {
  echo "$*" >&2
  failures=$((failures + 1))
}

# --- A sysfs with an L4 (gpupci1) and a card with a switch of its own (gpupci2). A file of a link is a FIFO, so a tool
# can wait until somebody has looked at it; it goes on for a moment, so that he can say what he saw.
card() {
  local path=$1 vendor=$2 driver=$3 at=$1
  mkdir -p "sys/$path" "drivers/$driver" devices
  while [[ $at == */* ]]; do
    echo "16.0 GT/s PCIe" >"sys/$at/max_link_speed"
    echo 16 >"sys/$at/max_link_width"
    echo "$vendor" >"sys/$at/vendor"
    at=${at%/*}
  done
  ln -s "$place/sys/$path" "devices/${path##*/}"
  ln -s "$place/drivers/$driver" "sys/$path/driver"
}
card pci0000:c0/0000:c0:01.1/0000:c1:00.0 0x10de nvidia
card pci0000:c0/0000:c0:03.1/0000:c4:00.0/0000:c5:00.0/0000:c3:00.0 0x1002 amdgpu
echo 8 >sys/pci0000:c0/0000:c0:03.1/max_link_width
mkfifo sys/pci0000:c0/0000:c0:01.1/0000:c1:00.0/current_link_speed
echo 16 >sys/pci0000:c0/0000:c0:01.1/0000:c1:00.0/current_link_width
mkfifo sys/pci0000:c0/0000:c0:03.1/0000:c4:00.0/current_link_speed
echo 8 >sys/pci0000:c0/0000:c0:03.1/0000:c4:00.0/current_link_width
mkdir devices/0000:c3:00.0/ras
cp "$data/umc_err_count" "$data/gpu_vram_bad_pages" devices/0000:c3:00.0/ras/

# --- The tools. tool NAME: its text is on standard input.
mkdir bin
for name in awk cat grep head mktemp perl rm sh sleep timeout tr; do ln -s "$(command -v "$name")" bin/; done
tool() {
  { echo "#!/bin/sh" && cat; } >"bin/$1"
  chmod +x "bin/$1"
}
# shellcheck disable=SC2016 # the stand-ins are to see them
good_tools() {
  tool nvidia-smi <<<'
    case "$*" in
      "-i 0000:c1:00.0 "*=ecc.mode.current,*) echo "Enabled, 0, 1" ;;
      "-i 0000:c1:00.0 "*--query-remapped-rows=*) echo "2, 0, No, No" ;;
      "-i 0000:c1:00.0 "*=retired_pages.*) echo "[N/A], [N/A], [N/A]" ;;
      "-i 0000:c1:00.0 "*=uuid*) echo GPU-0b5f4a6b-7a7a-6c41-0875-b8c8d963b0af ;;
      *) echo "Field is not a valid field to query: $*"; exit 2 ;;
    esac'
  tool nvbandwidth <<<'
    echo "$CUDA_VISIBLE_DEVICES" >>"$place/loaded"
    echo "16.0 GT/s PCIe" >"$place/devices/0000:c1:00.0/current_link_speed"
    sleep 0.3
    cat "$data/nvbandwidth.json"'
  tool nv-hostengine <<<'
    while [ "$1" != --domain-socket ]; do shift; done
    echo $$ >"$place/engine"
    exec perl -MIO::Socket::UNIX -e '\''IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die; sleep 600'\'' "$2"'
  tool dcgmi <<<'
    case "$*" in
      "discovery --host unix:///"*) cat "$data/dcgmi-discovery.txt" ;;
      "diag --host unix:///"*" -r 1 -i 3 -j") cat "$data/dcgmi-diag.json"; exit 226 ;;
      *) exit 1 ;;
    esac'
  tool rocm-bandwidth-test <<<'
    case "$*" in
      -t) cat "$data/rocm-topology.txt" ;;
      "-s 0 -d 2 -m 128" | "-s 2 -d 0 -m 128")
        echo "$*" >>"$place/loaded"
        echo "16.0 GT/s PCIe" >"$place/sys/pci0000:c0/0000:c0:03.1/0000:c4:00.0/current_link_speed"
        sleep 0.3
        cat "$data/rocm-copy.txt" ;;
      *) exit 1 ;;
    esac'
  tool gpupci <<<'
    [ "$*" = "-d all --dry-run --json" ] || exit 2
    printf "{\"action\":\"detach\",\"dry_run\":true,\"through\":\"sysfs\",\"cards\":["
    printf "{\"name\":\"gpupci1\",\"pci\":\"pci_0000_c1_00_0\",\"error\":null,\"refused_by\":[]},"
    printf "{\"name\":\"gpupci2\",\"pci\":\"pci_0000_c3_00_0\",\"error\":null,\"refused_by\":[]}]}\n"'
}

# The script as it is, but with this sysfs and these tools; no tool may take longer than a second in `short`.
sed -e "s|^devices=.*|devices=$place/devices|" -e '/^PATH=/d' "$source" >long
sed -E 's/^( *run [a-z]+) [0-9]+ /\1 1 /' long >short
grep -q "^devices=$place/devices" long && grep -q 'run bandwidth 1 nvbandwidth' short

shells=(dash bash)
if command -v busybox >/dev/null; then shells+=("busybox sh"); else echo "not in busybox sh: there is no busybox"; fi

# said SCRIPT CARD...: what the script says in the shell `shell`; `status` is its exit status.
said() {
  local script=$1
  shift
  status=0
  # shellcheck disable=SC2086 # two words for busybox
  PATH=$place/bin $shell -s "$@" <"$script" >out 2>err || status=$?
}
# Two words would be looked for on that PATH.
for name in dash bash busybox; do ! command -v "$name" >/dev/null || ln -sf "$(command -v "$name")" bin/; done

# golden NAME: the output is that file, and the script ended well.
golden() {
  [[ -z $write ]] || cp out "$data/$1.said"
  diff -u "$data/$1.said" out >&2 || fail "$shell: $1.said differs"
  [[ $status == 0 && ! -s err ]] || fail "$shell: $1: status $status, $(<err)"
}
# has WORDS: a line of the output has them.
has() { grep -qF -- "$1" out || fail "$shell: no line has '$1': $(head -c 2000 out)"; }
ended() { ! kill -0 "$(<"$1")" 2>/dev/null || fail "$shell: $1 still runs"; }

for shell in "${shells[@]}"; do
  good_tools
  rm -f loaded
  said long gpupci1=0000:c1:00.0 gpupci2=0000:c3:00.0
  golden healthy
  [[ $(<loaded) == $'GPU-0b5f4a6b-7a7a-6c41-0875-b8c8d963b0af\n-s 0 -d 2 -m 128\n-s 2 -d 0 -m 128' ]] ||
    fail "$shell: another card was loaded: $(<loaded)"
  ended engine

  # A tool that hangs is ended, and a number that is not there stands for no card.
  # shellcheck disable=SC2016
  tool nvbandwidth <<<'echo $$ >"$place/hanging"; exec sleep 600'
  : | tool nv-hostengine
  tool dcgmi <<<'echo "Error: unable to connect to the host engine"; exit 1'
  said short gpupci1=0000:c1:00.0
  has $'not nvbandwidth did not end in 1 s\tsee'
  has "not dcgmi does not show the card"
  ended hanging

  # One that never stops talking is cut off, one that fails is told.
  tool nvidia-smi <<<'echo "No devices were found"; exit 9'
  # shellcheck disable=SC2016
  tool rocm-bandwidth-test <<<'[ "$1" != -t ] || exec cat "$data/rocm-topology.txt"; exec cat /dev/zero'
  said short gpupci1=0000:c1:00.0 gpupci2=0000:c3:00.0
  has "| No devices were found"
  has "done 9 nvidia-smi"
  has "not nvidia-smi does not tell the UUID of the card"
  (($(wc -c <out) < 300000)) || fail "$shell: $(wc -c <out) bytes"

  # A card that somebody opens meanwhile is left alone.
  good_tools
  rm -f loaded
  tool gpupci <<<'echo "{\"cards\":[{\"name\":\"gpupci1\",\"pci\":\"pci_0000_c1_00_0\",\"error\":\"holder: process 812\"}]}"'
  said long gpupci1=0000:c1:00.0 gpupci2=0000:c3:00.0
  has $'not not tested: somebody has taken it meanwhile\tgpupci -d all'
  [[ ! -e loaded ]] || fail "$shell: a card in use was loaded: $(<loaded)"

  # So is one that went to vfio-pci, or away.
  mkdir -p drivers/vfio-pci
  ln -sfn "$place/drivers/vfio-pci" devices/0000:c1:00.0/driver
  said long gpupci1=0000:c1:00.0 gpupci3=0000:c9:00.0
  [[ $status == 1 && $(<err) == $'gpupci1 is not on its driver any more\ngpupci3 is not there any more' ]] ||
    fail "$shell: status $status, $(<err)"
  ln -sfn "$place/drivers/nvidia" devices/0000:c1:00.0/driver

  rm bin/{nvidia-smi,nvbandwidth,dcgmi,rocm-bandwidth-test}
  said long gpupci1=0000:c1:00.0 gpupci2=0000:c3:00.0
  golden no-tools
done

# --- The same over a real sshd. Of this card the kernel here knows nothing.
good_tools
card='"pci":"pci_9999_c1_00_0"'
tool gpupci <<END
case \$1 in
  --check) echo '{"checks":[]}' ;;
  -l) echo '{"cards":[{"name":"gpupci1",$card,"functions":[{$card,"class":"0302","vendor":"10de","device":"27b8","driver":"nvidia"}]}]}' ;;
  *) echo '{"cards":[{"name":"gpupci1",$card,"error":null,"functions":[{"outcome":"would detach"}]}]}' ;;
esac
END
CLUSTER_DB=$(new_place "$place")
export CLUSTER_DB CLUSTER_SSH_CONFIG=$place/ssh_config SSH_AUTH_SOCK=
sshd_options=(-o PermitUserEnvironment=yes)
start_sshd authorized_keys 127.0.7.5
echo "environment=\"PATH=$place/bin:/usr/bin:/bin\" $(<id.pub)" >authorized_keys
write_ssh_config
echo "[127.0.7.5]:$port $(<host_key.pub)" >known_hosts
"$cluster" add host n1 address=127.0.7.5
"$cluster" discover host gpu >/dev/null
status=0
"$cluster" check host gpu n1 selftest=yes format=csv >out 2>err || status=$?
for id in 1 2 3 4 5; do echo "n1,gpupci1,T$id,UNKNOWN"; done >want
[[ $status == 1 && ! -s err && $(sed 1d out | cut -d, -f1-4) == "$(<want)" ]] || fail "over ssh: $status $(<out) $(<err)"
grep -q 'T1,UNKNOWN,the test did not come so far: gpupci1 is not there any more,' out || fail "over ssh: $(<out)"

((failures == 0))
