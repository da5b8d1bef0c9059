"""The launcher of a local sandbox: makes its namespaces and its root folder, then becomes the agent in it.

Knows no workflow; what to make is in the JSON file that is its one argument (`local_engine` says the shape). Standard
library only. Works with no privilege and needs no other program. The outer process stays outside of the new root: it
waits for the sandbox's end, whoever ended it, and removes its folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import platform
import shutil
import signal
import socket
import stat
import struct
import sys
from typing import Any

# linux/sched.h, linux/mount.h, linux/prctl.h
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER = 0x20000, 0x4000000, 0x8000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18
OPTIONS = {"nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 1024, "nodiratime": 2048, "relatime": 1 << 21}
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38
# linux/filter.h, linux/seccomp.h, linux/audit.h
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
SECCOMP_MODE_FILTER, ALLOW, REFUSE = 2, 0x7FFF0000, 0x50000 | errno.EPERM
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SOCKET = {"x86_64": 41, "aarch64": 198}
X32 = 0x40000000  # the second numbering of system calls that x86_64 has
# add_key, request_key, keyctl: the caller's keyrings have no namespace. io_uring can open sockets that no filter sees.
REFUSED_CALLS = {"x86_64": (248, 249, 250, 425, 426, 427), "aarch64": (217, 218, 219, 425, 426, 427)}
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)  # those that have namespaces
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

LIBC = ctypes.CDLL(None, use_errno=True)
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
HIDDEN_PROC = ("keys", "key-users")


class SetupError(Exception):
    """The kernel refused a step: its name and the errno."""


def call(step: str, function: str, *arguments: Any) -> None:
    """Call the C library; text is passed as bytes."""
    words = [word.encode() if isinstance(word, str) else word for word in arguments]
    if getattr(LIBC, function)(*words) == -1:
        raise SetupError(step, ctypes.get_errno())


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    call(f"mount {kind or source} on {target}", "mount", source, target, kind, ctypes.c_ulong(flags), data)


def bind(source: str, target: str) -> None:
    mount(source, target, "", MS_BIND | MS_REC)


def map_user(inner_user: int, inner_group: int, user: int, group: int) -> None:
    """Make the caller the sandbox's user: the one mapping that the kernel lets anyone write."""
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{inner_user} {user} 1"),
        ("gid_map", f"{inner_group} {group} 1"),
    ):
        try:
            write(f"/proc/self/{name}", line)
        except OSError as error:
            raise SetupError(f"write /proc/self/{name}", error.errno) from error


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def mounts_under(folder: str) -> list[tuple[str, int]]:
    """Every mount point at or below a folder, with the flags that a remount must keep."""
    found = []
    with open("/proc/self/mountinfo") as table:
        for line in table:
            fields = line.split()
            point = fields[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="surrogateescape")
            if point == folder or point.startswith(folder + "/"):
                found.append((point, sum(OPTIONS.get(option, 0) for option in fields[5].split(","))))
    return found


def make_read_only(folder: str, *, devices: int = MS_NODEV) -> None:
    for point, flags in mounts_under(folder):
        mount("", point, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | devices | flags)


def show_device(device: str, target: str) -> None:
    """Show a device that can be used and not changed: its owner is the sandbox's user where root runs pysim."""
    bind(device, target)
    make_read_only(target, devices=0)


