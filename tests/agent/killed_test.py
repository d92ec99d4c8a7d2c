#!/usr/bin/python3
"""killed_test.py GPUPCI [--all] [--show]: kills gpupci at each system call of a two-card group, then --restore.

After it the cards of the group are all with the host or all detached, with no function in between.  strace kills; a kill between two
calls that only read is the same as one at the next call that does more, so only these are walked.  --all walks every call.
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import fake_hosts_test  # noqa: E402, it says why the test cannot run

import host_text  # noqa: E402
import namespace  # noqa: E402

# What gpupci does to files, to its children and to their sockets. "?" lets strace pass a name that this processor does not have.
CALLS = "write,pwrite64,?rename,renameat,renameat2,?unlink,unlinkat,?mkdir,mkdirat,fsync,flock,sendto,recvfrom,?fork,?vfork,clone,?clone3,wait4,exit_group"
GROUP = """
00:02.0 vga 8086:3e98 i915 boot
00:01.0 bridge 8086:1901 noacs
  01:00.0 vga 10de:1b06 nouveau
  01:00.1 sound 10de:10ef
00:01.1 bridge 8086:1905 noacs
  02:00.0 vga 10de:1b80 nouveau {second}
  02:00.1 sound 10de:10f0
expect
cards 01:00.0 02:00.0
takes {taken}
"""
MEMBERS = ("0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:02:00.1")
HOME = {"0000:01:00.0": "nouveau", "0000:01:00.1": "snd_hda_intel", "0000:02:00.0": "nouveau", "0000:02:00.1": "snd_hda_intel"}


class Walk:
    """One host, on which gpupci is killed at the first call, the second, and so on until it ends by itself."""

    def __init__(self, host, calls):
        self.host, self.calls, self.wrong, self.kills = host, calls, [], 0

    def killed(self, number, *arguments):
        """True if gpupci did not reach that call."""
        trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + self.calls,
                 "-e", f"inject={self.calls}:signal=KILL:when={number}"]
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "GPUPCI_STATE": f"{self.host.root}/state", "GPUPCI_DEADLINE": "5",
               "GPUPCI_SETTINGS": f"{self.host.root}/etc/gpupci.yaml"}
        done = subprocess.run([*trace, os.environ["GPUPCI"], *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, check=False)
        self.kills += done.returncode < 0 or done.returncode == 137
        return done.returncode in (-9, 137)

    def now(self):
        return {pci: driver for pci, driver in self.host.drivers().items() if pci in MEMBERS}

    def is_whole(self, moment):
        now = self.now()
        at_home, away = now == HOME, set(now.values()) == {"vfio-pci"}
        left = sorted(set(self.host.overrides().values()) - {"(null)"})
        if not (at_home or away):
            self.wrong.append(f"{moment}: {now}")
        elif at_home and left:
            self.wrong.append(f"{moment}: driver_override is left: {left}")
        return at_home, away

    def give_back(self, moment):
        done = self.host.gpupci("-a", "all")
        if self.now() != HOME or done.returncode != 0:
            self.wrong.append(f"{moment}, then -a all: {self.now()} {done.stderr}")
        if os.path.exists(f"{self.host.root}/state/drivers.json"):
            self.wrong.append(f"{moment}, then -a all: the record is still there")

    def run(self, action, first, expect_restored):
        """`first` makes the state from which `action` starts."""
        for number in range(1, 3000):
            first()
            reached = self.killed(number, *action)
            moment = f"{' '.join(action)} killed at call {number}"
            done = self.host.gpupci("--restore")
            if expect_restored and done.returncode != 0:
                self.wrong.append(f"{moment}: --restore: {done.stderr}")
            self.is_whole(moment)
            self.give_back(moment)
            if not reached:
                return
        self.wrong.append(f"{' '.join(action)} did not end by itself")


def walk(second, calls):
    """What is wrong, and how often gpupci was killed; in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".host", delete=False) as file:
        file.write(GROUP.format(second=second, taken="nothing" if second else "01:00.0 01:00.1 02:00.0 02:00.1"))
    text = host_text.Text(file.name)
    host = host_text.empty(text)
    one = Walk(host, calls)
    try:
        host_text.fill(host, text)
        host.start()
        host.gpupci("-l")
        # The second card is refused by vfio-pci in one of the hosts: then the way back is walked as well.
        one.run(("-d", "all"), lambda: None, not second)
        if not second:
            one.run(("-a", "all"), lambda: host.gpupci("-d", "all"), True)
            one.run(("--restore",), lambda: one.killed(14, "-d", "all"), True)
    finally:
        host.stop()
        os.unlink(file.name)
    return one


def in_child(second, calls):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        namespace.die_with_parent()
        try:
            one = walk(second, calls)
            said = "\n".join([f"{one.kills} kills"] + one.wrong)
        except BaseException as error:  # a fault of the test itself
            said = f"0 kills\n{error!r}"
        os.write(write, said.encode()[:60000])
        os._exit(0)
    os.close(write)
    return child, os.fdopen(read)


def main():
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    if not words:
        sys.exit(__doc__)
    if subprocess.run(["sh", "-c", "command -v strace"], capture_output=True, check=False).returncode != 0:
        fake_hosts_test.skip("strace is not installed")
    os.environ["GPUPCI"] = os.path.abspath(words[0])
    calls = "all" if "--all" in sys.argv else CALLS
    status = 0
    for child, out in [in_child(second, calls) for second in ("", "refuses=vfio-pci")]:
        kills, *wrong = out.read().splitlines()
        os.waitpid(child, 0)
        print(kills + ("" if wrong else ", and the group was whole after each"))
        for line in wrong[:20]:
            print("FAULT " + line)
        status = status or bool(wrong) or kills.startswith("0 ")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
