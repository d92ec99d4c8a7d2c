# shellcheck shell=bash
# Sourced by the tools here: which files of C++ there are, and whether a judge is Debian 12's.

cxx_files() {
  find . \( -path ./build -o -path ./.git \) -prune -o \( -name '*.cc' -o -name '*.h' \) -print | sed 's|^\./||' | sort
}

# The files of C++ that differ from HEAD, or that git does not know yet.
changed_cxx_files() {
  { git diff --name-only --diff-filter=d HEAD && git ls-files --others --exclude-standard; } |
    { grep -E '\.(cc|h)$' || true; } | sort
}

# judge clang-format: prints the name of version 14 of it, Debian 12's. Other versions want other things. Where there is
# none, says so and exits with 77.
judge() {
  local name
  for name in "$1-14" "$1"; do
    if command -v "$name" >/dev/null && "$name" --version | grep -qE 'version 14\.'; then
      echo "$name"
      return
    fi
  done
  echo "there is no $1 14, which Debian 12 has" >&2
  exit 77
}
