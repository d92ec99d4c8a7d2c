"""The statements of the notation of fake hosts: one function or line each, (host, words)."""

import os
import re
import stat

import pci_function as pci

ADDRESS = re.compile(r"([0-9a-f]{4,5}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$")


class Wrong(Exception):
    """A line that the notation does not have."""


def full(address):
    if not ADDRESS.match(address):
        raise Wrong(f"no address: '{address}'")
    return address if address.count(":") == 2 else "0000:" + address


def options(words, allowed):
    found = {}
    for word in words:
        key, sign, value = word.partition("=")
        if key not in allowed:
            raise Wrong(f"no word of this statement: '{word}'")
        found[key] = value if sign else True
    return found


def program(host, words):
    o = options(words[1:], ("open", "map", "unit", "cgroup", "pid", "cmd", "net", "mnt", "pidns", "mounts", "thread"))
    listed = lambda key: [x for x in o.get(key, "").split(",") if x]
    spaces = {k: int(o[n]) for k, n in (("net", "net"), ("mnt", "mnt"), ("pid", "pidns")) if n in o}
    mounts = None
    if "mounts" in o:
        mounts = host.mounts[:1] + [host.mount_line(*m.split(":", 1)) for m in listed("mounts")]
    host.process(
        words[0],
        listed("open"),
        o.get("cgroup") or (f"/system.slice/{o['unit']}" if "unit" in o else "/init.scope"),
        int(o["pid"]) if "pid" in o else None,
        o.get("cmd"),
        listed("map"),
        spaces,
        mounts,
        "thread" in o,
    )


def in_space(host, words):
    """in-space pid 4026533000: gpupci itself is in that namespace, and with `all` every process that it sees."""
    for pid in ("self", "1", "2") if len(words) > 2 and words[2] == "all" else ("self",):
        for folder in (f"proc/{pid}/ns", f"proc/{pid}/task/{799 if pid == 'self' else pid}/ns"):
            os.unlink(f"{host.root}/{folder}/{words[0]}")
            host.link(f"{folder}/{words[0]}", f"{words[0]}:[{words[1]}]")


def switch(words, **ways):
    ways[words[0].replace("-", "_")]()


def off(host, name):
    return lambda: host.remove("sys/" + name)


def interrupts(host, word):
    ways = {"unmapped": (False, False), "unmapped-6": (False, True), "remapped-6": (True, True)}
    host.interrupts(*ways[word])


def head(host, words):
    """head nvme0n1 devices/virtual/nvme-subsystem/nvme-subsys0: a disk that lies elsewhere than its paths."""
    host.block(f"{words[1]}/{words[0]}", words[0])


def stacked(host, words):
    name, on, below, *rest = words
    if on != "on":
        raise Wrong("want: stack NAME on DISK,...")
    o = options(rest, ("as", "file"))
    host.stacked(name, [] if below == "-" else below.split(","), o.get("as"), o.get("file"))


def over(host, words):
    name, on, below, *rest = words
    if on != "on":
        raise Wrong("want: over NAME on INTERFACE,...")
    host.virtual_network(name, below.split(","), "master" in options(rest, ("master",)))


def disk(host, words):
    o = options([w for w in words if "=" in w], ("below",))
    plain = [w for w in words if "=" not in w]
    host.disk(full(plain[0]), plain[1], plain[2:], o.get("below"))


def firmware(host, words):
    o = options(words[3:], ("driver", "at", "size"))
    host.firmware_framebuffer(
        o.get("driver", ""),
        words[2].replace("_", " "),
        full(words[0]),
        int(words[1]),
        int(o.get("at", "0"), 16),
        int(o.get("size", "7e9000"), 16),
    )


def write(host, words):
    host.text(words[0], words[1].encode().decode("unicode_escape"))


def write_of_function(host, words):
    host.text(f"sys/{host.folders[full(words[0])]}/{words[1]}", words[2].encode().decode("unicode_escape") + "\n")


def link_of_function(host, words):
    host.kernel.link(
        f"{host.folders[full(words[0])]}/{words[1]}",
        host.folders.get(full(words[2]), words[2]) if ADDRESS.match(words[2]) else words[2],
    )


def console(host, words):
    host.console(words[0] != "unbound", words[0] == "text")
    if ADDRESS.match(words[0]):
        host.framebuffer(full(words[0]), words[1])


def member(host, words):
    host.kernel.text(f"devices/platform/{words[1]}/uevent", "")
    if len(words) > 2:
        host.kernel.text(f"bus/platform/drivers/{words[2]}/uevent", "")
        host.kernel.link(f"devices/platform/{words[1]}/driver", f"bus/platform/drivers/{words[2]}")
    host.kernel.link(f"kernel/iommu_groups/{words[0]}/devices/{words[1]}", f"devices/platform/{words[1]}")


STATEMENTS = {
    "iommu": lambda h, w: switch(w, off=off(h, "class/iommu/" + (h.iommu or "none"))),
    "kvm": lambda h, w: switch(w, off=off(h, "class/misc/kvm")),
    "interrupts": lambda h, w: interrupts(h, w[0]),
    "nodes": lambda h, w: [
        os.makedirs(h.kernel.path(f"devices/system/node/node{i}"), exist_ok=True) for i in range(int(w[0]))
    ],
    "set": lambda h, w: h.settings.append(f"{w[0]}: {' '.join(w[1:])}"),
    "program": program,
    "in-space": in_space,
    "disk": disk,
    "stack": stacked,
    "mount": lambda h, w: h.mounts.append(h.mount_line(*w)),
    "mounted": lambda h, w: h.mounts.append(f"{30 + len(h.mounts)} 22 " + " ".join(w)),
    "head": head,
    "swap": lambda h, w: h.add_text(
        "proc/swaps", f"{w[0].ljust(40)}{'partition' if w[0].startswith('/dev/') else 'file'}\t8388604\t\t0\t\t-2\n"
    ),
    "net": lambda h, w: h.network(full(w[0]), w[1], options(w[2:], ("below",)).get("below", "net")),
    "over": over,
    "route": lambda h, w: h.default_route(w[0]),
    "address": lambda h, w: h.address(w[0], w[1]),
    "console": console,
    "fb": lambda h, w: h.framebuffer(full(w[0]), w[1]),
    "firmware": firmware,
    "node": lambda h, w: h.node(full(w[0]), w[1], w[2], w[3], w[4] if len(w) > 4 else None),
    "device": lambda h, w: h.device(w[0], stat.S_IFCHR, int(w[1].split(":")[0]), int(w[1].split(":")[1])),
    "load": lambda h, w: h.kernel.load(w[0], pci.module_of(w[0])),
    "unload": lambda h, w: h.kernel.unload(w[0]),
    "can-load": lambda h, w: h.kernel.can_load.update({pci.module_of(w[0]): w[:1]}),
    "alias": lambda h, w: h.modules_alias(w[0], w[1]),
    "file": write,
    "add": lambda h, w: h.add_text(w[0], w[1].encode().decode("unicode_escape")),
    "of": write_of_function,
    "link-of": link_of_function,
    "link": lambda h, w: h.kernel.link(w[0], w[1]),
    "delete": lambda h, w: h.remove(w[0]),
    "member": member,
}
