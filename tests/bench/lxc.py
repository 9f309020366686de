# SPDX-License-Identifier: GPL-2.0-or-later
"""Containers of LXC (package lxc) as light as they get: an overlay on the same template, no network, privileged, so without
the user namespace and the idmapped mounts that a guest of vzctl has."""

import contextlib
import subprocess

import bench

CONFIG = """
lxc.rootfs.path = overlay:{template}:{upper}
lxc.uts.name = {name}
lxc.init.cmd = /sbin/init
lxc.net.0.type = empty
lxc.mount.auto = proc:mixed sys:ro
lxc.mount.entry = tmpfs run tmpfs nosuid,nodev,mode=755 0 0
lxc.tty.max = 0
lxc.pty.max = 16
lxc.cgroup.dir = {cgroup}/{name}
"""


class Lxc:
    """A directory of containers with names that are numbers."""

    def __init__(self, directory, template, cgroup):
        self.directory, self.template, self.cgroup = directory, template, cgroup

    def create(self, number):
        own = self.directory / str(number)
        (own / "upper").mkdir(parents=True)
        (own / "config").write_text(CONFIG.format(template=self.template, upper=own / "upper", name=number, cgroup=self.cgroup))

    def start(self, name="{}"):
        return ["lxc-start", "-P", self.directory, "-n", name, "--daemon"]

    def stop(self, name="{}"):
        return ["lxc-stop", "-P", self.directory, "-n", name, "--kill"]

    @staticmethod
    def version():
        return bench.run("lxc-start", "--version").strip()

    def clean(self):
        """End what runs, with no regard for what can't be done."""
        for own in self.directory.iterdir():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run([str(word) for word in self.stop(own.name)], timeout=30, check=False,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
