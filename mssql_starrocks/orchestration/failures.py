"""How an error looks to Dagster: one message."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.settings import redacted


@contextmanager
def one_line_failures(what: str) -> Iterator[None]:
    """Turn every error inside into a Failure that Dagster does not retry: the stage itself has (retries.py).

    An error that nobody raised on purpose keeps its traceback, because it is a defect of ours.
    """
    try:
        yield
    except (dg.Failure, dg.RetryRequested):  # of a user's own `execute`
        raise
    except MssqlStarrocksError as error:
        text = str(error)
        raise dg.Failure(text if what in text else f"{what}: {text}", allow_retries=False) from None
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
