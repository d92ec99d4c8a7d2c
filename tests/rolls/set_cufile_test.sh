#!/bin/bash
# set_cufile_test.sh: set-cufile of roll gds changes values in a cufile.json and nothing else, with each awk of this
# machine. The text has the shape of NVIDIA's own: comments with quotes, braces and addresses in them, blanks before colons.
set -euo pipefail

set_cufile=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/rolls/gds/files/set-cufile
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir bin
PATH=$dir/bin:$PATH
failures=0

fail() {
  echo "FAILED: $awk: $*" >&2
  failures=$((failures + 1))
}

cat >theirs <<'END'
{
    // NOTE : an application has its own by export CUFILE_ENV_PATH_JSON="/home/<xxx>/cufile.json"

            "logging": {
                            //"dir": "/home/<xxxx>",
                            "level": "ERROR"
            },
            "execution" : {
                    "max_io_threads" : 4,  // for each GPU; "max_io_threads": 8 is not meant
                    "parallel_io" : true
            },
            "properties": {
                            // true: { without nvidia-fs }
                            "max_direct_io_size_kb" : 16384,
                            /* "allow_compat_mode": false, */
                            "allow_compat_mode": true,
                            "rdma_dev_addr_list": [ "10.0.1.0", [ {} ] ]
            },
            "fs": {
                    "mount" : {
                    },
                    "lustre": { "mount_table" : { "/lustre/a\"b/{client" : { "x": [] } } }
            },
            "denylist": {}
}
END

# changes KEY=VALUE... <<<DIFFERENCE: the lines that differ are these, and no others.
changes() {
  cat >want
  "$set_cufile" "$@" <theirs >ours || fail "$*: status $?"
  diff want <(diff theirs ours | grep '^[<>]' | sed 's/^\([<>]\) */\1 /') || fail "$*: other lines"
}
# refuses TEXT KEY=VALUE WHY
refuses() {
  local status=0
  printf '%s\n' "$1" | "$set_cufile" "$2" >ours 2>said || status=$?
  [[ $status == 1 && ! -s ours && $(<said) == "set-cufile: $3" ]] || fail "$1 with $2: $status, $(<said)"
}

all_tests() {
  changes properties.allow_compat_mode=true execution.max_io_threads=4 </dev/null
  changes execution.max_io_threads=8 <<'END'
< "max_io_threads" : 4,  // for each GPU; "max_io_threads": 8 is not meant
> "max_io_threads" : 8,  // for each GPU; "max_io_threads": 8 is not meant
END
  # Words become texts, and a list is JSON; the later of two values counts.
  changes logging.level=DEBUG 'properties.rdma_dev_addr_list=["10.0.0.1",{"a":null}]' logging.level=TRACE <<'END'
< "level": "ERROR"
> "level": "TRACE"
< "rdma_dev_addr_list": [ "10.0.1.0", [ {} ] ]
> "rdma_dev_addr_list": ["10.0.0.1",{"a":null}]
END
  # What is not there is added, into an empty object, on one line, and with the objects around it.
  changes properties.use_pci_p2pdma=true fs.mount.x=1.5e3 fs.lustre.posix_gds_min_kb=4 denylist.drivers=[] profile.stats.level=3 <<'END'
> "profile": { "stats": { "level": 3 } },
> "use_pci_p2pdma": true,
> "x": 1.5e3
< "lustre": { "mount_table" : { "/lustre/a\"b/{client" : { "x": [] } } }
> "lustre": { "posix_gds_min_kb": 4, "mount_table" : { "/lustre/a\"b/{client" : { "x": [] } } }
< "denylist": {}
> "denylist": { "drivers": [] }
END
  # Done twice it is the same, and it is JSON for a reader that knows no comments.
  "$set_cufile" properties.use_pci_p2pdma=true a.b=c <theirs | "$set_cufile" a.b=c properties.use_pci_p2pdma=true >twice
  "$set_cufile" properties.use_pci_p2pdma=true a.b=c <theirs | cmp - twice || fail 'it is another the second time'
  sed -e 's,//.*,,' -e 's,/\*.*\*/,,' twice | python3 -c 'import json, sys
read = json.load(sys.stdin)
assert read["properties"]["use_pci_p2pdma"] is True and read["a"] == {"b": "c"}' || fail 'it is no JSON'

  refuses '{ "a": 1 "b": 2 }' c=1 'line 1: want a comma or "}"'
  refuses $'{\n"a": 1,\n"a": 2 }' a=3 '"a" of a is there twice'
  refuses $'{\n"a": {\n' c=1 'line 4: want a name in quotes'
  refuses '' c=1 'line 2: want a value'
  refuses '{} {}' c=1 'there is more behind the object'
  refuses '{ "a": [1] }' a.b=1 'want an object where "b" of a.b is to be'
  refuses '{ "a" 1 }' a=1 'line 1: want a colon behind "a"'
  refuses '{}' a 'not a key and its value: a'
  refuses '{}' a..b=1 'not a key and its value: a..b=1'
  refuses '{}' 'a=1,2' 'not a value of JSON: a=1,2: want one value without blanks'
  refuses '{}' 'a="1 2"' 'not a value of JSON: a="1 2": want one value without blanks'
  refuses '{}' 'a=[1' 'not a value of JSON: a=[1: line 1: want a comma or "]"'
}

tried=0
for awk in mawk gawk 'busybox awk'; do
  command -v "${awk%% *}" >/dev/null || continue
  printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >bin/awk
  chmod 755 bin/awk
  all_tests
  tried=$((tried + 1))
done
((tried > 0)) || { echo 'there is no awk'; exit 1; }
exit $((failures > 0))
