"""The server as tests and the demo use it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mssql_starrocks.sandbox.starrocks.engine import Engine
from mssql_starrocks.sandbox.starrocks.errors import login_refused
from mssql_starrocks.sandbox.starrocks.faults import Faults
from mssql_starrocks.sandbox.starrocks.http.listener import HttpListener
from mssql_starrocks.sandbox.starrocks.http.ports import BackEnd, FrontEnd
from mssql_starrocks.sandbox.starrocks.http.transactions import Transactions
from mssql_starrocks.sandbox.starrocks.meta.grants import ROOT
from mssql_starrocks.sandbox.starrocks.meta.store import Store
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.wire.listener import MysqlListener
from mssql_starrocks.sandbox.starrocks.wire.packets import Result

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.certificate import Certificate

NO_USERS: Mapping[str, str] = {"root": ""}


class StarRocks:
    """A StarRocks front end and back end in this process: MySQL protocol and HTTP on 127.0.0.1, rows in DuckDB.

    `users` gives passwords in clear; `version` is a release ("3.5.3", "4.0.2" ..) or "main" and decides where the
    rules of StarRocks changed; `backends` bounds replication_num. Rows live as long as the object. `http_port` is the
    front end's, which redirects loads to the back end's `backend_port`; with `https` it speaks TLS, and the back end
    does not (facts/starrocks.md 6).
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        users: Mapping[str, str] = NO_USERS,
        certificate: Certificate | None = None,
        version: str = "3.5.3",
        backends: int = 1,
        https: bool = False,
    ) -> None:
        self.faults = Faults()
        self.port = self.http_port = self.backend_port = 0
        self._https = https
        self._http: list[HttpListener] = []
        self._engine = Engine(Store(users, version, backends), self.faults)
        self._tls = _tls_context(certificate)
        self._listener: MysqlListener | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._listener = MysqlListener(self.host, 0, self._log_in, self._tls)
        self.port = int(self._listener.server_address[1])
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        transactions = Transactions(self._engine)
        back = HttpListener(self.host, BackEnd, self._engine, transactions)
        tls = self._tls if self._https else None
        front = HttpListener(self.host, FrontEnd, self._engine, transactions, back.address, tls)
        self._http = [front, back]
        self.http_port, self.backend_port = (int(one.server_address[1]) for one in self._http)

    def close(self) -> None:
        for listener in self._http:
            listener.stop()
        self._http = []
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.disconnect_all()
            self._listener.server_close()
            self._listener = None
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> StarRocks:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Statements as root without a connection; the rows of the last one, every value as its wire text."""
        session = Session(self._engine, ROOT, next(self._engine.sessions))
        results: list[Result] = []
        try:
            session.execute(sql, lambda result, more: results.append(result))
        finally:
            session.close()
        return [tuple(row) for row in results[-1].rows]

    def _log_in(self, user: str, matches: Callable[[bytes], bool], using_password: bool, number: int) -> Session:
        stored = self._engine.store.users.get(user)
        if stored is None or not matches(stored):
            raise login_refused(user, using_password)
        return Session(self._engine, user, number)


def _tls_context(certificate: Certificate | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    return context
