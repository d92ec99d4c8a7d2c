# shellcheck shell=bash
# Builds kernel modules that Debian does not build, for machines that ask for them: our own, in tests/lab/modules, and
# samples of the kernel's source. They are built against the headers of the cached kernel, and cached beside it.
# Sourced by `lab`, which sets `here`, `cache` and has die() and say().
# shellcheck disable=SC2154 # variables of the one that sources it

# Prints the place in the kernel's source of a module that is not ours.
sample_path() {
  case $1 in
    mtty) echo samples/vfio-mdev/mtty.c ;; # a serial card whose ports are mediated devices
    *) die "no such module: '$1' (want mtty or one of tests/lab/modules)" ;;
  esac
}

# module_file NAME: prints the file of the built module; builds it when it is not there.
module_file() {
  # This is for $(module_file NAME), where bash would go on after a failure.
  set -e
  local name=$1 folder=$cache/kernel/extra source built lock
  mkdir -p "$folder"
  exec {lock}>"$cache/lock"
  flock "$lock"
  source=$here/modules/$name.c
  if [[ ! -e $source ]]; then
    source=$folder/$name.c
    [[ -e $source ]] || fetch_source "$(sample_path "$name")" "$source"
  fi
  built=$folder/$name-$(sha256sum <"$source" | cut -c 1-16).ko
  [[ -e $built ]] || build_module "$name" "$source" "$built"
  exec {lock}>&-
  echo "$built"
}

# These functions are subshells: the trap of each removes its folder, however it ends.

# download FOLDER PACKAGE...: the cached kernel may be older than every version that apt still has.
download() {
  local folder=$1
  shift
  say "downloading ${*} (once, to $cache)"
  if ! (cd "$folder" && apt-get -q download "$@" >download.log 2>&1); then
    tail -n 5 "$folder/download.log" >&2
    die "cannot download $*; 'apt-get update' as root may help, or a newer kernel: rm -r $cache/kernel"
  fi
}

fetch_headers() (
  version=$1
  mapfile -t packages < <(echo "linux-headers-$version" && apt-cache depends "linux-headers-$version" 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-headers-.*\|linux-kbuild-.*\)$/\1/p')
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  download "$work" "${packages[@]}"
  headers=$cache/kernel/extra/headers
  mkdir "$work/headers"
  for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$work/headers"
  done
  # The headers are made to be installed; only this one of their paths is not relative.
  sed -i "s|/usr/src/|$headers/usr/src/|" "$work/headers/usr/src/linux-headers-$version/Makefile"
  mv "$work/headers" "$headers"
)

# fetch_source PATH FILE: gets one file of the kernel's source. Its package (139 MB) is not kept.
fetch_source() (
  path=$1 file=$2
  package=linux-source-$(cut -d . -f 1,2 "$cache/kernel/version")
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  download "$work" "$package"
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO "./usr/src/$package.tar.xz" | tar -xJO "$package/$path" >"$work/source"
  mv "$work/source" "$file"
)

# build_module NAME SOURCE FILE
build_module() (
  name=$1 source=$2 file=$3
  for tool in gcc make; do
    command -v "$tool" >/dev/null || die "$tool is missing; tests/support/packages.sh install lab"
  done
  version=$(<"$cache/kernel/version")
  [[ -e $cache/kernel/extra/headers ]] || fetch_headers "$version"
  work=$(mktemp -d "$cache/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp "$source" "$work/$name.c"
  echo "obj-m := $name.o" >"$work/Kbuild"
  # Debian 13 would also make types for BPF, and would need pahole for them.
  if ! make -C "$cache/kernel/extra/headers/usr/src/linux-headers-$version" M="$work" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
    >"$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    die "cannot build the kernel module $name"
  fi
  strip --strip-debug -o "$file" "$work/$name.ko"
)
