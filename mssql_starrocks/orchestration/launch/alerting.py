"""Alerts of runs in this process: no sensor sees them, and whoever relies on alerts must hear of them all the same."""

from __future__ import annotations

import logging

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.alerts import Alert, Failed, Receiver
from mssql_starrocks.orchestration.launch.results import TableResult

_LOG = logging.getLogger("mssql_starrocks")


def alert(receiver: Receiver, what: str, result: TableResult, webserver: str | None) -> None:
    """Tell of a table that is not certified; that nobody takes it harms no copy.

    Args:
        receiver: is called with the alert.
        what: `migrate` or `validate`, in the place of a job's name.
        result: of a run that ended.
        webserver: where the run can be looked at, if it is kept.
    """
    table, run_id = str(result.table), result.run_id or ""
    failed = [Failed(table, f"{c.asset}, check {c.name}", c.summary) for c in result.checks if not c.passed]
    url = WebserverAddress.parse(webserver).run(run_id) if webserver else None
    try:
        receiver(Alert(what, run_id, url, tuple(failed) or (Failed(table, "run", result.error),)))
    except MssqlStarrocksError as error:
        _LOG.warning("%s: %s", table, error)