def make_devices(folder: str) -> None:
    mount("tmpfs", folder, "tmpfs", MS_NOSUID, "mode=755,size=64k")
    for name in DEVICES:
        write(f"{folder}/{name}", "")
        show_device(f"/dev/{name}", f"{folder}/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"{folder}/{name}")
    mount("devpts", f"{folder}/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    mount("tmpfs", f"{folder}/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"{folder}/{name}")


def make_proc(folder: str) -> None:
    mount("proc", folder, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    write(f"{folder}/sys/net/ipv4/ip_unprivileged_port_start", "0")  # the forwarder's ports; it has no capability
    for entry in os.scandir(folder):
        if not entry.name.isdigit() and not entry.is_symlink():
            protect(entry)


def protect(entry: os.DirEntry[str]) -> None:
    """Give what is no process no more rights than anybody has: where root runs pysim, the sandbox's user owns it."""
    mode = entry.stat().st_mode
    if stat.S_ISDIR(mode) or mode & stat.S_IWUSR:
        bind(entry.path, entry.path)
        make_read_only(entry.path)
    elif entry.name in HIDDEN_PROC or not mode & stat.S_IROTH:
        show_device("/dev/null", entry.path)


def make_root(config: dict[str, Any]) -> None:
    """Build the root of the sandbox over its folder and enter it; the machine's own root is gone after that."""
    root = config["root"]
    call("unshare the mounts", "unshare", CLONE_NEWNS)
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    bind(root, root)
    make_proc(f"{root}/proc")
    make_devices(f"{root}/dev")
    for source, target in config["binds"]:
        bind(source, root + target)
    for _, target in config["binds"]:
        make_read_only(root + target)
    os.chdir(root)
    call("pivot_root", "pivot_root", ".", ".")
    call("detach the machine's root", "umount2", ".", MNT_DETACH)
    os.chdir("/")


def raise_loopback() -> None:
    with socket.socket() as control:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def give_up_privileges() -> None:
    """Nothing that is started from here can gain a privilege or reach what namespaces do not cover."""
    capability = 0
    while LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    call("no_new_privs", "prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if platform.machine() in AUDIT_ARCH:
        code = ctypes.create_string_buffer(system_call_filter(platform.machine()))
        program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(code))
        call("filter system calls", "prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)


def system_call_filter(machine: str) -> bytes:
    """A seccomp program: refuses what leads out of the namespaces, and all calls of another architecture."""
    refused = [(IF_EQUAL, 0, 1, number) for number in REFUSED_CALLS[machine]]
    allowed = [(IF_EQUAL, 0, 1, family) for family in FAMILIES]
    refuse, allow = (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)
    code = [
        *((LOAD, 0, 0, ARCHITECTURE), (IF_EQUAL, 1, 0, AUDIT_ARCH[machine]), refuse),
        *((LOAD, 0, 0, NUMBER), (IF_AT_LEAST, 0, 1, X32), refuse),
        *(step for test in refused for step in (test, refuse)),
        *((IF_EQUAL, 1, 0, SOCKET[machine]), allow),
        *((LOAD, 0, 0, FIRST_ARGUMENT), *(step for test in allowed for step in (test, allow)), refuse),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def inner(config: dict[str, Any]) -> None:
    """The sandbox's first process. Never returns."""
    try:
        call("die with the launcher", "prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
        make_root(config)
        raise_loopback()
        call("set the host name", "sethostname", config["hostname"], len(config["hostname"]))
        give_up_privileges()
        os.execve(config["argv"][0], config["argv"], config["env"])
    except SetupError as error:
        complain(*error.args)
    except OSError as error:
        complain(f"set up the sandbox ({error.filename})", error.errno or 0)
    finally:
        os._exit(1)


def complain(step: str, number: int) -> None:
    """Tell pysim in the agent's own protocol."""
    error = {"type": "SetupError", "message": f"cannot {step}: {os.strerror(number)}"}
    os.write(1, json.dumps({"id": 0, "error": error}).encode() + b"\n")


def main() -> int:
    """Make the sandbox, wait for its end, remove its folder."""
    with open(sys.argv[1]) as file:
        config = json.load(file)
    with contextlib.suppress(PermissionError):  # a process group's leader is out of the terminal's reach already
        os.setsid()
    user, group = os.geteuid(), os.getegid()
    try:
        if user == 0:
            os.setgroups([])
        flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
        call("unshare the user, process and network namespaces", "unshare", flags)
        map_user(config["user"], config["group"], user, group)
    except SetupError as error:
        complain(*error.args)
        return 1
    pid = os.fork()
    if pid == 0:
        inner(config)
    for stream in (0, 1):
        os.close(stream)
    _, status = os.waitpid(pid, 0)
    shutil.rmtree(config["folder"], ignore_errors=True)
    return 0 if status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
