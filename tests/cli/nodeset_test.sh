#!/bin/bash
# Words that chance makes mean for `cluster expand host` what they mean for ClusterShell's nodeset, and are folded as it
# does.
#   nodeset_test.sh CLUSTER COUNT
set -euo pipefail
cluster=$1
python=/usr/bin/python3  # that of the package
if ! $python -c 'import ClusterShell.NodeSet' 2>/dev/null; then
  echo "skipped: there is no ClusterShell (Debian: python3-clustershell)"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CLUSTER_DB=$folder/cluster.db CLUSTER_GROUPS=
$python - "$cluster" "$CLUSTER_DB" "$2" <<'END'
import random, sqlite3, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from ClusterShell.NodeSet import NodeSet
cluster, db = sys.argv[1:3]
count = int(sys.argv[3])
seed = 14
random.seed(seed)
hosts = [f"n{i}" for i in range(30)] + [f"n{i:02}" for i in range(30)] + [f"n{i:03}" for i in range(95, 106)]
hosts += [f"r{r}n{i}" for r in range(4) for i in range(12)] + [f"vm-{r}-{i:02}-ib" for r in range(3) for i in range(12)]
hosts += [f"Gpu_{i}.a-b.org" for i in range(6)] + [f"c{i}-{j}-{k:03}" for i in range(2) for j in range(3) for k in range(3)]
hosts = sorted(set(hosts))
subprocess.run([cluster, "add", "host", hosts[0]], check=True)
with sqlite3.connect(db) as inventory:
    inventory.executemany("INSERT INTO host (name, appliance) VALUES (?, 'vm-container')", [(h,) for h in hosts[1:]])

def numbers(low, high, width):
    parts = []
    for _ in range(random.randint(1, 3)):
        a, b = sorted(random.choices(range(low, high), k=2))
        step = random.choice(["", "", "/2", "/3"])
        dash = random.choice(["-", "-", "-", " - "])
        parts.append(f"{a:0{width}}" if a == b else f"{a:0{width}}{dash}{b:0{width}}{step}")
    return "[" + random.choice([",", ",", ", "]).join(parts) + "]"

def one():
    kind = random.randrange(8)
    if kind == 0: return "n" + numbers(0, 30, 1)
    if kind == 1: return "n" + numbers(0, 30, 2)
    if kind == 2: return "n" + numbers(95, 106, 3)
    if kind == 3: return "r" + numbers(0, 4, 1) + "n" + numbers(0, 12, 1)
    if kind == 4: return "vm-" + numbers(0, 3, 1) + "-" + numbers(0, 12, 2) + "-ib"
    if kind == 5: return "Gpu_" + numbers(0, 6, 1) + ".a-b.org"
    if kind == 6: return "c" + numbers(0, 2, 1) + "-" + numbers(0, 3, 1) + "-" + numbers(0, 3, 3)
    return random.choice(hosts)

def expression():
    word = one()
    for _ in range(random.choice([0, 0, 1, 2, 3])):
        word += random.choice(",,,!&^") + one()
    return word

def run(word, *keys):
    return subprocess.run([cluster, "expand", "host", word, *keys], capture_output=True, text=True)

def compare(word):
    said = run(word)
    ours, theirs = set(said.stdout.split()), set(NodeSet(word, resolver=None))
    # Of words that leave no host nodeset prints an empty line; here nobody is never meant.
    if not theirs:
        return "" if said.returncode == 1 and "no host is left of" in said.stderr else f"{word}: {said}"
    if said.returncode != 0 or ours != theirs:
        return f"{word}: {sorted(ours ^ theirs)} {said.stderr}"
    folded = run(word, "fold=yes").stdout.strip()
    if set(NodeSet(folded, resolver=None)) != theirs:
        return f"{word}: folded as {folded}"
    if random.random() < 0.2 and set(run(folded).stdout.split()) != ours:
        return f"{word}: {folded} is not read back"
    # Where several numbers vary, there is more than one shortest text; what is folded once is the same for both.
    if all(h.startswith("n") for h in ours) and sorted(split(folded)) != sorted(split(str(NodeSet(word, resolver=None)))):
        return f"{word}: {folded}, nodeset {NodeSet(word, resolver=None)}"
    return ""

def split(folded):
    words, depth = [""], 0
    for c in folded:
        depth += (c == "[") - (c == "]")
        if c == "," and depth == 0: words.append("")
        else: words[-1] += c
    return words

with ThreadPoolExecutor(4) as pool:
    wrong = [line for line in pool.map(compare, [expression() for _ in range(count)]) if line]
print(*wrong[:20], sep="\n")
print(f"seed {seed}: {len(wrong)} of {count} differ")
sys.exit(bool(wrong))
END
