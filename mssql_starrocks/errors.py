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


class WarehouseUnreachableError(WarehouseError):
    """The network or the server failed, not the statement."""

    transient = True


# https://learn.microsoft.com/sql/relational-databases/errors-events: deadlock victim, lock timeout, resource limits,
# Azure failover and throttling.
_TRANSIENT_SQL_SERVER = frozenset({1204, 1205, 1222, 3960, 10928, 10929, 40197, 40501, 40613, 49918, 49919, 49920})


def is_transient_sql_server(number: int) -> bool:
    """Whether SQL Server's error number means that the same statement may succeed later."""
    return number in _TRANSIENT_SQL_SERVER
