#!/bin/sh
# Checks the includes: a folder may include itself and the folders after it, and no other folder of the project.
set -eu
cd "$(dirname "$0")/.."
status=0

check() {
  folder=$1
  shift
  allowed=$(printf '%s|' "$folder" "$@")
  bad=$(grep -rnE '#include "[a-z-]+/' "$folder" --include='*.h' --include='*.cc' --include='*.in' |
    grep -v '_test\.cc:' | grep -vE "#include \"(${allowed%|})/" || true)
  if [ -n "$bad" ]; then
    printf '%s may include only: %s\n%s\n' "$folder" "$*" "$bad" >&2
    status=1
  fi
}

# only 'HEADERS' FOLDER...: only these folders include a header that matches the pattern.
only() {
  headers=$1
  shift
  rooms=$(printf '%s/|' "$@")
  bad=$(grep -rnE "#include <($headers)" . --include='*.h' --include='*.cc' --include='*.in' |
    grep -vE '^\./(build|\.git)/' | grep -vE "^\./(${rooms%|})" || true)
  if [ -n "$bad" ]; then
    printf '%s may be included only in: %s\n%s\n' "$headers" "$*" "$bad" >&2
    status=1
  fi
}

check schema
check core
check db core schema
check ssh core
check virt core
check rolls core
check frontend core db ssh virt rolls
check frontend/hosts core db ssh virt
check frontend/cards core db
check frontend/rolls core db rolls
check frontend/neighbours core ssh
check frontend/vms core db ssh virt rolls frontend/hosts frontend/cards frontend/rolls
check frontend/guests core ssh virt frontend/hosts frontend/rolls frontend/vms
check frontend/fleet core db virt frontend/hosts frontend/cards frontend/vms
check frontend/selftest core db ssh frontend/hosts frontend/vms
check cmd/line core
check cmd core db ssh virt rolls frontend
check node-agent core virt

# A room of node-agent may also include the files that lie beside the rooms (environment, settings, streams,
# json_line), which may include no room, and the values of virt/node_devices.h.
room() {
  folder=node-agent/$1
  shift
  allowed=$(printf '%s|' "$folder" core "$@")
  bad=$(grep -rnE '#include "[a-z-]+/' "$folder" --include='*.h' --include='*.cc' | grep -v '_test\.cc:' |
    grep -vE "#include \"((${allowed%|})/|node-agent/[a-z_]+\.h\"|virt/node_devices\.h\")" || true)
  if [ -n "$bad" ]; then
    printf '%s may include only: core, the files beside the rooms, %s\n%s\n' "$folder" "$*" "$bad" >&2
    status=1
  fi
}

room kernel
room cards node-agent/kernel
room state node-agent/cards node-agent/kernel
room guard node-agent/cards node-agent/kernel
room binding node-agent/kernel virt
room checks node-agent/guard node-agent/state node-agent/cards node-agent/kernel
room transaction node-agent/binding node-agent/guard node-agent/state node-agent/cards node-agent/kernel
room output node-agent/transaction node-agent/state node-agent/cards node-agent/kernel
bad=$(grep -nE '#include "node-agent/[a-z]+/' node-agent/*.h node-agent/*.cc | grep -vE '^node-agent/(main|[a-z_]+_test)\.cc:' || true)
if [ -n "$bad" ]; then
  printf 'node-agent: environment, settings, streams and json_line lie below the rooms\n%s\n' "$bad" >&2
  status=1
fi

# one_file 'HEADERS' FILE: of the product only this file includes a header that matches the pattern.
one_file() {
  bad=$(grep -rlE "#include <($1)" schema core db ssh virt rolls frontend cmd node-agent | grep -vx "$2" || true)
  if [ -n "$bad" ]; then
    printf '%s may be included only in: %s\n%s\n' "$1" "$2" "$bad" >&2
    status=1
  fi
}

one_file 'SQLiteCpp/|sqlite3' db/sqlite_engine.cc
one_file 'libpq' db/libpq.h
one_file 'CLI/' cmd/line/arguments.cc

only 'libssh/' ssh tests/bench
only 'openssl/' ssh rolls/engine
only 'yaml-cpp/' rolls/engine frontend/neighbours frontend/vms
only 'archive(_entry)?\.h>' rolls/engine
only 'libvirt/' virt tests
only 'pugixml' virt tests
only 'libxml/' virt
only 'nlohmann/' node-agent frontend cmd tests
only 'yaml\.h>' node-agent
only 'CLI/' cmd/line
exit $status
