# SPDX-License-Identifier: GPL-2.0-or-later
"""The runtimes that tests/bench/start and tests/bench/many compare, their bundles, and the namespaces they run in."""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

import bench

PEERS = ("wabe", "crun", "runc")
FLOORS = ("floor", "+config")  # bare system calls: without, and with all that the default config asks for
ALL = (*FLOORS, *PEERS)
SPEC_MOUNTS = 7  # of `wabe spec`
VOLUMES = 33  # more, in the config of 40 mounts
UNIFIED = Path("/sys/fs/cgroup")  # inside
DOCKER_CAPS = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL"
    " AUDIT_WRITE").split()]

# In a cgroup of its own, that the cgroup namespace then has as its root; the driver itself moves to a leaf, as cgroup v2 wants
# it. What is mounted over /sys/fs/cgroup is a v2 tree, whatever the machine has; the states are on a tmpfs, as /run is. A cgroup
# of v1's memory controller, if there is one, stays reachable as DIRECTORY/memory.
ENTER = """
cgroup=$1 memory=$2 directory=$3 && shift 2 &&
echo $$ >"$cgroup/cgroup.procs" && { [ -z "$memory" ] || echo $$ >"$memory/cgroup.procs"; } &&
exec env BENCH_MEMORY="$memory" unshare --mount --cgroup --propagation private sh -c '
	mount -t tmpfs tmpfs "$1/run" && { [ -z "$BENCH_MEMORY" ] || mount --bind "$BENCH_MEMORY" "$1/memory"; } &&
	shift && mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir /sys/fs/cgroup/driver &&
	echo $$ >/sys/fs/cgroup/driver/cgroup.procs && exec "$@"' sh "$@"
"""


class Peers:
    """The programs, the bundles, and how each is called."""

    def __init__(self, builddir, directory):
        self.builddir, self.directory = Path(builddir), Path(directory)
        self.rootfs = self.directory / "rootfs"
        self.programs = {"wabe": [self.builddir / "runtime/cli/wabe"], "crun": ["crun"], "runc": ["runc"]}
        self.has_devices = bench.has_capability(bench.CAP_SYS_RESOURCE)

    def make_rootfs(self):
        for name in ("bin", "proc", "dev", "sys", *(f"mnt/{i}" for i in range(VOLUMES))):
            (self.rootfs / name).mkdir(parents=True)
        for i in range(VOLUMES):
            (self.directory / "volumes" / str(i)).mkdir(parents=True)
        for name in ("true", "pause"):
            payload = self.rootfs / "bin" / name
            payload.write_bytes((self.builddir / "tests/bench/bench_payload").read_bytes())
            payload.chmod(0o755)

    def make_bundle(self, name, program, change=lambda config: None):
        """The default config with what the peers can't read taken out, for all alike; change(config) makes it another."""
        bundle = self.directory / name
        bundle.mkdir()
        bench.run(*self.programs["wabe"], "spec", "--bundle", bundle)
        path = bundle / "config.json"
        config = json.loads(path.read_text())
        config["ociVersion"] = "1.0.2"
        config["process"].update(terminal=False, args=[program])
        config["root"]["path"] = str(self.rootfs)
        if not self.has_devices:
            config["linux"].get("resources", {}).pop("devices", None)
        change(config)
        path.write_text(json.dumps(config, indent="\t"))

    def add_volumes(self, config):
        """Those that the floor makes: a bind, a read-only bind, a tmpfs, in turn."""
        for i in range(VOLUMES):
            bind = {"type": "bind", "source": str(self.directory / "volumes" / str(i))}
            kind = (bind | {"options": ["rbind", "rprivate"]},
                    bind | {"options": ["bind", "ro", "nosuid", "nodev", "noexec"]},
                    {"type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=755", "size=1m"]})[i % 3]
            config["mounts"].append({"destination": f"/mnt/{i}"} | kind)
        if len(config["mounts"]) != SPEC_MOUNTS + VOLUMES:
            raise bench.Failure(f"`wabe spec` has other than {SPEC_MOUNTS} mounts")

    @staticmethod
    def add_seccomp(config):
        """Docker's default profile, with the capabilities that its rules were chosen by."""
        config["linux"]["seccomp"] = json.loads((bench.HERE / "seccomp.json").read_text())
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind] = DOCKER_CAPS

    def call(self, peer, *words):
        return [*self.programs[peer], "--root", self.directory / "run" / peer, *words]

    def floor(self, peer, verb, name, *words, program=None):
        """@program: a file with a seccomp program to be loaded."""
        options = ["--config"] if peer == "+config" else []
        if program:
            options += ["--filter", program]
        return [self.builddir / "tests/bench/bench_floor", *options, verb, UNIFIED / name, *words]

    def describe(self):
        for peer in PEERS:
            print(f"  {peer}: {bench.run(*self.programs[peer], '--version').splitlines()[0]}")
        print(f"  kernel {os.uname().release.split('-')[0]}, {os.uname().machine}; cgroup v2 without controllers, mounted for this only\n"
              "  config: `wabe spec` without a terminal, ociVersion 1.0.2 (crun 1.8 and runc 1.1 know no later one)"
              + ("" if self.has_devices else ";\n  without linux.resources.devices, because crun can't load them without CAP_SYS_RESOURCE"))


