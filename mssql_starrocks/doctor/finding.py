"""One line of the doctor, and how checks are run: none stops the others, none is waited for without end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.settings import redacted


class State(str, Enum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What one check found; `advice` says what to do where it is not ok."""

    what: str
    state: State
    text: str
    advice: str = ""


def ok(what: str, text: str) -> Finding:
    return Finding(what, State.OK, text)


def warning(what: str, text: str, advice: str) -> Finding:
    return Finding(what, State.WARNING, text, advice)


def failed(what: str, text: str, advice: str) -> Finding:
    return Finding(what, State.FAILED, text, advice)


def each(what: str, wrong: Sequence[str], advice: str, good: str) -> Iterator[Finding]:
    """A warning for each thing that is wrong; one line that says `good` when nothing is."""
    for text in wrong:
        yield warning(what, text, advice)
    if not wrong:
        yield ok(what, good)


@dataclass(frozen=True)
class Check:
    """A function of a session that gives findings, and how many seconds it may take."""

    what: str
    look: Callable[[Any], Iterable[Finding]]
    seconds: float = 30


@dataclass(frozen=True)
class System:
    """Checks that share one session. Where it cannot be opened that is the one finding."""

    what: str
    open: Callable[[], AbstractContextManager[Any]]
    checks: Sequence[Check]
    connected: str = ""
    seconds: float = 45


def examine(systems: Sequence[System]) -> Iterator[Finding]:
    """The findings of all systems in order; they are asked at the same time, each its own checks one after another."""
    started = [(system, _start(system)) for system in systems]
    for system, answers in started:
        for check in (Check(system.what, tuple, system.seconds), *system.checks):
            try:
                found = answers.get(timeout=check.seconds)
            except queue.Empty:
                text = f"no answer within {check.seconds:g} s; the checks after it were not made"
                yield failed(check.what, text, "Look at the network and at what the server is doing, and run it again.")
                break
            if found is None:
                break
            yield from (_clean(finding) for finding in found)


def _start(system: System) -> queue.Queue[tuple[Finding, ...] | None]:
    answers: queue.Queue[tuple[Finding, ...] | None] = queue.Queue()
    # a thread that hangs must not hold the process
    threading.Thread(target=_run, args=(system, answers), daemon=True, name=f"doctor {system.what}").start()
    return answers


def _run(system: System, answers: queue.Queue[tuple[Finding, ...] | None]) -> None:
    try:
        with system.open() as session:
            answers.put((ok(system.what, system.connected),) if system.connected else ())
            for check in system.checks:
                answers.put(_made(check, session))
    except Exception as error:
        answers.put((_broken(system.what, error),))
    answers.put(None)


def _made(check: Check, session: Any) -> tuple[Finding, ...]:
    try:
        return tuple(check.look(session))
    except Exception as error:
        return (_broken(check.what, error),)


def _broken(what: str, error: Exception) -> Finding:
    """Our own errors say what to do; any other is told with its type."""
    if isinstance(error, MssqlStarrocksError):
        return failed(what, str(error), "")
    return failed(what, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", "This check itself failed.")


def _clean(finding: Finding) -> Finding:
    return replace(finding, text=redacted(finding.text), advice=redacted(finding.advice))
