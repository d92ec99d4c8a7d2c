#!/bin/bash
# report_fleet_test.sh CLUSTER DATA: each format of `report fleet` is, byte for byte, what DATA has of the fleet there,
# and is taken by the tool that it is for, where that is installed. UPDATE=yes writes the files of DATA anew.
set -euo pipefail
cluster=$1
data=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CLUSTER_DB=$folder/cluster.db

fail() {
  echo "$*" >&2
  exit 1
}

"$cluster" load "$data/fleet.cluster"

for golden in "$data"/fleet.cluster.*; do
  format=${golden##*.}
  "$cluster" report fleet format="$format" >"$folder/$format" 2>"$folder/$format.notes"
  cat "$folder/$format.notes" >&2
  if [[ ${UPDATE-} ]]; then cp "$folder/$format" "$golden"; fi
  diff -u "$golden" "$folder/$format" || fail "format=$format is no longer what $golden has"
  if grep -q hunter2 "$folder/$format"; then fail "format=$format tells a password"; fi
done

# Every format has such a file, but for those that a browser looks at (fleet_page_test.py).
formats=$("$cluster" report fleet format=none 2>&1 || true)
formats=${formats##*want }
for format in ${formats//,/}; do
  [[ $format == html || $format == svg || -e $data/fleet.cluster.$format ]] || fail "no file $data/fleet.cluster.$format"
done

# needs TOOL: true if it is there; else it is said that what it would judge was not tried.
needs() {
  command -v "$1" >/dev/null && return
  echo "no $1: it did not judge its format"
  return 1
}

# What docs/reports.md shows of a report is there, line for line; a line that ends with a comma goes on in the next one.
if needs python3; then
  python3 - "$(dirname "$0")/../../docs/reports.md" "$data"/fleet.cluster.* <<'PYTHON' || fail "docs/reports.md shows another report"
import re, sys
page, *reports = sys.argv[1:]
known = {re.sub(r"\s", "", line) for name in reports for line in open(name)}
of_no_report = re.compile(r"(cluster|ansible-inventory|kubectl|systemctl) |rollcall_vm_state|DCGM_FI|group_left")
shown, line = 0, ""
for text in open(page):
    if not text.startswith("    ") or of_no_report.match(text.strip()):
        continue
    line += re.sub(r"\s", "", text)
    if not line.endswith(","):
        shown += 1
        assert line in known, line
        line = ""
assert shown > 30
PYTHON
fi

if needs promtool; then
  promtool check metrics <"$folder/prometheus" || fail "promtool finds fault with the metrics"
  # The query of docs/reports.md joins what dcgm-exporter says in a VM and on a host with all of these metrics.
  query=$(sed -n '/^    DCGM_FI_DEV/,/^$/p' "$(dirname "$0")/../../docs/reports.md")
  python3 - "$folder/prometheus" "$query" >"$folder/join.yaml" <<'PYTHON'
import json, sys
series = [line.rsplit(" ", 1) for line in open(sys.argv[1]) if line.startswith("rollcall_gpu_info")]
seen = [("v1", "00000000:07:00.0", "61"), ("c1", "00000000:3B:00.0", "40"), ("other", "00000000:01:00.0", "50")]
series += [[f'DCGM_FI_DEV_GPU_TEMP{{gpu="0",Hostname="{name}",pci_bus_id="{bus}"}}', value] for name, bus, value in seen]
wanted = [
    ('{gpu="0",Hostname="v1",pci_bus_id="00000000:07:00.0",host="n1",vm="v1",serial="1322621000001",'
     'model="GA100 [A100 PCIe 40GB]",state="in-vm"}', 61),
    ('{gpu="0",Hostname="c1",pci_bus_id="00000000:3B:00.0",host="c1",model="GV100GL [Tesla V100 PCIe 16GB]",'
     'state="host"}', 40)]
print(json.dumps({"tests": [{
    "input_series": [{"series": name, "values": value.strip()} for name, value in series],
    "promql_expr_test": [{"expr": sys.argv[2], "eval_time": "0s",
                          "exp_samples": [{"labels": labels, "value": value} for labels, value in wanted]}]}]}))
PYTHON
  promtool test rules "$folder/join.yaml" >"$folder/said" || fail "the join: $(cat "$folder/said")"
fi

# Ansible takes it without a warning, and reads what was set: braces are no template, and a group has the right hosts.
if needs ansible-inventory; then
  cp "$folder/ansible" "$folder/inventory.yaml"
  export ANSIBLE_LOCAL_TEMP=$folder/ansible.tmp ANSIBLE_HOME=$folder/ansible.home ANSIBLE_NOCOLOR=1
  ansible-inventory -i "$folder/inventory.yaml" --list >"$folder/list.json" 2>"$folder/said" || fail "$(cat "$folder/said")"
  [[ ! -s $folder/said ]] || fail "ansible warns: $(cat "$folder/said")"
  python3 - "$folder/list.json" <<'PYTHON' || fail "ansible read something else"
import json, sys
read = json.load(open(sys.argv[1]))
facts = read["_meta"]["hostvars"]
text = lambda value: value["__ansible_unsafe"] if isinstance(value, dict) else value
assert text(facts["n1"]["note"]) == 'one "quoted" \\ line\nand a second: {{ lookup("env", "HOME") }} # no comment'
assert facts["n1"]["site"] == 'Universität "Süd"'
assert facts["c1"]["ansible_port"] == 2222 and facts["v1"]["ansible_host"] == "10.2.0.1"
assert facts["v1"]["rollcall_gpus"][0]["pci_bus"] == "0000:07:00.0"
assert sorted(read["rack0"]["hosts"]) == ["n1", "n2"]
assert sorted(read["vm"]["hosts"]) == ["v1", "v2", "v3", "v4"]
PYTHON
  # A text that JSON would write in two escapes, for which YAML has one.
  rocket='a 🚀, \ud83d\ude80'
  cp "$CLUSTER_DB" "$folder/rocket.db"
  "$cluster" set host attr n1 rocket "$rocket" db="$folder/rocket.db"
  "$cluster" report fleet format=ansible db="$folder/rocket.db" >"$folder/rocket.yaml"
  ansible-inventory -i "$folder/rocket.yaml" --list >"$folder/list.json" 2>"$folder/said" || fail "$(cat "$folder/said")"
  [[ ! -s $folder/said ]] || fail "ansible warns: $(cat "$folder/said")"
  python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["_meta"]["hostvars"]["n1"]["rocket"] == sys.argv[2]' \
    "$folder/list.json" "$rocket" || fail "ansible read another rocket"
fi

# What genders reads is what `cluster` selects by that file.
if needs nodeattr; then
  cp "$folder/genders" "$folder/fleet.genders"
  nodeattr -f "$folder/fleet.genders" -k || fail "nodeattr finds fault with the file"
  export CLUSTER_GROUPS=$folder/fleet.genders
  for group in gpu vm-container rack=0 gpus=2; do
    ours=$("$cluster" expand host "@$group" | sort)
    [[ $(nodeattr -f "$folder/fleet.genders" -n "$group" | sort) == "$ours" ]] || fail "@$group: nodeattr has others"
  done
fi

# Slurm reads both files. It looks for the devices, so they are elsewhere here.
slurm_conf() { printf '%s\n' ClusterName=x SlurmctldHost=localhost GresTypes=gpu SelectType=select/cons_tres "$@"; }
if needs slurmd; then
  touch "$folder"/nvidia{0,1}
  slurm_conf 'NodeName=x Gres=gpu:1' 'PartitionName=all Nodes=ALL' >"$folder/slurm.conf"
  echo 'NodeName=x Name=gpu Count=1' >"$folder/gres.conf"
  if slurmd -G -N x -f "$folder/slurm.conf" >"$folder/said" 2>&1; then
    sed "s|/dev/nvidia|$folder/nvidia|" "$folder/slurm-gres" >"$folder/gres.conf"
    slurm_conf "Include $folder/slurm" 'PartitionName=all Nodes=ALL' >"$folder/slurm.conf"
    while read -r node; do
      slurmd -G -N "$node" -f "$folder/slurm.conf" >"$folder/said" 2>&1 || fail "slurmd, $node: $(cat "$folder/said")"
      wanted=$(grep -c "^NodeName=$node " "$folder/gres.conf") || true
      [[ $(grep -c 'Gres Name=gpu' "$folder/said") == "$wanted" ]] || fail "slurmd, $node: $(cat "$folder/said")"
    done < <(sed -n 's/^NodeName=\([^ ]*\).*/\1/p' "$folder/slurm")
  else
    echo "slurmd does not start here: it did not judge its formats: $(cat "$folder/said")"
  fi
fi

# Nova reads JSON behind each name, and KubeVirt YAML with the names of its API.
if needs python3; then
  python3 - "$folder/nova" <<'PYTHON' || fail "no nova.conf"
import json, sys
found = {"alias": 0, "device_spec": 0}
section = None
for line in open(sys.argv[1]):
    if line[0] in "#\n":
        continue
    if line[0] == "[":
        section = line.strip()
        continue
    name, value = line.split(" = ", 1)
    value = json.loads(value)
    assert section == "[pci]" and {"vendor_id", "product_id"} <= set(value)
    assert set(value) - {"vendor_id", "product_id"} == {"alias": {"name"}, "device_spec": {"address"}}[name]
    found[name] += 1
assert all(found.values())
PYTHON
  if python3 -c 'import yaml' 2>/dev/null; then
    python3 - "$folder/kubevirt" <<'PYTHON' || fail "no permittedHostDevices"
import re, sys, yaml
devices = yaml.safe_load(open(sys.argv[1]))["spec"]["configuration"]["permittedHostDevices"]["pciHostDevices"]
assert devices
for device in devices:
    assert set(device) == {"pciVendorSelector", "resourceName"}
    assert re.fullmatch("[0-9A-F]{4}:[0-9A-F]{4}", device["pciVendorSelector"])
    assert re.fullmatch("[a-z.]+/[a-z]([a-z0-9_]{0,61}[a-z0-9])?", device["resourceName"])
PYTHON
  else
    echo "no python3-yaml: it did not judge format=kubevirt"
  fi
fi

# The lines of pci.cfg are those that src/PVE/Mapping/PCI.pm of pve-guest-common takes.
grep -v '^#' "$folder/proxmox" | grep -vE '^$|^[a-z][a-z0-9_-]+$' >"$folder/maps"
[[ -s $folder/maps ]] || fail "format=proxmox has no map"
pci='[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(\.[a-f0-9])?'
id='[0-9a-f]{4}:[0-9a-f]{4}'
map="^	map id=$id(,iommugroup=[0-9]+)?,node=[a-zA-Z0-9-]+,path=$pci(,subsystem-id=$id)?\$"
if grep -vE "$map" "$folder/maps"; then fail "format=proxmox: no such map"; fi

# Ruby runs what a Vagrantfile would load.
if needs ruby; then
  ruby -W0 - "$folder/vagrant" >"$folder/said" <<'RUBY' || fail "ruby finds fault with the file"
class Any
  def method_missing(name, *arguments)
    puts "#{name} #{arguments.map(&:to_s).join(' ')}".strip unless %i[vm provider].include?(name)
    yield self if block_given?
    self
  end
end
module Vagrant
  def self.configure(_) = yield(Any.new)
end
load ARGV[0]
RUBY
  [[ $(grep -c '^define ' "$folder/said") == 4 && $(grep -c '^pci ' "$folder/said") == 5 ]] ||
    fail "ruby read: $(cat "$folder/said")"
fi

# The unit writes the metrics, and leaves those that are there when it cannot.
command=$(sed -n "s/^ExecStart=.*-ec '\(.*\)'$/\1/p" "$(dirname "$0")/../../packaging/rollcall-textfile.service")
command=${command//\$\$/$}
mkdir "$folder/textfile"
FOLDER=$folder/textfile sh -ec "${command//\/usr\/sbin\/cluster/$cluster}" 2>/dev/null || fail "the unit's command"
diff "$folder/prometheus" "$folder/textfile/rollcall.prom" || fail "the unit wrote something else"
! FOLDER=$folder/textfile sh -ec "${command//\/usr\/sbin\/cluster/false}" || fail "the unit's command hides a failure"
diff "$folder/prometheus" "$folder/textfile/rollcall.prom" || fail "the unit left no metrics"
