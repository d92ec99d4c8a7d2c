#!/bin/bash
# The pages become a site: every link of it leads to a page and a heading that are there, every page is in its list, and
# nothing comes from a network.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v mkdocs >/dev/null || {
  echo "there is no mkdocs (package mkdocs)"
  exit 77
}
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
status=0

complain() {
  echo "$*" >&2
  status=1
}

tools/site "$site"
cd "$site"
mapfile -t pages < <(find . -name '*.html' ! -name 404.html -printf '%P\n' | sort)

# Of each page: "id FILE#ID" for what can be linked, "to PAGE FILE#ID" for each link inside the site.
facts=$(awk '
  # The path of `target`, as `page` names it.
  function resolved(page, target,   parts, count, way, i, path) {
    sub(/[^\/]*$/, "", page)
    count = split(page target, parts, "/")
    for (i = 1; i <= count; i++) {
      if (parts[i] == "..") way--; else if (parts[i] != "." && parts[i] != "") at[++way] = parts[i]
    }
    for (i = 1; i <= way; i++) path = path (i > 1 ? "/" : "") at[i]
    return path
  }
  { line = $0
    while (match(line, / id="[^"]*"/)) {
      print "id " FILENAME "#" substr(line, RSTART + 5, RLENGTH - 6)
      line = substr(line, RSTART + RLENGTH)
    }
    line = $0
    while (match(line, / (href|src)="[^"]*"/)) {
      target = substr(line, RSTART, RLENGTH)
      line = substr(line, RSTART + RLENGTH)
      gsub(/^[^"]*"|"$/, "", target)
      if (target ~ /^(https?:|#$|$)/) continue
      heading = index(target, "#") ? substr(target, index(target, "#")) : ""
      sub(/[?#].*/, "", target)
      print "to " FILENAME " " (target == "" ? FILENAME : resolved(FILENAME, target)) heading
    } }' "${pages[@]}" | sort -u)
declare -A known=() linked=()
while read -r id; do known[$id]=1; done < <(sed -n 's/^id //p' <<<"$facts")
while read -r page target; do
  file=${target%%#*}
  [[ $file == "$page" ]] || linked[$file]=1
  if [[ ! -e $file ]]; then
    complain "$page: links to $target, which is not there"
  elif [[ $target == *'#'* && -z ${known[$target]:-} ]]; then
    complain "$page: links to $target, and there is no such heading"
  fi
done < <(sed -n 's/^to //p' <<<"$facts")

for page in "${pages[@]}"; do
  [[ ${linked[$page]:-} ]] || complain "$page: no page links to it; its place is in tools/mkdocs.yml"
done
if grep -rnE '<(script|link|img)[^>]*"https?:' --include='*.html' . >&2; then complain "the above come from a network"; fi
if grep -nE '^(<p>)?(\* |\|( -+ \|)+)' "${pages[@]}" >&2; then complain "the above is no list or table to mkdocs"; fi
((${#pages[@]} > 20 && ${#known[@]} > 200)) || complain "the site has ${#pages[@]} pages and ${#known[@]} headings"
exit $status
