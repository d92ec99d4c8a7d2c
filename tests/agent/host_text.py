"""The notation of a fake host: one text file is a machine, what is special of it, and what is right there.

    # two cards behind a chipset
    cpu amd
    00:03.1 bridge 1022:1483
      0a:00.0 vga 10de:2684 nvidia sub=1043:889e boot link=8/16
      0a:00.1 sound 10de:22ba
    net 05:00.0 enp5s0
    route enp5s0
    expect
    cards 0a:00.0
    takes 0a:00.0 0a:00.1
    check gpupci1 D16 WARN

A function is ADDRESS CLASS VENDOR:DEVICE [DRIVER|-] [WORDS]; it is below the bridge above it with less indentation.
Without a driver it has the usual one of its class.  WORDS and the statements are the tables below and those of
host_statements.py; host_checks.py has the expectations.  A word that is in none of them is refused.
"""
import os
import re
import shlex

import fake_host
import host_checks
import pci_function as pci
from host_statements import ADDRESS, STATEMENTS, Wrong, full

FLAGS = {
    "boot": "the firmware started with it",
    "dead": "its configuration space is ff",
    "noacs": "a bridge without ACS",
    "acs": "a function of several with ACS",
    "conventional": "no PCI Express",
    "nogroup": "in no IOMMU group",
    "hangs": "its driver never lets go",
    "mute": "its vendor cannot be read",
    "vanishes": "it goes when its vendor is read",
    "bare": "its driver makes nothing below it",
    "nolink": "no link of its own",
}
WORDS = {
    "g": "IOMMU group",
    "sub": "subsystem",
    "rev": "revision",
    "bars": "its regions",
    "rom": "its ROM: 128K, or shadow",
    "link": "lanes now/most, and @speed now/most",
    "port": "its type of port",
    "reset": "its methods",
    "home": "the driver that has its id",
    "serial": "its serial number",
    "numa": "its node",
    "refuses": "the driver whose probe fails",
    "override": "driver_override",
    "vf": "the function that it is a virtual one of",
    "vfs": "how many virtual functions it can have",
    "vfid": "their id",
    "power": "power_state",
    "errors": "how many errors it reported",
}


class Line:
    """A function of the text, before it is made."""

    def __init__(self, words, indent):
        self.address, self.indent = full(words[0]), indent
        self.device_class = pci.class_of(words[1])
        self.ids = words[2]
        if not re.fullmatch("[0-9a-f]{4}:[0-9a-f]{4}", self.ids):
            raise Wrong(f"no id: '{self.ids}'")
        rest = words[3:]
        self.driver = pci.DRIVERS.get(words[1])
        if rest and "=" not in rest[0] and rest[0] not in FLAGS:
            self.driver = None if rest[0] == "-" else rest[0]
            rest = rest[1:]
        self.flags, self.words, self.below, self.group = set(), {}, None, None
        for word in rest:
            key, sign, value = word.partition("=")
            if sign and key in WORDS:
                self.words[key] = value
            elif not sign and key in FLAGS:
                self.flags.add(key)
            else:
                raise Wrong(f"no word of a function: '{word}'")
        self.bridge = self.device_class.startswith("0604")
        self.conventional = "conventional" in self.flags or self.device_class == "060401"


class Text:
    """A parsed file: lines of functions, statements and expectations."""

    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path).removesuffix(".host")
        self.functions, self.statements, self.expected = [], [], []
        self.head = {"cpu": "intel", "kernel": "6.8.12-fake"}
        self.about = ""
        expecting = False
        with open(path, encoding="utf-8") as file:
            for number, raw in enumerate(file, 1):
                try:
                    expecting = self.read(raw.rstrip("\n"), expecting)
                except (Wrong, ValueError, IndexError, KeyError) as wrong:
                    raise Wrong(f"{path}:{number}: {wrong}: {raw.strip()}") from wrong
        if wrong := host_checks.wrong_in(self.expected):
            raise Wrong(f"{path}: {wrong}")
        self.place()

    def read(self, raw, expecting):
        if raw.startswith("#") or not raw.strip():
            self.about = self.about or raw.lstrip("# ")
            return expecting
        if raw == "expect":
            return True
        if expecting:
            self.expected.append(raw)
            return True
        words = shlex.split(raw.split(" #")[0])
        if ADDRESS.match(words[0]):
            self.functions.append(Line(words, len(raw) - len(raw.lstrip())))
        elif words[0] in ("cpu", "kernel"):
            self.head[words[0]] = words[1]
        elif words[0] in STATEMENTS:
            self.statements.append(words)
        else:
            raise Wrong(f"no statement: '{words[0]}'")
        return False

    # ---- who is below whom, and the groups
    def place(self):
        above = []
        slots = {}
        for line in self.functions:
            while above and above[-1].indent >= line.indent:
                above.pop()
            line.below = above[-1] if above else None
            if line.bridge:
                above.append(line)
            slots.setdefault(line.address.split(".")[0], []).append(line)
        for line in self.functions:
            line.slot = slots[line.address.split(".")[0]]
            line.many = len(line.slot) > 1
        self.next_group = 100
        for line in self.functions:
            self.group_of(line)

    @staticmethod
    def isolates(line):
        """pci_acs_enabled() of drivers/pci/pci.c."""
        if line.conventional:
            return False
        if line.bridge:
            return "noacs" not in line.flags
        return not line.many or "acs" in line.flags

    def isolated_up(self, line):
        return all(self.isolates(l) for l in self.up(line))

    @staticmethod
    def up(line):
        while line:
            yield line
            line = line.below

    def group_of(self, line):
        """pci_device_group() of drivers/iommu/iommu.c, where the text names no group."""
        if line.group is not None or "nogroup" in line.flags or ["iommu", "off"] in self.statements:
            return line.group
        if "g" in line.words:
            line.group = int(line.words["g"])
            return line.group
        if line.below and not self.isolated_up(line.below):
            line.group = self.group_of(line.below)
        elif line.many and not self.isolates(line):
            shared = [l for l in line.slot if l.group is not None and "g" not in l.words and not self.isolates(l)]
            line.group = shared[0].group if shared else None
        if line.group is None:
            line.group = self.next_group
            self.next_group += 1
        return line.group


