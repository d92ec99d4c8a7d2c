"""What is right on a fake host: what its file expects, and what is right on all hosts."""
import json
import re

import pci_function as pci
from fake_kernel import VFIO

EXPECTATIONS = {
    "cards": "ADDRESS... or none: what -l lists, in this order",
    "takes": "ADDRESS... or nothing: what -d all takes",
    "refused": "NAME GUARD,...: -d NAME is refused by these, and writes nothing",
    "check": "NAME|- ID [not] RESULT [| TEXT]: a row of --check, and what it says",
    "says": "COMMAND | TEXT: gpupci says it; -d and -a are those of the trial",
    "never": "COMMAND | TEXT: gpupci does not say it",
    "status": "COMMAND | N: its exit status",
    "back": "ADDRESS DRIVER|-|any: what -a all leaves it on, where that is not what it had",
    "loses": "ADDRESS: it leaves the bus or is stuck for ever",
    "detached-check": "as check, while the cards are detached",
    "detached-says": "as says, then",
    "detached-never": "as never, then",
    "attached-check": "as check, after -a all",
    "finally": "COMMAND | STATUS | TEXT: called at the end, in this order; reboot is one",
}
RESULTS = ("PASS", "WARN", "FAIL", "UNKNOWN")
WRITABLE = re.compile(
    r"(devices/.*/(?P<address>[0-9a-f]{4,5}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/driver_override .*"
    r"|bus/pci/drivers_probe (?P<probed>\S+)"
    r"|bus/pci/drivers/[^/]+/unbind (?P<unbound>\S+)|modprobe \S*vfio\S*)"
)
NOT_FROM_FF = ("D14", "D16", "D17", "D18", "D19", "D20")


def long(address):
    return address if address.count(":") == 2 else "0000:" + address


def short(libvirt):
    return re.sub(r"pci_([0-9a-f]+)_(..)_(..)_(.)$", r"\1:\2:\3.\4", libvirt)


def wrong_in(lines):
    """What is wrong with the expectations of a file; "" when nothing is."""
    words = [line.split() for line in lines]
    for name in ("cards", "takes"):
        if name not in [w[0] for w in words]:
            return f"no expectation '{name}'"
    for line in words:
        if line[0] not in EXPECTATIONS:
            return f"no expectation: '{line[0]}'"
        if line[0].endswith("check") and (line[3] if line[3] != "not" else line[4]) not in RESULTS:
            return f"no result of a check: '{' '.join(line)}'"
    return ""


