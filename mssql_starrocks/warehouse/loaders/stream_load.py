"""For a StarRocks that cannot reach the lake: this process reads the snapshot and sends it over HTTP.

A few transactions of Stream Load (begin, load .. load, prepare, commit) side by side, each with a label of its own. The
loads of one are sent one after the other, because a second one at the same time is refused (TXN_IN_PROCESSING,
transaction_stream_load.cpp); a transaction takes 100 GB (streaming_load_max_mb). Facts: facts/starrocks.md 4.2.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from mssql_starrocks.errors import WarehouseError, WarehouseUnreachableError
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name
from mssql_starrocks.warehouse.http import StarRocksHttp
from mssql_starrocks.warehouse.loaders.bodies import PART_BYTES, Layout, Part, body_of, layout_of, parts
from mssql_starrocks.warehouse.loaders.order import LoadOrder

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Callable[[int, Sequence[str]], "Iterable[pa.RecordBatch]"]
_SECONDS = 14400
_VISIBLE_SECONDS = 600
_LABEL_USED = frozenset({"LABEL_ALREADY_EXISTS", "Label Already Exists"})
_UNDECIDED = frozenset({"COMMITTED", "PRECOMMITTED"})
# The defaults are lenient and in Asia/Shanghai (facts/starrocks.md 4.2).
_STRICT = {"strict_mode": "true", "max_filter_ratio": "0", "timezone": "UTC"}


class StreamLoad:
    """Sends a snapshot's rows; `rows` gives the batches of the named columns at a snapshot."""

    name = "stream_load"

    def __init__(self, starrocks: StarRocksSettings, rows: Rows, part_bytes: int = PART_BYTES) -> None:
        self._http = StarRocksHttp(starrocks)
        self._streams, self._rows, self._part_bytes = starrocks.streams, rows, part_bytes

    def load(self, session: WarehouseSession, order: LoadOrder) -> int:
        """Load in one transaction for each stream; none is committed before all are prepared.

        Raises:
            WarehouseError: StarRocks refused; nothing was loaded.
            WarehouseUnreachableError: a connection was lost and a label did not become visible.
        """
        layout = layout_of(order.chain)
        names = [c.name for c in order.chain.columns] + [a.name for a in order.chain.audit_columns()]
        made = parts(layout, self._rows(order.snapshot_id, names), self._part_bytes)
        streams = [_Stream(_Transaction(self._http, order, n), layout) for n in range(self._streams)]
        try:
            sent = _send(streams, _ahead(made))
            begun = [s.transaction for s in streams if s.rows]
            loaded = sum(transaction.prepare() for transaction in begun)
            if loaded != sent:
                raise WarehouseError(f"{order.subject}: {sent:,} rows were sent and StarRocks took {loaded:,}.")
            for transaction in begun:
                transaction.commit()
        except _LabelUsedError:
            return self._loaded_before(session, streams[0].transaction, order)
        except BaseException:
            for stream in streams:
                stream.transaction.roll_back()
            if any(stream.transaction.committed for stream in streams):
                with suppress(WarehouseError):
                    session.run(f"TRUNCATE TABLE {table_name(order.into)}", order.subject)
            raise
        return sent

    @staticmethod
    def _loaded_before(session: WarehouseSession, transaction: _Transaction, order: LoadOrder) -> int:
        """What became of a label that is used: the rows of the table when its load is in."""
        state = transaction.settled()
        if state != "VISIBLE":
            raise WarehouseError(f"{order.subject}: label {order.label} is used by a load that is {state.lower()}.")
        return int(session.rows(f"SELECT count(*) FROM {table_name(order.into)}", order.subject)[0][0])


class _LabelUsedError(Exception):
    """The load was made before; which of its streams says so first is chance."""


class _Stream:
    """One transaction and the rows it was sent; it begins with the first part."""

    def __init__(self, transaction: _Transaction, layout: Layout) -> None:
        self.transaction, self._layout = transaction, layout
        self.rows = 0

    def send(self, coming: _Shared) -> None:
        for part in coming:
            if not self.rows and not self.transaction.begin():
                raise _LabelUsedError
            self.transaction.load(self._layout.headers, body_of(self._layout, part))
            self.rows += part.rows


class _Shared:
    """Parts for several threads; after an error of one there are none for the others."""

    def __init__(self, made: Iterator[Part]) -> None:
        self._made, self._lock, self._ended = made, threading.Lock(), False

    def __iter__(self) -> _Shared:
        return self

    def __next__(self) -> Part:
        with self._lock:
            if self._ended:
                raise StopIteration
            return next(self._made)

    def end(self) -> None:
        self._ended = True


