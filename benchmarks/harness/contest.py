"""Run contenders one after the other, each in a process tree of its own, and judge what they made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import table
from harness.meter import Usage
from harness.place import Place
from harness.verdict import Verdict, judge

HERE = Path(__file__).parent.parent
ROOT = HERE.parent
PEERS = ROOT / ".venv-bench" / "bin" / "python"
_TIMEOUT = 1800  # seconds


@dataclass(frozen=True)
class Contender:
    """A script of contenders/; `peer` ones run in the peers' virtual environment."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    peer: bool = False
    copies: bool = True


@dataclass
class Outcome:
    """One run. CPU, wall and peak are of the copy, READY to COPIED; `_total` is the whole process, with our proof.

    `server_cpu` is SQL Server's stand-in, `others_cpu` this process, in which Glue, S3 and StarRocks run.
    """

    name: str
    rows: int
    error: str = ""
    wall: float = 0.0
    cpu: float = 0.0
    wall_total: float = 0.0
    cpu_total: float = 0.0
    server_cpu: float = 0.0
    others_cpu: float = 0.0
    peak_mib: float = 0.0
    peak_total_mib: float = 0.0
    ready_mib: float = 0.0
    marks: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict | None = None

    @property
    def rows_per_cpu(self) -> float:
        return self.rows / self.cpu if self.cpu else 0.0

    @property
    def rows_per_cpu_total(self) -> float:
        return self.rows / self.cpu_total if self.cpu_total else 0.0

    def as_json(self) -> dict[str, Any]:
        found = {"rows_per_cpu_s": self.rows_per_cpu, "rows_per_cpu_s_total": self.rows_per_cpu_total}
        return asdict(self) | found


def run(contender: Contender, place: Place, rows: int, wanted: table.Print) -> Outcome:
    """One run of one contender; what it cannot do is in `error`, never an exception."""
    outcome = Outcome(contender.name, rows)
    if contender.peer and not PEERS.exists():
        outcome.error = "not installed: make bench-peers"
        return outcome
    before, others = place.server_cpu(), time.process_time()
    try:
        usage, told, output = _measured(contender, place.environment)
    except subprocess.TimeoutExpired:
        outcome.error = f"not done in {_TIMEOUT} s"
        return outcome
    outcome.server_cpu, outcome.others_cpu = place.server_cpu() - before, time.process_time() - others
    if usage.code or not told:
        outcome.error = _reason(output) or f"exit code {usage.code}"
        return outcome
    outcome.told, outcome.marks = told, usage.marks
    outcome.wall_total, outcome.cpu_total, outcome.peak_total_mib = usage.wall, usage.cpu, usage.peak_mib
    ready, copied = usage.marks["READY"], usage.marks["COPIED"]
    outcome.wall, outcome.cpu, outcome.peak_mib = copied[0] - ready[0], copied[1] - ready[1], copied[2]
    outcome.ready_mib = ready[2]
    outcome.verdict = judge(told, place.environment, wanted) if contender.copies else None
    return outcome


def best(outcomes: list[Outcome]) -> Outcome:
    """The run with the least CPU, but not the first, for which the server still encodes; an error in any counts."""
    bad = [o for o in outcomes if o.error or (o.verdict and o.verdict.wrong)]
    return bad[0] if bad else min(outcomes[1:] or outcomes, key=lambda o: o.cpu)


def _measured(contender: Contender, environment: Mapping[str, str]) -> tuple[Usage, dict[str, Any], str]:
    python = str(PEERS) if contender.peer else sys.executable
    script = str(HERE / "contenders" / contender.script)
    command = [sys.executable, str(HERE / "harness" / "meter.py"), python, "-W", "ignore", script, *contender.arguments]
    path = {} if contender.peer else {"PYTHONPATH": str(ROOT)}
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith("AWS_")}
    declared = ";".join(f"{c.name}={c.declared}" for c in table.COLUMNS)
    settings = {**clean, **environment, **path, "BENCH_DECLARED": declared}
    process = subprocess.Popen(
        command, env=settings, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        output = process.communicate(timeout=_TIMEOUT)[0].decode(errors="replace")
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    lines = output.splitlines()
    told = [json.loads(line.removeprefix("RESULT ")) for line in lines if line.startswith("RESULT ")]
    return Usage(**json.loads(lines[-1])), told[-1] if told else {}, output


def _reason(output: str) -> str:
    """The last lines that say something: an exception's message, a tool's own error."""
    lines = [line.strip() for line in output.splitlines()[:-1] if line.strip()]
    told = [line for line in lines if "rror" in line or "xception" in line or "fatal" in line]
    return (told or lines or [""])[-1][:400]
