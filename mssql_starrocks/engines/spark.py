"""The Spark engine: SQL Server over JDBC into the audit branch, chunk by chunk; one snapshot, for big tables a few."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mssql_starrocks.engines.java import explain
from mssql_starrocks.engines.meter import Meter, reported
from mssql_starrocks.engines.progress import Progress
from mssql_starrocks.engines.trust import trust_store
from mssql_starrocks.errors import DISCOVER_AGAIN, EngineError, MssqlStarrocksError
from mssql_starrocks.lake import journal
from mssql_starrocks.lake.branch import AuditBranch, moved
from mssql_starrocks.lake.catalog import CATALOG_NAME
from mssql_starrocks.lake.checkpoints import checkpoint_properties
from mssql_starrocks.model import Checkpoint, CopyResult, ExtractionPlan, PlannedColumn
from mssql_starrocks.settings import MssqlSettings, SparkSettings
from mssql_starrocks.types.dialects import quote_tsql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FILE_BYTES = 128 << 20
# In front of each SELECT, in the same batch: as sessionInitStatement it would be undone (facts/sqlserver.md 1.4).
_SETTINGS = "SET LOCK_TIMEOUT 60000; SET DEADLOCK_PRIORITY LOW;"
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; "
# Iceberg type -> (T-SQL of the value on the wire, Spark type it arrives as, Spark type written). Date and time travel
# as text: JDBC's own path misreads 5 to 14 October 1582 (facts/sqlserver.md 1.1).
_WIRE = {
    "boolean": ("{e}", "boolean", "boolean"),
    "int": ("{e}", "int", "int"),
    "long": ("{e}", "bigint", "bigint"),
    "float": ("{e}", "float", "float"),
    "double": ("{e}", "double", "double"),
    "string": ("{e}", "string", "string"),
    "binary": ("{e}", "binary", "binary"),
    "date": ("CONVERT(varchar(10), {e}, 23)", "string", "date"),
    "timestamp": ("CONVERT(varchar(27), {e}, 121)", "string", "timestamp_ntz"),
}
_BRACKETED = re.compile(r"N?'(?:[^']|'')*'|\[((?:[^\]]|\]\])+)\]")

Log = Callable[[str], None]


@dataclass(frozen=True)
class _Head:
    """A branch's newest snapshot."""

    snapshot_id: int
    parent_id: int | None
    summary: Mapping[str, str]


