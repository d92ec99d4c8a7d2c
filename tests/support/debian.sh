# shellcheck shell=bash
# Tells which Debian this machine is, and where another one comes from. Scripts that make a root with debootstrap source
# it.

# Another distribution counts as Debian 12, the oldest one that the project supports.
own_release() {
  (
    # shellcheck source=/dev/null
    . /etc/os-release
    [[ ${ID-} == debian ]] || VERSION_CODENAME=bookworm
    echo "${VERSION_CODENAME:-sid}"
  )
}

# The place from which apt of this machine gets Debian.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016 # apt fills them in
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" && $3 == "main" && !uri { uri = $4 } END { print uri }')
  echo "${mirror:-http://deb.debian.org/debian}"
}
