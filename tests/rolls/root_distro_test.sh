#!/bin/bash
# root_distro_test.sh CLUSTER GPUPCI: a real Debian without any source of packages gets the distro's key and list by roll
# distro, installs from it, refuses what another key has signed, and is as it was after undo=yes.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

rm "$root/etc/apt/keyrings/rollcall.asc"
: >"$root/etc/apt/sources.list"
in_root apt-get -q update >out 2>&1
before=$(cd "$root/etc" && find . -type f -exec sha256sum {} + | sort)
key=$root/etc/apt/keyrings/rollcall.asc
list=$root/etc/apt/sources.list.d/rollcall.list

# The key alone, as the site has its own way to the packages.
script distro
expect 0 "distro: changed  the distro's key is trusted" 'distro: skipped  the host installs from the distro: distro_url is empty'
cmp "$key" distro/key.asc || fail 'it is another key'
again distro "distro: ok       the distro's key is trusted"

# No list is left that apt cannot read.
for url in ftp://127.0.0.1 'http://127.0.0.1 [trusted=yes]' http://; do
  "$cluster" set attr distro_url "$url"
  script distro
  expect 1 "distro_url is '$url': want http://, https:// or file:///"
done
"$cluster" set attr distro_url http://127.0.0.1/nowhere
script distro
expect 1 'no list of packages at http://127.0.0.1/nowhere that the key has signed' 'distro: failed: the host installs from the distro'
[[ ! -e $list ]] || fail 'the list is there'

"$cluster" set attr distro_url http://127.0.0.1
script distro
expect 0 'distro: changed  the host installs from the distro'
again distro 'distro: ok       the host installs from the distro'
in_root apt-get -q -y install vagrant-libvirt >out 2>&1 || fail "nothing was installed: $(<out)"
take_back distro
expect 0 'distro: undone   the host installs from the distro' "distro: undone   the distro's key is trusted"
[[ $(cd "$root/etc" && find . -type f -exec sha256sum {} + | sort) == "$before" ]] || fail 'a file of /etc is another'

# A tree that another key has signed is refused.
printf '%s\n' '-----BEGIN PGP PUBLIC KEY BLOCK-----' '' mQINBGc= '-----END PGP PUBLIC KEY BLOCK-----' >distro-key.asc
script distro
expect 1 'no list of packages at http://127.0.0.1 that the key has signed'
# Without a key there is nothing that a host could trust.
rm distro-key.asc
script distro
expect 1 "distro: skipped  the distro's key is trusted: cluster create distro has made none" 'an unsigned one is not trusted'
exit $((failures > 0))
