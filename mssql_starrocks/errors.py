"""The exceptions users see. Transient or permanent is decided here and nowhere else."""

from __future__ import annotations


class MssqlStarrocksError(Exception):
    """Base of every error this package raises on purpose: one or two lines that say what to do next.

    Attributes:
        transient: A retry may help (deadlock, lost connection, throttling). Permanent errors are never retried.

    """

    transient = False


class ConfigError(MssqlStarrocksError):
    """A setting is missing, misspelt or of the wrong type. Names file, key and the closest valid name."""


class SelectionError(MssqlStarrocksError):
    """A selection matches no table. Our own commands refuse it instead of taking everything."""


class PlanDriftError(MssqlStarrocksError):
    """A plan on disk is not what would be copied now."""


class NameCollisionError(MssqlStarrocksError):
    """Two source names fold into one target name."""


class TypeRefusedError(MssqlStarrocksError):
    """A column cannot be copied and nothing in the configuration says what to do about it."""


class KeyRefusedError(MssqlStarrocksError):
    """StarRocks cannot hold the table's key."""


class SourceError(MssqlStarrocksError):
    """SQL Server refused or could not be reached."""


class LakeError(MssqlStarrocksError):
    """Iceberg, Glue or S3 refused or could not be reached."""


class NotCertifiedError(LakeError):
    """A load whose proof failed or was never taken. It is not published."""


class PublishConflictError(LakeError):
    """Another writer moved `main` since the audit branch was forked; publishing would lose its commit."""


class WarehouseError(MssqlStarrocksError):
    """StarRocks refused or could not be reached."""


class EngineError(MssqlStarrocksError):
    """An engine cannot run here (no Java, no jar) or its copy failed."""


class SourceUnreachableError(SourceError):
    """The network or the server failed, not the statement."""

    transient = True


class SourceBusyError(SourceError):
    """The statement lost against others (deadlock, lock time-out, throttling); the connection lives."""

    transient = True


class LakeUnreachableError(LakeError):
    """The network or the service failed; what was asked may have been done."""

    transient = True


class LakeBusyError(LakeError):
    """Throttled, or other writers were faster several times in a row."""

    transient = True


class WarehouseUnreachableError(WarehouseError):
    """The network or the server failed, not the statement."""

    transient = True


class WarehouseBusyError(WarehouseError):
    """StarRocks has no room for the statement now (connections, memory, versions, queue)."""

    transient = True


def is_transient(error: BaseException) -> bool:
    """Whether trying the same stage again may help."""
    return isinstance(error, MssqlStarrocksError) and error.transient


# https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors: lock resources,
# deadlock victim, lock timeout; memory; versions lost, or the table altered under a snapshot; server stopping, paused
# or upgrading; replica not ready; Azure failover and throttling.
_TRANSIENT_SQL_SERVER = frozenset(
    {1204, 1205, 1222, 701, 8645, 3958, 3960, 3961, 3966, 6005, 17142, 18401, 976, 983, 4221}
    | {10928, 10929, 40197, 40501, 40613, 49918, 49919, 49920}
)
# Too many connections, of the server and of the user; lock wait timeout.
_TRANSIENT_STARROCKS = frozenset({1040, 1203, 1205})
# Most of its run-time errors share number 1064, so their texts decide (StarRocks issues 20368, 16829).
_BUSY_STARROCKS = (
    "too many versions",
    "memory limit exceeded",
    "mem usage has exceed the limit",
    "memory of query_pool exceed limit",
    "backend node not found",
    "no alive backend",
    "compute node not found",
    "pending timeout",
    "reach limit of connections",
)
# The codes that botocore itself tries again (botocore/retries/standard.py), Glue's, and what S3's SDK in Arrow says.
_TRANSIENT_AWS = frozenset(
    {
        "throttling", "throttlingexception", "throttledexception", "requestthrottledexception", "requestthrottled",
        "toomanyrequestsexception", "provisionedthroughputexceededexception", "transactioninprogressexception",
        "requestlimitexceeded", "bandwidthlimitexceeded", "limitexceededexception", "slowdown",
        "priorrequestnotcomplete", "ec2throttledexception", "requesttimeout", "requesttimeoutexception",
        "internalerror", "internalserviceexception", "operationtimeoutexception", "serviceunavailable",
        "internalfailure", "networkconnection",
    }
)  # fmt: skip
_SERVER_ERROR = 500


def is_transient_sql_server(number: int) -> bool:
    """Whether SQL Server's error number means that the same statement may succeed later."""
    return number in _TRANSIENT_SQL_SERVER


def is_transient_starrocks(number: int, text: str) -> bool:
    """Whether StarRocks' error means that the same statement may succeed later."""
    return number in _TRANSIENT_STARROCKS or any(phrase in text.lower() for phrase in _BUSY_STARROCKS)


def is_transient_aws(code: str, status: int) -> bool:
    """Whether an error code of AWS (`SlowDown`, in Arrow `SLOW_DOWN`) or the HTTP status says to try later."""
    return status >= _SERVER_ERROR or code.replace("_", "").lower() in _TRANSIENT_AWS
