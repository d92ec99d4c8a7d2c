#!/usr/bin/python3
"""json_test.py CLUSTER ROOT: each list prints JSON of the shape that ROOT/docs/json has for it, of an inventory in which
every kind of row is there."""
import json
import os
import re
import subprocess
import sys
import tempfile

CLUSTER, ROOT = sys.argv[1:3]
SCHEMAS = os.path.join(ROOT, "docs", "json")
KINDS = {"string": str, "integer": int, "null": type(None), "array": list, "object": dict}
KNOWN = {"$schema", "title", "description", "type", "items", "additionalProperties", "required", "properties", "enum",
         "pattern", "minLength"}

# What the schemas of docs/json use of JSON Schema.
def faults(value, schema, place):
    assert set(schema) <= KNOWN, f"this test does not know all of {sorted(schema)}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, KINDS[kind]) and not isinstance(value, bool) for kind in kinds):
        yield f"{place}: {value!r} is no {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{place}: an empty text, which should be null"
        if not re.search(schema.get("pattern", ""), value):
            yield f"{place}: {value!r} is not like {schema['pattern']}"
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], f"{place}[{number}]")
    if isinstance(value, dict):
        for key in schema["required"]:
            if key not in value:
                yield f"{place}: no {key}"
        for key, item in value.items():
            if key not in schema["properties"]:
                yield f"{place}: {key} is in no schema"
            else:
                yield from faults(item, schema["properties"][key], f"{place}.{key}")


INVENTORY = """
add appliance gpu-node
add network private 10.1.0.0/16 gateway=10.1.0.1 vlan=12 mtu=9000 dnszone=example.org
add network six fd00::/64
add host n1 rack=0 rank=15 cpus=64 address=10.1.1.1 port=2222 user=root sudo=yes maintenance=yes subnet=private jump=gate mac=52:54:00:00:00:01
add host n2
add host vm v1 n1 mem=4096 cpus=4 disk=file:/v1.vda,vda,virtio disksize=40
add host vm v2 n1 mem=4096 cpus=4
add host gpu n1 gpupci1 02:00.0
add host gpu n1 gpupci2 03:00.0
add host gpu v1 gpupci gpupci1
add host gpu v1 gpupci2 gpupci2.3
add host gpu v2 gpupci 01234567-89ab-cdef-0123-456789abcdef
add host interface v1 eth0 bridge=br0 vlan=7 address=10.1.0.5/16 subnet=private
add host interface v1 eth1 network=default
add attr site ''
add appliance attr vm vm_firmware bios
add host attr n1 x 'two words'
add row gpu_function host=n1 gpu=gpupci1 pci=pci_0000_02_00_0 class=0302 vendor=10de device=2235 iommu_group=12
add row mdev host=n1 uuid=01234567-89ab-cdef-0123-456789abcdef parent=gpupci2.1 type=nvidia-558
add row host_agent host=n1 version=0.2.0 seen=2026-11-21T01:20:00Z path=/usr/bin/gpupci
add row host_key host=n1 type=ssh-ed25519 key=AAAAC3NzaC1lZDI1NTE5AAAAIA== learned=2026-11-28T05:00:00Z
add row roll name=gpupt version=0.9 arch=any checksum=%s
""" % ("0" * 64)


def cluster(*words, text=None):
    done = subprocess.run([CLUSTER, *words], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"cluster {' '.join(words)}: {done.stderr}")
    return done.stdout


def main():
    schemas = {}
    for name in os.listdir(SCHEMAS):
        with open(os.path.join(SCHEMAS, name), encoding="utf-8") as file:
            schema = json.load(file)
        schemas[schema["title"]] = schema
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLUSTER_DB"] = os.path.join(folder, "cluster.db")
        cluster("load", "-", text=INVENTORY)
        subprocess.run(["sqlite3", os.environ["CLUSTER_DB"], "UPDATE gpu SET model = 'A40' WHERE name = 'gpupci1'"],
                       check=True)
        # A column with two shapes is a column without one, so every list has a schema of its own.
        lists = re.findall(r"^## (cluster list .*)$", cluster("help", "format=markdown"), re.M)
        wrong = [f"docs/json has nothing of `{one}`" for one in lists if one + " format=json" not in schemas]
        for title, schema in sorted(schemas.items()):
            if "status=yes" in title:
                continue  # it asks hosts; host_gpu_test has its columns
            rows = json.loads(cluster(*title.split()[1:]))
            if not rows and "roll attr" not in title:
                wrong.append(f"{title}: the inventory here has no row for it")
            wrong += faults(rows, schema, title)
    sys.exit("\n".join(wrong) or 0)


main()
