"""The long run: `python -m mssql_starrocks_tests.faults --n 1000 --seed 1`. A line for each failure; counts.

Exit code 1 when anything wrong was seen, or when fewer than half of the faults happened.
"""

import itertools
import logging
import signal
import sys
import time
from collections import Counter
from typing import Annotated

import typer

from mssql_starrocks_tests.faults.choosing import cases
from mssql_starrocks_tests.faults.harness import Verdict, harness

_EVERY = 50  # cases between two lines of counts


def main(
    n: Annotated[int, typer.Option(help="how many faults")] = 100,
    seed: Annotated[int, typer.Option(help="of the choice")] = 1,
    first: Annotated[int, typer.Option(help="number of the case to begin with")] = 1,
    verbose: Annotated[bool, typer.Option(help="a line for every case")] = False,
) -> None:
    """Disturb the chain n times, run it again each time, and look whether anything wrong was ever seen."""
    logging.disable(logging.CRITICAL)  # what the chain logs of its troubles
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job is born with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    counts: Counter[str] = Counter()
    started = time.monotonic()
    try:
        with harness() as found:
            for number, case in itertools.islice(enumerate(cases(seed), start=1), first - 1, n):
                verdict = found.run(case)
                _count(counts, verdict)
                if verdict.wrong or verbose:
                    _tell(number, verdict)
                if counts["runs"] % _EVERY == 0:
                    typer.echo(_closing(counts, seed, time.monotonic() - started))
    finally:  # Ctrl-C after an hour is no reason to forget the hour
        typer.echo(_closing(counts, seed, time.monotonic() - started))
    if counts["wrong publishes"] or counts["violations"] or counts["fired"] * 2 < counts["runs"]:
        sys.exit(1)


def _closing(counts: "Counter[str]", seed: int, seconds: float) -> str:
    return (
        f"{counts['runs']} runs, seed {seed}, {seconds:.0f} s: {counts['fired']} faults happened, "
        f"{counts['idle']} did not; the disturbed run failed {counts['failed']}, was killed {counts['killed']}, "
        f"finished all the same {counts['done']}, hung {counts['hung']} times; {counts['readings']:,} readings; "
        f"wrong publishes = {counts['wrong publishes']}, other violations = {counts['violations']}"
    )


def _count(counts: "Counter[str]", verdict: Verdict) -> None:
    counts["runs"] += 1
    counts["fired" if verdict.fired else "idle"] += 1
    counts[verdict.first.how] += 1
    counts["readings"] += verdict.readings
    if verdict.wrong:
        counts["wrong publishes" if verdict.published_wrong else "violations"] += 1


def _tell(number: int, verdict: Verdict) -> None:
    happened = "" if verdict.fired else ", did not happen"
    said = f" ({verdict.first.text[:160]})" if verdict.first.text else ""
    wrong = "; ".join(verdict.wrong) or "ok"
    typer.echo(f"{number}: {verdict.case}{happened}: {wrong}; the disturbed run: {verdict.first.how}{said}")


if __name__ == "__main__":
    typer.run(main)
