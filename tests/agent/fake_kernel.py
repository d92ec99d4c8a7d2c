"""The part of a fake host that acts: the driver core of the kernel behind the files of a fake /sys.

The tree of /sys lies on a tmpfs.  Its files that act when they are written (driver_override, unbind,
drivers_probe, sriov_numvfs, ...) are files of one FUSE file system, mounted over their places one by
one, so that reading costs what it costs on a host and a write is answered as the driver core answers.
"""
import errno
import os
import shutil
import time

import namespace

try:
    from fusepy import FUSE, FuseOSError, Operations
except ImportError:  # its name outside Debian
    from fuse import FUSE, FuseOSError, Operations

VFIO = ("vfio-pci", "nvgrace_gpu_vfio_pci", "mlx5_vfio_pci", "xe_vfio_pci")


class Function:
    """What the kernel knows of one PCI function and does not show as text."""

    def __init__(self, address, folder, home, group):
        self.address = address
        self.folder = folder  # below /sys: "devices/pci0000:00/0000:00:01.0"
        self.home = home  # the driver whose table of ids has it, loaded or not
        self.group = group  # None without an IOMMU
        self.driver = None
        self.override = ""
        self.bridge = False
        self.hangs = False  # its driver never lets go
        self.refused_by = ()  # the drivers whose probe fails
        self.vf_driver = None  # what its virtual functions are probed by
        self.stuck = False  # the device lock is held for ever
        self.made = []  # what its driver made: folders and links below /sys and /proc


