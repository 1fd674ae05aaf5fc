"""What each verb of the catalogue does, from outside of the child: at its servers, its doors, its process."""

import os
import resource
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from mssql_starrocks.source.connect import control_session
from mssql_starrocks_tests.faults.world import Target, World

_EXTRACTION = "SELECT [id] AS [id]"
_REFUSED = (1064, "Memory of process exceed limit, a fault of the tests")


@dataclass
class Scene:
    """One run that something happens to; `hits` counts what has happened at once, the servers count the rest."""

    world: World
    target: Target
    pid: int = 0
    label: str = ""
    hits: int = 0
    held: ExitStack = field(default_factory=ExitStack)

    def happen(self, what: tuple[str, ...]) -> None:
        VERBS[what[0]](self, *what[1:])


def kill(scene: Scene) -> None:
    os.kill(scene.pid, signal.SIGKILL)
    scene.hits += 1


def cut(scene: Scene, door: str) -> None:
    scene.hits += getattr(scene.world, door).cut()


def lose(scene: Scene, door: str) -> None:
    proxy = getattr(scene.world, door)
    proxy.lose()
    scene.hits += 1
    scene.held.callback(lambda: setattr(scene, "hits", scene.hits - proxy.forget()))


def aws(scene: Scene, how: str, request: str, times: str) -> None:
    scene.world.aws.arm(how, request, int(times))


def sql(scene: Scene, how: str, *texts: str) -> None:
    _starrocks(scene, how, texts)


def http(scene: Scene, how: str, step: str) -> None:
    faults = scene.world.box.starrocks.faults
    if how == "body":
        faults.cut_body(step, 1000)
    elif how == "late":
        faults.publish_timeout(step, 3)
    else:
        _starrocks(scene, how, (step,))


def _starrocks(scene: Scene, how: str, texts: tuple[str, ...]) -> None:
    faults = scene.world.box.starrocks.faults
    for text in texts:
        {
            "lose": lambda text=text: faults.drop_after(text),
            "drop": lambda text=text: faults.drop_before(text),
            "fail": lambda text=text: faults.fail(text, *_REFUSED),
        }[how]()


def source(scene: Scene, how: str, number: str, text: str = "") -> None:
    faults = scene.world.box.sqlserver.faults
    if how == "fail":
        faults.fail(_EXTRACTION, int(number), text, 50)
    else:
        getattr(faults, how)(_EXTRACTION, int(number))


def lock(scene: Scene) -> None:
    """Somebody changes the table and does not commit."""
    mssql = scene.world.settings(scene.target.kind).mssql
    admin = mssql.model_copy(update={"user": "sa", "password": type(mssql.password)("Sandbox-Admin-1")})
    session = scene.held.enter_context(control_session(admin))
    session.run("BEGIN TRANSACTION")
    session.rows(f"SELECT COUNT(*) FROM {scene.target.path} WITH (TABLOCKX, HOLDLOCK)")
    scene.hits += 1


def label(scene: Scene) -> None:
    """The label is used by a load of somebody else's, which is visible."""
    database = scene.target.chain.names.warehouse_database
    starrocks = scene.world.box.starrocks
    starrocks.execute(f"CREATE TABLE IF NOT EXISTS {database}.others (k INT) DUPLICATE KEY (k)")
    starrocks.execute(f"INSERT INTO {database}.others WITH LABEL `{scene.label}` VALUES (1)")
    scene.hits += 1


def disk(scene: Scene, size: str) -> None:
    """No file of the child's can grow beyond so many bytes."""
    resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, (int(size), int(size)))
    scene.hits += 1


VERBS: Mapping[str, Callable[..., None]] = {
    "kill": kill,
    "cut": cut,
    "lose": lose,
    "aws": aws,
    "sql": sql,
    "http": http,
    "source": source,
    "lock": lock,
    "label": label,
    "disk": disk,
}
