#!/usr/bin/python3
"""fake_hosts_test.py GPUPCI [HOST...]: runs the unmodified gpupci on hosts that are only text.

Each HOST is a file of hosts/ (host_text.py says how it is written); without one, all of them.  Hosts run side by side.
--show prints what gpupci said on the host; --jobs=N: how many hosts at a time.  hosts/pending.txt has hosts that
gpupci does not get right yet, a line each with the reason: they run, and their faults do not count.
"""
import glob
import os
import stat
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


if os.geteuid() != 0:
    skip("fake hosts need root")
if not os.path.exists("/dev/fuse"):
    skip("fake hosts need /dev/fuse")
try:
    import fake_kernel  # noqa: F401, the FUSE of Python
except (ImportError, OSError) as missing:
    skip(f"fake hosts need python3-fusepy: {missing}")
import host_checks
import host_text
import namespace


def skip_where_nothing_can_be_mounted():
    """A container may have root and no right to mount."""
    child = os.fork()
    if child == 0:
        try:
            namespace.leave()
            namespace.mount("none", "/tmp", "tmpfs")
            os.mkdir("/tmp/upper")
            os.mknod("/tmp/node", stat.S_IFCHR | 0o600, os.makedev(226, 0))
            namespace.mount("overlay", "/usr/sbin", "overlay", namespace.MS_RDONLY, "lowerdir=/tmp/upper:/usr/sbin")
        except OSError as refused:
            print(f"skipped: fake hosts need mounts and nodes of their own: {refused}", flush=True)
            os._exit(77)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        sys.exit(77)


def trial(path, show=False):
    """What is wrong on this host; runs in a process of its own."""
    try:
        text = host_text.Text(path)
    except host_text.Wrong as wrong:
        return [str(wrong)]
    host = host_text.empty(text)
    run = host_checks.Trial(text, host)
    try:
        host_text.fill(host, text)
        host.start()
        run.run()
    except subprocess.TimeoutExpired as late:
        run.wrong.append(f"{' '.join(late.cmd[1:])} did not end")
    except Exception:  # a fault of the test itself is one of this host
        run.wrong.append(traceback.format_exc())
    finally:
        host.stop()
    if show:
        for arguments, (said, status) in run.outputs.items():
            print(f"# gpupci {arguments}\n{said.rstrip()}\n# exit status {status}")
        print("\n".join(["# written:"] + host.writes()))
    return run.wrong


def begin(path, show):
    """Starts the trial in a child, which writes what is wrong to a pipe."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        namespace.die_with_parent()
        try:
            wrong = trial(path, show)
        except BaseException:
            wrong = [traceback.format_exc()]
        with os.fdopen(write, "w", errors="backslashreplace") as out:
            out.write("\n".join(wrong))
        sys.stdout.flush()
        os._exit(1 if wrong else 0)
    os.close(write)
    return child, os.fdopen(read, errors="backslashreplace"), path, time.monotonic()


def pending():
    """{name of a host that is not right yet: why}"""
    with open(f"{HERE}/hosts/pending.txt", encoding="utf-8") as file:
        lines = [line.split(None, 1) for line in file if line.strip() and not line.startswith("#")]
    return {name: why.strip() for name, why in lines}


def run_all(paths, jobs, show=False, later=(), quiet=False):
    """{path: what is wrong}"""
    waiting, running, found = list(paths), {}, {}
    while waiting or running:
        while waiting and len(running) < jobs:
            one = begin(waiting.pop(0), show)
            running[one[0]] = one
        pid, status = os.wait()
        if pid not in running:
            continue
        _, out, path, start = running.pop(pid)
        with out:
            wrong = out.read()
        found[path] = wrong or ("" if status == 0 else f"the trial ended with {status}")
        name = os.path.basename(path).removesuffix(".host")
        if quiet:
            continue
        verdict = "ok   " if not found[path] else "later" if name in later else "FAULT"
        print(f"{verdict} {name} ({time.monotonic() - start:.1f} s)")
        for line in found[path].splitlines():
            print("      " + line)
        sys.stdout.flush()
    return found


def main():
    words = sys.argv[1:]
    show = "--show" in words
    jobs = next((int(w[7:]) for w in words if w.startswith("--jobs=")), os.cpu_count() or 1)
    words = [w for w in words if not w.startswith("--")]
    if not words:
        sys.exit(__doc__)
    skip_where_nothing_can_be_mounted()
    os.environ["GPUPCI"] = os.path.abspath(words[0])
    named = [w if os.path.exists(w) else f"{HERE}/hosts/{w}.host" for w in words[1:]]
    later = {} if named else pending()
    found = run_all(named or sorted(glob.glob(f"{HERE}/hosts/*.host")), jobs, show, later)
    names = {os.path.basename(p).removesuffix(".host"): bool(found[p]) for p in found}
    for name, why in later.items():
        print(
            f"pending: {name}: {why}"
            if names.get(name, True)
            else f"pending, and right now: {name}; take it out of hosts/pending.txt"
        )
    print(f"{list(names.values()).count(False)} of {len(found)} hosts are right, {len(later)} are pending")
    return 1 if any(wrong and name not in later for name, wrong in names.items()) or set(later) - set(names) else 0


if __name__ == "__main__":
    sys.exit(main())
