"""The errors of PyIceberg, boto3 and Arrow's S3 in our words."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from mssql_starrocks.errors import (
    LakeBusyError,
    LakeDeniedError,
    LakeError,
    LakeUnreachableError,
    MssqlStarrocksError,
    is_transient_aws,
)
from mssql_starrocks.settings import LakeSettings, redacted

_REFUSED = (
    "UnrecognizedClient",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AccessDenied",
    "InvalidClientTokenId",
    "NoCredentials",
    "ACCESS_DENIED",
)
_EXPIRED = ("ExpiredToken", "RequestExpired")
# boto3's, Arrow's and requests' names for a connection that cannot be made or was lost.
_GONE = (
    "EndpointConnection",
    "ConnectTimeout",
    "ReadTimeout",
    "ConnectionError",
    "ConnectionClosed",
    "NETWORK_CONNECTION",
    "Connection reset",
    "ProtocolError",
)
# PyIceberg's for a REST catalog that is busy or does not know what became of a commit, and for another writer's commit;
# SQLite's for another process.
_BUSY = (
    "ServiceUnavailableError",
    "ServerError",
    "TooManyRequestsError",
    "CommitStateUnknownException",
    "CommitFailedException",
    "WaitingForLockException",
    "database is locked",
)
_ARROW = re.compile(r"AWS Error (?P<code>[A-Z_]+)")
_STATUS = re.compile(r"HTTP status (?P<status>\d{3})")


@contextmanager
def explained(lake: LakeSettings, table: tuple[str, str] | None = None) -> Iterator[None]:
    """Turn any exception of PyIceberg, boto3 or Arrow's S3 into one of ours.

    Raises:
        LakeError, LakeBusyError, LakeUnreachableError: one or two lines with catalog, table and what to do.
    """
    try:
        yield
    except MssqlStarrocksError:
        raise
    except Exception as error:
        raise translate(error, lake, table) from error


def translate(error: Exception, lake: LakeSettings, table: tuple[str, str] | None = None) -> LakeError:
    text = redacted(" ".join(f"{type(error).__name__}: {error}".split()))[:300]
    subject = f"table {'.'.join(table)}" if table else f"{lake.catalog} catalog"
    if any(word in text for word in _REFUSED):
        return LakeDeniedError(
            f"{subject}: AWS refused the credentials ({text}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and its "
            "rights."
        )
    if advice := _advice(error, text, lake):
        return LakeError(f"{subject}: {advice}")
    if is_transient_aws(*_code_and_status(error, text)) or any(word in text for word in _BUSY):
        return LakeBusyError(f"{subject}: {text}")
    if any(word in text for word in _GONE):
        return LakeUnreachableError(
            f"{subject}: AWS does not answer ({text}): check AWS_ENDPOINT_URL, AWS_REGION and the network."
        )
    return LakeError(f"{subject}: {text}")


def _advice(error: Exception, text: str, lake: LakeSettings) -> str | None:
    """What to do where trying again cannot help."""
    if any(word in text for word in _EXPIRED):
        return f"AWS credentials have expired ({text}): renew them and start again."
    missing = "Path does not exist" in text  # Arrow says it of a bucket and of a file
    if missing and f"'{lake.bucket}/" in text:
        return f"a file of it is not there any more ({text}): somebody deleted it. Copy the whole table again."
    if missing or "NoSuchBucket" in text or "NO_SUCH_BUCKET" in text:
        return f"bucket {lake.bucket} is not there ({text}): check S3_BUCKET and AWS_REGION."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"no space is left ({text}): make room in {lake.warehouse} and start again."
    return None


def _code_and_status(error: Exception, text: str) -> tuple[str, int]:
    """What boto3 or Arrow say of AWS's answer."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return str(answer.get("Error", {}).get("Code", "")), int(status)
    code, status = _ARROW.search(text), _STATUS.search(text)
    return (code["code"] if code else ""), (int(status["status"]) if status else 0)
