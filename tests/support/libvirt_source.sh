#!/bin/bash
# Prints a folder with the source of this Debian's libvirt, whose own tests hold a thousand documents of domains. It is
# fetched by apt once, checked by its signature, and kept in ~/.cache/rollcall-lab; nothing of the machine's apt changes.
set -euo pipefail

cache=${CLUSTER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-lab}
repository=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/support/debian.sh
. "$repository/tests/support/debian.sh"
source=$cache/libvirt-source-$(own_release)

if [[ ! -d $source/tests ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/libvirt-source.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial"
  cat >"$work/parts/debian.sources" <<LIST
Types: deb-src
URIs: $(debian_mirror)
Suites: $(own_release)
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
LIST
  apt_here=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts"
    -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
  "${apt_here[@]}" update >&2
  (cd "$work" && "${apt_here[@]}" source --download-only --tar-only libvirt >&2)
  mkdir "$work/source"
  tar -xf "$work"/libvirt_*.orig.tar.xz -C "$work/source" --strip-components=1
  mv "$work/source" "$source"
fi
echo "$source"
