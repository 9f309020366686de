#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Mounts an overlay whose layers are idmapped, as a guest's root is, for the lab's self test.

usage: idmap_overlay.py BASE LOWER UPPER WORK TARGET

The ids 0..65535 of the files on disk appear as BASE..BASE+65535 below TARGET. Mounted in the caller's
mount namespace.
"""
import ctypes
import os
import signal
import sys

# include/uapi/linux/mount.h, fcntl.h; the system calls' numbers are the same on all but alpha
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH, MOUNT_ATTR_IDMAP = 1, 4, 0x100000
AT_FDCWD, AT_EMPTY_PATH, CLONE_NEWUSER, MNT_DETACH = -100, 0x1000, 0x10000000, 2
IDS = 65536

libc = ctypes.CDLL(None, use_errno=True)


class MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns_fd")]


def check(result, what):
    if result < 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def make_userns(base):
    """A user namespace that maps 0..65535 to base, and 65536 to the host's root: overlayfs makes its
    work directory as that user, who needs an id on disk."""
    ready_fd, child_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        check(libc.unshare(CLONE_NEWUSER), "unshare")
        os.write(child_fd, b"x")
        signal.pause()
    os.read(ready_fd, 1)
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
            file.write(f"0 {base} {IDS}\n{IDS} 0 1\n")
    fd = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return fd


def mount_idmapped(userns_fd, tree, target):
    fd = check(libc.syscall(SYS_OPEN_TREE, AT_FDCWD, tree.encode(), OPEN_TREE_CLONE), f"open_tree {tree}")
    attr = MountAttr(set=MOUNT_ATTR_IDMAP, userns_fd=userns_fd)
    check(libc.syscall(SYS_MOUNT_SETATTR, fd, b"", AT_EMPTY_PATH, ctypes.byref(attr), ctypes.sizeof(attr)),
          f"mount_setattr {tree}")
    check(libc.syscall(SYS_MOVE_MOUNT, fd, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH),
          f"move_mount {target}")


def main():
    base, (lower, upper, work, target) = int(sys.argv[1]), sys.argv[2:]
    private = os.path.dirname(upper)
    if private != os.path.dirname(work):
        sys.exit("UPPER and WORK must have one parent")
    userns_fd = make_userns(base)
    # the overlay keeps its layers when they are detached from these
    for tree in (lower, private):
        mount_idmapped(userns_fd, tree, tree)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    result = libc.mount(b"overlay", target.encode(), b"overlay", 0, options.encode())
    error = ctypes.get_errno()
    for tree in (lower, private):
        check(libc.umount2(tree.encode(), MNT_DETACH), f"umount {tree}")
    ctypes.set_errno(error)
    check(result, "mount overlay")


main()
