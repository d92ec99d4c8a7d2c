#!/bin/bash
# umask_test.sh CLUSTER GPUPCI: with umask 000, nothing that the two programs make may be written to by others: the
# inventory, its copies, rolls and their archives, a distro, answers of hosts, what is kept for the next command, the
# agent's state.
set -euo pipefail
cluster=$(realpath "$1")
gpupci=$(realpath "$2")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/sshd.sh
. "$here/../support/sshd.sh"
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"
start_sshd authorized_keys 127.0.7.1
write_ssh_config
echo "[127.0.7.1]:$port $(<host_key.pub)" >known_hosts
cp -r "$here/../../rolls/gpupt" roll
chmod -R go-w .
export CLUSTER_DB=$dir/site/deep/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config CLUSTER_CONFIG=$dir/etc/cluster.yaml
export SSH_AUTH_SOCK='' HOME=$dir/home XDG_STATE_HOME=$dir/state XDG_CACHE_HOME=$dir/cache
mkdir -m 700 home
umask 000

say() { "$cluster" "$@" >>out 2>>err </dev/null || { echo "cluster $*: $(tail -n 1 err)" >&2; exit 1; }; }
(umask 022 && : >out && : >err)
say setup
say add host n1 address=127.0.7.1
say create roll roll archive.tar.gz
say add roll archive.tar.gz
say remove roll gpupt
say add roll roll
say enable roll gpupt
say create distro
say create distro elsewhere/distro
say save database copy.db
say run host n1 'exit 0' output-dir=answers
"$cluster" run host n1 false || (($? == 1))
say report vm config output-dir=configs
say dump
GPUPCI_STATE=$dir/agent/state "$gpupci" -l >/dev/null

made=$(find . -mindepth 1 \( -type f -o -type d \) | wc -l)
open=$(find . ! -type l -perm /022 -ls)
if [[ -n $open ]]; then
  printf 'others may write to:\n%s\n' "$open" >&2
  exit 1
fi
for one in site/deep/cluster.db site/deep/rolls/gpupt-* site/deep/distro elsewhere/distro copy.db answers/n1.out \
  archive.tar.gz state/cluster etc/cluster.yaml; do
  [[ -e $one ]] || { echo "no $one: the test looks at nothing" >&2; exit 1; }
done
echo "umask: $made files and folders"