class SparkEngine:
    """Copies a plan with Spark. The session must have passed `check_session`; it is shared and never stopped here."""

    name = "spark"

    def __init__(self, session: SparkSession, mssql: MssqlSettings, spark: SparkSettings, log: Log) -> None:
        self._session = session
        self._mssql = mssql
        self._spark = spark
        self._log = log

    def copy(self, plan: ExtractionPlan, branch: AuditBranch) -> CopyResult:
        """Replace the branch's rows by the plan's, or go on after a checkpoint; the last snapshot is the load.

        Raises:
            SourceError: SQL Server refused or could not be reached (transient where a retry may help).
            EngineError: the plan does not fit the table, or Spark or the lake failed.

        """
        begun = time.monotonic()
        self._log(f"spark: {plan.table}, {len(plan.chunks)} chunks, {_files(plan)} files expected")
        with self._job(plan), Progress(plan, self._log) as progress:
            meter = Meter(self._session.sparkContext, plan.load_id)
            with reported(meter, progress):
                head = self._write_waves(plan, branch)
            result = _result(head, branch, begun, meter)
        self._log(f"spark: {plan.table}, {result.rows} rows in {result.files} files, {result.seconds:.1f} s")
        return result

    def frame(self, plan: ExtractionPlan) -> DataFrame:
        """The rows of the plan with the types and names of the Iceberg table; one partition per chunk."""
        from pyspark.sql.functions import col, lit

        prefix = _prefix(plan)
        trust = trust_store(self._mssql, self._session)
        rows = self._session.read.jdbc(
            f"jdbc:sqlserver://{self._mssql.host}:{self._mssql.port}",
            sub_select(plan),
            predicates=[chunk.predicate or "1 = 1" for chunk in plan.chunks] or ["1 = 0"],
            properties=self._properties(plan) | (trust.properties() if trust else {}),
        )
        if trust and not self._session.sparkContext._jsc.isLocal():
            rows = trust.on_executors(rows)
        arrived = dict(rows.dtypes)
        columns = []
        for number, column in enumerate(plan.columns):
            _, wire, written = _wire(column)
            if arrived[f"{prefix}{number}"] != wire:
                raise EngineError(
                    f"{plan.table}.{column.source}: SQL Server sends {arrived[f'{prefix}{number}']} where the plan "
                    f"has {column.iceberg}: {DISCOVER_AGAIN}"
                )
            value = col(f"{prefix}{number}")
            columns.append((value.cast(written) if written != wire else value).alias(column.name))
        audit = [lit(a.value).cast(_spark_type(a.iceberg)).alias(a.name) for a in plan.audit]
        return rows.select(*columns, *audit)

    def _properties(self, plan: ExtractionPlan) -> dict[str, str]:
        mssql = self._mssql
        return {
            "driver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
            "databaseName": mssql.database,
            "user": mssql.user,
            "password": mssql.password.get_secret_value(),
            "prepareQuery": (_SNAPSHOT if plan.snapshot_isolation else "") + _SETTINGS,
            "pushDownPredicate": "false",  # Spark would send text literals without N
            "fetchsize": str(self._spark.fetch_size),
            "applicationName": plan.load_id[:128],
            "loginTimeout": str(mssql.login_timeout),
            "socketTimeout": str(round(mssql.stall_timeout * 1000)),  # ms without a single byte
            "encrypt": str(mssql.encrypt).lower(),
            "trustServerCertificate": str(mssql.trust_server_certificate).lower(),
        }

    def _write_waves(self, plan: ExtractionPlan, branch: AuditBranch) -> _Head:
        """One commit a wave; all but the last are checkpoints."""
        so_far = branch.so_far or Checkpoint.none()
        done, after = set(so_far.chunks), so_far.snapshot_id
        *early, last = waves(plan, self._session.sparkContext.defaultParallelism, branch)
        for wave in early:
            done |= {chunk.number for chunk in wave.chunks}
            properties = checkpoint_properties(replace(so_far, chunks=frozenset(done)))
            after = self._write(wave, replace(branch, properties=properties), after).snapshot_id
        return self._write(last, branch, after)

    def _write(self, plan: ExtractionPlan, branch: AuditBranch, after: int | None) -> _Head:
        from pyspark.sql.functions import lit

        frame = self.frame(plan)
        target = _quoted(branch, f"branch_{branch.name}")
        _compare(plan, dict(frame.dtypes), dict(self._session.table(target).dtypes))
        writer = frame.coalesce(_files(plan)).writeTo(target).option("check-nullability", "false")
        for key, value in branch.properties.items():
            writer = writer.option(f"snapshot-property.{key}", value)
        if after is None:
            writer.overwrite(lit(True))
            return self._head(branch)
        if self._head(branch, ours=False).snapshot_id != after:
            raise moved(branch)
        writer.append()
        head = self._head(branch)
        if head.parent_id != after:  # Iceberg's retry adds the files to whatever the branch has become
            name = f"`{branch.name}` AS OF VERSION {head.parent_id}"
            self._session.sql(f"ALTER TABLE {_quoted(branch)} REPLACE BRANCH {name}")
            raise moved(branch)
        return head

    def _head(self, branch: AuditBranch, *, ours: bool = True) -> _Head:
        """The snapshot that the branch is now; refused unless it is `ours`."""
        with self._uncounted():
            refs = self._session.table(_quoted(branch, "refs"))
            ref = refs.filter(refs.name == branch.name).first()
            snapshots = self._session.table(_quoted(branch, "snapshots"))
            head = snapshots.filter(snapshots.snapshot_id == ref.snapshot_id).first() if ref else None
        if head is None or (ours and not branch.properties.items() <= head.summary.items()):
            raise EngineError(f"{branch.database}.{branch.table}: somebody else wrote to branch {branch.name}.")
        return _Head(head.snapshot_id, head.parent_id, head.summary)

    @contextmanager
    def _uncounted(self) -> Iterator[None]:
        """Outside of the copy's job group, whose rows are those of the source."""
        context, name = self._session.sparkContext, "spark.jobGroup.id"
        group = context.getLocalProperty(name)
        context.setLocalProperty(name, None)  # type: ignore[arg-type]
        try:
            yield
        finally:
            context.setLocalProperty(name, group)  # type: ignore[arg-type]

    @contextmanager
    def _job(self, plan: ExtractionPlan) -> Iterator[None]:
        """Name Spark's jobs, end them when this thread is interrupted, and explain what they raise."""
        context = self._session.sparkContext
        context.setJobGroup(plan.load_id, f"{plan.table} to the lake", interruptOnCancel=True)
        try:
            yield
        except MssqlStarrocksError:
            raise
        except Exception as error:
            password = self._mssql.password.get_secret_value()
            raise explain(error, str(plan.table), password) from None  # Java's traceback says nothing more
        except BaseException:
            context.cancelJobGroup(plan.load_id)
            raise


