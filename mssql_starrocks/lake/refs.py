"""Commits of branches and tags, which never share a transaction with data (lake_measured 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mssql_starrocks.retries import commits

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.update.snapshot import ManageSnapshots

# Milliseconds. Expiry by other tools may then drop a branch that nobody published; `clean` goes by keep_failed_days.
FAILED_AGE = 7 * 86_400_000


def change_refs(table: Table, change: Callable[[ManageSnapshots], ManageSnapshots], main: int | None = None) -> None:
    """Commit a change of refs; `main` is the snapshot that it makes main, whose schema becomes the table's.

    Glue refuses whatever was committed meanwhile, also elsewhere in the table: then the table is loaded afresh and
    `change`, which must look at it again by itself, is done again.

    Raises:
        CommitFailedException: others were faster every time.
    """
    from pyiceberg.exceptions import CommitFailedException
    from pyiceberg.table.update.snapshot import ManageSnapshots

    from mssql_starrocks.lake.schemas import SetSchema

    for attempt in commits(CommitFailedException):
        with attempt:
            if attempt.retry_state.attempt_number > 1:
                table.refresh()
            transaction = table.transaction()
            head = None if main is None else table.snapshot_by_id(main)
            if head is not None and head.schema_id is not None:
                SetSchema(transaction, head.schema_id).commit()
            change(ManageSnapshots(transaction)).commit()
            transaction.commit_transaction()
