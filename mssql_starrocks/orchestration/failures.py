"""How an error looks to Dagster: one message, and a retry only where one can help (errors.py decides)."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.settings import redacted

RETRIES = 3
FIRST_WAIT = 5.0  # seconds; doubled each time, with jitter


@contextmanager
def one_line_failures(what: str, log: dg.DagsterLogManager, attempt: int) -> Iterator[None]:
    """Turn every error inside into a Failure, or into a retry when it is transient; `attempt` counts from 0.

    A retry is asked for here and not by a RetryPolicy, because with a policy Dagster also tries again after Ctrl-C.
    An error that nobody raised on purpose keeps its traceback, because it is a defect of ours.
    """
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except MssqlStarrocksError as error:
        text = str(error)
        named = text if what in text else f"{what}: {text}"
        if error.transient and attempt < RETRIES:
            log.warning(f"{named} Trying again ({attempt + 1} of {RETRIES}).")
            wait = FIRST_WAIT * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311
            raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait) from None
        raise dg.Failure(named, allow_retries=False) from None
    except Exception as error:
        text = redacted(f"{what}: {type(error).__name__}: {error}")
        raise dg.Failure(text, allow_retries=False) from (None if _tells_secrets(error) else error)


def _tells_secrets(error: BaseException | None) -> bool:
    """Dagster keeps the messages of an error's causes as they are."""
    while error is not None:
        if redacted(str(error)) != str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
