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

# only 'HEADERS' PLACE...: only these places include a header that matches the pattern. A place is a folder without those in
# it, or the files of one (FOLDER/*_test.cc).
only() {
  headers=$1
  shift
  places=
  for place in "$@"; do
    case $place in
      *.cc | *.h) place=$(printf '%s' "$place" | sed 's/\./\\./g; s/\*/[^\/]*/g') ;;
      *) place="$place/[^/]*" ;;
    esac
    places="$places|$place"
  done
  bad=$(in_sources -nE "#include <($headers)" | grep -vE "^(${places#|}):" || true)
  if [ -n "$bad" ]; then
    printf '%s may be included only in: %s\n%s\n' "$headers" "$*" "$bad" >&2
    status=1
  fi
}

# in_sources OPTIONS...: grep in everything that is compiled.
in_sources() {
  grep -r "$@" core schema db ssh virt rolls frontend cmd node-agent tests --include='*.h' --include='*.cc' --include='*.in'
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

# A room of node-agent may also include the files that lie beside the rooms (environment, reason, settings, streams and
# json_line). These may include no room, and of virt/ only the values of virt/node_devices.h: the environment has a
# function that opens a host's devices, and who takes an environment sees its type. Rooms that handle these values name
# the header.
#
# The rooms are floors, and a room may include each one below it: `kernel` only reads, and what is to be read does not
# become another thing on its way up. So `state` asks the kernel itself whether a wedged card answers again,
# `transaction` reads back what it wrote, and `output` looks up names in pci.ids.
room() {
  folder=node-agent/$1
  shift
  allowed=$(printf '%s|' "$folder/" "core/" "$@" | sed 's/\./\\./g')
  bad=$(grep -rnE '#include "[a-z-]+/' "$folder" --include='*.h' --include='*.cc' | grep -v '_test\.cc:' |
    grep -vE "#include \"(${allowed%|}|node-agent/[a-z_]+\.h\")" || true)
  if [ -n "$bad" ]; then
    printf '%s may include only: core, the files beside the rooms, %s\n%s\n' "$folder" "$*" "$bad" >&2
    status=1
  fi
}

kernel=node-agent/kernel/
cards=node-agent/cards/
state=node-agent/state/
guard=node-agent/guard/
binding=node-agent/binding/
transaction=node-agent/transaction/
devices=virt/node_devices.h
room kernel
room cards $kernel
room state $cards $kernel
room guard $cards $kernel $devices
room binding $kernel virt/
room checks $guard $state $cards $kernel
room transaction $binding $guard $state $cards $kernel $devices
room output $transaction $state $cards $kernel $devices
room actions $transaction $binding $guard $state $cards $kernel node-agent/checks/ node-agent/output/
bad=$(grep -nE '#include "(node-agent/[a-z]+|virt)/' node-agent/*.h node-agent/*.cc |
  grep -vE "^node-agent/(main|[a-z_]+_test)\.cc:|\"$devices\"" || true)
if [ -n "$bad" ]; then
  printf 'node-agent: environment, reason, settings, streams and json_line lie below the rooms\n%s\n' "$bad" >&2
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
one_file 'CLI/' cmd/line/arguments.cc # 4 s of a compiler for each file that includes it (docs/decisions, 8)

# The rooms of each library; decision 6 has the reasons where there is more than one.
only 'libssh/' ssh tests/bench tests/ssh
only 'openssl/' ssh rolls/engine
only 'yaml-cpp/' rolls/engine frontend/neighbours frontend/vms
only 'archive(_entry)?\.h>' rolls/engine
only 'libvirt/' virt
only 'pugixml' virt tests/support
only 'libxml/' virt
only 'nlohmann/' cmd cmd/line frontend/fleet frontend/hosts frontend/selftest node-agent node-agent/output node-agent/state \
  'node-agent/actions/*_test.cc' tests/cli tests/fuzz tests/support
only 'yaml\.h>' node-agent

# Tests are beside the code, as NAME_test.cc, or in tests/. Nothing else knows their library.
bad=$(in_sources -lE '#include <g(test|mock)/' | grep -vE '^tests/|_test\.cc$' || true)
if [ -n "$bad" ]; then
  printf 'gtest and gmock may be included only in tests/ and in *_test.cc:\n%s\n' "$bad" >&2
  status=1
fi

# A library that is not above has no room yet. Headers in these folders are the C library's and the kernel's.
known='CLI|SQLiteCpp|archive|gmock|gtest|libssh|libvirt|libxml|nlohmann|openssl|yaml-cpp'
bad=$(in_sources -nE '#include <[^>/]+/' | grep -vE "#include <(arpa|linux|net|netinet|sys|$known)/" || true)
if [ -n "$bad" ]; then
  printf 'a library without a room: name it and its rooms in tests/layers_test.sh\n%s\n' "$bad" >&2
  status=1
fi

# A file that passes 400 lines says at its head why.
long=$(find core schema db ssh virt rolls frontend cmd node-agent \( -name '*.h' -o -name '*.cc' \) ! -name '*_test.cc' \
  -exec awk 'FNR == 1 { why = 0 } /^\/\/ This file passes 400 lines on purpose: / { why = 1 }
    FNR == 401 && !why { print FILENAME }' {} +)
if [ -n "$long" ]; then
  printf 'more than 400 lines, without "// This file passes 400 lines on purpose: ...":\n%s\n' "$long" >&2
  status=1
fi
exit $status
