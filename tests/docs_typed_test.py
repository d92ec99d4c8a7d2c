#!/usr/bin/python3
"""docs_typed_test.py CLUSTER ROOT: what pages tell a reader to type is typed, in the order of the page, and prints what
the page shows. Lines that ask a host are left out. Each page has a machine of its own: a network without ways out, folders
in the place of some, and nothing else to write to."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

CLUSTER, ROOT = (os.path.realpath(word) for word in sys.argv[1:3])
FOLDERS = ["/etc", "/root", "/var/lib", "/var/backups"]
# The files of /etc that programs read, and the one account.
LIBRARIES = "/etc/ld.so.cache"
ACCOUNTS = {"passwd": "root:x:0:0:root:/root:/bin/bash", "group": "root:x:0:", "hosts": "127.0.0.1 localhost"}
# Lines that want an answer of a host or what only such an answer has brought, a server, or a key for packages.
ASKS = re.compile(
    r"cluster (run host|sync|discover|check host|detach|attach|start|stop|open|copy host|create distro|remove host gpu \S+ gpupci$)"
    r"|apply=yes|status=yes|address=yes|format=topology|from=libvirt|service=|gpupci2\.0|c2177883|\bHOST\b")
SITE = """
cluster add host vm-container-0-15 address=10.1.255.240 cpus=16
cluster add host gpu vm-container-0-15 gpupci1 02:00.0
cluster add host vm rocks-33 vm-container-0-15
cluster add host gpu rocks-33 gpupci gpupci1
"""
ROCKS = """
cat >dump.sh <<'END'
#!/bin/bash
/opt/rocks/bin/rocks add network private subnet=10.1.0.0 netmask=255.255.0.0 mtu=1500
/opt/rocks/bin/rocks "add host" vm-container-0-15 cpus=16 rack=0 rank=15 membership='VM Container'
/opt/rocks/bin/rocks add host interface vm-container-0-15 eth0 ip=10.1.255.240 subnet=private
/opt/rocks/bin/rocks add host attr vm-container-0-15 gpupci1 pci_0000_02_00_0
/opt/rocks/bin/rocks add host interface rocks-33 eth0 mac=7a:77:6e:00:00:05 subnet=private
/opt/rocks/bin/rocks "add host" rocks-33 cpus=4 rack=0 rank=33 membership='Hosted VM'
/opt/rocks/bin/rocks set host vm rocks-33 physnode='vm-container-0-15' disk='file:/state/partition1/kvm/disks/rocks-33.vda,vda,virtio' disksize='36' mem='4096'
/opt/rocks/bin/rocks add host attr rocks-33 gpupci pci_0000_02_00_0
END
"""
# What an upgrade meets: the inventory of a later program, and a later roll in the place of the installed one.
LATER = SITE + """
before cluster list host
cp /var/lib/cluster/cluster.db /root/kept.db
python3 -c "import sqlite3; sqlite3.connect('/var/lib/cluster/cluster.db').execute('PRAGMA user_version = 99')"
before cluster list roll
cp /root/kept.db /var/lib/cluster/cluster.db
cluster add roll gpupt
rolls=$(dirname "$(command -v cluster)")/../share/rollcall/rolls
cp -r "$rolls" /root/rolls
sed -i 's/^version: .*/version: 1.1.0/' /root/rolls/gpupt/roll.yaml
mount --bind /root/rolls "$rolls"
"""
# The pages, and what is there before somebody follows them, or comes to the line behind "before".
PAGES = {
    "README.md": "",
    "docs/tutorial.md": "",
    "docs/backup.md": SITE + "cluster add roll guest\ntar -C /var/lib/cluster -czf /var/backups/cluster-rolls.tgz rolls",
    "docs/administrators.md": ROCKS + """
