"""What is tried again, how often and after which pause. Whether it may be, the errors say (errors.py).

Each stage is idempotent, so a stage as a whole is tried again: a new branch or label, never a statement whose fate is
unknown. Every attempt of a stage is logged with its reason. tenacity does the work.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_random,
    wait_random_exponential,
)

from mssql_starrocks.errors import is_transient

P = ParamSpec("P")
T = TypeVar("T")
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds; doubled each time, with jitter
COMMIT_ATTEMPTS = 6
SILENCE = 60.0  # seconds without an answer after which nobody is asked any more
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds between two questions; doubled each time
_LOG = logging.getLogger(__name__)


def retried(stage: Callable[P, T]) -> Callable[P, T]:
    """A stage that begins again after a transient error, as often as `retries` of its chain says.

    The stage's first argument is the chain; an argument `log`, where it has one, is told of each attempt.
    """
    signature = inspect.signature(stage)

    @wraps(stage)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        given = signature.bind(*args, **kwargs).arguments
        chain = given["chain"]
        tell = _teller(str(chain.table.id), chain.retries, given.get("log") or _LOG.warning)
        again = Retrying(
            retry=retry_if_exception(is_transient),
            stop=stop_after_attempt(chain.retries + 1),
            wait=wait_exponential(FIRST_WAIT, max=LONGEST_WAIT) + wait_random(0, FIRST_WAIT),
            before_sleep=tell,
            reraise=True,
        )
        return again(stage, *args, **kwargs)

    return run


def commits(lost: type[Exception] | tuple[type[Exception], ...]) -> Retrying:
    """For one commit to Iceberg that another writer's may have overtaken: `lost` says that it was."""
    return Retrying(
        retry=retry_if_exception_type(lost),
        stop=stop_after_attempt(COMMIT_ATTEMPTS),
        wait=wait_random_exponential(0.1, max=5),
        reraise=True,
    )


def questions(silent: type[Exception]) -> Retrying:
    """For a question that changes nothing, to a server that may be restarting: `silent` says that none answered."""
    return Retrying(
        retry=retry_if_exception_type(silent),
        stop=stop_after_delay(SILENCE),
        wait=wait_exponential(FIRST_PAUSE, max=LONGEST_PAUSE),
        reraise=True,
    )


def _teller(what: str, retries: int, log: Callable[[str], Any]) -> Callable[[RetryCallState], None]:
    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        text = str(error) if what in str(error) else f"{what}: {error}"
        wait = state.next_action.sleep if state.next_action else 0.0
        log(f"{text} Trying again in {wait:.0f} s ({state.attempt_number} of {retries}).")

    return tell
