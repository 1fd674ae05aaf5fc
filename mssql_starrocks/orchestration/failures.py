"""How an error looks to Dagster: one message, and a retry only where one can help (errors.py decides)."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from mssql_starrocks.errors import MssqlStarrocksError

RETRIES = dg.RetryPolicy(max_retries=3, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


@contextmanager
def one_line_failures(what: str) -> Iterator[None]:
    """Turn every error inside into a Failure; transient ones may be retried by the step's retry policy.

    An error that nobody raised on purpose keeps its traceback, because it is a defect of ours.
    """
    try:
        yield
    except dg.Failure:
        raise
    except MssqlStarrocksError as error:
        text = str(error)
        named = text if what in text else f"{what}: {text}"
        raise dg.Failure(named, allow_retries=error.transient) from None
    except Exception as error:
        raise dg.Failure(f"{what}: {type(error).__name__}: {error}", allow_retries=False) from error