cluster load format=rocks dump.sh
cluster remove host interface rocks-33 eth0
cluster set host vm-container-0-15 cpus=64
""",
    "docs/coming-from-rocks.md": ROCKS,
    "docs/coming-from-virsh-and-scripts.md": "",
    "docs/fleet.md": SITE,
    "docs/json.md": SITE,
    "docs/reports.md": SITE,
    "docs/rolls.md": SITE,
    "docs/upgrading.md": LATER,
}


def typed_lines(page):
    """Returns each line that is typed, and the lines that the page shows of its output; None where it shows none."""
    with open(os.path.join(ROOT, page)) as text:
        lines = text.read().split("\n")
    typed, fence, begun = [], None, ""
    for line in lines:
        if line.startswith("```"):
            fence = line if fence is None else None
        elif fence == "```" and line.startswith("$ "):
            typed.append((line[2:], []))
        elif fence == "```" and typed and typed[-1][1] is not None:
            typed[-1][1].append(line)
        elif fence is None and line.startswith("    "):
            begun += line.strip()
            if begun.endswith("\\"):
                begun = begun[:-1]
            else:
                typed.append((begun, None))
                begun = ""
    return typed


def without_numbers(text):
    """The text, but for the time and the version of the schema, which are others at another time."""
    text = re.sub(r"20\d\d-?\d\d-?\d\dT\d\d:?\d\d:?\d\dZ", "TIME", text)
    return re.sub(r"this program knows \d+", "this program knows N", text)


def is_shown(said, shown):
    """Whether it prints that. A line of three dots stands for any lines."""
    pattern = "".join(r"(?:.*\n)*" if line == "..." else re.escape(without_numbers(line)) + r"\n" for line in shown)
    return re.fullmatch(pattern, without_numbers(said)) is not None


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def make_machine(folder):
    """Puts folders of its own in the place of the machine's, of which the rest can only be read."""
    for place in FOLDERS:
        os.makedirs(folder + place)
    for name, line in ACCOUNTS.items():
        with open(f"{folder}/etc/{name}", "w") as text:
            text.write(line + "\n")
    if os.path.exists(LIBRARIES):
        shutil.copy(LIBRARIES, f"{folder}/etc")
    mount("--bind", folder, folder)
    for place in FOLDERS:
        mount("--bind", folder + place, place)
    mount("-o", "remount,bind,ro", "/")
    os.chdir("/root")


def say(line, programs):
    """Types a line. Returns its status, and what it prints."""
    done = subprocess.run(
        ["bash", "-c", line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={"PATH": programs + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TMPDIR": "/root", "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout


def type_page(page, folder):
    """Types a page in the namespaces that were made for it."""
    programs = os.path.dirname(CLUSTER)
    lines = typed_lines(page)
    make_machine(folder)
    made = re.split(r"^before (.*)$", PAGES[page], flags=re.MULTILINE)
    before = {"": made[0], **dict(zip(made[1::2], made[2::2]))}

    def prepare(line):
        status, said = say("set -e\n" + before.pop(line, ""), programs)
        assert status == 0, f"{page}: {said}"

    prepare("")
    typed, failed = 0, 0
    for line, shown in lines:
        prepare(line)
        refused = bool(shown) and shown[0].startswith("cluster: ")
        if not line.startswith(("cluster ", "tar ")) or (ASKS.search(line) and not refused):
            continue
        typed += 1
        status, said = say(line, programs)
        if shown is None and status != 0:
            failed += 1
            print(f"FAILED: {page}: {line}\nends with status {status}:\n{said}")
        elif shown is not None and not is_shown(said, shown):
            failed += 1
            print("\n".join([f"FAILED: {page}: {line}", "is shown with:", *shown, "prints:", said]))
    assert not before, f"{page}: nobody types {', '.join(before)}"
    print(f"{page}: {typed} of {len(lines)} lines, the others want a host or another program")
    return 1 if failed or typed == 0 else 0


def main():
    """Runs itself once more for each page, in namespaces."""
    namespaces = ["unshare", "--mount", "--net", "--map-root-user"]
    if subprocess.run([*namespaces, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("docs_typed: skipped: no namespaces for who is not root")
        return 77
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/sbin")
        program = shutil.copy(CLUSTER, f"{folder}/sbin")
        shutil.copytree(f"{ROOT}/rolls", f"{folder}/share/rollcall/rolls")
        for page in PAGES:
            machine = f"{folder}/{page.replace('/', '-')}"
            done = subprocess.run([*namespaces, sys.executable, __file__, program, ROOT, page, machine])
            failed = failed or done.returncode != 0
    return 1 if failed else 0


sys.exit(main() if len(sys.argv) == 3 else type_page(*sys.argv[3:]))