def waves(plan: ExtractionPlan, parallelism: int, branch: AuditBranch) -> list[ExtractionPlan]:
    """The plan in parts of a checkpoint's size, each with work for all cores twice; small ones are one."""
    chunks, size = plan.chunks, max(plan.estimated_bytes, 1)
    most = max(len(chunks) * journal.CHECKPOINT_BYTES // size, 2 * parallelism, 1)
    if branch.so_far is None or len(chunks) <= most:
        return [plan]
    parts = [chunks[first : first + most] for first in range(0, len(chunks), most)]
    return [replace(plan, chunks=part, estimated_bytes=size * len(part) // len(chunks)) for part in parts]


def _result(head: _Head, branch: AuditBranch, begun: float, meter: Meter) -> CopyResult:
    return CopyResult(
        rows=int(head.summary.get("total-records", 0)),
        bytes=int(head.summary.get("total-files-size", 0)),
        files=int(head.summary.get("total-data-files", 0)),
        seconds=time.monotonic() - begun,
        peak_rss=meter.peak_rss(),
        snapshot_id=head.snapshot_id,
        cpu_seconds=meter.cpu_seconds(),
        resumed_rows=branch.so_far.rows if branch.so_far else 0,
    )


def sub_select(plan: ExtractionPlan) -> str:
    """What Spark reads from: the plan's expressions under helper names, beside the columns that predicates name.

    A chunk's predicate is about source columns, and Spark puts it outside; source columns cannot keep their names
    among target names, hence the helpers. Spark selects only the helpers.
    """
    prefix = _prefix(plan)
    helpers = [
        f"{_wire(column)[0].format(e=column.select)} AS {quote_tsql(f'{prefix}{number}')}"
        for number, column in enumerate(plan.columns)
    ]
    carried = [quote_tsql(name) for name in _carried(plan)]
    table = f"{quote_tsql(plan.table.schema)}.{quote_tsql(plan.table.name)}"
    return f"(SELECT {', '.join([*helpers, *carried])} FROM {table}) q"


def _wire(column: PlannedColumn) -> tuple[str, str, str]:
    if column.iceberg.startswith("decimal("):
        kind = column.iceberg.replace(" ", "")
        return "{e}", kind, kind
    if column.iceberg not in _WIRE:
        raise EngineError(f"Column {column.source}: the spark engine does not know Iceberg type {column.iceberg}.")
    return _WIRE[column.iceberg]


def _spark_type(iceberg: str) -> str:
    return iceberg if iceberg.startswith("decimal(") else _WIRE[iceberg][2]


def _carried(plan: ExtractionPlan) -> tuple[str, ...]:
    """The source columns that predicates name, each once; names differ in case only where T-SQL lets them."""
    names: Iterable[str] = (
        match.group(1).replace("]]", "]")
        for chunk in plan.chunks
        for match in _BRACKETED.finditer(chunk.predicate)
        if match.group(1)
    )
    return tuple(dict.fromkeys(names))


def _prefix(plan: ExtractionPlan) -> str:
    """A start of names that no carried column has."""
    prefix = "c"
    while any(name.lower().startswith(prefix) for name in _carried(plan)):
        prefix += "_"
    return prefix


def _files(plan: ExtractionPlan) -> int:
    return max(1, math.ceil(plan.estimated_bytes / _FILE_BYTES))


def _quoted(branch: AuditBranch, *part: str) -> str:
    return ".".join(f"`{name.replace('`', '``')}`" for name in (CATALOG_NAME, branch.database, branch.table, *part))


def _compare(plan: ExtractionPlan, made: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse to write what the Iceberg table does not declare: Spark would convert it."""
    for name in [*made, *(n for n in wanted if n not in made)]:
        if made.get(name) != wanted.get(name):
            raise EngineError(
                f"{plan.table}: column {name} is {made.get(name, 'absent')} in the plan and "
                f"{wanted.get(name, 'absent')} in the Iceberg table."
            )
