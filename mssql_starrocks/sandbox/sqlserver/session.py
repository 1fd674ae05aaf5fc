"""One client connection: login, a reader thread that sees attentions, a worker that runs requests."""

import queue
import socket
import ssl
import struct
import threading
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from mssql_starrocks.sandbox.sqlserver import encode, login, rpc, tokens, utf16, wire
from mssql_starrocks.sandbox.sqlserver.encode_value import encode_value
from mssql_starrocks.sandbox.sqlserver.engine import Engine
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, translate, unsupported
from mssql_starrocks.sandbox.sqlserver.executor import Executor
from mssql_starrocks.sandbox.sqlserver.faults import Fault, Faults, SilentFailure
from mssql_starrocks.sandbox.sqlserver.outcome import DatabaseChanged, Done, Outcome, Rows, TransactionChanged, Value
from mssql_starrocks.sandbox.sqlserver.types import INT

_LEVELS = {0: "", 1: "READ UNCOMMITTED", 2: "READ COMMITTED", 3: "REPEATABLE READ", 4: "SERIALIZABLE", 5: "SNAPSHOT"}
_TRANSACTION_ENV = {"begin": 8, "commit": 9, "rollback": 10}
_DONE_NOTHING = ("sp_unprepare", "sp_cursorunprepare", "sp_reset_connection")


@dataclass(frozen=True)
class Settings:
    """What all sessions of one server share."""

    engine: Engine
    users: Mapping[str, str]
    encryption: login.Encryption
    contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None
    default_database: str
    faults: Faults


class Cancelled(Exception):  # noqa: N818 - an attention is not an error
    """The client sent an attention."""