def empty(text):
    """The FakeHost of a Text, with nothing in it."""
    return fake_host.FakeHost(text.head["cpu"], text.head["kernel"])


def fill(host, text):
    """Gives the host what the text says."""
    buses = Buses(text)
    for line in text.functions:
        make_function(host, line, buses)
    for line in text.functions:
        if "vf" in line.words:
            make_link_of_vf(host, line, text)
    for line in text.functions:
        if "bare" not in line.flags and "vf" not in line.words:
            host.usual_nodes(line.address, line.device_class, line.driver)
    for words in text.statements:
        STATEMENTS[words[0]](host, words[1:])
    for function in host.kernel.functions.values():
        name_the_module(host, function)


class Buses:
    """The bus numbers of a bridge: its own, and the lowest and highest below it."""

    def __init__(self, text):
        self.text = text

    def of(self, line):
        if not line.bridge:
            return (0, 0, 0)
        number = lambda l: int(l.address.split(":")[1], 16)
        below = [number(l) for l in self.text.functions if line in list(self.text.up(l))[1:]]
        return (number(line), min(below, default=0), max(below, default=0))


def make_function(host, line, buses):
    w = line.words
    link = None
    if "link" in w:
        lanes, _, speeds = w["link"].partition("@")
        now, most = lanes.split("/")
        speed, top = speeds.split("/") if speeds else ("16.0", "16.0")
        link = (int(now), int(most), speed, top)
    more = {}
    if "numa" in w:
        more["numa_node"] = w["numa"]
    if "power" in w:
        more["power_state"] = w["power"]
    if "errors" in w:
        more["aer_dev_fatal"] = f"TOTAL_ERR_FATAL {w['errors']}"
    if "nolink" in line.flags:
        more.update(dict.fromkeys(("current_link_width", "max_link_width", "current_link_speed", "max_link_speed")))
    below = line.below.address if line.below else None
    function = host.function(
        line.address,
        line.device_class,
        line.ids,
        line.driver,
        below,
        line.group,
        w.get("sub", "0000:0000"),
        w.get("rev", "00"),
        w.get("bars"),
        w.get("rom", ""),
        link,
        int(w["port"]) if "port" in w else None,
        w.get("home"),
        "boot" in line.flags,
        "dead" in line.flags,
        line.conventional,
        w["reset"].replace(",", " ") if "reset" in w else None,
        line.many,
        int(w.get("serial", "0"), 16),
        buses.of(line),
        (w["refuses"],) if "refuses" in w else (),
        "hangs" in line.flags,
        w.get("override", ""),
        more,
    )
    if line.flags & {"mute", "vanishes"}:
        host.unreadable(function, "vanishes" in line.flags)
    if "vfs" in w:
        host.vf_ids[line.address] = (w.get("vfid", line.ids), line.device_class, line.driver)
        line.vfs = host.kernel.cuttable(function, int(w["vfs"]))


def make_link_of_vf(host, line, text):
    parent = next(l for l in text.functions if l.address == full(line.words["vf"]))
    made = host.kernel.functions[line.address]
    host.kernel.link(f"{made.folder}/physfn", host.folders[parent.address])
    host.kernel.link(f"{host.folders[parent.address]}/virtfn{len(parent.vfs)}", made.folder)
    parent.vfs.append(made)


def name_the_module(host, function):
    """modules.alias of the module that has the function's id, as depmod writes it."""
    driver = function.home
    if not driver or not pci.module_of(driver):
        return
    vendor, device = host.ids[function.address].upper().split(":")
    pattern = f"pci:v0000{vendor}d0000{device}sv*sd*bc*sc*i*"
    if driver in ("xhci_hcd", "nvme", "ahci"):
        pattern = (
            "pci:v*d*sv*sd*" + {"xhci_hcd": "bc0Csc03i30*", "nvme": "bc01sc08i02*", "ahci": "bc01sc06i01*"}[driver]
        )
    host.modules_alias(pattern, pci.module_of(driver))
