#!/bin/bash
# Pages can be read in a terminal, and their links lead somewhere: prose is wrapped at 100 columns, and each path and
# link that a page names exists.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
status=0

complain() {
  echo "$*" >&2
  status=1
}

# long_lines FILE: prints its lines of prose with more than 100 characters. Tables, code and lines with a URL may be
# longer.
long_lines() {
  local line number=0 in_code=
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    if [[ $line == '```'* ]]; then
      [[ $in_code ]] && in_code= || in_code=yes
    elif [[ ! $in_code && $line != '|'* && $line != '    '* && $line != *https://* ]] && ((${#line} > 100)); then
      echo "$1:$number: ${#line} columns"
    fi
  done <"$1"
}

# named_paths FILE: prints the paths of this repository in its code spans. A NAME in capitals stands for any name.
named_paths() {
  # shellcheck disable=SC2016 # the code spans of a page
  grep -oE '`(core|schema|db|ssh|virt|rolls|frontend|cmd|node-agent|tests|tools|cmake|docs|packaging|debian)/[^` ]*`' "$1" | tr -d '`' |
    grep -vE '[A-Z]{4}|\*' | sort -u
}

# linked_files FILE: prints the targets of its links inside the repository, without the section.
linked_files() {
  grep -oE '\]\([^)]*\)' "$1" | sed -E 's/^\]\(([^)#]*).*/\1/' | grep -vE '^(https?:.*)?$' | sort -u
}

# read_variables: the environment variables that the two programs read, by the sources.
read_variables() {
  grep -rhoE '\b(getenv|environment|variables?)\("[A-Z0-9_]+"\)' --include=*.cc --exclude=*_test.cc \
    core schema db ssh virt rolls/engine frontend cmd node-agent | sed -E 's/.*"(.*)".*/\1/' | sort -u
}

# told_variables: those in the tables of the page about them.
told_variables() { sed -nE '/^\| `[A-Z]/s/^\| ([^|]*).*/\1/p' docs/environment.md | grep -oE '[A-Z0-9_]{4,}' | sort -u; }

# known_checks: the ids of all checks: of gpupci, of a VM before its define, of guests. Tests hold the first two pages to
# the programs.
known_checks() {
  {
    sed -nE 's/^\| ([HDGV][0-9]+) \|.*/\1/p' docs/gpupci.md
    sed -nE 's/^\| (S[0-9]) \|.*/\1/p' docs/rolls.md
    sed -nE 's,^///   ([A-Z][0-9]+) .*,\1,p' virt/domain_gates.h
    sed -nE 's/^    ([IT][0-9]) .*/\1/p' cmd/help/check_host_vm.txt cmd/help/check_host_gpu.txt
    grep -rhoE '"[A-Z][0-9]+: ' --include=*.cc --exclude=*_test.cc frontend | tr -d '": '
    echo drift
  } | sort -u
}

# explained_checks: those that have a row of their own in the page about troubles.
explained_checks() { sed -nE 's/^\| ([A-Z][0-9]+|drift) \|.*/\1/p' docs/troubleshooting.md | sort -u; }

# named_checks: those that stand in a column of another table there.
named_checks() {
  grep -E '^\| [^|]{6}' docs/troubleshooting.md | grep -oE '\| [HDGVSFI][0-9]+(, [HDGVSFI][0-9]+)* \|' | grep -oE '[A-Z][0-9]+' | sort -u
}

# shown_by_gpupci: what the page about it shows of its output. The lease of a vGPU is another one each time.
shown_by_gpupci() {
  awk '/^```/ { typed = 0 } typed && !/^\$ / { print } /^\$ gpupci / { typed = 1 }' docs/gpupci.md | sed 's/, lease .*/, lease /'
}

pages=(README.md CONTRIBUTING.md CHANGELOG.md docs/*.md docs/decisions/*.md)
for page in "${pages[@]}"; do
  # The program writes this page.
  [[ $page != docs/commands.md ]] || continue
  while read -r long; do
    complain "$long (want 100)"
  done < <(long_lines "$page")
  while read -r file; do
    [[ -e $(dirname "$page")/$file ]] || complain "$page: links to $file, which is not there"
  done < <(linked_files "$page" || true)
done

for page in README.md CONTRIBUTING.md docs/*.md docs/decisions/*.md; do
  while read -r path; do
    [[ -e $path ]] || complain "$page: names $path, which is not there"
  done < <(named_paths "$page" || true)
done

for page in docs/*.md; do
  grep -qF "]($page)" README.md || complain "README.md: has no link to $page"
done

while read -r name; do
  complain "docs/environment.md: $name is read by the programs or told by the page, and not both"
done < <(comm -3 <(read_variables) <(told_variables) | tr -d '\t')

while read -r id; do
  complain "docs/troubleshooting.md: check $id is made by the programs or explained by the page, and not both"
done < <(comm -3 <(known_checks) <(explained_checks) | tr -d '\t')
while read -r id; do
  complain "docs/troubleshooting.md: there is no check $id"
done < <(comm -13 <(known_checks) <(named_checks))

while read -r library; do
  grep -qF "\`$library\`" docs/systems.md || complain "docs/systems.md: does not name $library, which the programs open"
done < <(grep -rhoE '"lib[a-z-]+\.so\.[0-9]+"' --include=*.cc --include=*.h --exclude=*_test.cc core ssh virt rolls | tr -d '"' | sort -u)

# What pages type behind gpupci is an option of its.
while read -r option; do
  complain "a page types gpupci $option, which is no option of its"
done < <(comm -23 \
  <(cat README.md CONTRIBUTING.md docs/*.md | grep -oE '\bgpupci -[^`";|#]*' | grep -oE -- ' --?[a-z][a-z-]*' | tr -d ' ' | sort -u) \
  <(grep -rhoE --include=*.cc --exclude=*_test.cc -- '"--?[a-z-]+' node-agent/actions | tr -d '"' | sort -u))

while read -r line; do
  grep -rqF --include=*.host --include=*_test.cc -- "$line" tests/agent/hosts node-agent ||
    complain "docs/gpupci.md shows '$line', which no test expects of gpupci"
done < <(shown_by_gpupci)

cmp -s <(tools/session_svg <docs/session.txt) docs/session.svg ||
  complain "docs/session.svg is not what tools/session_svg makes of docs/session.txt"
exit $status