def _send(streams: Sequence[_Stream], made: Iterator[Part]) -> int:
    """Share the parts among the streams; returns the rows sent."""
    coming = _Shared(made)

    def work(stream: _Stream) -> None:
        try:
            stream.send(coming)
        except BaseException:
            coming.end()
            raise

    with ThreadPoolExecutor(len(streams)) as pool:
        working = [pool.submit(work, stream) for stream in streams]
        try:
            wait(working)
        except BaseException:  # Ctrl-C
            coming.end()
            raise
    for done in working:
        done.result()
    return sum(stream.rows for stream in streams)


class _Transaction:
    """One label of Stream Load's transaction interface; the first stream's is the load's own."""

    def __init__(self, http: StarRocksHttp, order: LoadOrder, number: int = 0) -> None:
        self._http, self._order = http, order
        self._label = f"{order.label}_{number}" if number else order.label
        database, table = order.into
        self._headers = {"label": self._label, "db": database, "table": table}
        self._begun = False
        self.committed = False

    def begin(self) -> bool:
        """False when the label was used before."""
        self._begun = True  # also when the answer is lost
        answer = self._http.call("POST", "/api/transaction/begin", {**self._headers, "timeout": str(_SECONDS)})
        if answer.get("Status") in _LABEL_USED:
            self._begun = False
            return False
        self._refuse(answer, "begin")
        return True

    def load(self, headers: Mapping[str, str], body: Sequence[bytes | memoryview]) -> None:
        answer = self._http.call("PUT", "/api/transaction/load", {**self._headers, **_STRICT, **headers}, body)
        self._refuse(answer, "load")

    def prepare(self) -> int:
        """The rows that StarRocks took; a load answers before all of its rows are read."""
        answer = self._http.call("POST", "/api/transaction/prepare", self._headers)
        self._refuse(answer, "prepare")
        filtered = int(answer.get("NumberFilteredRows", 0))
        if filtered:
            raise WarehouseError(f"{self._order.subject}: StarRocks filtered {filtered:,} rows. {_details(answer)}")
        return int(answer.get("NumberLoadedRows", -1))

    def commit(self) -> None:
        """Commit and wait until readers see the rows; a lost or unclear answer is asked about.

        Raises:
            WarehouseError: the transaction is not committed, or it is and does not become visible.
        """
        problem: WarehouseError | None = None
        try:
            answer = self._http.call("POST", "/api/transaction/commit", self._headers)
            self._refuse(answer, "commit")
        except WarehouseError as error:
            problem = error
        state = self.settled()
        if state == "PREPARED" and isinstance(
            problem, WarehouseUnreachableError
        ):  # the request was lost, not the answer
            self._refuse(self._http.call("POST", "/api/transaction/commit", self._headers), "commit")
            state, problem = self.settled(), None
        if state == "VISIBLE":
            self._begun, self.committed = False, True
            return
        self.roll_back()
        raise problem or WarehouseError(
            f"{self._order.subject}: load {self._label} is {state.lower()} and not visible."
        )

    def roll_back(self) -> None:
        """Best effort: StarRocks itself rolls an idle transaction back."""
        if self._begun:
            with suppress(WarehouseError):
                self._http.call("POST", "/api/transaction/rollback", self._headers)

    def settled(self) -> str:
        """The label's state, waited for while it is committed and not yet visible ("Publish Timeout")."""
        waiting = Retrying(
            retry=retry_if_result(lambda state: state in _UNDECIDED),
            wait=wait_exponential(0.1, max=5),
            stop=stop_after_delay(_VISIBLE_SECONDS),
        )
        try:
            return waiting(self._state)
        except RetryError:
            raise WarehouseUnreachableError(
                f"{self._order.subject}: load {self._label} is committed and not visible after "
                f"{_VISIBLE_SECONDS} s: look at StarRocks' back ends, then load again."
            ) from None

    def _state(self) -> str:
        path = f"/api/{quote(self._order.into[0])}/get_load_state?label={quote(self._label)}"
        return str(self._http.call("GET", path).get("state") or "UNKNOWN")

    def _refuse(self, answer: Mapping[str, Any], step: str) -> None:
        if answer.get("Status") != "OK":
            raise WarehouseError(f"{self._order.subject}: Stream Load {step} failed: {_details(answer)}")


def _ahead(made: Iterator[Part]) -> Iterator[Part]:
    """The next part is made while one is sent: two of them are in memory."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, made, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, made, None)
            yield part


def _details(answer: Mapping[str, Any]) -> str:
    text = " ".join(str(answer.get("Message") or answer.get("Status") or "no message").split())[:400]
    url = answer.get("ErrorURL")
    return f"{text} (rows: {url})" if url else text
