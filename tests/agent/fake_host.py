"""A host that is only a description: a /sys that acts, a /proc and a /dev, for the unmodified gpupci.

A test makes a FakeHost in a process of its own, says what the machine has, calls start(), and then
gpupci("-d", "all").  The host covers /sys, /proc, /dev and /run in a mount namespace that ends with the
process; nothing outside changes.  It needs root, /dev/fuse and python3-fusepy.
"""
import errno
import os
import subprocess
import tempfile

import namespace
import pci_function as pci
from fake_kernel import VFIO, FuseOSError, Function, Kernel
from fake_users import Users

CPUS = {
    "intel": ("vendor_id\t: GenuineIntel\nflags\t\t: fpu vme vmx\n", "dmar0"),
    "amd": ("vendor_id\t: AuthenticAMD\nflags\t\t: fpu vme svm\n", "ivhd0"),
    "arm": ("BogoMIPS\t: 2000.00\nFeatures\t: fp asimd aes sve\nCPU implementer\t: 0x41\n", "smmu3.0x0000000005000000"),
    "riscv": ("isa\t\t: rv64imafdch_zicbom\nmmu\t\t: sv48\nuarch\t\t: sifive,u74-mc\n", None),
    "power": ("cpu\t\t: POWER9, altivec supported\nplatform\t: PowerNV\n", None),
}


