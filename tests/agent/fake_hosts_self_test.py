#!/usr/bin/python3
"""fake_hosts_self_test.py GPUPCI: the tests on fake hosts can fail.

A host that is right is written with one wrong word at a time, and each time the trial has to find it; so it has to
with a gpupci that does what none should.
"""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
import fake_hosts_test

GOOD = """# a host for the self-test
cpu amd
00:03.1 bridge 1022:1483
  0a:00.0 vga 10de:2684 nvidia
  0a:00.1 sound 10de:22ba
01:00.0 nic 8086:15f3 igc
program python3 open=nvidia1 unit=infer.service
00:03.2 bridge 1022:1483
  0b:00.0 vga 1002:73bf amdgpu
device nvidia1 195:1
expect
cards 0a:00.0 0b:00.0
takes 0a:00.0 0a:00.1 0b:00.0
check gpupci1 D9 PASS
"""
# What is changed, what it becomes, and what the trial has to say then.
WRONG = [
    ("cards 0a:00.0 0b:00.0", "cards 0a:00.0", "-l lists"),
    ("takes 0a:00.0 0a:00.1 0b:00.0", "takes 0a:00.0 0a:00.1", "-d all takes"),
    ("check gpupci1 D9 PASS", "check gpupci1 D9 FAIL", "check D9 of gpupci1 is PASS"),
    ("check gpupci1 D9 PASS", "check gpupci1 D9 not PASS", "check D9 of gpupci1 is PASS"),
    ("check gpupci1 D9 PASS", "check gpupci1 D9 PASS | Xorg", "does not say 'Xorg'"),
    ("check gpupci1 D9 PASS", "check gpupci1 D99 PASS", "has no row"),
    ("check gpupci1 D9 PASS", "refused gpupci1 console", "is refused by nobody"),
    ("check gpupci1 D9 PASS", "says --print-modprobe | softdep nouveau", "does not say 'softdep nouveau'"),
    ("check gpupci1 D9 PASS", "never --print-modprobe | softdep nvidia", "says 'softdep nvidia'"),
    ("check gpupci1 D9 PASS", "status -d all | 1", "exit status 0, right is 1"),
    ("check gpupci1 D9 PASS", "back 0a:00.0 -", "right is None"),
    ("check gpupci1 D9 PASS", "detached-check gpupci1 D9 FAIL", "check D9 of gpupci1 is PASS"),
    ("check gpupci1 D9 PASS", "detached-says -s gpupci1 | nouveau", "does not say 'nouveau'"),
    ("check gpupci1 D9 PASS", "check gpupci1 D9 GOOD", "no result of a check"),
    ("check gpupci1 D9 PASS", "never -d gpupci2 | Xorg", "is no call of this trial"),
    ("check gpupci1 D9 PASS", "finally reboot\nfinally -d gpupci1 | 1 |", "status 0, right is 1"),
    ("takes 0a:00.0 0a:00.1 0b:00.0\n", "", "no expectation 'takes'"),
    ("check gpupci1 D9 PASS", "checks gpupci1 D9 PASS", "no expectation: 'checks'"),
    ("open=nvidia1", "open=nvidia0", "exit status 1"),
    ("open=nvidia1", "opened=nvidia1", "no word of this statement: 'opened=nvidia1'"),
    ("vga 10de:2684 nvidia", "vga 10de:2684 nvidia deaf", "no word of a function: 'deaf'"),
    ("vga 10de:2684 nvidia", "vga 10de:2684 nvidia groups=7", "no word of a function: 'groups=7'"),
    ("vga 10de:2684 nvidia", "vgaa 10de:2684 nvidia", "no class of PCI functions: 'vgaa'"),
    ("vga 10de:2684 nvidia", "vga 10de:2684 nvidia bars=16M,7Q", "no region: '7Q'"),
    ("cpu amd", "cpus amd", "no statement: 'cpus'"),
    ("01:00.0 nic", "01:00.9 nic", "no statement: '01:00.9'"),
]
# A program in gpupci's place, and what the trial has to say of it.
BRIDGE = "/sys/bus/pci/devices/0000:00:03.1"
LIARS = [
    (f"echo vfio-pci >{BRIDGE}/driver_override", "gpupci touched a bridge"),
    (f"echo 0000:00:03.1 >{BRIDGE}/driver/unbind", "gpupci touched a bridge"),
    ("echo 0000:01:00.0 >/sys/bus/pci/drivers/igc/unbind", "gpupci touched what is no card"),
    ("echo 1 >/sys/bus/pci/devices/0000:01:00.0/remove", "gpupci wrote what it never should"),
    ("kill -SEGV $$", "exit status -11"),
    ("exit 70", "exit status 70"),
    ("printf '\\033[2J'", "a control character"),
    ('case $* in --check*) echo \'{"checks":[{"id":"D9","card":"gpupci1","result":"PASS"\';; esac', "no document"),
]


def main():
    fake_hosts_test.skip_where_nothing_can_be_mounted()
    gpupci = os.path.abspath(sys.argv[1])
    os.environ["GPUPCI"] = gpupci
    silent = 0
    with tempfile.TemporaryDirectory() as folder:
        cases = {}
        place = f"{folder}/good.host"
        tries = [(GOOD, None, gpupci, "")] + [
            (GOOD.replace(old, new, 1), new, gpupci, said) for old, new, said in WRONG
        ]
        for number, (line, said) in enumerate(LIARS):
            liar = f"{folder}/liar-{number}"
            with open(liar, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\n{line}\nexec {gpupci} "$@"\n')
            os.chmod(liar, 0o755)
            tries.append((GOOD, line, liar, said))
        for number, (text, new, program, said) in enumerate(tries):
            place = f"{folder}/{number}.host"
            with open(place, "w", encoding="utf-8") as file:
                file.write(text)
            cases[place] = (new, program, said)
        # The environment is read when a trial begins, so those of one program run together.
        found = {}
        for program in {c[1] for c in cases.values()}:
            os.environ["GPUPCI"] = program
            found |= fake_hosts_test.run_all(
                [p for p, c in cases.items() if c[1] == program], os.cpu_count() or 1, quiet=True
            )
    for place, (new, program, said) in cases.items():
        right = found[place] == "" if new is None else said in found[place]
        if not right:
            silent += 1
            print(f"FAULT with '{new}' the trial should say '{said}', and says: {found[place] or 'nothing'}")
    print(f"{len(cases) - silent} of {len(cases)} trials found what they should")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
