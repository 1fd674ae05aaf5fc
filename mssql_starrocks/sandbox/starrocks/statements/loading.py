"""What every statement that writes rows shares: the job, its label, the table's lock, the answer."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled
from mssql_starrocks.sandbox.starrocks.load import Loader, Policy
from mssql_starrocks.sandbox.starrocks.meta.model import Column, Load, Table
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.statements.generated import refuse_rows
from mssql_starrocks.sandbox.starrocks.wire.packets import Result


def load_into(
    session: Session,
    table: Table,
    source: Compiled,
    given: Sequence[Column],
    kind: str,
    label: str = "",
    policy: Policy | None = None,
) -> Result:
    """Rows of `source` into the columns `given`; a failed load frees its label."""
    refuse_rows(table)
    store = session.store
    policy = policy or Policy(session.cast_mode)
    job = store.labels.begin(table.database, table.name, label, kind, session.user)
    try:
        with store.write_lock(table):
            loader = Loader(session.connection, table, policy, lambda: f"t{store.new_id()}", session.now)
            loader.run(source, given, job)
    except Exception as error:
        store.labels.finish(job, _explained(error))
        raise
    store.labels.finish(job)
    return answer(job)


def _explained(error: Exception) -> Exception:
    import duckdb

    from mssql_starrocks.sandbox.starrocks.session import translated

    return translated(error) if isinstance(error, duckdb.Error) else error


def answer(job: Load) -> Result:
    info = f"{{'label':'{job.label}', 'status':'VISIBLE', 'txnId':'{job.id}'}}"
    return Result(affected=job.sunk, info=info, warnings=job.filtered)