class FakeHost(Users):
    def __init__(self, cpu="intel", release="6.8.12-fake"):
        self.root = tempfile.mkdtemp(prefix="fake-host-")
        namespace.leave()
        namespace.mount("none", self.root, "tmpfs", namespace.MS_NODEV)
        for folder in ("sys", "proc", "dev", "act", "run", "state", "lib/modules/" + release, "sbin", "etc"):
            os.makedirs(f"{self.root}/{folder}")
        self.cpu, self.release = cpu, release
        self.kernel = Kernel(self.root)
        self.kernel.make_vf = self.make_vf
        self.places = pci.Places()
        self.resources = {}  # address -> its regions
        self.folders = {}  # address -> its folder below /sys
        self.ids = {}  # address -> "10de:2684"
        self.names = {}  # name of an interface or a disk -> its folder below /sys
        self.numbers = {}  # name of a disk -> "259:0"
        self.vf_ids = {}
        self.counts = {"card": 0, "fb": 0, "sound": 0, "nvidia": 0, "nvme": 0, "eth": 0}
        self.next_pid = 800
        self.next_minor = 0
        self.settings = []
        self.server = None
        self.write_the_usual()

    # ---- files
    def text(self, name, value):
        place = f"{self.root}/{name}"
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb" if isinstance(value, bytes) else "w") as file:
            file.write(value)

    def add_text(self, name, value):
        with open(f"{self.root}/{name}", "a", encoding="utf-8") as file:
            file.write(value)

    def link(self, name, target):
        place = f"{self.root}/{name}"
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(target, place)

    def remove(self, name):
        subprocess.run(["rm", "-rf", f"{self.root}/{name}"], check=True)

    def write_the_usual(self):
        k = self.kernel
        cpuinfo, iommu = CPUS[self.cpu]
        self.iommu = iommu
        for folder in ("devices", "drivers", "slots"):
            os.makedirs(k.path("bus/pci/" + folder))
        for folder in (
            "kernel/iommu_groups",
            "class/iommu",
            "class/vtconsole",
            "class/vfio",
            "class/graphics",
            "class/drm",
            "class/net",
            "class/block",
            "class/sound",
            "class/misc/kvm",
            "devices/virtual",
            "devices/system/node/node0",
        ):
            os.makedirs(k.path(folder))
        if iommu:
            k.text(f"devices/virtual/iommu/{iommu}/uevent", "")
            k.link(f"class/iommu/{iommu}", f"devices/virtual/iommu/{iommu}")
        k.act("bus/pci/drivers_probe", k.probe)
        k.act("bus/pci/rescan", lambda text: None)
        for name, value in (
            ("vfio/parameters/enable_unsafe_noiommu_mode", "N"),
            ("vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N"),
            ("vfio_pci/parameters/disable_idle_d3", "N"),
        ):
            k.text("module/" + name, value + "\n")
        k.load("vfio-pci", "vfio_pci")
        k.load("pcieport", None)
        self.text("proc/cpuinfo", cpuinfo)
        self.text("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro quiet\n")
        self.text("proc/sys/kernel/osrelease", self.release + "\n")
        self.text("proc/sys/kernel/random/boot_id", "6f0a1e1c-9a53-4a0e-9f5e-0d1c7b2b6a11\n")
        self.text("proc/uptime", "86400.00 300000.00\n")
        self.text(
            "proc/devices",
            "Character devices:\n  1 mem\n116 alsa\n195 nvidia\n226 drm\n511 vfio\n\n"
            "Block devices:\n  8 sd\n259 blkext\n",
        )
        self.text(
            "proc/iomem",
            "00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n100000000-83fffffff : System RAM\n",
        )
        self.text("proc/swaps", "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n")
        self.text("proc/modules", "")
        self.text("proc/fb", "")
        self.text(
            "proc/net/route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        )
        for name in ("ipv6_route", "if_inet6", "tcp", "tcp6", "udp", "packet", "fib_trie"):
            self.text("proc/net/" + name, "")
        self.mounts = ["22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw"]
        self.interrupts(True)
        self.process("systemd", pid=1)
        self.process("kthreadd", pid=2)
        self.process("gpupci", pid="self")
        self.link("proc/self/exe", "/usr/bin/gpupci")
        self.link("proc/mounts", "self/mounts")
        self.modules_alias("vfio_pci:v*d*sv*sd*bc*sc*i*", "vfio_pci")
        self.text("sbin/modprobe", f'#!/bin/sh\nfor a; do :; done\necho "$a" >{self.root}/act/modprobe\n')
        os.chmod(f"{self.root}/sbin/modprobe", 0o755)
        k.acts["/reboot"] = (lambda: "", k.reboot, "reboot")
        k.acts["/modprobe"] = (lambda: "", k.modprobe, "modprobe")
        for name in ("null", "zero", "full", "random", "urandom"):
            self.text("dev/" + name, "")

    def interrupts(self, remapped, names_of_6=False):
        """/proc/interrupts.  The IOMMU's own interrupt is never remapped; since Linux 6.2 the function is in the name."""
        prefix = "IR-" if remapped else ""
        of = lambda function: {"arm": "ITS-MSI", "power": "XIVE-IRQ", "riscv": "PCI MSI"}.get(
            self.cpu, f"{prefix}PCI-MSIX-0000:{function}" if names_of_6 else f"{prefix}PCI-MSI"
        )
        own = {"intel": "DMAR-MSI    0-edge      dmar0", "amd": "PCI-MSI 4096-edge      AMD-Vi"}.get(self.cpu)
        if names_of_6 and self.cpu == "amd":
            own = "PCI-MSI-0000:00:00.2    0-edge      AMD-Vi"
        lines = ["           CPU0       CPU1", f"   8:          0          0  {prefix}IO-APIC   8-edge      rtc0"]
        lines += [f"  24:          0          0  {own}"] if own else []
        lines += [f"  25:        912          0  {of('02:00.0')} 524288-edge      nvme0q0"]
        lines += [f"  26:          4          0  {of('00:14.0')} 32768-edge      xhci_hcd"]
        lines += [" NMI:          0          0   Non-maskable interrupts"]
        self.text("proc/interrupts", "\n".join(lines) + "\n")

    def modules_alias(self, pattern, module):
        self.add_text(f"lib/modules/{self.release}/modules.alias", f"alias {pattern} {module}\n")

    # ---- PCI
    def function(
        self,
        address,
        kind,
        ids,
        driver=None,
        below=None,
        group=None,
        sub="0000:0000",
        rev="00",
        bars=None,
        rom="",
        link=None,
        port=None,
        home=None,
        boot=False,
        dead=False,
        conventional=False,
        reset=None,
        many=False,
        serial=None,
        buses=(0, 0, 0),
        refused_by=(),
        hangs=False,
        override="",
        attributes=None,
    ):
        """One function.  link: (lanes now, lanes at most, "16.0", "16.0") or None where it has none of its own."""
        device_class = pci.class_of(kind)
        vendor, device = ids.split(":")
        domain, bus = address.split(":")[:2]
        folder = f"{self.folders[below]}/{address}" if below else f"devices/pci{domain}:{bus}/{address}"
        bridge = device_class.startswith("0604")
        found = pci.regions(pci.usual_bars(device_class, vendor) if bars is None else bars, self.places, rom)
        self.folders[address], self.resources[address], self.ids[address] = folder, found, ids
        lanes = link or (None if conventional or (below is None and not bridge) else (16, 16, "16.0", "16.0"))
        if port is None:
            port = (4 if below is None else 6) if bridge else (9 if below is None else 0)
        shown = {
            "class": "0x" + device_class,
            "vendor": "0x" + vendor,
            "device": "0x" + device,
            "revision": "0x" + rev,
            "subsystem_vendor": "0x" + sub[:4],
            "subsystem_device": "0x" + sub[5:],
            "numa_node": "0",
            "power_state": "D0",
            "irq": "0",
            "modalias": "pci:v0000%sd0000%ssv0000%ssd0000%sbc%ssc%si%s"
            % tuple(
                x.upper()
                for x in (vendor, device, sub[:4], sub[5:], device_class[:2], device_class[2:4], device_class[4:])
            ),
        }
        event = (device_class.upper(), ids.upper(), address, shown["modalias"])
        shown["uevent"] = "PCI_CLASS=%s\nPCI_ID=%s\nPCI_SLOT_NAME=%s\nMODALIAS=%s" % event
        if lanes:
            now, most, speed, top = lanes
            shown.update(
                current_link_width=str(now),
                max_link_width=str(most),
                current_link_speed=f"{speed} GT/s PCIe",
                max_link_speed=f"{top} GT/s PCIe",
            )
        elif not conventional and below is None:
            # An endpoint inside the root complex has no link, and the kernel says so in these words.
            shown.update(
                current_link_width="0", max_link_width="255", current_link_speed="Unknown", max_link_speed="Unknown"
            )
        if not conventional:
            shown.update(
                aer_dev_fatal="Undefined 0\nTOTAL_ERR_FATAL 0", aer_dev_nonfatal="Undefined 0\nTOTAL_ERR_NONFATAL 0"
            )
        if device_class.startswith("0300"):
            shown["boot_vga"] = "1" if boot else "0"
        if not bridge:
            shown["reset_method"] = "flr bus" if reset is None else reset
        if dead:
            shown.update(current_link_width="63", current_link_speed="Unknown")
        shown.update(attributes or {})
        for name, value in shown.items():
            if value is not None:
                self.text(f"sys/{folder}/{name}", value + "\n")
        self.text(f"sys/{folder}/resource", pci.resource_text(found, 17 if bridge else 13))
        if found[6]:
            self.text(f"sys/{folder}/rom", "")
        space = pci.config(
            device_class, ids, sub, int(rev, 16), found, bridge, many, conventional, port, lanes, serial, buses
        )
        self.text(f"sys/{folder}/config", b"\xff" * len(space) if dead else space)
        made = Function(address, folder, home or (None if driver in VFIO else driver), group)
        made.bridge, made.hangs, made.refused_by, made.override = bridge, hangs, tuple(refused_by), override
        if group is not None:
            self.text(f"sys/kernel/iommu_groups/{group}/type", "DMA-FQ\n")
            if not os.path.exists(f"{self.root}/sys/kernel/iommu_groups/{group}/reserved_regions"):
                self.text(
                    f"sys/kernel/iommu_groups/{group}/reserved_regions", "0x00000000fee00000 0x00000000feefffff msi\n"
                )
        self.kernel.add(made)
        if driver:
            self.kernel.load(driver, pci.module_of(driver))
            self.kernel.bind(made, driver)
        return made

    def unreadable(self, function, vanishes):
        """Its vendor cannot be read, as on a function that a broken tree keeps; or it leaves the bus just then."""

        def read():
            if vanishes and function.address in self.kernel.functions:
                self.kernel.remove(function)
            raise FuseOSError(errno.ENODEV if vanishes else errno.EIO)

        self.kernel.act(f"{function.folder}/vendor", lambda text: None, read)

    def make_vf(self, physical, number):
        """A virtual function, as the kernel makes it when sriov_numvfs is written."""
        base = physical.address.rsplit(":", 1)
        routing = number + 1 + 8 * int(base[1].split(".")[0], 16) + int(base[1][-1])
        address = f"{base[0]}:{routing >> 3:02x}.{routing & 7}"
        parent = os.path.basename(os.path.dirname(physical.folder))
        vf_ids, kind, driver = self.vf_ids[physical.address]
        made = self.function(
            address,
            kind,
            vf_ids,
            below=parent if parent in self.folders else None,
            group=None if physical.group is None else 500 + len(self.folders),
            home=driver,
            reset="flr",
        )
        self.kernel.link(f"{made.folder}/physfn", physical.folder)
        self.kernel.link(f"{physical.folder}/virtfn{number}", made.folder)
        return made

    # ---- running
    def start(self):
        """Covers /sys, /proc, /dev and /run; from here on the host acts."""
        for pid in os.listdir(f"{self.root}/proc"):
            if (pid.isdigit() or pid == "self") and not os.path.exists(f"{self.root}/proc/{pid}/mountinfo"):
                self.write_mounts(pid, self.mounts)
        if self.settings:
            self.text("etc/gpupci.yaml", "\n".join(self.settings) + "\n")
        heard, said = os.pipe()
        self.server = os.fork()
        if self.server == 0:
            namespace.die_with_parent()
            try:
                self.kernel.mounted = True
                self.kernel.serve(lambda: os.write(said, b"1"))
            finally:
                os._exit(1)
        os.close(said)
        if os.read(heard, 1) != b"1":
            raise SystemExit("the FUSE of the fake host did not start")
        os.close(heard)
        for name in ("null", "zero", "full", "random", "urandom"):
            namespace.bind("/dev/" + name, f"{self.root}/dev/{name}")
        namespace.mount("overlay", "/usr/lib", "overlay", namespace.MS_RDONLY, f"lowerdir={self.root}/lib:/usr/lib")
        namespace.mount("overlay", "/usr/sbin", "overlay", namespace.MS_RDONLY, f"lowerdir={self.root}/sbin:/usr/sbin")
        namespace.bind_read_only(f"{self.root}/sys", "/sys")
        for name, place in self.kernel.places:
            namespace.bind(f"{self.root}/act/{name}", f"/sys/{place}")
        namespace.bind(f"{self.root}/run", "/run")
        namespace.mount(f"{self.root}/dev", "/dev", "none", namespace.MS_BIND | namespace.MS_REC)
        namespace.bind_read_only(f"{self.root}/proc", "/proc")

    def write_mounts(self, pid, lines):
        self.text(f"proc/{pid}/mountinfo", "".join(line + "\n" for line in lines))
        short = [line.split() for line in lines]
        self.text(f"proc/{pid}/mounts", "".join(f"{w[-2]} {w[4]} {w[-3]} {w[5]} 0 0\n" for w in short))

    def stop(self):
        if self.server:
            os.kill(self.server, 9)
            os.waitpid(self.server, 0)
        os.chdir("/")
        namespace.unmount(self.root)
        os.rmdir(self.root)

    def gpupci(self, *arguments, timeout=60):
        """The finished process; raises subprocess.TimeoutExpired when gpupci does not end."""
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "GPUPCI_STATE": f"{self.root}/state",
            "GPUPCI_DEADLINE": "2" if any(f.hangs for f in self.kernel.functions.values()) else "30",
            "GPUPCI_SETTINGS": f"{self.root}/etc/gpupci.yaml",
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
        }
        return subprocess.run(
            [os.environ["GPUPCI"], *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=timeout,
            check=False,
        )

    def reboot(self):
        """Each function is again as it was when the host started; what gpupci remembers stays."""
        with open(f"{self.root}/act/reboot", "w", encoding="utf-8") as file:
            file.write("now")
        self.text("proc/sys/kernel/random/boot_id", "0d9c4f6e-1b1c-4c58-8f3e-6d3f2a9b7c55\n")

    def drivers(self):
        """Which driver each function has now, by address; None without one."""
        found = {}
        for address in sorted(os.listdir(f"{self.root}/sys/bus/pci/devices")):
            place = f"{self.root}/sys/bus/pci/devices/{address}/driver"
            found[address] = os.path.basename(os.readlink(place)) if os.path.islink(place) else None
        return found

    def overrides(self):
        """driver_override of each function."""
        found = {}
        for address in sorted(os.listdir("/sys/bus/pci/devices")):
            with open(f"/sys/bus/pci/devices/{address}/driver_override", encoding="utf-8") as file:
                found[address] = file.read().strip()
        return found

    def writes(self):
        """What was written into /sys so far: ["devices/.../driver_override vfio-pci"]."""
        try:
            with open(f"{self.root}/writes", encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []
