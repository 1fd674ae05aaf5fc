"""Changes of branches and tags alone, which PyIceberg does not try again by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.update.snapshot import ManageSnapshots


def change_refs(table: Table, change: Callable[[ManageSnapshots], ManageSnapshots]) -> None:
    """Commit a change of refs. Glue refuses whatever was committed meanwhile, also elsewhere in the table: then the
    table is loaded afresh and `change`, which must look at it again by itself, is done again.
    """
    from pyiceberg.exceptions import CommitFailedException

    retry = Retrying(
        retry=retry_if_exception_type(CommitFailedException),
        stop=stop_after_attempt(6),
        wait=wait_random_exponential(0.1, max=5),
        reraise=True,
    )
    for attempt in retry:
        with attempt:
            if attempt.retry_state.attempt_number > 1:
                table.refresh()
            change(table.manage_snapshots()).commit()
