#!/bin/bash
# scripts_test.sh CLUSTER GPUPCI [write]: `cluster run roll` prints for the rolls here the files in tests/data/rolls,
# byte for byte. The shell that all of them have is left out; it has its own test. Of a script that holds all of roll
# gpupt, its .diff from gpupt.sh is kept. The inventory's cards come from recorded hosts, by the real gpupci behind a
# real sshd. With `write` it writes these files anew: read their difference before you keep it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(realpath "$here/../..")
on_host=$top/tests/support/on_host.sh
golden=$here/../data/rolls
# shellcheck source=tests/support/sshd.sh
. "$here/../support/sshd.sh"
cluster=$(realpath "$1")
gpupci=$(realpath "$2")
write=${3-}
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

"$on_host" "$top/tests/data/hosts/t20" "$dir/none" true || exit "$?"
start_sshd authorized_keys 127.0.12.15 127.0.12.16 127.0.12.33
write_ssh_config
echo "[127.0.12.15]:$port,[127.0.12.16]:$port,[127.0.12.33]:$port $(<host_key.pub)" >known_hosts

# add_host NAME RECORDING: adds a host to the inventory, at 127.0.12 and the number in its name, with the cards of a
# recorded host.
add_host() {
  local recording=$top/tests/data/hosts/$2
  "$cluster" add host "$1" "address=127.0.12.${1##*-}"
  echo "restrict,command=\"$on_host $recording $dir/$1 $gpupci --serve-ssh\" $(<id.pub)" >authorized_keys
  "$cluster" discover host gpu "$1" >/dev/null
}

