"""Putting rows into a table under StarRocks' rules: convert, find bad rows, decide, apply. INSERT, UPDATE and CTAS use
it, and Stream Load with another source and policy (facts/starrocks_measured.md 6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled
from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed, literal, quote, text_value
from mssql_starrocks.sandbox.starrocks.errors import SqlError, plain, unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Column, Load, Table
from mssql_starrocks.sandbox.starrocks.sql.defaults import NOW, UUID
from mssql_starrocks.sandbox.starrocks.sql.types import KEY_WIDTH, MAX_VARCHAR, TEXTS

KEY_LIMIT = 128  # primary_key_limit_size
LOGGED_ROWS = 50


@dataclass(frozen=True)
class Policy:
    """`partial`: columns that are not given keep what a row with the same key has. `stream`: the source has a column
    `bad` that says why a row is filtered; `deletes`: and a column `op`, 1 where the row with that key is deleted.
    """

    mode: CastMode = field(default_factory=CastMode)
    max_filter_ratio: float = 0.0
    overwrite: bool = False
    partial: bool = False
    stream: bool = False
    deletes: bool = False


def storage_ddl(table: Table, physical: str) -> str:
    columns = ", ".join(f"{quote(column.name)} {column.type.duck}" for column in table.columns)
    return f"CREATE TABLE {physical} ({columns})"


def default_value(column: Column, now: str) -> Typed:
    if column.sequence:
        return Typed(f"nextval('{column.sequence}')", column.type)
    if column.default.call == UUID:
        return Typed("CAST(uuid() AS VARCHAR)", column.type)
    if column.default.call == NOW:
        return Typed(now, column.type)
    if column.default.call:
        raise unsupported(f"values of the default {column.default.call}")
    if column.default.text is None:
        return Typed(f"CAST(NULL AS {column.type.duck})", column.type)
    return casts.cast(text_value(column.default.text), column.type, CastMode())


def key_bytes(table: Table, names: dict[str, str]) -> str:
    """Size of the encoded primary key (facts/starrocks_judged.md B `PK 128 bytes`); "" when it is never checked."""
    columns = [column for key in table.keys if (column := table.find(key)) is not None]
    if len(columns) == 1 and columns[0].type.name != "VARCHAR":
        return ""
    parts = []
    for at, column in enumerate(columns):
        name = names[column.name]
        if column.type.name != "VARCHAR":
            parts.append(str(KEY_WIDTH[column.type.name]))
        elif at == len(columns) - 1:
            parts.append(f"strlen({name})")
        else:
            parts.append(f"strlen({name}) + 2 + (length({name}) - length(replace({name}, chr(0), '')))")
    return " + ".join(parts)


def _reason(column: Column, name: str) -> list[str]:
    found = []
    if not column.nullable:
        text = f"Error: NULL value in non-nullable column '{column.name}'. "
        found.append(f"WHEN {name} IS NULL THEN {literal(text)}")
    if column.type.name in TEXTS:
        limit, size = column.type.length, f"strlen({name})"
    elif column.type.name == "VARBINARY":
        limit, size = column.type.length or MAX_VARCHAR, f"octet_length({name})"
    else:
        return found
    text = (
        "Error: The length of input is too long than schema. column_name: "
        f"{column.name}; schema length: {limit}; actual length: "
    )
    found.append(f"WHEN {size} > {limit} THEN {literal(text)} || CAST({size} AS VARCHAR) || '; '")
    return found


class Loader:
    """One load on one DuckDB connection. Nothing is applied when `run` raises."""

    def __init__(
        self, connection: Any, table: Table, policy: Policy, new_physical: Callable[[], str], now: str
    ) -> None:
        self.connection, self.table, self.policy = connection, table, policy
        self.new_physical, self.now = new_physical, now

    def run(self, source: Compiled, given: Sequence[Column], job: Load) -> None:
        try:
            self.prepare(source, given, job)
            self.publish(given, job)
        finally:
            self.forget(job)

    def prepare(self, source: Compiled, given: Sequence[Column], job: Load) -> None:
        """Convert and judge the rows; they wait beside the table."""
        self.connection.execute(
            f"CREATE TEMP TABLE {_stage_of(job)} AS {self._stage(source, given, self._kept(given))}"
        )
        self._judge(_stage_of(job), job, self._kept(given))

    def publish(self, given: Sequence[Column], job: Load) -> None:
        self._apply(_stage_of(job), self._kept(given))
        job.sunk = job.scanned - job.filtered

    def forget(self, job: Load) -> None:
        self.connection.execute(f"DROP TABLE IF EXISTS temp.{_stage_of(job)}")

    def _kept(self, given: Sequence[Column]) -> list[Column]:
        return [c for c in self.table.columns if not self.policy.partial or c in given]

    def _stage(self, source: Compiled, given: Sequence[Column], kept: Sequence[Column]) -> str:
        """Columns v0, v1 .. of `kept`, and `why` a row is bad."""
        converted = []
        for at, column in enumerate(kept):
            if column in given:
                position = list(given).index(column)
                have = source.columns[position]
                value = casts.cast(Typed(f"q.c{position}", have.type), column.type, self.policy.mode)
            else:
                value = default_value(column, self.now)
            converted.append(f"{value.sql} AS v{at}")
        reasons = [part for at, column in enumerate(kept) for part in _reason(column, f"v{at}")]
        if self.policy.stream:
            converted += ["q.bad", "q.op"] if self.policy.deletes else ["q.bad"]
            reasons.insert(0, "WHEN bad IS NOT NULL THEN bad")
        why = f"CASE {' '.join(reasons)} END" if reasons else "CAST(NULL AS VARCHAR)"
        return f"SELECT *, {why} AS why FROM (SELECT {', '.join(converted)} FROM ({source.sql}) AS q) AS s"

    def _judge(self, stage: str, job: Load, kept: Sequence[Column]) -> None:
        ((job.scanned, job.filtered),) = self._rows(f"SELECT count(*), count(why) FROM {stage}")
        if job.filtered:
            job.log = [
                row[0] for row in self._rows(f"SELECT why FROM {stage} WHERE why IS NOT NULL LIMIT {LOGGED_ROWS}")
            ]
        if job.filtered > job.scanned * self.policy.max_filter_ratio:
            raise plain("too many filtered rows") if self.policy.stream else filtered_rows(job.id)
        if self.table.is_primary:
            size = key_bytes(self.table, {column.name: f"v{at}" for at, column in enumerate(kept)})
            longest = self._rows(f"SELECT max({size}) FROM {stage} WHERE why IS NULL")[0][0] if size else None
            if longest is not None and longest > KEY_LIMIT:
                raise plain("primary key size exceed the limit.")

    def _apply(self, stage: str, kept: Sequence[Column]) -> None:
        target = self.new_physical() if self.policy.overwrite else self.table.physical
        self.connection.execute("BEGIN")
        try:
            if self.policy.overwrite:
                self.connection.execute(storage_ddl(self.table, target))
            if self.table.is_primary:
                self._upsert(stage, kept, target)
            else:
                self._append(stage, kept, target, "why IS NULL")
            self.connection.execute("COMMIT")
        except Exception:
            self.connection.execute("ROLLBACK")
            raise
        before, self.table.physical = self.table.physical, target
        if self.policy.overwrite:  # dropped when the name has moved: a query on it is compiled again, on the new rows
            self.connection.execute(f"DROP TABLE {before}")

    def _append(self, stage: str, kept: Sequence[Column], target: str, condition: str) -> None:
        names = ", ".join(quote(column.name) for column in kept)
        values = ", ".join(f"v{at}" for at in range(len(kept)))
        self.connection.execute(f"INSERT INTO {target} ({names}) SELECT {values} FROM {stage} WHERE {condition}")

    def _upsert(self, stage: str, kept: Sequence[Column], target: str) -> None:
        position = {column.name: at for at, column in enumerate(kept)}
        keys = [f"v{position[key]}" for key in self.table.keys]
        # duplicate keys in one load have no promised winner in StarRocks: the last row wins here
        newest = f"SELECT max(rowid) FROM {stage} WHERE why IS NULL GROUP BY {', '.join(keys)}"
        last = f"why IS NULL AND rowid IN ({newest})"
        total, distinct = self._rows(
            f"SELECT count(*), count(DISTINCT ({', '.join(keys)})) FROM {stage} WHERE why IS NULL"
        )[0]
        match = " AND ".join(f"t.{quote(key)} = s.v{position[key]}" for key in self.table.keys)
        chosen = last if distinct < total else "why IS NULL"
        rest = [column for column in self.table.columns if column not in kept]
        if rest:
            self._partial(stage, kept, rest, target, match, chosen)
            return
        if not self.policy.overwrite:
            self.connection.execute(f"DELETE FROM {target} AS t USING {stage} AS s WHERE s.why IS NULL AND {match}")
        self._append(stage, kept, target, f"({chosen}) AND op = 0" if self.policy.deletes else chosen)

    def _partial(
        self, stage: str, kept: Sequence[Column], rest: Sequence[Column], target: str, match: str, chosen: str
    ) -> None:
        found = "t.rowid IS NOT NULL"
        missing = next((column for column in rest if not column.nullable and not column.has_default), None)
        joined = f"FROM {stage} AS s LEFT JOIN {target} AS t ON {match}"
        new_rows = f"SELECT count(*) {joined} WHERE why IS NULL AND NOT ({found})"
        if missing is not None and self._rows(new_rows)[0][0]:
            raise plain(f"partial update: column '{missing.name}' of a new row is NOT NULL and has no default")
        values = [f"s.v{at}" for at in range(len(kept))] + [
            f"CASE WHEN {found} THEN t.{quote(column.name)} ELSE {default_value(column, self.now).sql} END"
            for column in rest
        ]
        full = f"{stage}_full"
        picked = chosen.replace("rowid IN", "s.rowid IN", 1)
        names = ", ".join(quote(column.name) for column in (*kept, *rest))
        self.connection.execute(
            f"CREATE TEMP TABLE {full} AS SELECT {', '.join(f'{v} AS f{at}' for at, v in enumerate(values))} "
            f"{joined} WHERE {picked}"
        )
        self.connection.execute(f"DELETE FROM {target} AS t USING {stage} AS s WHERE s.why IS NULL AND {match}")
        self.connection.execute(f"INSERT INTO {target} ({names}) SELECT * FROM {full}")
        self.connection.execute(f"DROP TABLE temp.{full}")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        # DuckDB 2 allows one open result a connection: always fetch all
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found


def _stage_of(job: Load) -> str:
    return f"sr_stage_{job.id}"


def filtered_rows(job_id: int) -> SqlError:
    return SqlError(
        5610,
        "22000",
        f"Insert has filtered data : txn_id = {job_id}, tracking sql = select tracking_log from "
        f"information_schema.load_tracking_logs where job_id={job_id}",
    )
