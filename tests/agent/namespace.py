"""Mounts for a process of its own: the fake host covers /sys, /proc and /dev there and nowhere else."""
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)

MS_RDONLY, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 4, 32, 4096, 16384, 1 << 18
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, kind, flags=0, data=""):
    check(
        libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()),
        f"mount {source} on {target}",
    )


def bind(source, target):
    mount(source, target, "none", MS_BIND)


def bind_read_only(source, target):
    bind(source, target)
    mount("none", target, "none", MS_REMOUNT | MS_BIND | MS_RDONLY)


def unmount(target):
    check(libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def leave():
    """Gives this process its own mounts, and a network with nothing in it."""
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
    mount("none", "/", "none", MS_REC | MS_PRIVATE)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
