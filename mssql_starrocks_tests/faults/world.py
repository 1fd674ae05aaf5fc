"""The servers, the doors that the chain is given to them, and the source tables whose copies are disturbed."""

import os
import secrets
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mssql_starrocks.chain import Chain, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks.sandbox.stack import Sandbox
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.faults import catalogue, child, contents
from mssql_starrocks_tests.faults.proxies import FaultyAws, TcpProxy

_DEADLINE = 90  # seconds until a run counts as hung
_GRACE, _PAUSE = 100, threading.Event()  # times 50 ms until a process counts as left behind
_ROUNDS = 8  # before a table is left and a fresh one is taken
_CONFIG: dict[str, dict[str, Any]] = {
    catalogue.AGAIN: {"partitioning": 2},
    catalogue.STREAMED: {"loader": "stream_load"},
}


class Traffic:
    """Counts the messages between the chain and its servers; something can be set to happen at one of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count, self._at = 0, 0
        self._then: Callable[[], Any] = bool

    def start(self, at: int = 0, then: Callable[[], Any] = bool) -> int:
        """Count anew, and do `then` at message number `at`; returns what was counted."""
        with self._changed:
            counted, self._count, self._at, self._then = self._count, 0, at, then
            return counted

    def tick(self) -> None:
        with self._changed:
            self._count += 1
            now = self._count == self._at
            self._changed.notify_all()
        if now:
            self._then()

    def wait(self, seen: int, seconds: float) -> int:
        """Until something moved since `seen`, or for so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen, seconds)
            return self._count


@dataclass(frozen=True)
class Outcome:
    """How a run ended: done, failed (and why), killed, hung."""

    how: str
    text: str
    reached: bool
    leaked: bool
    messages: int


@dataclass
class Target:
    """One source table and what its copy held last."""

    kind: str
    name: str
    content: str
    chain: Chain
    manifest: Manifest
    config: Config
    rounds: int = 0

    @property
    def path(self) -> str:
        return f"{self.kind}.{self.name}"


