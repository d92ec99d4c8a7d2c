#!/bin/bash
# man_pages_test.sh PAGES CLUSTER: both readers of manual pages accept each page without a word, every command is in
# one, what one types comes out as it is, and the pages name the variables and keys that the programs read.
set -euo pipefail
export LC_ALL=C.UTF-8

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
pages=$1
cluster=$2
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
status=0

complain() {
  echo "FAILED: $*" >&2
  status=1
}
rendered() { mandoc -T ascii "$1" | sed 's/.\x08//g'; }

# same WHAT: the two lists have the same lines.
same() { diff "$there/read" "$there/told" >&2 || complain "$1: < is read, > is told"; }

for page in "$pages"/*.[58]; do
  mandoc -T lint -W warning "$page" >&2 || complain "mandoc minds $page"
  MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>"$there/warnings" >/dev/null || complain "man does not read $page"
  [[ ! -s $there/warnings ]] || complain "man minds $page: $(<"$there/warnings")"
  lexgrog "$page" >"$there/name" || complain "$page has no line for whatis"
  rendered "$page" >>"$there/text"
done
[[ $(<"$pages/rollcall.1") == ".so man8/cluster.8" ]] || complain "rollcall(1) is not cluster(8)"
lexgrog "$pages/cluster.8" | grep -q rollcall || complain "whatis does not know rollcall"

# Each command, in one page.
"$cluster" help format=markdown >"$there/reference"
sed -n 's/^## cluster //p' "$there/reference" | sort >"$there/read"
# The groups of commands are headings, too.
"$cluster" help | grep '^[A-Z]' >"$there/groups"
cat "$pages"/cluster*.8 | sed -n 's/^\.SS //p' | grep -vxFf "$there/groups" | sort >"$there/told"
same "the commands"

# Whatever an example has in it, a copy from the page is the same command.
sed -n '/^EXAMPLE/,/^```/s/^    //p' "$there/reference" >"$there/examples"
[[ -s $there/examples ]] || complain "no examples"
sed 's/^ *//' "$there/text" | sort -u >"$there/lines"
while IFS= read -r example; do
  grep -qxF -e "$example" "$there/lines" || complain "no page has this example: $example"
done <"$there/examples"

# variables FOLDER...: the environment variables that the sources there read.
variables() {
  grep -rhoE '\b(getenv|environment|variables?)\("[A-Z0-9_]+"\)' --include=*.cc --exclude=*_test.cc "$@" |
    sed -E 's/.*"(.*)".*/\1/' | sort -u
}
# told_variables PAGE: those that its section has.
told_variables() { rendered "$1" | sed -n '/^ENVIRONMENT/,/^[A-DF-Z]/p' | grep -oE '^ +[A-Z0-9_]{4,}(, [A-Z0-9_]+)*' | tr -d ' ' | tr , '\n' | sort -u; }
variables core schema db ssh virt rolls/engine frontend cmd >"$there/read"
told_variables "$pages/cluster.8" >"$there/told"
same "the variables of cluster"
variables node-agent >"$there/read"
told_variables "$pages/gpupci.8" >"$there/told"
same "the variables of gpupci"

# told_keys PAGE: the keys that its section OPTIONS explains.
told_keys() { sed -n '/^\.SH OPTIONS/,/^\.SH E/p' "$1" | grep -A1 '^\.TP' | sed -n 's/^\.B //p' | sort -u; }
# fields FILE...: the keys of each `Fields` that the sources make.
fields() { cat "$@" | tr '\n' ' ' | grep -oE 'Fields [a-z]+\([^;{]*\{[^}]*\}' | sed 's/.*{//' | grep -oE '[a-z_]+' | sort -u; }
fields cmd/inventory_place.cc >"$there/read"
told_keys "$pages/cluster.yaml.5" >"$there/told"
same "the keys of cluster.yaml"
grep -oE 'key == "[a-z_]+"' node-agent/settings.cc | cut -d '"' -f 2 | sort -u >"$there/read"
told_keys "$pages/gpupci.yaml.5" >"$there/told"
same "the keys of gpupci.yaml"
{
  fields rolls/engine/roll_reader.cc rolls/engine/kinds/*.cc
  grep -oE 'known\{[^}]*' rolls/engine/roll_reader.cc | grep -oE '[a-z_]{2,}' | grep -vx known
  grep -hoE '^const StepKind k[A-Za-z]+\{"[a-z]+"' rolls/engine/kinds/*.cc | cut -d '"' -f 2
} | sort -u >"$there/read"
told_keys "$pages/roll.yaml.5" >"$there/told"
same "the keys of roll.yaml"
exit $status