class Session:
    def __init__(self, sock: socket.socket, settings: Settings) -> None:
        self._wire = wire.Wire(sock)
        self._settings = settings
        self._requests: queue.Queue[tuple[int, bytes, bool] | None] = queue.Queue()
        self._cancelled = threading.Event()
        self._prepared = rpc.Prepared()
        self._executor: Executor | None = None
        self._transaction = b""
        self._fault: Fault | None = None
        self._sent = 0

    def run(self) -> None:
        """Serve the client until it leaves; returns when the connection is closed."""
        try:
            self._executor = self._login()
            worker = threading.Thread(target=self._work, args=(self._executor,), daemon=True, name="tds-worker")
            worker.start()
            self._read(self._executor)
        except (OSError, ConnectionError, struct.error, IndexError, UnicodeError):
            pass  # the client went away, or never spoke TDS
        finally:
            self._cancelled.set()
            self._requests.put(None)
            if self._fault is not None:
                self._settings.faults.release()
            if self._executor is not None:
                self._executor.interrupt()
                worker.join(timeout=10)
                self._executor.close()
            self._wire.close()

    def close(self) -> None:
        self._wire.close()

    def _login(self) -> Executor:
        strict = self._wire.sock.recv(1, socket.MSG_PEEK) == b"\x16"
        if strict and self._settings.contexts is None:
            raise ConnectionError("TDS 8 without a certificate")
        if strict and self._settings.contexts is not None:
            self._wire.handshake(self._settings.contexts[1], wrapped=False)
        kind, payload = self._wire.message()
        only_login = False
        if kind == wire.PRELOGIN:
            only_login = self._negotiate(payload, strict)
            kind, payload = self._wire.message()
        if only_login:
            self._wire.tls = None
        return self._admit(login.parse_login(kind, payload), strict)

    def _negotiate(self, payload: bytes, strict: bool) -> bool:
        """Answer PRELOGIN and shake hands; True when TLS covers the login packet only."""
        options = login.prelogin_options(payload)
        wish = options.get(1, b"\x02")[0]
        shared = self._settings
        answer = login.answer_encryption(
            wish, shared.encryption, has_certificate=shared.contexts is not None, strict=strict
        )
        self._wire.end(login.prelogin_answer(answer, options))
        if answer == login.REQUIRED and wish == login.NOT_SUPPORTED:
            raise ConnectionError("encryption is required and the client cannot encrypt")
        if answer != login.NOT_SUPPORTED and shared.contexts is not None:
            self._wire.handshake(shared.contexts[0], wrapped=True)
        return answer == login.OFF

    def _admit(self, asked: login.Login, strict: bool) -> Executor:
        failure = login.check(asked, self._settings.users)
        database = self._settings.engine.database_name(asked.database or self._settings.default_database)
        if failure is None and database is None:
            message = f'Cannot open database "{asked.database}" requested by the login. The login failed.'
            self._wire.put(tokens.error(SqlError(4060, message, 11)))
            failure = SqlError(18456, f"Login failed for user '{asked.user}'.", 14)
        if failure is not None or database is None:
            assert failure is not None  # noqa: S101 - narrows the type
            self._wire.end(tokens.error(failure) + tokens.done(status=tokens.ERROR))
            raise ConnectionError(failure.message)
        self._wire.end(login.welcome(asked, database, strict=strict))
        self._wire.packet_size = asked.packet_size
        return Executor(self._settings.engine, asked.user, database)

    def _read(self, executor: Executor) -> None:
        while True:
            kind, payload = self._wire.message()
            reset, self._wire.reset = self._wire.reset, False
            if kind == wire.ATTENTION:
                self._cancelled.set()
                executor.interrupt()
            self._requests.put((kind, payload, reset))

    def _work(self, executor: Executor) -> None:
        try:
            while (request := self._requests.get()) is not None:
                kind, payload, reset = request
                if kind == wire.ATTENTION:
                    self._cancelled.clear()
                    self._wire.end(tokens.done(status=tokens.ATTENTION))
                    continue
                if reset:
                    executor.reset()
                self._serve(executor, kind, payload)
        except (OSError, ConnectionError):
            pass
        finally:
            self._wire.close()

    def _serve(self, executor: Executor, kind: int, payload: bytes) -> None:
        try:
            for part in self._reply(executor, kind, payload):
                if self._cancelled.is_set():
                    raise Cancelled
                if len(part):
                    self._wire.put(part)
            if self._cancelled.is_set():
                raise Cancelled
            self._wire.end()
        except (ConnectionError, BrokenPipeError):
            raise
        except SilentFailure:
            executor.failed(unsupported("going on after a fault of the tests"))
            self._wire.end(tokens.done(status=tokens.ERROR))
        except Exception as failure:
            if self._cancelled.is_set():
                self._acknowledge_attention(executor)
            else:
                rolled_back = executor.failed(translate(failure))
                extra = self._environment("rollback") if rolled_back else b""
                self._wire.end(extra + tokens.error(translate(failure)) + tokens.done(status=tokens.ERROR))
        finally:
            self._wire.on_packets, self._fault = None, None

    def _acknowledge_attention(self, executor: Executor) -> None:
        executor.failed(unsupported("cancelled"))
        kind = None
        while kind != wire.ATTENTION:
            request = self._requests.get()
            if request is None:
                raise ConnectionError("the client went away")
            kind = request[0]
        self._cancelled.clear()
        self._wire.end(tokens.done(status=tokens.ATTENTION))

    def _reply(self, executor: Executor, kind: int, payload: bytes) -> Iterator[bytes | memoryview]:
        body = payload[struct.unpack("<I", payload[:4])[0] :]
        if kind == wire.SQL_BATCH:
            yield from self._batch(executor, utf16.decode(body), {}, in_procedure=False)
        elif kind == wire.RPC:
            yield from self._call(executor, rpc.parse_call(body))
        elif kind == wire.TRANSACTION:
            yield self._transaction_request(executor, body)
        else:
            raise unsupported(f"packet type {kind}")

    def _batch(
        self, executor: Executor, sql: str, parameters: Mapping[str, Value], *, in_procedure: bool
    ) -> Iterator[bytes | memoryview]:
        self._arm(sql)
        pending: tuple[int, int | None] | None = None
        token = tokens.DONE_IN_PROC if in_procedure else tokens.DONE
        for outcome in executor.run(sql, parameters, in_procedure=in_procedure):
            if pending is not None and isinstance(outcome, (Rows, Done)):
                yield self._done(token, tokens.MORE, *pending)
                pending = None
            if isinstance(outcome, Rows):
                count = yield from self._rows(outcome)
                pending = (tokens.SELECT, count)
            elif isinstance(outcome, Done):
                pending = (outcome.command, outcome.rows)
            else:
                yield self._changed(outcome)
        if pending is not None or not in_procedure:
            yield self._done(token, tokens.MORE if in_procedure else 0, *(pending or (0, None)))

    @staticmethod
    def _done(token: int, status: int, command: int, rows: int | None) -> bytes:
        return tokens.done(token, status | (0 if rows is None else tokens.COUNT), command, rows or 0)

    def _rows(self, rows: Rows) -> Generator[bytes | memoryview, None, int]:
        if rows.replay_key and self._fault is None:
            return (yield from self._replayed(rows))
        yield tokens.column_metadata(rows.columns)
        kinds = [column.type for column in rows.columns]
        count = 0
        for batch in rows.batches:
            fault = self._fault
            if fault is not None and fault.of_rows and count + batch.num_rows >= fault.after:
                yield encode.rows(kinds, batch.slice(0, fault.after - count))
                raise fault.failure()
            yield encode.rows(kinds, batch)
            count += batch.num_rows
        return count

    def _replayed(self, rows: Rows) -> Generator[bytes, None, int]:
        count = yield from self._settings.engine.replay.serve(self._wire, rows)
        if self._executor is not None:
            self._executor.row_count = count
        return count

    def _changed(self, outcome: Outcome) -> bytes:
        if isinstance(outcome, DatabaseChanged):
            context = f"Changed database context to '{outcome.name}'."
            return tokens.env_text(1, outcome.name) + tokens.info(5701, context)
        assert isinstance(outcome, TransactionChanged)  # noqa: S101 - narrows the type
        return self._environment(outcome.kind)

    def _environment(self, kind: str) -> bytes:
        if kind == "begin":
            self._transaction = struct.pack("<Q", id(self) & 0xFFFFFFFF | 1 << 32)
            return tokens.env_bytes(8, self._transaction)
        old, self._transaction = self._transaction, b""
        return tokens.env_bytes(_TRANSACTION_ENV[kind], b"", old)

    def _transaction_request(self, executor: Executor, body: bytes) -> bytes:
        request = struct.unpack("<H", body[:2])[0]
        if request == 5:
            changed = executor.begin(_LEVELS.get(body[2], ""))
        elif request in (7, 8):
            changed = executor.commit() if request == 7 else executor.rollback()
        else:
            raise unsupported(f"transaction manager request {request}")
        out = b"".join(self._changed(outcome) for outcome in changed)
        after_name = 3 + body[2]
        if request != 5 and len(body) > after_name and body[after_name] & 1:
            out += b"".join(self._changed(outcome) for outcome in executor.begin(""))
        return out + tokens.done()

    def _call(self, executor: Executor, call: rpc.Call) -> Iterator[bytes | memoryview]:
        name = call.procedure.lower().rsplit(".", 1)[-1].strip("[]")
        handle: int | None = None
        if name == "sp_executesql":
            bound = rpc.bind(call.text(1), call.parameters[2:])
            yield from self._batch(executor, call.text(0), bound, in_procedure=True)
        elif name in ("sp_prepare", "sp_prepexec"):
            handle = self._prepared.add(call.text(1), call.text(2))
            if name == "sp_prepexec":
                bound = rpc.bind(call.text(1), call.parameters[3:])
                yield from self._batch(executor, call.text(2), bound, in_procedure=True)
        elif name == "sp_execute":
            declaration, statement = self._prepared.find(call.parameters[0].value.value)
            bound = rpc.bind(declaration, call.parameters[1:])
            yield from self._batch(executor, statement, bound, in_procedure=True)
        elif name not in _DONE_NOTHING:
            yield from self._procedure(executor, call)
        yield tokens.return_status()
        if handle is not None:
            yield tokens.return_value(call.parameters[0].name or "@handle", INT, encode_value(INT, handle))
        yield tokens.done(tokens.DONE_PROC, 0, tokens.EXECUTE)

    @staticmethod
    def _procedure(executor: Executor, call: rpc.Call) -> Iterator[bytes]:
        executor.procedure(call.procedure, [(p.name.lower(), p.value) for p in call.parameters])
        yield b""

    def _arm(self, sql: str) -> None:
        fault = self._settings.faults.take(sql)
        self._fault, self._sent = fault, 0
        if fault is not None and not fault.of_rows:
            self._wire.on_packets = self._strike

    def _strike(self, data: memoryview) -> memoryview:
        """Send the bytes before the fault, let it happen, and give what is left to send."""
        assert self._fault is not None  # noqa: S101 - narrows the type
        left = self._fault.after - self._sent
        self._sent += len(data)
        if len(data) < left:
            return data
        self._wire.on_packets = None
        self._wire.send(data[:left])
        if self._fault.kind == "stall":
            self._settings.faults.released.wait()
            return data[left:]
        if self._fault.kind == "kill":
            self._wire.abort()
        else:
            self._wire.close()
        raise ConnectionError("a fault of the tests closed the connection")