class Kernel:
    """The driver core.  `root` has the folders sys, proc and dev of the host."""

    def __init__(self, root):
        self.root = root
        self.functions = {}  # address -> Function
        self.drivers = {}  # name of a loaded driver -> its module, or None
        self.can_load = {}  # module -> drivers that come with it
        self.dynamic = {}  # driver -> ids that new_id gave it
        self.make_vf = None  # called with a Function and a number
        self.acts = {}  # name of a file of the FUSE -> (read, write)
        self.places = []  # (name of a file of the FUSE, place below /sys)
        self.mounted = False

    # ---- the tree
    def path(self, name):
        return f"{self.root}/sys/{name}"

    def text(self, name, value):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(value)

    def link(self, name, target):
        """Links /sys/NAME to /sys/TARGET, relative as in sysfs."""
        place = self.path(name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if os.path.islink(place):
            os.unlink(place)
        os.symlink(os.path.relpath(self.path(target), os.path.dirname(place)), place)

    def act(self, place, write, read=None):
        """Lets a file of /sys act.  `write` gets the text; `read` returns what is there.

        A write that never ends keeps the file from others, as FUSE allows one writer of a file at a time.
        """
        name = place.replace("/", "!")
        self.acts["/" + name] = (read or (lambda: ""), write, place)
        self.text(place, "")
        self.places.append((name, place))
        if self.mounted:
            self.mount(name, place)

    def keep(self, place, value):
        """A file of /sys that only remembers what was written to it."""
        state = [value + "\n"]

        def write(text):
            state[0] = text + "\n"

        self.act(place, write, lambda: state[0])

    # ---- drivers
    def load(self, driver, module):
        if driver in self.drivers:
            return
        self.drivers[driver] = module
        folder = f"bus/pci/drivers/{driver}"
        self.act(f"{folder}/bind", lambda text: self.bind_by_hand(text, driver))
        self.act(f"{folder}/unbind", lambda text: self.unbind(text, driver))
        self.act(f"{folder}/new_id", lambda text: self.new_id(text, driver))
        self.act(f"{folder}/remove_id", lambda text: self.remove_id(text, driver))
        if module:
            os.makedirs(self.path(f"module/{module}"), exist_ok=True)
            self.link(f"{folder}/module", f"module/{module}")

    def unload(self, driver):
        """The driver is not there; only before the host starts."""
        self.drivers.pop(driver)
        folder = f"bus/pci/drivers/{driver}/"
        for name, place in [p for p in self.places if p[1].startswith(folder)]:
            self.places.remove((name, place))
            del self.acts["/" + name]
        shutil.rmtree(self.path(folder))
        shutil.rmtree(self.path(f"module/{driver.replace('-', '_')}"), ignore_errors=True)

    def modprobe(self, module):
        drivers = self.can_load.pop(module.replace("-", "_"), ())
        for driver in drivers:
            self.load(driver, module.replace("-", "_"))
        for function in self.functions.values():
            if function.driver is None and not function.override and function.home in drivers:
                self.probe(function.address)

    def of(self, address):
        if address not in self.functions:
            raise FuseOSError(errno.ENODEV)
        return self.functions[address]

    def wait_for_lock(self, function):
        while function.stuck:
            time.sleep(60)

    def ids(self, function):
        read = lambda name: open(self.path(f"{function.folder}/{name}"), encoding="ascii").read().strip()[2:]
        return f"{read('vendor')} {read('device')}"

    def matches(self, function, driver):
        if function.override:
            return function.override == driver
        return driver == function.home or self.ids(function) in self.dynamic.get(driver, ())

    def probe(self, address):
        function = self.of(address)
        self.wait_for_lock(function)
        if function.driver is not None:
            return
        for driver in list(self.drivers):
            if self.matches(function, driver) and self.takes(function, driver):
                self.bind(function, driver)
                return

    def takes(self, function, driver):
        # vfio_pci_core_register_device(): only functions with a header of type 0, and -EINVAL else.
        if driver in VFIO and (function.bridge or function.group is None):
            return False
        return driver not in function.refused_by

    def bind_by_hand(self, address, driver):
        function = self.of(address)
        self.wait_for_lock(function)
        if function.driver is not None:
            raise FuseOSError(errno.EBUSY)
        if not self.matches(function, driver):
            raise FuseOSError(errno.ENODEV)
        if not self.takes(function, driver):
            raise FuseOSError(errno.EINVAL)
        self.bind(function, driver)

    def bind(self, function, driver):
        function.driver = driver
        self.link(f"{function.folder}/driver", f"bus/pci/drivers/{driver}")
        self.link(f"bus/pci/drivers/{driver}/{function.address}", function.folder)
        if driver in VFIO:
            self.text(f"class/vfio/{function.group}/dev", f"511:{function.group}\n")
            self.text(f"class/vfio/{function.group}/uevent", f"DEVNAME=vfio/{function.group}\n")
        elif driver == function.home:
            self.show_made(function)

    def show_made(self, function):
        for i, place in enumerate(function.made):
            stash = f"{self.root}/gone/{function.address}.{i}"
            if os.path.lexists(stash):
                os.rename(stash, f"{self.root}/{place}")

    def unbind(self, address, driver):
        function = self.of(address)
        self.wait_for_lock(function)
        if function.driver != driver:
            raise FuseOSError(errno.ENODEV)
        os.unlink(self.path(f"{function.folder}/driver"))
        if function.hangs:
            function.stuck = True
            self.wait_for_lock(function)
        function.driver = None
        os.unlink(self.path(f"bus/pci/drivers/{driver}/{address}"))
        os.makedirs(f"{self.root}/gone", exist_ok=True)
        if driver == function.home:
            for i, place in enumerate(function.made):
                if os.path.lexists(f"{self.root}/{place}"):
                    os.rename(f"{self.root}/{place}", f"{self.root}/gone/{address}.{i}")
        if driver in VFIO and not any(f.driver in VFIO and f.group == function.group for f in self.functions.values()):
            shutil.rmtree(self.path(f"class/vfio/{function.group}"), ignore_errors=True)

    def new_id(self, text, driver):
        words = text.split()
        if len(words) < 2:
            raise FuseOSError(errno.EINVAL)
        self.dynamic.setdefault(driver, set()).add(" ".join(w.lower().zfill(4) for w in words[:2]))
        for function in self.functions.values():
            if function.driver is None and self.matches(function, driver):
                self.probe(function.address)

    def remove_id(self, text, driver):
        key = " ".join(w.lower().zfill(4) for w in text.split()[:2])
        if key not in self.dynamic.get(driver, ()):
            raise FuseOSError(errno.ENODEV)
        self.dynamic[driver].discard(key)

    # ---- functions
    def add(self, function):
        """A function whose folder is there: its files that act, and its places on the bus."""
        self.functions[function.address] = function
        folder = function.folder
        self.link(f"bus/pci/devices/{function.address}", folder)
        self.link(f"{folder}/subsystem", "bus/pci")

        def override(text):
            self.wait_for_lock(function)
            function.override = text

        def shown():
            self.wait_for_lock(function)
            return (function.override or "(null)") + "\n"

        self.act(f"{folder}/driver_override", override, shown)
        self.act(f"{folder}/reset", lambda text: self.wait_for_lock(function))
        self.act(f"{folder}/remove", lambda text: self.remove(function))
        self.keep(f"{folder}/d3cold_allowed", "1")
        self.keep(f"{folder}/enable", "1")
        if function.group is not None:
            group = f"kernel/iommu_groups/{function.group}"
            self.link(f"{group}/devices/{function.address}", folder)
            self.link(f"{folder}/iommu_group", group)

    def remove(self, function):
        """The function leaves the bus, as by echo 1 >remove or by a cable."""
        if function.driver:
            self.unbind(function.address, function.driver)
        for name, place in [p for p in self.places if p[1].startswith(function.folder + "/")]:
            self.places.remove((name, place))
            del self.acts["/" + name]
            if self.mounted:
                self.unmount(place)
        os.unlink(self.path(f"bus/pci/devices/{function.address}"))
        if function.group is not None:
            os.unlink(self.path(f"kernel/iommu_groups/{function.group}/devices/{function.address}"))
        shutil.rmtree(self.path(function.folder), ignore_errors=True)
        del self.functions[function.address]

    def cuttable(self, function, total):
        """Gives the function the files of SR-IOV."""
        vfs = []
        self.text(f"{function.folder}/sriov_totalvfs", f"{total}\n")
        self.keep(f"{function.folder}/sriov_drivers_autoprobe", "1")

        def write(text):
            count = int(text)
            if count < 0 or count > total:
                raise FuseOSError(errno.ERANGE)
            if count and vfs:
                raise FuseOSError(errno.EBUSY)
            while vfs and not count:
                os.unlink(self.path(f"{function.folder}/virtfn{len(vfs) - 1}"))
                self.remove(vfs.pop())
            for number in range(count):
                vfs.append(self.make_vf(function, number))
                self.probe(vfs[-1].address)

        self.act(f"{function.folder}/sriov_numvfs", write, lambda: f"{len(vfs)}\n")
        return vfs

    def reboot(self, text):
        for function in list(self.functions.values()):
            first, prescribed = self.first[function.address]
            function.override = prescribed
            if function.driver != first:
                if function.driver:
                    self.unbind(function.address, function.driver)
                if first:
                    self.bind(function, first)

    # ---- FUSE
    def mount(self, name, place):
        namespace.bind(f"{self.root}/act/{name}", f"/sys/{place}")

    def unmount(self, place):
        namespace.unmount(f"/sys/{place}")

    def serve(self, ready):
        """Serves the files that act until the process is killed; calls ready() once it does."""
        kernel = self
        self.first = {f.address: (f.driver, f.override) for f in self.functions.values()}

        class Files(Operations):
            def init(self, path):
                ready()

            def getattr(self, path, fh=None):
                if path == "/":
                    return {"st_mode": 0o40755, "st_nlink": 2}
                if path not in kernel.acts:
                    raise FuseOSError(errno.ENOENT)
                return {"st_mode": 0o100644, "st_nlink": 1, "st_size": 4096}

            def read(self, path, size, offset, fh):
                return kernel.acts[path][0]().encode()[offset : offset + size]

            def truncate(self, path, length, fh=None):
                return 0

            def write(self, path, data, offset, fh):
                text = data.decode(errors="replace").strip()
                with open(f"{kernel.root}/writes", "a", encoding="utf-8") as file:
                    file.write(f"{kernel.acts[path][2]} {text}\n")
                kernel.acts[path][1](text)
                return len(data)

        FUSE(
            Files(),
            f"{self.root}/act",
            foreground=True,
            nothreads=False,
            direct_io=True,
            attr_timeout=0,
            entry_timeout=0,
            allow_other=True,
            fsname="fakehost",
        )
