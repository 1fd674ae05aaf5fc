"""Loads as transactions: begin, load .. load, prepare, commit (docs.starrocks.io Stream_Load_transaction_interface).

A plain Stream Load is the same steps in one request. `Refusal` carries a `Status` beside the message.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from mssql_starrocks.sandbox.starrocks.errors import SqlError, plain, unsupported
from mssql_starrocks.sandbox.starrocks.http.source import Plan, compile_rows, plan_of, read_body
from mssql_starrocks.sandbox.starrocks.http.spec import Spec
from mssql_starrocks.sandbox.starrocks.load import Loader, Policy
from mssql_starrocks.sandbox.starrocks.meta.model import Load, Table
from mssql_starrocks.sandbox.starrocks.session import Session, translated
from mssql_starrocks.sandbox.starrocks.statements.generated import refuse_rows

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.engine import Engine

STATES = {"FINISHED": "VISIBLE", "CANCELLED": "ABORTED"}
BODY_LIMIT = 102400 << 20  # streaming_load_max_mb, of all loads of a transaction (transaction_stream_load.cpp)


class Refusal(Exception):  # noqa: N818 - an answer, not an error of the sandbox
    """An answer other than OK."""

    def __init__(self, status: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.message, self.more = status, message, more


@dataclass
class Transaction:
    """`polls`: how often its state is asked for before a commit becomes visible (a fault)."""

    job: Load
    session: Session
    table: Table
    spec: Spec | None = None
    plan: Plan | None = None
    loader: Loader | None = None
    bodies: list[bytes] = field(default_factory=list)
    polls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def size(self) -> int:
        return sum(map(len, self.bodies))


class Transactions:
    """All of a server's."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._store = engine, engine.store
        self._open: dict[tuple[str, str], Transaction] = {}
        self._lock = threading.Lock()

    def begin(self, user: str, database: str, table_name: str, label: str, kind: str = "STREAM_LOAD") -> Transaction:
        table = self._store.table(database, table_name)
        self._store.grants.need_table(user, "INSERT", table)
        refuse_rows(table)
        used = self._store.labels.live(database, label)
        if used is not None:
            status = "FINISHED" if used.finished else "RUNNING"
            raise Refusal("LABEL_ALREADY_EXISTS", f"Label [{label}] has already been used.", ExistingJobStatus=status)
        job = self._store.labels.begin(database, table_name, label, kind, user)
        found = Transaction(job, Session(self._engine, user, next(self._engine.sessions)), table)
        with self._lock:
            self._open[database, job.label] = found
        return found

    def find(self, database: str, table: str, label: str) -> Transaction:
        with self._lock:
            found = self._open.get((database, label))
        if found is None:
            # its Status is the code's name (be/src/runtime/stream_load/stream_load_context.cpp)
            raise Refusal("TXN_NOT_EXISTS", f"Transaction with label {label} not exists")
        if table and table != found.job.table:
            raise Refusal("FAILED", f"Request table {table} not equal transaction table {found.job.table}")
        return found

    def load(self, found: Transaction, spec: Spec, body: bytes) -> None:
        """A load that fails ends its transaction; its rows are read when it is prepared."""
        if not found.lock.acquire(blocking=False):
            raise Refusal("TXN_IN_PROCESSING", "Transaction is in processing")
        try:
            with self._ending(found):
                if found.job.state != "PREPARE":
                    raise Refusal("FAILED", "Transcation State Invalid")
                if found.spec not in (None, spec):
                    raise Refusal("FAILED", "load request not equal last.")
                found.spec, found.plan = spec, plan_of(found.session, found.table, spec)
                if found.size + len(body) > BODY_LIMIT:
                    raise Refusal("FAILED", f"body size exceed limit: {BODY_LIMIT}")
                found.bodies.append(body)
        finally:
            found.lock.release()

    def prepare(self, found: Transaction) -> None:
        with self._ending(found):
            if found.job.state != "PREPARE":
                raise Refusal("FAILED", "Transcation State Invalid")
            if found.spec is None or found.plan is None:
                raise unsupported("preparing a transaction without a load")
            policy = Policy(max_filter_ratio=found.spec.ratio, stream=True, deletes=found.plan.deletes)
            session, store = found.session, self._store
            loader = Loader(session.connection, found.table, policy, lambda: f"t{store.new_id()}", session.now)
            # CSV is one stream over all loads, a JSON body is complete in itself (transaction_stream_load.cpp)
            bodies = found.bodies if found.spec.json else [b"".join(found.bodies)]
            rows = read_body(bodies[0], found.spec, found.plan, found.table)
            for body in bodies[1:]:
                more = read_body(body, found.spec, found.plan, found.table)
                rows.reasons.extend(more.reasons)
                for values, added in zip(rows.values, more.values, strict=True):
                    values.extend(added)
            source = compile_rows(session, found.table, found.spec, found.plan, rows)
            loader.prepare(source, found.plan.given, found.job)
            session.unregister()
            found.loader, found.bodies, found.job.state = loader, [], "PREPARED"

    def commit(self, found: Transaction, polls: int = 0) -> None:
        """With `polls` it is committed and not yet visible."""
        if found.job.state != "PREPARED":
            raise unsupported("committing a transaction that is not prepared")
        found.job.state, found.polls = "COMMITTED", polls
        if not polls:
            self._publish(found)

    def roll_back(self, found: Transaction) -> None:
        if found.job.state in ("COMMITTED", "FINISHED"):
            raise Refusal("FAILED", "Transcation State Invalid")
        self._end(found, plain("rolled back by the client"))

    def state(self, user: str, database: str, label: str) -> str:
        """What the front end says of a label; asking brings a delayed commit nearer."""
        load = self._store.labels.find(database, label)
        with self._lock:
            found = self._open.get((database, label))
        if found is not None and found.job.state == "COMMITTED":
            found.polls -= 1
            if found.polls <= 0:
                self._publish(found)
                return "VISIBLE"
        return STATES.get(load.state, load.state) if load else "UNKNOWN"

    def job(self, number: int) -> Load | None:
        return self._store.labels.loads.get(number)

    def _publish(self, found: Transaction) -> None:
        assert found.loader is not None and found.plan is not None  # noqa: S101, PT018 - it is prepared
        with self._store.write_lock(found.table):
            found.loader.publish(found.plan.given, found.job)
        self._end(found, None)

    def _end(self, found: Transaction, error: Exception | None) -> None:
        if found.job.finished:
            return
        if found.loader is not None:
            found.loader.forget(found.job)
        found.session.close()
        found.bodies = []
        self._store.labels.finish(found.job, error)
        if error is not None:
            with self._lock:
                self._open.pop((found.job.database, found.job.label), None)

    @contextmanager
    def _ending(self, found: Transaction) -> Iterator[None]:
        """What fails inside ends the transaction (docs: Precautions)."""
        try:
            yield
        except Exception as error:
            self.abort(found, error)
            raise

    def abort(self, found: Transaction, error: Exception) -> None:
        """The client went away in the middle of a body, or a step failed."""
        self._end(found, translated(error) if isinstance(error, duckdb.Error) else error)


def counts(job: Load) -> dict[str, Any]:
    loaded = job.scanned - job.filtered
    return {"NumberTotalRows": job.scanned, "NumberLoadedRows": loaded, "NumberFilteredRows": job.filtered}


def message_of(error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.message
    if isinstance(error, duckdb.Error):
        error = translated(error)
    return error.text if isinstance(error, SqlError) else str(error)
