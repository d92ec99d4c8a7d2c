# shellcheck shell=bash
# Which Debian this machine is, and where another one comes from. Sourced by what makes a root with debootstrap.

# Another distribution counts as Debian 12, the oldest one that the project is for.
own_release() {
  (
    # shellcheck source=/dev/null
    . /etc/os-release
    [[ ${ID-} == debian ]] || VERSION_CODENAME=bookworm
    echo "${VERSION_CODENAME:-sid}"
  )
}

# Where apt of this machine gets Debian from.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016 # apt fills them in
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" && $3 == "main" && !uri { uri = $4 } END { print uri }')
  echo "${mirror:-http://deb.debian.org/debian}"
}
