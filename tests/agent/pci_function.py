"""What a PCI function shows in sysfs: its attributes, its regions and its configuration space."""
import re

CLASSES = {
    "vga": "030000",
    "3d": "030200",
    "display": "038000",
    "accelerator": "120000",
    "sound": "040300",
    "multimedia": "048000",
    "usb": "0c0330",
    "usb2": "0c0320",
    "serial": "0c8000",
    "smbus": "0c0500",
    "nic": "020000",
    "network": "028000",
    "infiniband": "020700",
    "nvme": "010802",
    "sata": "010601",
    "raid": "010400",
    "sas": "010700",
    "bridge": "060400",
    "subtractive": "060401",
    "root": "060000",
    "isa": "060100",
    "other-bridge": "068000",
    "crypto": "108000",
    "signal": "118000",
    "dummy": "130000",
    "system": "088000",
    "sd": "080501",
    "communication": "078000",
    "uart": "070002",
    "firewire": "0c0010",
    "memory": "050000",
    "thunderbolt": "0c0340",
    "npu": "118000",
    "processing": "120000",
}
DRIVERS = {"bridge": "pcieport", "sound": "snd_hda_intel", "usb": "xhci_hcd", "nvme": "nvme", "sata": "ahci"}
MODULES = {
    "xhci_hcd": "xhci_pci",
    "nvidia-gpu": "i2c_nvidia_gpu",
    "nvidia-nvswitch": "nvidia",
    "pcie_mp2_amd": "amd_sfh",
    "vfio-pci": "vfio_pci",
    "pcieport": None,
    "ehci-pci": "ehci_pci",
    "bochs-drm": "bochs",
    "NovaCore": "nova_core",
    "sdhci-pci": "sdhci_pci",
    "virtio-pci": "virtio_pci",
    "skl_uncore": None,
    "hibmc-drm": "hibmc_drm",
}
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
IO, MEMORY, MEMORY64, PREFETCHABLE64 = 0x40101, 0x40200, 0x140204, 0x14220C
USUAL_BARS = {"10de": "16M,256M!,32M!,128i", "1002": "256M!,2M!,256i,256K", "8086": "16M~,256M!,64i"}


def module_of(driver):
    return MODULES.get(driver, driver.replace("-", "_"))


def class_of(word):
    if word in CLASSES:
        return CLASSES[word]
    if re.fullmatch(r"[0-9a-f]{4}([0-9a-f]{2})?", word):
        return word.ljust(6, "0")
    raise ValueError(f"no class of PCI functions: '{word}'")


def usual_bars(device_class, vendor):
    if device_class[:2] == "03" or device_class[:4] == "1200":
        return USUAL_BARS.get(vendor, "16M,128K,128i")
    return "" if device_class[:4] in ("0604", "0600", "0601") else "16K" if device_class[:2] == "04" else "64K~"


class Places:
    """Hands out addresses for regions."""

    def __init__(self):
        self.next = {IO: 0x3000, MEMORY: 0x90000000, MEMORY64: 0x90000000, PREFETCHABLE64: 0x380000000000}

    def take(self, flags, size):
        place = MEMORY if flags == MEMORY64 else flags
        start = -(-self.next[place] // size) * size
        self.next[place] = start + size
        return start


def regions(text, places, rom=""):
    """The seven regions of "16M,256M!,-,128i": [(start, size, flags) or None].

    `!` is 64 bit and prefetchable, `~` 64 bit, `i` ports, `?` without an address; a 64-bit region takes two numbers.
    rom: "128K", or "shadow".
    """
    found = [None] * 7
    at = 0
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"(\d+)([KMGT]?)([!~i]?)(\??)", part)
        if part == "-":
            at += 1
            continue
        if not match or at > 5:
            raise ValueError(f"no region: '{part}'")
        size = int(match[1]) * UNITS[match[2]]
        flags = {"": MEMORY, "!": PREFETCHABLE64, "~": MEMORY64, "i": IO}[match[3]]
        found[at] = (0, size, flags) if match[4] else (places.take(flags, size), size, flags)
        at += 2 if match[3] in ("!", "~") else 1
    if rom == "shadow":
        found[6] = (0xC0000, 0x20000, 0x212)
    elif rom:
        size = int(rom[:-1]) * UNITS[rom[-1]]
        found[6] = (places.take(MEMORY, size), size, 0x46200)
    return found


def resource_text(found, lines=13):
    """The file `resource`.  The kernel wipes a region that it could not place."""
    out = []
    for i in range(lines):
        start, size, flags = found[i] if i < len(found) and found[i] and found[i][0] else (0, 0, 0)
        out.append("0x%016x 0x%016x 0x%016x" % (start, start + size - 1 if size else 0, flags))
    return "\n".join(out) + "\n"


def config(device_class, ids, sub, revision, found, bridge, many, conventional, port_type, link, serial, buses):
    """The configuration space: its head, PCI Express, the error reports and the serial number."""
    c = bytearray(256 if conventional else 4096)
    put = lambda at, value, size: c.__setitem__(slice(at, at + size), value.to_bytes(size, "little"))
    vendor, device = (int(x, 16) for x in ids.split(":"))
    put(0, vendor, 2), put(2, device, 2), put(4, 0x0406, 2), put(6, 0x0010, 2)
    c[8] = revision
    c[9:12] = bytes.fromhex(device_class)[::-1]
    c[0x0E] = (1 if bridge else 0) | (0x80 if many else 0)
    if bridge:
        c[0x18:0x1B] = bytes(buses)
    for i in range(2 if bridge else 6):
        if found[i]:
            start, _, flags = found[i]
            low = {IO: 1, MEMORY: 0, MEMORY64: 4, PREFETCHABLE64: 12}[flags]
            put(0x10 + 4 * i, (start & 0xFFFFFFF0) | low, 4)
            if flags in (MEMORY64, PREFETCHABLE64):
                put(0x14 + 4 * i, start >> 32, 4)
    if not bridge:
        put(0x2C, int(sub[:4], 16), 2), put(0x2E, int(sub[5:], 16), 2)
    if conventional:
        return bytes(c)
    c[0x34] = 0x60
    put(0x60, 0x10, 1), put(0x62, 2 | port_type << 4, 2)
    if link:
        put(0x6C, link[1] << 4 | 4, 4), put(0x72, link[0] << 4 | 4, 2)
    put(0x100, 0x0001 | 1 << 16 | (0x140 << 20 if serial else 0), 4)
    if serial:
        put(0x140, 0x0003 | 1 << 16, 4), put(0x144, serial & 0xFFFFFFFF, 4), put(0x148, serial >> 32, 4)
    return bytes(c)