class Trial:
    """Runs gpupci on a host that has started, and gathers what is wrong."""

    def __init__(self, text, host):
        self.text, self.host, self.wrong, self.outputs = text, host, [], {}
        self.expected = {
            name: [line.split(None, 1)[1] for line in text.expected if line.split()[0] == name] for name in EXPECTATIONS
        }
        self.refused = {}
        for line in self.expected["refused"]:
            name, guards = line.split()
            self.refused[name] = guards.split(",")
        self.bridges = {l.address for l in text.functions if l.bridge}

    def hold(self, right, what):
        if not right:
            self.wrong.append(what if len(what) < 400 or "Traceback" in what else what[:400] + " ...")

    # ---- calls
    def call(self, *arguments):
        done = self.host.gpupci(*arguments)
        shown = "gpupci " + " ".join(arguments)
        self.hold(0 <= done.returncode <= 3, f"{shown}: exit status {done.returncode}: {done.stderr.strip()[-300:]}")
        both = done.stdout + done.stderr
        self.hold(not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", both), f"{shown}: a control character in what it says")
        self.outputs[" ".join(arguments)] = (both, done.returncode)
        return done

    def json(self, *arguments):
        done = self.call(*arguments, "--json")
        try:
            return json.loads(done.stdout), done.returncode
        except ValueError:
            self.hold(
                False, f"gpupci {' '.join(arguments)} --json: no document: {(done.stdout + done.stderr).strip()[:300]}"
            )
            return {}, done.returncode

    def checks(self, name):
        rows, _ = self.json("--check", name)
        return [
            (r["id"], r["card"], r["result"], (r["reason"] or "") + "; " + (r["fix"] or ""))
            for r in rows.get("checks", [])
        ]

    # ---- the trial
    def run(self):
        before, overrides = self.host.drivers(), self.host.overrides()
        cards = self.look_at_list()
        self.look_at_checks(cards, self.expected["check"])
        early = self.look_at_modprobe(cards, before, "before -d")
        for line in self.expected["says"] + self.expected["never"] + self.expected["status"]:
            arguments = line.split(" | ")[0]
            if arguments not in self.outputs and not arguments.startswith(("-d", "-a")):
                self.call(*arguments.split())
        if "--print-cmdline" not in self.outputs:
            self.call("--print-cmdline")
        if cards:
            for arguments in ("-l", "-s all --json", "--print-modprobe", "--print-cmdline"):
                said, status = self.outputs[arguments]
                self.hold(status == 0, f"gpupci {arguments}: exit status {status}: {said.strip()[-200:]}")
        self.call("-d", "all", "--dry-run")
        self.hold(not self.host.writes(), f"something was written before -d: {self.host.writes()[:3]}")
        for name in self.refused:
            self.look_at_refusal(name, cards)
        self.call("-d", "all")
        after = self.host.drivers()
        self.look_at_taken(cards, before, after)
        late = self.look_at_modprobe(cards, before, "after -d")
        taken_all = all(after[f] in VFIO for functions in cards.values() for f in functions if f in after)
        if early is not None and taken_all and cards:
            # It speaks of the detached cards where there are any, so before and after of others than all.
            mixed = any(before.get(f) in VFIO for functions in cards.values() for f in functions)
            self.hold(
                early <= late if mixed else early == late,
                f"--print-modprobe renewed: {sorted(early)} becomes {sorted(late)}",
            )
        self.later("detached")
        self.call("-a", "all")
        self.look_at_given_back(cards, before, overrides)
        self.later("attached")
        self.look_at_writes(cards)
        self.look_at_words()
        self.look_at_end()
        return self.wrong

    def look_at_list(self):
        wanted = [long(a) for line in self.expected["cards"] for a in line.split() if a != "none"]
        listed = self.call("-l")
        found = [
            short(line.split()[1])
            for line in listed.stdout.splitlines()
            if len(line.split()) == 2 and "." not in line.split()[0]
        ]
        self.hold(
            found == wanted,
            f"-l lists {found or 'nothing'}, right is {wanted or 'nothing'}: {listed.stderr.strip()[:200]}",
        )
        if not found:
            return {}
        document, _ = self.json("-s", "all")
        self.json("-l")
        return {c["name"]: [short(f["pci"]) for f in c["functions"]] for c in document.get("cards", [])}

    def look_at_checks(self, cards, lines):
        everything = self.checks("all")
        dead = {l.address for l in self.text.functions if "dead" in l.flags}
        for row in everything:
            if row[1] and dead & set(cards.get(row[1], ())):
                self.hold(
                    not (row[0] in NOT_FROM_FF and row[2] == "PASS"),
                    f"{row[0]} of {row[1]} passes by what was read from ff: {row[3]}",
                )
                self.hold(row[0] != "D1" or row[2] == "FAIL", f"D1 of a dead card is {row[2]}")
        for name in list(cards)[:2] + list(cards)[2:][-1:]:
            alone = [r[:3] for r in self.checks(name) if r[1] == name]
            together = [r[:3] for r in everything if r[1] == name]
            different = [f"{a[0]} {b[2]}/{a[2]}" for a, b in zip(alone, together) if a != b]
            self.hold(
                alone == together, f"--check all and --check {name} differ: {different or (len(together), len(alone))}"
            )
        self.look_at_rows(everything, lines)

    def look_at_rows(self, rows, lines):
        for line in lines:
            head, _, words = line.partition(" | ")
            card, check, *results = head.split()
            other = results[0] == "not"
            wanted = results[-1]
            found = [r for r in rows if r[0] == check and r[1] == (None if card == "-" else card)]
            if not found:
                self.hold(False, f"check {check} of {card} has no row")
            for row in found:
                self.hold(
                    (row[2] == wanted) != other,
                    f"check {check} of {card} is {row[2]}, right is {' '.join(results)}: {row[3]}",
                )
                self.hold(words in row[3], f"check {check} of {card} does not say '{words}': {row[3]}")

    def look_at_modprobe(self, cards, drivers, when):
        out = self.call("--print-modprobe").stdout
        ours = {f for functions in cards.values() for f in functions}
        module = {a: pci.module_of(d) for a, d in drivers.items() if d}
        for name in re.findall(r"^# blacklist (\S+)", out, re.M):
            users = [a for a, m in module.items() if m == name and a not in ours]
            self.hold(not users, f"--print-modprobe {when}: blacklist {name}, which {users[:2]} need")
        models = set(
            re.findall(r"[0-9a-f]{4}:[0-9a-f]{4}", "".join(re.findall(r"^options vfio-pci ids=(\S*)", out, re.M)))
        )
        right = {self.host.ids[f] for f in ours if f in self.host.ids}
        self.hold(models <= right, f"--print-modprobe {when}: takes {sorted(models - right)}")
        return set(re.findall(r"^softdep (\S+) pre", out, re.M))

    def look_at_refusal(self, name, cards):
        before = len(self.host.writes())
        document, status = self.json("-d", name)
        self.call("-d", name)
        guards = next((c["refused_by"] for c in document.get("cards", []) if c["name"] == name), [])
        missing = [g for g in self.refused[name] if g not in guards]
        self.hold(
            not missing and status == 1, f"-d {name} is refused by {guards or 'nobody'}, right is {self.refused[name]}"
        )
        self.hold(
            len(self.host.writes()) == before,
            f"-d {name} was to be refused, and wrote {self.host.writes()[before:][:3]}",
        )

    def look_at_taken(self, cards, before, after):
        stub = next((s.split()[1] for s in self.host.settings if s.startswith("stub_driver:")), "vfio-pci")
        wanted = {long(a) for line in self.expected["takes"] for a in line.split() if a != "nothing"}
        stubs = {stub, *VFIO}
        taken = {a for a, d in after.items() if d in stubs and before.get(a) not in stubs}
        said, status = self.outputs["-d all"]
        self.hold(taken == wanted, f"-d all takes {sorted(taken)}, right is {sorted(wanted)}: {said.strip()[-300:]}")
        lost = {a: (d, after.get(a)) for a, d in before.items() if a not in taken and after.get(a) != d}
        self.hold(not lost or self.expected["loses"], f"-d all changed {lost}")
        if cards and not self.refused and not self.expected["status"]:
            self.hold(status == 0, f"-d all: exit status {status}: {said.strip()[-300:]}")

    def later(self, when):
        if when == "detached" or self.expected["attached-check"]:
            rows = self.checks("all")
            self.look_at_rows(rows, self.expected[when + "-check"])
        if when == "detached":
            for word in ("says", "never"):
                for line in self.expected["detached-" + word]:
                    arguments, text = line.split(" | ")
                    self.hold(
                        (text in self.said(self.call(*arguments.split()))) == (word == "says"),
                        f"detached, gpupci {arguments} {'does not say' if word == 'says' else 'says'} '{text}'",
                    )

    @staticmethod
    def said(done):
        return done.stdout + done.stderr

    def look_at_given_back(self, cards, before, overrides):
        told = dict((long(l.split()[0]), l.split()[1]) for l in self.expected["back"])
        ours = {f for functions in cards.values() for f in functions}
        after = self.host.drivers()
        for address, driver in before.items():
            home = self.host.kernel.functions[address].home
            right = driver
            if address in ours and driver == "vfio-pci":
                right = home if home in self.host.kernel.drivers else None
            if address in told:
                right = None if told[address] == "-" else told[address]
            if (address not in after and self.expected["loses"]) or right == "any":
                continue
            self.hold(
                after.get(address) == right,
                f"after -a all {address} is on {after.get(address)}, right is {right}: "
                f"{self.outputs['-a all'][0].strip()[-300:]}",
            )
            if address in ours and right is None and driver is not None:
                self.hold(address in self.outputs["-a all"][0], f"-a all does not say that {address} has no driver now")
        if not self.expected["loses"]:
            now = self.host.overrides()
            changed = {
                a: (o, now.get(a))
                for a, o in overrides.items()
                if a not in told and now.get(a) != o and o not in ("vfio-pci",)
            }
            self.hold(not changed, f"driver_override is not what it was: {changed}")

    def look_at_writes(self, cards):
        ours = {f for functions in cards.values() for f in functions}
        for line in self.host.writes():
            match = WRITABLE.fullmatch(line)
            self.hold(match, f"gpupci wrote what it never should: {line}")
            if match:
                address = match["address"] or match["probed"] or match["unbound"]
                self.hold(address not in self.bridges, f"gpupci touched a bridge: {line}")
                self.hold(address in ours or line.startswith("modprobe "), f"gpupci touched what is no card: {line}")

    def look_at_end(self):
        """`finally COMMAND | STATUS | TEXT`, in this order; `reboot` is a command of the host."""
        for line in self.expected["finally"]:
            arguments, wanted, text = ([part.strip() for part in line.split("|")] + ["", ""])[:3]
            if arguments == "reboot":
                self.host.reboot()
                continue
            done = self.call(*arguments.split())
            self.hold(
                str(done.returncode) == wanted and text in self.said(done),
                f"at the end, gpupci {arguments}: status {done.returncode}, right is {wanted}, with '{text}': "
                + self.said(done).strip()[-300:],
            )

    def look_at_words(self):
        for word in ("says", "never"):
            for line in self.expected[word]:
                arguments, text = line.split(" | ")
                self.hold(arguments in self.outputs, f"gpupci {arguments} is no call of this trial")
                said = self.outputs.get(arguments, ("", 0))[0]
                self.hold(
                    (text in said) == (word == "says"),
                    f"gpupci {arguments} {'does not say' if word == 'says' else 'says'} '{text}': {said.strip()[:300]}",
                )
        for line in self.expected["status"]:
            arguments, wanted = line.split(" | ")
            found = self.outputs.get(arguments, ("", None))[1]
            self.hold(str(found) == wanted, f"gpupci {arguments}: exit status {found}, right is {wanted}")
