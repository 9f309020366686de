# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benches share: the build, timed rounds, statistics, tables, cgroups, cleanup."""

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BINARIES = ("runtime/cli/wabe", "vzctl/cmd/vzctl", "vzctl/cmd/vzlist", "vzctl/cmd/vztmpl",
            "tests/bench/bench_floor", "tests/bench/bench_payload", "tests/bench/bench_rounds", "tests/bench/bench_parallel")
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CAP_SYS_RESOURCE = 24  # linux/capability.h


class Failure(Exception):
    """Something did not run; its text says what and why."""


def run(*command, timeout=60, **options):
    """Run a command to its end and return its output; a failure or a timeout is a Failure. What it leaves running may keep its
    standard error: that is a file."""
    command = [str(word) for word in command]
    with tempfile.TemporaryFile("w+") as errors:
        try:
            done = subprocess.run(command, timeout=timeout, stdout=subprocess.PIPE, stderr=errors, text=True,
                                  stdin=subprocess.DEVNULL, check=False, **options)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"{' '.join(command)}: no end in {timeout} s") from late
        except OSError as error:
            raise Failure(f"{command[0]}: {error.strerror}") from error
        errors.seek(0)
        said = errors.read()
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stdout[-2000:]}{said[-2000:]}")
    return done.stdout


def need_root():
    if os.geteuid() != 0:
        raise Failure("run it as root: it starts containers")


def need_packages(*packages):
    """Install with apt what is missing."""
    script = f'. "{SOURCE}/tests/lib/apt.sh" && apt_need "$@"'
    if subprocess.run(["bash", "-c", script, "bash", *packages], check=False, timeout=900).returncode != 0:
        raise Failure("packages are missing")


def build(directory, binaries=BINARIES):
    """Build what is measured, for release; in a directory that exists with that one's options. Returns its path."""
    directory = Path(directory).resolve() if directory else SOURCE / "build" / "bench"
    if not (directory / "build.ninja").exists():
        run("meson", "setup", directory, SOURCE, "--buildtype=release", timeout=300)
    run("ninja", "-C", directory, *binaries, timeout=1800)
    return directory


def rounds(builddir, commands, count, warmups=0, pause_ms=0, first=0, timeout_s=60):
    """Run {name: command} in turn, count times; returns {name: {"wall": [ms], "cpu": [ms], "rss": [KiB]}} in order of rounds."""
    words = [builddir / "tests/bench/bench_rounds", "-n", count, "-w", warmups, "-p", pause_ms, "-f", first, "-t", timeout_s]
    for name, command in commands.items():
        words += [":", name, *command]
    result = {name: {"wall": [], "cpu": [], "rss": []} for name in commands}
    limit = (count + warmups) * len(commands) * (timeout_s + 1)
    for line in run(*words, timeout=limit).splitlines():
        name, _, wall, cpu, rss = line.split("\t")
        result[name]["wall"].append(int(wall) / 1000)
        result[name]["cpu"].append(int(cpu) / 1000)
        result[name]["rss"].append(int(rss))
    return result


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """The smallest value that has at least that share of all at or below it."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))]


def moving_median(values, window):
    return [median(values[i:i + window]) for i in range(len(values) - window + 1)]


def table(header, rows):
    """Columns: the first to the left, the others to the right."""
    lines = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())


def targets(rows, columns=("target",)):
    """Rows of what, the value, the limit, a format for both, and ">=" where more is better. The limit is one number, or one
    for each column, None where there is none."""
    print("\nTargets")
    lines = []
    for what, value, limits, form, *sign in rows:
        sign = sign[0] if sign else "<="
        cells = [what, form.format(value)]
        for limit in limits if isinstance(limits, tuple) else (limits,):
            is_met = limit is not None and (value <= limit if sign == "<=" else value >= limit)
            cells += ["", ""] if limit is None else [f"{sign} {form.format(limit)}", "met" if is_met else "not met"]
        lines.append(cells)
    table(("", "measured", *(cell for column in columns for cell in (column, ""))), lines)


class Tee:
    """Standard output that is also kept in a file; processes that follow each other append to it."""

    def __init__(self, path):
        self.terminal = sys.__stdout__
        self.file = open(path, "a", encoding="utf-8")  # pylint: disable=consider-using-with

    def write(self, text):
        self.terminal.write(text)
        self.file.write(text)

    def flush(self):
        self.terminal.flush()
        self.file.flush()


def keep_output(path, is_first=False):
    """From here on, standard output goes to that file as well; the first to do so begins it anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_first:
        path.write_text("")
    sys.stdout = Tee(path)


def say_load(when):
    one, five, _ = os.getloadavg()
    print(f"Load average at the {when}: {one:.2f} in 1 minute, {five:.2f} in 5, {os.cpu_count()} processors"
          f" ({time.strftime('%Y-%m-%d %H:%M')})", flush=True)
    if when == "beginning" and one > os.cpu_count() / 2:
        print("  The machine is busy: wall times say little, processor times and system calls more. Repeat when it is quiet.")


def has_capability(bit):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> bit & 1)
    return False


def mounts_of(fstype):
    """Mount points of file systems of that type, as this process sees them."""
    lines = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(line[1]) for line in lines if line[2] == fstype]


def cgroup_roots():
    """Where the hierarchies of this machine are mounted: v2, and those of v1."""
    return [root for root in mounts_of("cgroup2") + mounts_of("cgroup") if root.is_dir()]


def remove_cgroups(name):
    """End what runs in the cgroups of that name, in each hierarchy, and remove them."""
    for root in cgroup_roots():
        top = root / name.strip("/")
        for _ in range(50):
            if not top.is_dir():
                break
            for directory, _, _ in os.walk(top, topdown=False):
                end_processes(Path(directory))
                with contextlib.suppress(OSError):
                    os.rmdir(directory)
            time.sleep(0.02)


def end_processes(cgroup):
    with contextlib.suppress(OSError):
        for pid in (cgroup / "cgroup.procs").read_text().split():
            if int(pid) != os.getpid():
                os.kill(int(pid), signal.SIGKILL)


def spawn(words, timeout_s, grace_s):
    """Run a program, that says itself what it does, to its end; when this one has to end it gets SIGTERM and some time."""
    sys.stdout.flush()
    child = subprocess.Popen([str(word) for word in words])
    try:
        status = child.wait(timeout=timeout_s)
    except subprocess.TimeoutExpired as late:
        raise Failure("the measuring takes too long") from late
    finally:
        ignore_end_signals()
        if child.poll() is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=grace_s)
        if child.poll() is None:
            child.kill()
            child.wait()
        on_end_signals()
    if status != 0:
        raise Failure(f"the measuring ended with status {status}")


def ignore_end_signals():
    """What cleans up is not interrupted by a second Ctrl-C."""
    for number in END_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def on_end_signals():
    """SIGTERM and SIGHUP end it as Ctrl-C does: through the finally clauses."""

    def stop(_number, _frame):
        raise KeyboardInterrupt

    for number in END_SIGNALS:
        signal.signal(number, stop)


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)


def main(body):
    """Run body(); its failure is one message on standard error and status 1."""
    on_end_signals()
    try:
        body()
    except Failure as failure:
        print(f"{Path(sys.argv[0]).name}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
