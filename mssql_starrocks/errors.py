"""The exceptions users see. Transient or permanent is decided here and nowhere else."""

from __future__ import annotations

DISCOVER_AGAIN = "discover again (mssql-starrocks discover; a component: dg utils refresh-defs-state)"


class MssqlStarrocksError(Exception):
    """Base of every error this package raises on purpose: one or two lines that say what to do next.

    Attributes:
        transient: A retry may help (deadlock, lost connection, throttling). Permanent errors are never retried.

    """

    transient = False


class ConfigError(MssqlStarrocksError):
    """A setting is missing, misspelt or of the wrong type.

    Why: `.env`, the environment or `mssql_starrocks.yaml` says something that cannot be meant.
    Do: The message names file, key and the closest valid name: correct it there.
    """


class SelectionError(MssqlStarrocksError):
    """A selection matches no table.

    Why: A name or pattern is misspelt, or the table is excluded. Nothing is never taken for everything.
    Do: Choose from the names that the message suggests, or run `mssql-starrocks discover` when the table is new.
    """


class HomeError(MssqlStarrocksError):
    """Dagster's storage in DAGSTER_HOME cannot be read or written.

    Why: The folder is read-only or another user's, its disk is full, or its database is damaged or does not answer.
    Do: Make room or give the right to write; else set DAGSTER_HOME to another folder. What is published stays.
    """


class PlanDriftError(MssqlStarrocksError):
    """A plan on disk is not what would be copied now.

    Why: Tables, columns or the configuration changed since the plan was written; the message names the first ones.
    Do: Look at `mssql-starrocks plan --diff`, then write and review the plan anew.
    """


class NameCollisionError(MssqlStarrocksError):
    """Two source names fold into one target name.

    Why: Lake and StarRocks names are lower case letters, digits and `_`; two names of the source become the same.
    Do: Leave one of them out (`exclude`, `exclude_columns`), or give their schemas different `targets`.
    """


class TypeRefusedError(MssqlStarrocksError):
    """A column cannot be copied and nothing in the configuration says what to do about it.

    Why: Its SQL Server type has no exact place in Iceberg or StarRocks (docs/types.md).
    Do: Set the choice that the message names for the column, or leave the column out by `exclude_columns`.
    """


class KeyRefusedError(MssqlStarrocksError):
    """StarRocks cannot hold the table's key.

    Why: Its types cannot be in a key, or it is longer than 128 bytes.
    Do: Set `key:` of the table to another unique index, or to `none`.
    """


class SourceError(MssqlStarrocksError):
    """SQL Server refused a statement or the login.

    Why: A right is missing, the table was dropped or altered, or the server's certificate is not trusted.
    Do: The message has the GRANT, setting or command; after a change of the table run `mssql-starrocks discover`.
    """


class LakeError(MssqlStarrocksError):
    """Iceberg, Glue or S3 refused.

    Why: A right, a bucket or a table is missing, credentials expired, or the table is not ours.
    Do: The message names it. Nothing was published; start again when it is mended.
    """


class LakeDeniedError(LakeError):
    """AWS does not let the copy do it.

    Why: The keys are wrong, or a right of the printed IAM policy is missing.
    Do: `mssql-starrocks doctor` prints the statement that gives it; docs/permissions.md has the whole policy.
    """


class NotCertifiedError(LakeError):
    """A load is not published, because its proof failed or was never taken.

    Why: What is in the lake is not what SQL Server said at the point, or a loss was not accepted.
    Do: Read the failed check: it names columns and rows. Copy the table again, or set what the check says.
    """


class PublishConflictError(LakeError):
    """Another writer moved `main` since the load began; publishing would lose its commit.

    Why: Another program writes to the Iceberg table, compaction included, or two runs copied it at once.
    Do: Copy the table again; keep other writers away from tables that this program owns.
    """


class WarehouseError(MssqlStarrocksError):
    """StarRocks refused, or does not hold what it should.

    Why: A right is missing, the table is not ours, a value does not fit, or a proof failed. The target is as it was
    unless the message says that it was replaced.
    Do: The message names it. Start the load again when it is mended.
    """


class EngineError(MssqlStarrocksError):
    """An engine cannot run here, or its copy failed.

    Why: No Java 17, a jar is missing or altered, or Spark failed.
    Do: Run `mssql-starrocks jars`; set `engine: arrow` to do without Spark.
    """


class SourceUnreachableError(SourceError):
    """SQL Server does not answer, or the connection was lost.

    Why: The network, the server, a firewall or MSSQL_HOST.
    Do: It was tried again already (`retries`). Check host and port, then start again: nothing is lost.
    """

    transient = True


class SourceBusyError(SourceError):
    """The statement lost against others (deadlock, lock time-out, throttling); the connection lives.

    Why: Other sessions hold locks, or the service limits this one.
    Do: It was tried again already. Allow snapshot isolation, which waits for no lock, or read later.
    """

    transient = True


class LakeUnreachableError(LakeError):
    """AWS or the catalog does not answer.

    Why: The network, AWS_ENDPOINT_URL or AWS_REGION. What was asked may be done: the next attempt finds out.
    Do: It was tried again already. Start again when the service is back: nothing is lost.
    """

    transient = True


class LakeBusyError(LakeError):
    """AWS throttles, or other writers were faster several times in a row.

    Why: Too many requests at once, or a service in trouble.
    Do: It was tried again already. Lower the number of tables at a time, or start again later.
    """

    transient = True


class WarehouseUnreachableError(WarehouseError):
    """StarRocks does not answer, or the connection was lost.

    Why: The network, the front end, a firewall or STARROCKS_HOST. A lost answer is asked for by the load's label.
    Do: It was tried again already (`retries`). Start again when it is back: the target is as it was.
    """

    transient = True


class WarehouseBusyError(WarehouseError):
    """StarRocks has no room for the statement now (connections, memory, versions, queue).

    Why: Other loads or queries, or compaction that is behind.
    Do: It was tried again already. Lower the number of tables at a time, or start again later.
    """

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