def make_memory_cgroup(name):
    """A directory of v1's memory controller below the own cgroup, and its name from the hierarchy's root; or None."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, own = line.split(":", 2)
        if "memory" in controllers.split(","):
            path = own.strip("/") + "/" + name
            for root in bench.cgroup_roots():
                if (root / path).parent.joinpath("memory.usage_in_bytes").exists():
                    with contextlib.suppress(OSError):
                        (root / path).mkdir()
                        return root / path, path
    return None, None


def enter(script, options, words, timeout_s):
    """Run that script with --inside DIRECTORY and those words, in namespaces and cgroups of its own, and clean up."""
    name = f"wabe-bench-{os.getpid()}"
    unified = bench.mounts_of("cgroup2")
    if not unified:
        raise bench.Failure("no cgroup v2 hierarchy is mounted (mount -t cgroup2 cgroup2 DIRECTORY)")
    cgroup = unified[-1] / name
    with tempfile.TemporaryDirectory(prefix="wabe-bench-", ignore_cleanup_errors=True) as directory:
        for part in ("run", "memory"):
            Path(directory, part).mkdir()
        memory, memory_name = make_memory_cgroup(name)
        cgroup.mkdir()
        try:
            words = [sys.executable, script, "--inside", directory, "--builddir", options.builddir, "--output", options.output, *words]
            bench.spawn(["sh", "-c", ENTER, "sh", cgroup, memory or "", directory, *words], timeout_s=timeout_s, grace_s=5)
        finally:
            bench.ignore_end_signals()
            bench.remove_cgroups(name)
            if memory_name:
                bench.remove_cgroups(memory_name)


def arguments(parser):
    """The options of both, parsed."""
    parser.add_argument("--builddir", default=os.environ.get("WABE_BUILDDIR"), metavar="DIR",
                        help="meson's build directory (default: WABE_BUILDDIR, else build/bench, made for release)")
    parser.add_argument("--output", default=bench.SOURCE / "build/bench-results", type=Path, metavar="DIR",
                        help="where the text and the plot are written (default build/bench-results)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.output = options.output.resolve()
    return options


def outside(script, options, words, timeout_s):
    """Build, say how busy the machine is, and measure in the namespaces."""
    bench.need_root()
    bench.need_packages("crun", "runc", "strace", "util-linux")
    options.builddir = bench.build(options.builddir)
    name = Path(script).name
    bench.keep_output(options.output / f"{name}.txt", is_first=True)
    bench.say_load("beginning")
    enter(script, options, words, timeout_s)
    print()
    bench.say_load("end")
    print(f"Written: {name}.txt and {name}.svg in {options.output}", file=sys.stderr)


def main(script, options, inside, check, words, timeout_s):
    """Both sides of a bench: the caller's, and the one in the namespaces. check() is asked before anything is done."""
    def body():
        if options.inside:
            bench.keep_output(options.output / f"{Path(script).name}.txt")
            inside(options)
            sys.stdout.flush()
        else:
            check()
            outside(script, options, words, timeout_s)

    bench.main(body)
