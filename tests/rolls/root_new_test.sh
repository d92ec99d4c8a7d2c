#!/bin/bash
# root_new_test.sh CLUSTER GPUPCI: runs the roll that `create new roll` lays out, unchanged, in a real Debian, and takes it
# back. Then it tests to which family a host belongs by its os-release.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

login=$(cat "$root/etc/motd" 2>/dev/null || :)
script site
expect 0 'site: changed  file /etc/site/greeting' 'site: changed  the greeting is shown at the login' \
  'site: ok       check: the greeting can be read' 'site: done, 2 changed'
in_file /etc/motd "Hello from $host"
before=$(whole_root)
script site
expect 0 'site: ok       check: the greeting can be read' 'site: done, nothing had to be changed'
diff <(echo "$before") <(whole_root) || fail 'the second run changed a file'
take_back site
expect 0 'site: done, 3 undone'
[[ $(cat "$root/etc/motd" 2>/dev/null || :) == "$login" ]] || fail 'the greeting is still shown'

# release STATUS TEXT LINE...: checks the message of a roll that has a step for each family, when os-release has these
# lines.
"$cluster" create new roll family "$dir/family"
sed -i 's/^    steps:/&\n      - {name: it is Debian, why: to see, check: "true", family: debian}\n      - {name: it is RHEL, why: to see, check: "true", family: rhel}/' \
  "$dir/family/roll.yaml"
"$cluster" add roll "$dir/family"
"$cluster" enable roll family
release() {
  printf '%s\n' "${@:3}" >"$root/etc/os-release"
  script family
  expect "$1" "$2"
  [[ $1 != 0 || $(grep -c 'it is' out) == 1 ]] || fail 'it is of two families'
}
release 0 'family: ok       it is Debian' 'PRETTY_NAME="Ubuntu 24.04.1 LTS"' 'NAME="Ubuntu"' 'VERSION_ID="24.04"' 'ID=ubuntu' 'ID_LIKE=debian'
release 0 'family: ok       it is Debian' 'NAME="Linux Mint"' 'ID=linuxmint' 'ID_LIKE="ubuntu debian"'
release 0 'family: ok       it is RHEL' 'NAME="Red Hat Enterprise Linux"' 'VERSION="9.4 (Plow)"' 'ID="rhel"' 'ID_LIKE="fedora"'
release 0 'family: ok       it is RHEL' 'NAME="Fedora Linux"' 'ID=fedora'
release 1 'neither of the family of Debian nor of RHEL: arch' 'NAME="Arch Linux"' 'ID=arch'
exit $((failures > 0))
