"""Builds with a defect each, made by patches in the child. A harness that lets one pass is broken itself."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any


def publish_before_the_checks() -> None:
    """The copy loses a row, nobody looks before `main` moves."""
    from mssql_starrocks import stages
    from mssql_starrocks.engines import arrow
    from mssql_starrocks.stages import publishing

    real = arrow.shape
    arrow.shape = lambda batch, *rest: real(batch, *rest)[1:]
    stages.prove_snapshot = lambda *_: ()
    publishing._certify_now = lambda *_: None


def ledger_before_the_load() -> None:
    """The ledger says that the snapshot is in before anything of it is."""
    from mssql_starrocks.stages import loading
    from mssql_starrocks.warehouse import ledger
    from mssql_starrocks.warehouse import replace as replacing

    real_published, real_shadow = loading.published, replacing.make_shadow
    current: list[Any] = []

    def published(*args: Any) -> Any:
        current[:] = [real_published(*args)]
        return current[0]

    def make_shadow(session: Any, chain: Any, starrocks: Any, name: str) -> Any:
        load = current[0]
        before = ledger.read(session, chain)
        entry = replace(before, snapshot_id=load.snapshot_id, load_id=load.evidence.load_id)
        ledger.record(session, starrocks, chain, entry)
        return real_shadow(session, chain, starrocks, name)

    loading.published, replacing.make_shadow = published, make_shadow


def retry_without_asking() -> None:
    """A load whose answer was lost is sent again under another label."""
    from mssql_starrocks.errors import WarehouseUnreachableError
    from mssql_starrocks.warehouse.connect import warehouse_session
    from mssql_starrocks.warehouse.external import ensure_catalog
    from mssql_starrocks.warehouse.loaders.catalog_insert import CatalogInsert
    from mssql_starrocks.warehouse.loaders.stream_load import StreamLoad, _Transaction

    real_stream = StreamLoad.load

    def insert(self: Any, session: Any, order: Any) -> int:
        ensure_catalog(session, self._starrocks, self._lake)
        try:
            return int(session.run(self._statement(order)).rows)
        except WarehouseUnreachableError:
            with warehouse_session(self._starrocks) as second:
                return int(second.run(self._statement(replace(order, label=f"{order.label}_2"))).rows)

    def commit(self: Any) -> None:
        self._refuse(self._http.call("POST", "/api/transaction/commit", self._headers), "commit")

    def stream(self: Any, session: Any, order: Any) -> int:
        try:
            return real_stream(self, session, order)
        except WarehouseUnreachableError:
            return real_stream(self, session, replace(order, label=f"{order.label}_2"))

    _Transaction.commit = commit
    CatalogInsert.load, StreamLoad.load = insert, stream


def leave_a_process() -> None:
    """A child in a session of its own outlives the run."""
    import subprocess

    subprocess.Popen(["sleep", "600"], start_new_session=True)


DEFECTS: Mapping[str, Callable[[], None]] = {
    "publish before the checks": publish_before_the_checks,
    "ledger before the load": ledger_before_the_load,
    "retry without asking": retry_without_asking,
    "leave a process": leave_a_process,
}
