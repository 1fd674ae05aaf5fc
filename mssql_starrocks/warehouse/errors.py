"""StarRocks' errors in our words. Both the older and the newer set of numbers (facts/starrocks_measured.md 4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mssql_starrocks.errors import (
    MssqlStarrocksError,
    WarehouseBusyError,
    WarehouseError,
    WarehouseUnreachableError,
    is_transient_starrocks,
)
from mssql_starrocks.settings import StarRocksSettings, redacted

LOST = frozenset({2003, 2006, 2013, 2055})
NO_TLS = 2026
_DENIED = frozenset({1044, 1142, 1227, 5203})


@contextmanager
def explained(starrocks: StarRocksSettings, subject: str = "the statement") -> Iterator[None]:
    """Turn any exception of pymysql into one of ours.

    Raises:
        WarehouseError: or its Busy and Unreachable; one or two lines with server, table and what to do.
    """
    import pymysql

    try:
        yield
    except MssqlStarrocksError:
        raise
    except (pymysql.MySQLError, OSError) as error:
        raise _translate(error, starrocks, subject) from error


def number_of(error: BaseException) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _translate(error: Exception, starrocks: StarRocksSettings, subject: str) -> WarehouseError:
    import pymysql

    number = number_of(error)
    text = redacted(" ".join(str(error.args[1] if len(error.args) > 1 else error).split()))[:400]
    where = f"StarRocks {starrocks.host}:{starrocks.port}"
    if refused := _refused(number, text, starrocks):
        return WarehouseError(f"{where} {refused}")
    if number in LOST or isinstance(error, (OSError, pymysql.InterfaceError)):  # a connection that was lost before
        return WarehouseUnreachableError(f"{where} does not answer ({text}): check STARROCKS_HOST, STARROCKS_PORT.")
    if number in _DENIED:
        return WarehouseError(f"{where}, {subject}: {starrocks.user} lacks a privilege ({text})")
    if "primary key size exceed" in text:
        return WarehouseError(f"{where}, {subject}: a key is longer than 128 bytes; set key: none for the table.")
    kind = WarehouseBusyError if is_transient_starrocks(number, text) else WarehouseError
    return kind(f"{where}, {subject}: {text} (error {number})")


def _refused(number: int, text: str, starrocks: StarRocksSettings) -> str | None:
    """Why there is no session, where trying again cannot help."""
    if number == 1045:
        return f"refused the login of {starrocks.user}: check STARROCKS_USER and STARROCKS_PASSWORD."
    if "certificate" in text.lower():
        return (
            f"shows a certificate that is not trusted ({text[:200]}): "
            "set STARROCKS_CA_FILE to the PEM file of its authority."
        )
    if number == NO_TLS:
        return "offers no TLS, which STARROCKS_TLS=required and STARROCKS_CA_FILE ask for."
    return None
