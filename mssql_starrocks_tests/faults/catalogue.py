"""Every fault as data: at which point of the chain (or at a random moment) what goes wrong.

`what` is a verb of actions.py and its arguments; `where` a name of points.py, empty for a random moment, which is the
n-th message between the chain and its servers.
"""

from dataclasses import dataclass

# Source tables by what their load does: a first load (RENAME), the second of a keyed table (INSERT OVERWRITE; read by
# two connections), one with a column more (SWAP), the second of a table without a key, one over Stream Load, one in a
# lake of local files.
FIRST, AGAIN, CHANGED, KEYLESS, STREAMED, LOCAL = "first", "again", "changed", "keyless", "streamed", "local"
ALL = (FIRST, AGAIN, CHANGED, KEYLESS, STREAMED, LOCAL)
AWS = tuple(kind for kind in ALL if kind != LOCAL)
INSERTED = tuple(kind for kind in ALL if kind != STREAMED)
OVERWRITTEN = (AGAIN, KEYLESS, STREAMED, LOCAL)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong once, and the kinds of tables it can happen to."""

    where: str
    when: str
    what: tuple[str, ...]
    tables: tuple[str, ...] = ALL

    @property
    def name(self) -> str:
        moment = f"{self.when} {self.where}" if self.where else "at a random moment"
        return f"{' '.join(self.what)} {moment}"


STAGES = ("snapshot", "prove_snapshot", "publish", "load", "prove_warehouse")
IN_THE_LAKE = ("ensure_table", "schema", "fork", "copy", "commit", "certify", "main")
IN_THE_WAREHOUSE = ("claim", "shadow", "insert", "prove_shadow", "pending", "take_over", "record")
IN_STREAM_LOAD = ("begin", "send", "prepare", "commit_load")
BOTH = ("before", "after")

_COMMITS = ("ensure_table", "fork", "commit", "certify", "main")
_UPDATES = tuple(point for point in _COMMITS if point != "ensure_table")
_STATEMENTS = {
    "claim": ("INSERT INTO",),
    "shadow": ("CREATE TABLE",),
    "insert": ("WITH LABEL",),
    "take_over": ("RENAME", "INSERT OVERWRITE", "SWAP WITH"),
    "record": ("INSERT INTO",),
}
_BROKEN = ("500", "503", "throttle", "cut")  # an answer, or none
_LOCK_TIMEOUT = ("1222", "Lock request time out period exceeded.")
_BUSY = ("10928", "Resource ID : 1. The request limit for the database is 30 and has been reached.")
_THROTTLED = ("40501", "The service is currently busy. Retry the request after 10 seconds.")


def _where(point: str) -> tuple[str, ...]:
    return INSERTED if point == "insert" else (STREAMED,) if point in IN_STREAM_LOAD else ALL


def _killed() -> list[Fault]:
    points = (*STAGES, *IN_THE_LAKE, *IN_THE_WAREHOUSE, *IN_STREAM_LOAD)
    found = [Fault(point, when, ("kill",), _where(point)) for point in points for when in BOTH]
    return [*found, *(Fault("drop", when, ("kill",), (*OVERWRITTEN, CHANGED)) for when in BOTH)]


def _source() -> list[Fault]:
    cuts = [Fault(point, when, ("cut", "source")) for point in ("fork", "copy", "commit") for when in BOTH]
    answers = [
        *(("source", how, str(size)) for how in ("cut", "kill") for size in (0, 3000)),
        ("source", "silence", "100"),
        ("source", "fail", "1205", "Transaction was deadlocked and has been chosen as the deadlock victim."),
        *(("source", "fail", *error) for error in (_LOCK_TIMEOUT, _BUSY, _THROTTLED)),
    ]
    return [
        *cuts,
        *(Fault("fork", "after", what) for what in answers),
        Fault("snapshot", "before", ("lock",), (AGAIN,)),
    ]


def _lake() -> list[Fault]:
    """Of Glue's updates and S3's reads and writes; the SDKs hide what happens once, so most happen till the end."""
    commits = [
        Fault(point, "before", ("aws", how, "glue UpdateTable", times), AWS)
        for point in _UPDATES
        for how, times in (*((how, "99") for how in _BROKEN), ("expired", "99"), ("lost", "1"), ("cut", "1"))
    ]
    created = [
        Fault("ensure_table", "before", ("aws", how, "glue CreateTable", times), (FIRST,))
        for how, times in (("500", "99"), ("throttle", "99"), ("lost", "1"))
    ]
    writes = [
        Fault("fork", "after", ("aws", how, f"s3 PUT {kind}", times), AWS)
        for kind in (".parquet", ".avro", ".metadata.json")
        for how, times in (*((how, "99") for how in _BROKEN), ("expired", "99"), ("lost", "1"), ("503", "1"))
    ]
    reads = [
        Fault(point, "before", ("aws", how, "GetTable" if how == "expired" else "s3 GET", "99"), AWS)
        for point in ("prove_snapshot", "publish", "load", "insert", "prove_warehouse")
        for how in ("503", "cut", "expired")
    ]
    return [*commits, *created, *writes, *reads]


def _warehouse() -> list[Fault]:
    answers = [
        Fault(point, "before", ("sql", how, *texts), _where(point))
        for point, texts in _STATEMENTS.items()
        for how in ("lose", "drop", "fail")
    ]
    dropped = [Fault("drop", "before", ("sql", how, "DROP TABLE"), OVERWRITTEN) for how in ("lose", "drop", "fail")]
    cuts = [Fault(point, when, ("cut", "mysql"), _where(point)) for point in IN_THE_WAREHOUSE for when in BOTH]
    used = [Fault("insert", "before", ("label",), INSERTED), Fault("begin", "before", ("label",), (STREAMED,))]
    return [*answers, *dropped, *cuts, *used]


def _stream_load() -> list[Fault]:
    steps = {"begin": "/begin", "send": "/load", "prepare": "/prepare", "commit_load": "/commit"}
    found = [
        Fault(point, "before", ("http", how, f"/api/transaction{step}"), (STREAMED,))
        for point, step in steps.items()
        for how in ("lose", "drop", "fail")
    ]
    body = Fault("send", "before", ("http", "body", "/api/transaction/load"), (STREAMED,))
    late = Fault("commit_load", "before", ("http", "late", "mssr_"), (STREAMED,))
    return [*found, body, late]


def _disk() -> list[Fault]:
    points = ("fork", "copy", "commit", "certify", "main")
    return [Fault(point, "before", ("disk", size), (LOCAL,)) for point in points for size in ("0", "4096")]


def _random() -> list[Fault]:
    anywhere = [("kill",), ("cut", "source"), ("cut", "mysql"), ("lose", "mysql"), ("lose", "source")]
    lake = [("aws", how, "", times) for how in ("503", "cut", "lost", "expired") for times in ("1", "99")]
    return [*(Fault("", "", what) for what in anywhere), *(Fault("", "", what, AWS) for what in lake)]


GROUPS: dict[str, list[Fault]] = {
    "killed": _killed(),
    "source": _source(),
    "lake": _lake(),
    "warehouse": _warehouse(),
    "stream load": _stream_load(),
    "disk": _disk(),
    "random": _random(),
}