# own_part SCRIPT: prints the part that only this script has. Two lines take the place of each file of shell that all
# scripts have; ShellCheck follows them to the file.
mapfile -t shell < <(cd "$top" && ls rolls/engine/prelude.sh rolls/engine/families/*.sh)
own_part() {
  local text file body
  text=$(<"$1")
  for file in "${shell[@]}" "${@:2}"; do
    body=$(sed '1,/^$/d' "$top/$file")
    [[ $text == *"$body"* ]] || fail "$1 has no $file"
    text=${text/"$body"/"# shellcheck source=$file"$'\n'". $file"}
  done
  echo "$text"
}

# check_script ROLL HOST [NAME]: the script is NAME.sh, and the one that takes it back NAME-undo.sh.
check_script() {
  local roll=$1 host=$2 name=${3:-$1} script
  "$cluster" run roll "$roll" "host=$host" >"$name.sh"
  own_part "$name.sh" >"$name.own"
  if [[ $name != gpupt ]] && grep -qx '# ---- roll gpupt' "$name.own"; then
    diff -U1 --label gpupt.sh --label "$name.sh" gpupt.own "$name.own" >"$name.diff" || [[ $? == 1 ]]
    check_text "$name.diff" "$name.diff"
  else
    check_text "$name.sh" "$name.own"
  fi
  "$cluster" run roll "$roll" "host=$host" undo=yes >"$name-undo.sh"
  own_part "$name-undo.sh" rolls/engine/undo.sh >"$name-undo.own"
  check_text "$name-undo.sh" "$name-undo.own"
  for script in "$name.sh" "$name-undo.sh"; do
    shellcheck -s sh "$script" || fail "shellcheck $script"
    dash -n "$script" || fail "dash -n $script"
  done
}

# check_text KEPT TEXT: the file TEXT is as it is kept.
check_text() {
  if [[ $write == write ]]; then cp "$2" "$golden/$1"; fi
  diff -u "$golden/$1" "$2" || fail "$1 is another; to keep it: tests/rolls/scripts_test.sh CLUSTER GPUPCI write"
}

# Debian has every package that a roll names for Debian.
check_packages() {
  local package
  if ! apt-cache show bash >/dev/null 2>&1; then
    echo "the names of packages were not checked: apt knows none (apt-get update)"
    return
  fi
  for package in $(sed -n "s/^#   packages \(.*\) (debian)$/\1/p" "$@" | tr ' ' '\n' | sort -u); do
    apt-cache show "$package" >/dev/null 2>&1 || fail "Debian has no package $package"
  done
}

for roll in distro gpupt vgpu gds guest vagrant; do
  "$cluster" add roll "$top/rolls/$roll"
  "$cluster" enable roll "$roll"
done
# This one is for no host in particular.
for roll in gpupt vgpu gds guest vagrant; do
  "$cluster" run roll "$roll" >"any-$roll" || fail "run roll $roll: status $?"
  shellcheck -s sh "any-$roll" || fail "shellcheck any-$roll"
  grep -qx "export host=''" "any-$roll" || fail "any-$roll is for a host"
done
# The roll that docs/rolls.md shows is a valid roll.
mkdir -p shown/{files,vm,bin}
# shellcheck disable=SC2016 # a pattern
sed -n '/^```yaml$/,/^```$/p' "$top/docs/rolls.md" | sed '1d;$d' >shown/roll.yaml
echo '{{ gpupt_mode }}' >shown/files/a.conf
echo '<watchdog model="i6300esb"/>' >shown/vm/a.xml
install -m 755 /dev/null shown/bin/report
"$cluster" create roll shown || fail "docs/rolls.md shows a roll that is none"

add_host vm-container-0-15 gtx-and-teslas

check_script gpupt vm-container-0-15
# As create distro leaves it.
printf '%s\n' '-----BEGIN PGP PUBLIC KEY BLOCK-----' '' 'mQINBGc=' '-----END PGP PUBLIC KEY BLOCK-----' >distro-key.asc
"$cluster" set attr distro_url http://10.1.1.1/distro
check_script distro vm-container-0-15
rm distro-key.asc
"$cluster" set host attr vm-container-0-15 gpupt_bind model
"$cluster" set host attr vm-container-0-15 gpupt_driver blacklist
"$cluster" set host attr vm-container-0-15 gpupt_ignore '"0000:85:00.0"'
check_script gpupt vm-container-0-15 gpupt-models

check_script vagrant vm-container-0-15
"$cluster" report vagrant vm-container-0-15 >vagrant.lines
grep -v '^#' vagrant.lines | cmp - <("$cluster" report host gpu vm-container-0-15 format=vagrant | grep -v '^#') || fail "report vagrant"
# The template gives the same lines.
sed -n '/^file .*cards.rb/,/^END_OF_FILE/p' vagrant.sh | sed '1d;$d' >cards.rb
ruby -e 'load "./cards.rb"
  class V; def pci(at); puts "v.pci " + at.map { |key, text| ":#{key} => \x27#{text}\x27" }.join(", "); end; end
  CARDS.each { |card| give_card(V.new, card) }' | cmp - <(grep -v '^#' vagrant.lines) || fail "cards.rb"

add_host vm-container-0-16 vgpu
"$cluster" set host attr vm-container-0-16 gpupt_driver keep
"$cluster" set host attr vm-container-0-16 gpupt_bind none
"$cluster" set host attr vm-container-0-16 vgpu_driver /root/NVIDIA-Linux-x86_64-580.95.02-vgpu-kvm.run
"$cluster" set host attr vm-container-0-16 vgpu_profiles gpupci1=nvidia-222:4
check_script vgpu vm-container-0-16

"$cluster" add host vm rocks-33 vm-container-0-16
check_script gds rocks-33
check_script guest rocks-33
# This is the roll's own command, on a guest that has got gds-check; without a name it runs on all VMs.
"$cluster" set host rocks-33 address=127.0.12.33
echo "restrict,command=\"PATH=$top/rolls/gds/files:\$PATH; eval \\\"\$SSH_ORIGINAL_COMMAND\\\"\" $(<id.pub)" >authorized_keys
status=0
"$cluster" check gds rocks-33 >checked || status=$?
[[ $("$cluster" check gds) == "$(<checked)" ]] || fail "check gds asks other hosts"
[[ $status != 0 && $(wc -l <checked) == 8 && $(head -n 1 checked) == "ID   RESULT   REASON" ]] || fail "check gds: $status, $(cat checked)"

check_packages ./*.sh
exit $((failures > 0))
