#!/bin/sh
# The reference is the program's own description of itself: CLUSTER COMMANDS_MD.
set -eu
if ! "$1" help format=markdown | diff "$2" -; then
  echo "docs/commands.md is old: cluster help format=markdown > docs/commands.md" >&2
  exit 1
fi
