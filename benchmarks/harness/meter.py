"""Run one contender and measure it with all its descendants: `python meter.py COMMAND...` prints one line of JSON.

The kernel hands every orphan of the contender (Spark's JVM outlives its Python) to this process, which waits for all
of them: CPU seconds are the kernel's own sums, whatever the contender starts. Memory is sampled: the peak of the
tree's resident sets added up. A contender may write marks, lines `NAME`, to the file descriptor in BENCH_MARKS.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

_TICK, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_SAMPLE = 0.02  # seconds


@dataclass
class Usage:
    """What a contender used; `marks` are (seconds since its start, CPU seconds so far, peak MiB so far) by name."""

    code: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    peak_mib: float = 0.0
    marks: dict[str, tuple[float, float, float]] = field(default_factory=dict)


def run(command: list[str]) -> Usage:
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    started, usage, over = time.monotonic(), Usage(), threading.Event()
    environment = {**os.environ, "BENCH_MARKS": str(writing)}
    process = subprocess.Popen(command, pass_fds=[writing], env=environment)
    os.close(writing)
    sampler = threading.Thread(target=_sample, args=(usage, over))
    marker = threading.Thread(target=_mark, args=(reading, usage, started), daemon=True)
    sampler.start()
    marker.start()
    usage.code = process.wait()
    usage.wall = time.monotonic() - started
    _wait_for_orphans()
    over.set()
    sampler.join()
    marker.join(timeout=5)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    usage.cpu = used.ru_utime + used.ru_stime
    return usage


def _wait_for_orphans() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def _sample(usage: Usage, over: threading.Event) -> None:
    while not over.wait(_SAMPLE):
        usage.peak_mib = max(usage.peak_mib, sum(_resident(p) for p in _tree()) / (1 << 20))


def _mark(reading: int, usage: Usage, started: float) -> None:
    with os.fdopen(reading) as lines:
        for line in lines:
            at = time.monotonic() - started
            usage.marks[line.strip()] = (at, sum(_cpu(p) for p in _tree()), usage.peak_mib)


def _tree() -> list[Path]:
    """The processes below this one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _stat(entry)):
            parents.setdefault(int(found[1]), []).append(int(entry.name))
    below, new = [], [os.getpid()]
    while new:
        new = [child for parent in new for child in parents.get(parent, [])]
        below += new
    return [Path(f"/proc/{pid}") for pid in below]


def _stat(process: Path) -> list[str]:
    try:
        return process.joinpath("stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu(process: Path) -> float:
    """Its own and that of children it has waited for."""
    found = _stat(process)
    return sum(map(int, found[11:15])) / _TICK if found else 0.0


def _resident(process: Path) -> int:
    found = _stat(process)
    return int(found[21]) * _PAGE if found else 0


if __name__ == "__main__":
    print("\n" + json.dumps(asdict(run(sys.argv[1:]))))