class World:
    """Use with `with`; ends every server and proxy."""

    def __init__(self, certificate: Any = None) -> None:
        self._certificate, self._stack = certificate, ExitStack()
        self.traffic = Traffic()
        self._numbers = iter(range(1, 1_000_000))

    def __enter__(self) -> "World":
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mssql_starrocks_faults_")))
            self.box = stack.enter_context(Sandbox(sample=False, certificate=self._certificate))
            self.aws = FaultyAws(self.box.aws, self.traffic.tick)
            stack.callback(self.aws.close)
            self.source = TcpProxy(self.box.sqlserver.port, self.traffic.tick)
            stack.callback(self.source.close)
            self.mysql = TcpProxy(self.box.starrocks.port, self.traffic.tick)
            stack.callback(self.mysql.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def environment(self, kind: str) -> dict[str, str]:
        """The chain's settings: through the doors."""
        doors = {
            "MSSQL_PORT": str(self.source.port),
            "STARROCKS_PORT": str(self.mysql.port),
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "MSSQL_MAX_CONNECTIONS": "2",
            "MSSQL_STALL_TIMEOUT": "1",
        }
        return {**self._straight(kind), **doors}

    def settings(self, kind: str) -> Settings:
        """The readers' settings: straight to the servers."""
        return Settings.load(self._straight(kind), dotenv=None)

    def _straight(self, kind: str) -> dict[str, str]:
        if kind != catalogue.LOCAL:
            return dict(self.box.environment())
        local = {
            "ICEBERG_CATALOG_TYPE": "sql",
            "ICEBERG_CATALOG_URI": f"sqlite:///{self.folder}/catalog.db",
            "S3_BUCKET": "",
            "S3_WAREHOUSE_PATH": str(self.folder / "warehouse"),
            "STARROCKS_CATALOG": "lake",
        }
        return {**self.box.environment(), **local}

    def new_target(self, kind: str, content: str) -> Target:
        """A source table of that content; nothing of it is copied yet."""
        name = f"t{next(self._numbers)}"
        server = self.box.sqlserver
        if not server.execute(f"SELECT 1 FROM sys.schemas WHERE name = '{kind}'"):
            server.execute(f"CREATE SCHEMA {kind}")
        key = "" if kind == catalogue.KEYLESS else " PRIMARY KEY"
        wider = ", w int NULL" if content == contents.WIDER else ""
        columns = f"id int NOT NULL{key}, v nvarchar(40) NULL, n decimal(12,2) NULL{wider}"
        server.execute(f"CREATE TABLE {kind}.{name} ({columns})")
        self._fill(f"{kind}.{name}", content)
        return Target(kind, name, content, *self._planned(kind, name))

    def change(self, target: Target, content: str) -> None:
        """Other rows at the source."""
        if content == contents.WIDER:
            self.box.sqlserver.execute(f"ALTER TABLE {target.path} ADD w int NULL")
            # which no ALTER of StarRocks can do: another table takes the target's place
            self.box.sqlserver.execute(f"ALTER TABLE {target.path} ALTER COLUMN n decimal(12, 2) NOT NULL")
        self.box.sqlserver.execute(f"DELETE FROM {target.path}")
        self._fill(target.path, content)
        target.content = content
        target.chain, target.manifest, target.config = self._planned(target.kind, target.name)

    def _fill(self, path: str, content: str) -> None:
        rows = contents.table(content)
        self.box.sqlserver.load_table(*path.split("."), {name: name for name in rows.column_names}, rows)

    def _planned(self, kind: str, name: str) -> tuple[Chain, Manifest, Config]:
        manifest = discover(self.settings(kind).mssql)
        config = Config(include=(f"{kind}.{name}",), engine="arrow", proof="rows", **_CONFIG.get(kind, {}))
        [chain] = plan_chains(manifest, config)[0]
        return chain, manifest, config

    def run(
        self, target: Target, reached: "Callable[[int, str], None]" = lambda *_: None, at: int = 0, **order: str
    ) -> Outcome:
        """One run of the chain in a process of its own; `reached(pid, label)` is called where the order stops it, or
        at the message number `at`."""
        context = child.context()
        ours, theirs = context.Pipe()
        mark = f"run_{secrets.token_hex(8)}"
        environment = {**self.environment(target.kind), child.MARK: mark}
        job = child.Order(environment, target.chain, target.manifest, target.config, **order)
        process = context.Process(target=child.main, args=(job, theirs))
        hit: list[bool] = []

        def happen(label: str) -> None:
            hit.append(True)
            reached(process.pid, label)

        with ours:
            process.start()
            self.traffic.start(at, lambda: happen(""))
            theirs.close()
            how, text = self._follow(process, ours, happen)
            process.join(_DEADLINE)
        messages = self.traffic.start()
        leaked = _left(mark)
        process.close()
        return Outcome(how, text, bool(hit), leaked, messages)

    def _follow(self, process: Any, ours: Any, happen: Callable[[str], None]) -> tuple[str, str]:
        while ours.poll(_DEADLINE):
            try:
                how, text = ours.recv()
            except (EOFError, ConnectionResetError):
                process.join(_DEADLINE)
                return "killed", f"exit code {process.exitcode}"
            if how != "reached":
                return how, text
            happen(text)
            try:
                ours.send(True)
            except OSError:  # it was killed
                continue
        os.kill(process.pid, signal.SIGUSR1)
        process.join(1)  # while it writes its stacks
        process.kill()
        return "hung", f"nothing for {_DEADLINE} s"

    def calm(self) -> None:
        """No fault is armed any more."""
        self.aws.clear()
        self.box.starrocks.faults.clear()
        self.box.sqlserver.faults.clear()
        self.source.forget()
        self.mysql.forget()

    def struck(self) -> int:
        return int(self.aws.struck() + self.box.starrocks.faults.struck() + self.box.sqlserver.faults.struck())


@contextmanager
def world(certificate: Any = None) -> Iterator[World]:
    with World(certificate) as found:
        yield found


def _left(mark: str) -> bool:
    """Whether a process of the run lives on, which it does not afterwards. The guard of the copy needs a moment."""
    for _ in range(_GRACE):
        found = _marked(mark)
        if not found:
            return False
        _PAUSE.wait(0.05)
    for process in found:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return True


def _marked(mark: str) -> list[int]:
    """Processes that inherited the run's environment, whatever their session or group."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has just ended, or is another user's
            if mark.encode() in file.read_bytes():
                found.append(int(file.parent.name))
    return found
