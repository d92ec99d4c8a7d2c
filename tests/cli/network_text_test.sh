#!/bin/bash
# network_text_test.sh CLUSTER: what `report network` prints is taken by dnsmasq, dhcpd and named, where they are.
set -euo pipefail
cluster=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck source=tests/support/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/place.sh"
CLUSTER_DB=$(new_place "$folder")
export CLUSTER_DB
tried=no

# needs TOOL: true if it is there; else it is said that what it would judge was not tried.
needs() {
  if command -v "$1" >/dev/null; then
    tried=yes
    return
  fi
  echo "no $1: it did not judge its format"
  return 1
}

"$cluster" load - <<'END'
add network private 10.1.0.0 255.255.0.0 mtu=9000 gateway=10.1.0.1 dnszone=cluster.example
add network six fd00::/64
add host n1 address=10.1.0.5 mac=52:54:00:00:01:01
add host n2.cluster.example address=10.1.0.6 mac=52:54:00:00:01:02
add host n_3 address=10.1.0.7
add host vm v1 n1
add host interface v1 eth0 bridge=br0 address=10.1.1.1/16,fd00::1:1/64
add host interface v1 eth1 bridge=br0 address=10.1.1.2/16 subnet=private
END

"$cluster" report network dhcp >"$folder/dnsmasq" 2>/dev/null
grep -q '^dhcp-host=.*,\[fd00::1:1\],v1$' "$folder/dnsmasq"
if needs dnsmasq; then dnsmasq --test --conf-file="$folder/dnsmasq"; fi

"$cluster" report network dhcp server=isc >"$folder/dhcpd" 2>/dev/null
grep -q 'host v1-eth1 ' "$folder/dhcpd"
if needs dhcpd; then dhcpd -t -cf "$folder/dhcpd"; fi

# shellcheck disable=SC2016  # $TTL and $INCLUDE are words of zones
# check_zone ZONE LINES: named takes the zone with the lines in it.
check_zone() {
  {
    echo '$TTL 3600'
    echo '@ IN SOA ns.cluster.example. root.cluster.example. 1 3600 600 86400 600'
    echo '@ IN NS ns.cluster.example.'
    [[ $1 != cluster.example ]] || echo 'ns IN A 10.1.0.1'
    echo "\$INCLUDE $2"
  } >"$folder/zone"
  named-checkzone -i local "$1" "$folder/zone"
}

"$cluster" report network dns private >"$folder/names" 2>/dev/null
"$cluster" report network dns private reverse=yes >"$folder/addresses" 2>/dev/null
"$cluster" report network dns six reverse=yes >"$folder/nibbles" 2>/dev/null
if needs named-checkzone; then
  for zone in cluster.example:names 1.10.in-addr.arpa:addresses 0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa:nibbles; do
    told=$(check_zone "${zone%%:*}" "$folder/${zone##*:}" 2>&1) || {
      echo "$told"
      exit 1
    }
    # A name that is not in the zone is left out with a warning, which is no success.
    if [[ $told == *'out-of-zone'* || $told == *ignoring* ]]; then
      echo "$told"
      exit 1
    fi
  done
fi

if [[ $tried == no ]]; then
  echo "network_text: skipped: neither dnsmasq, dhcpd nor named-checkzone is here"
  exit 77
fi
