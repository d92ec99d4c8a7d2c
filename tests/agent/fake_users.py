"""Who uses a fake host's devices: drivers' nodes, disks, networks, programs, the console."""
import ipaddress
import os
import stat

DRM = (
    "amdgpu",
    "radeon",
    "nouveau",
    "i915",
    "xe",
    "ast",
    "mgag200",
    "hibmc-drm",
    "virtio-pci",
    "bochs-drm",
    "qxl",
    "cirrus",
    "nvidia",
)
NO_RENDER = ("ast", "mgag200", "hibmc-drm", "cirrus", "bochs-drm")
HOST_NAMESPACES = {"mnt": 4026531841, "net": 4026531840, "pid": 4026531836, "user": 4026531837}


class Users:
    """The part of FakeHost that says what the devices are used for."""

    # ---- what drivers make
    def made(self, address, place):
        """`place` (below the root, "sys/...") goes when the driver lets go of the function, and comes back with it."""
        self.kernel.functions[address].made.append(place)

    def node(self, address, below, number, devname, subsystem=None):
        """A character device below a function: node(A, "drm/card0", "226:0", "dri/card0")."""
        folder = f"{self.folders[address]}/{below}"
        major, minor = number.split(":")
        self.text(f"sys/{folder}/dev", number + "\n")
        self.text(f"sys/{folder}/uevent", f"MAJOR={major}\nMINOR={minor}\nDEVNAME={devname}\n")
        kind = subsystem or below.split("/")[0]
        os.makedirs(self.kernel.path("class/" + kind), exist_ok=True)
        self.kernel.link(f"{folder}/subsystem", "class/" + kind)
        self.kernel.link(f"class/{kind}/{os.path.basename(below)}", folder)
        self.kernel.link(f"dev/char/{number}", folder)
        self.kernel.link(
            f"{folder}/device", f"{self.folders[address]}/{os.path.dirname(os.path.dirname(below))}".rstrip("/")
        )
        self.made(address, f"sys/class/{kind}/{os.path.basename(below)}")
        self.made(address, f"sys/dev/char/{number}")
        top = f"sys/{self.folders[address]}/{below.split('/')[0]}"
        if top not in self.kernel.functions[address].made:
            self.made(address, top)
        self.device(devname, stat.S_IFCHR, int(major), int(minor))

    def device(self, devname, kind, major, minor):
        place = f"{self.root}/dev/{devname}"
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not os.path.exists(place):
            os.mknod(place, kind | 0o600, os.makedev(major, minor))

    def count(self, what):
        self.counts[what] += 1
        return self.counts[what] - 1

    def usual_nodes(self, address, device_class, driver):
        """What the usual driver of a function makes."""
        if driver in DRM and device_class[:2] in ("03", "12"):
            n = self.count("card")
            self.node(address, f"drm/card{n}", f"226:{n}", f"dri/card{n}")
            if driver not in NO_RENDER:
                self.node(address, f"drm/renderD{128 + n}", f"226:{128 + n}", f"dri/renderD{128 + n}")
        if driver == "nvidia" and device_class[:2] == "03":
            self.nvidia(address)
        if driver == "snd_hda_intel":
            n = self.count("sound")
            for i, name in enumerate((f"controlC{n}", f"pcmC{n}D3p")):
                self.node(address, f"sound/card{n}/{name}", f"116:{32 * n + i}", f"snd/{name}")
        if driver == "nvme":
            self.disk(address, f"nvme{self.count('nvme')}n1", ())
        if device_class[:2] == "02" and driver and not driver.startswith("vfio"):
            self.network(address, f"eth{self.count('eth')}", "net")

    def nvidia(self, address, version="570.133.20"):
        minor = self.count("nvidia")
        self.text(
            "proc/driver/nvidia/version",
            f"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {version}  Release Build\n",
        )
        self.text(
            f"proc/driver/nvidia/gpus/{address}/information",
            f"Model: \t\t NVIDIA\nGPU UUID: \t GPU-{minor:08x}-1111-2222-3333-444444444444\n"
            f"Bus Location: \t {address}\n"
            f"Device Minor: \t {minor}\nGPU Excluded:\t No\n",
        )
        self.made(address, f"proc/driver/nvidia/gpus/{address}")
        self.device(f"nvidia{minor}", stat.S_IFCHR, 195, minor)

    # ---- disks
    def block(self, folder, name, parent=None):
        """A block device of the next number; its folder is below /sys."""
        minor = self.next_minor
        self.next_minor += 1
        self.names[name], self.numbers[name] = folder, f"259:{minor}"
        self.text(f"sys/{folder}/dev", f"259:{minor}\n")
        self.text(
            f"sys/{folder}/uevent",
            f"MAJOR=259\nMINOR={minor}\nDEVNAME={name}\nDEVTYPE={'partition' if parent else 'disk'}\n",
        )
        self.text(f"sys/{folder}/size", "1000215216\n")
        os.makedirs(self.kernel.path(f"{folder}/holders"), exist_ok=True)
        os.makedirs(self.kernel.path(f"{folder}/slaves"), exist_ok=True)
        self.kernel.link(f"{folder}/subsystem", "class/block")
        self.kernel.link(f"class/block/{name}", folder)
        self.kernel.link(f"dev/block/259:{minor}", folder)
        self.device(name, stat.S_IFBLK, 259, minor)

    def disk(self, address, name, partitions, below=None):
        if name in self.names:
            base = self.names[name]
        else:
            middle = below or (
                f"nvme/{name[:name.rindex('n')]}" if name.startswith("nvme") else "host0/target0:0:0/0:0:0:0/block"
            )
            base = f"{self.folders[address]}/{middle}/{name}"
            self.block(base, name)
            self.made(address, f"sys/{self.folders[address]}/{middle.split('/')[0]}")
            self.made(address, f"sys/class/block/{name}")
        for partition in partitions:
            self.block(f"{base}/{partition}", partition, name)
            self.text(f"sys/{base}/{partition}/partition", "1\n")

    def stacked(self, name, below, alias=None, backing=None):
        """dm-0, md0, loop0, bcache0, zram0 on other disks."""
        folder = f"devices/virtual/block/{name}"
        self.block(folder, name)
        for lower in below:
            self.kernel.link(f"{self.names[lower]}/holders/{name}", folder)
            self.kernel.link(f"{folder}/slaves/{lower}", self.names[lower])
        if alias:
            self.text(f"sys/{folder}/dm/name", alias + "\n")
            os.makedirs(f"{self.root}/dev/mapper", exist_ok=True)
            os.symlink(f"../{name}", f"{self.root}/dev/mapper/{alias}")
        if name.startswith("md"):
            self.text(f"sys/{folder}/md/array_state", "clean\n")
        if backing:
            self.text(f"sys/{folder}/loop/backing_file", backing + "\n")

    def mount_line(self, source, place, kind="ext4"):
        number = self.numbers.get(source, "0:61")
        alias = f"{self.root}/sys/{self.names.get(source, '-')}/dm/name"
        shown = f"/dev/{source}"
        if os.path.exists(alias):
            with open(alias, encoding="utf-8") as file:
                shown = "/dev/mapper/" + file.read().strip()
        return f"{30 + len(self.mounts)} 22 {number} / {place} rw,relatime shared:2 - {kind} {shown} rw"

    # ---- networks
    def network(self, address, name, below):
        """An interface below a function: below "net", or "usb2/2-1/2-1:2.0/net" for one of USB."""
        if name in self.names:
            return
        folder = f"{self.folders[address]}/{below}/{name}"
        self.interface(folder, name)
        top = f"sys/{self.folders[address]}/{below.split('/')[0]}"
        if top not in self.kernel.functions[address].made:
            self.made(address, top)
        self.made(address, f"sys/class/net/{name}")
        self.kernel.link(f"{folder}/device", os.path.dirname(f"{self.folders[address]}/{below}".rstrip("/")))

    def interface(self, folder, name):
        self.names[name] = folder
        for attribute, value in (
            ("operstate", "up"),
            ("carrier", "1"),
            ("flags", "0x1003"),
            ("type", "1"),
            ("mtu", "1500"),
            ("ifindex", str(len(self.names) + 1)),
            ("address", "02:00:00:00:00:01"),
        ):
            self.text(f"sys/{folder}/{attribute}", value + "\n")
        self.kernel.link(f"class/net/{name}", folder)

    def virtual_network(self, name, below, master=False):
        """bond0, br0, vlan10, macvtap0 on other interfaces; `master` where those belong to it."""
        if name not in self.names:
            self.interface(f"devices/virtual/net/{name}", name)
        folder = self.names[name]
        if name.startswith(("br", "vmbr", "virbr")):
            os.makedirs(self.kernel.path(f"{folder}/bridge"), exist_ok=True)
        if name.startswith("bond"):
            os.makedirs(self.kernel.path(f"{folder}/bonding"), exist_ok=True)
        for lower in below:
            self.kernel.link(f"{self.names[lower]}/upper_{name}", folder)
            self.kernel.link(f"{folder}/lower_{lower}", self.names[lower])
            if master:
                self.kernel.link(f"{self.names[lower]}/master", folder)

    def default_route(self, name):
        self.add_text("proc/net/route", f"{name}\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n")

    def address(self, name, text):
        """address("eth0", "10.0.0.2/24"), as the kernel shows it: its network and itself."""
        network = ipaddress.ip_interface(text).network
        number = lambda a: f"{int.from_bytes(a.packed, 'little'):08X}"
        self.add_text(
            "proc/net/route",
            f"{name}\t{number(network.network_address)}\t00000000\t0001\t0\t0\t0\t{number(network.netmask)}\t0\t0\t0\n",
        )
        self.add_text("proc/net/fib_trie", f"           |-- {text.split('/')[0]}\n              /32 host LOCAL\n")

    # ---- the console
    def framebuffer(self, address, name):
        """fbN of the driver of a function."""
        n = self.count("fb")
        self.node(address, f"graphics/fb{n}", f"29:{n}", f"fb{n}")
        self.text(f"sys/{self.folders[address]}/graphics/fb{n}/name", name + "\n")
        self.add_text("proc/fb", f"{n} {name}\n")

    def firmware_framebuffer(self, driver, name, address, region, at=0, size=0x7E9000):
        """A framebuffer of the firmware's in a region of the function; driver: "efi-framebuffer",
        "simple-framebuffer", or "" where
        the kernel only says where it is."""
        start, length, _ = self.resources[address][region]
        self.add_text(
            "proc/iomem",
            f"{start:08x}-{start + length - 1:08x} : {address}\n"
            f"  {start + at:08x}-{start + at + size - 1:08x} : {name}\n",
        )
        if driver:
            n = self.count("fb")
            folder = f"devices/platform/{driver}.0"
            self.text(f"sys/{folder}/graphics/fb{n}/name", "EFI VGA\n")
            self.text(f"sys/{folder}/graphics/fb{n}/dev", f"29:{n}\n")
            self.kernel.link(f"{folder}/graphics/fb{n}/device", folder)
            self.kernel.link(f"class/graphics/fb{n}", f"{folder}/graphics/fb{n}")
            self.add_text("proc/fb", f"{n} EFI VGA\n")

    def console(self, bound=True, text=False):
        """fbcon draws into a framebuffer, or is unbound; or, with `text`, the VGA of the first display has no framebuffer."""
        k = self.kernel
        first = "(S) VGA+" if text else "(S) dummy device"
        for n, name, on in ((0, first, text or not bound), (1, "(M) frame buffer device", bound and not text)):
            self.text(f"sys/devices/virtual/vtconsole/vtcon{n}/name", name + "\n")
            k.keep(f"devices/virtual/vtconsole/vtcon{n}/bind", "1" if on else "0")
            k.link(f"class/vtconsole/vtcon{n}", f"devices/virtual/vtconsole/vtcon{n}")

    # ---- programs
    def process(
        self,
        command,
        opens=(),
        cgroup="/init.scope",
        pid=None,
        cmdline=None,
        maps=(),
        namespaces=None,
        mounts=None,
        thread=False,
    ):
        """A program that has the nodes `opens` (names below /dev) open, or the ones in `maps` mapped; in a
        thread only with
        `thread`.  namespaces: {"net": 4026532500}."""
        if pid is None:
            pid, self.next_pid = self.next_pid, self.next_pid + 7
        number = 799 if pid == "self" else pid
        links = [f"/dev/{name}" if not name.startswith(("anon_inode:", "/")) else name for name in opens]
        mapped = "".join(self.map_line(i, name) for i, name in enumerate(maps))
        # The first thread may have no table of its own, as when it has ended.
        for folder, held in (
            (f"proc/{pid}", [] if thread else links),
            (f"proc/{pid}/task/{number}", [] if thread else links),
            *([(f"proc/{pid}/task/{number + 1}", links)] if thread else []),
        ):
            self.text(f"{folder}/comm", command[:15] + "\n")
            self.text(f"{folder}/cgroup", f"0::{cgroup}\n")
            self.text(f"{folder}/cmdline", (cmdline or command).replace(" ", "\0") + "\0")
            self.text(f"{folder}/stat", f"{number} ({command[:15]}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 0\n")
            self.text(
                f"{folder}/status",
                f"Name:\t{command[:15]}\nState:\tS (sleeping)\nTgid:\t{number}\nPid:\t{number}\nPPid:\t1\n"
                f"Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nNSpid:\t{number}\n",
            )
            self.text(f"{folder}/maps", mapped)
            for line in mapped.splitlines():
                self.link(f"{folder}/map_files/{line.split()[0]}", line.split()[-1])
            os.makedirs(f"{self.root}/{folder}/fdinfo", exist_ok=True)
            os.makedirs(f"{self.root}/{folder}/fd", exist_ok=True)
            for i, target in enumerate(held):
                os.symlink(target, f"{self.root}/{folder}/fd/{i + 3}")
                self.text(f"{folder}/fdinfo/{i + 3}", "pos:\t0\nflags:\t0100002\nmnt_id:\t24\n")
            for name, inode in {**HOST_NAMESPACES, **(namespaces or {})}.items():
                self.link(f"{folder}/ns/{name}", f"{name}:[{inode}]")
        if "net" not in (namespaces or {}):
            self.link(f"proc/{pid}/net", "../net")
        self.link(f"proc/{pid}/root", "/")
        if mounts is not None:
            self.write_mounts(pid, mounts)
        return pid

    def map_line(self, i, name):
        """A line of `maps`: a node below /dev, or any file by its path."""
        start, device = 0x7F0000000000 + i * 0x10000, "00:17"
        path, inode = name, 9000 + i
        if not name.startswith("/"):
            status = os.stat(f"{self.root}/dev/{name}")
            path, inode, device = f"/dev/{name}", os.major(status.st_rdev) * 1000 + os.minor(status.st_rdev), "00:06"
        return f"{start:x}-{start + 0x8000:x} rw-s 00000000 {device} {inode} {path}\n"
