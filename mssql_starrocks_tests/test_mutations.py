"""docs/proof.md says which corruption each level detects; here a copy is damaged in each of these ways."""

import datetime as dt
import math
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mssql_starrocks.lake import journal
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.fingerprint import fingerprint as lake_fingerprint
from mssql_starrocks.model import Level, Sizing
from mssql_starrocks.proof import value_differences
from mssql_starrocks.source.connect import reader_session
from mssql_starrocks.source.fingerprint import fingerprint as source_fingerprint
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks.warehouse.fingerprint import fingerprint as warehouse_fingerprint
from mssql_starrocks_tests.platform import Platform, failed

PAGE = Path(__file__).parents[1] / "docs" / "proof.md"
TABLE = """CREATE TABLE dbo.mutants (id int NOT NULL PRIMARY KEY, name nvarchar(20) NOT NULL, note varchar(20) NULL,
  code char(3) NULL, at datetime2(6) NOT NULL, zone datetimeoffset(0) NOT NULL, one int NOT NULL, two int NOT NULL,
  share float NULL, raw varbinary(8) NULL)"""
ROWS = ", ".join(
    f"({i}, N'Name {i}', '{'' if i % 2 else 'x'}', 'a', '2024-01-01 00:00:0{i}.123456', "
    f"'2024-01-01 0{i}:00:00 +02:00', {i}, {i + 1}, 0.{i}, 0x0{i}FF)"
    for i in range(1, 9)
)


def documented() -> dict[str, set[Level]]:
    lines = re.findall(r"^\| ([^|]+) \| (yes|no) \| (yes|no) \| (yes|no) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert lines
    return {what: {level for level, seen in zip(Level, found, strict=True) if seen == "yes"} for what, *found in lines}


def column(batch, name, change):
    """The batch with one column's values changed."""
    at = batch.schema.get_field_index(name)
    values = change(batch.column(at).to_pylist())
    arrays = [pa.array(values, f.type) if i == at else batch.column(i) for i, f in enumerate(batch.schema)]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def first(change):
    return lambda values: [change(values[0]), *values[1:]]


def exchanged(batch):
    names = batch.schema.names
    swapped = [{"one": "two", "two": "one"}.get(name, name) for name in names]
    return pa.RecordBatch.from_arrays([batch.column(name) for name in swapped], schema=batch.schema)


def with_rows(batch, numbers):
    return pa.RecordBatch.from_arrays([pc.take(c, pa.array(numbers)) for c in batch.columns], schema=batch.schema)


def later(value):
    return value + dt.timedelta(microseconds=1)


def next_float(value):
    return math.nextafter(value, 1)


# What happens to the one batch of a copy; the file cases are damaged at the commit.
BATCH = {
    "a row is lost": lambda b: b.slice(1),
    "a row is there twice": lambda b: with_rows(b, [0, *range(b.num_rows)]),
    "NULL stands for an empty text": lambda b: column(b, "note", lambda v: [x or None for x in v]),
    "one row is lost and another is there twice": lambda b: with_rows(b, [0, 0, *range(2, b.num_rows)]),
    "one bit of a value is another": lambda b: column(b, "raw", first(lambda x: bytes([x[0] ^ 1, *x[1:]]))),
    "a time is one microsecond later": lambda b: column(b, "at", first(later)),
    "an offset from UTC is lost": lambda b: column(b, "zone__offset_min", first(lambda x: 0)),
    "a trailing blank is trimmed": lambda b: column(b, "code", first(lambda x: x[:-1])),
    "one letter's case is another": lambda b: column(b, "name", first(str.lower)),
    "two columns are exchanged": exchanged,
    "the last bit of a float is another": lambda b: column(b, "share", first(next_float)),
    "two values of a column are exchanged between rows": lambda b: column(b, "name", lambda v: [v[1], v[0], *v[2:]]),
}
FILES = {
    "a file of the snapshot is missing": lambda files: files[:-1],
    "a file of the snapshot is there twice": lambda files: [*files, files[0]],
}


def overwritten(changes):
    """The table written anew with other expressions for some columns."""
    values = ", ".join(f"{changes[c]} AS {c}" if c in changes else c for c in COLUMNS.split(", "))
    return f"INSERT OVERWRITE {{t}} ({COLUMNS}) SELECT {values} FROM {{t}}"


# The same in StarRocks, in a table without a key, where a row can be there twice.
COLUMNS = "id, name, note, code, at, zone, zone__offset_min, one, two, share, raw"
CHANGED = {
    "NULL stands for an empty text": {"note": "nullif(note, '')"},
    "one bit of a value is another": {"raw": "if(id = 1, to_binary('00FF', 'hex'), raw)"},
    "a time is one microsecond later": {"at": "if(id = 1, CAST('2024-01-01 00:00:01.123457' AS DATETIME), at)"},
    "an offset from UTC is lost": {"zone__offset_min": "if(id = 1, CAST(0 AS SMALLINT), zone__offset_min)"},
    "a trailing blank is trimmed": {"code": "if(id = 1, 'a ', code)"},
    "one letter's case is another": {"name": "if(id = 1, 'name 1', name)"},
    "two columns are exchanged": {"one": "two", "two": "one"},
    "the last bit of a float is another": {"share": "if(id = 1, CAST('0.10000000000000002' AS DOUBLE), share)"},
    "two values of a column are exchanged between rows": {
        "name": "case id when 1 then 'Name 2' when 2 then 'Name 1' else name end"
    },
}
SAME = f"INSERT INTO {{t}} ({COLUMNS}) SELECT {COLUMNS} FROM {{t}} WHERE id = "
LOST = "DELETE FROM {t} WHERE id = 1"
WAREHOUSE = {
    "a row is lost": [LOST],
    "a row is there twice": [SAME + "1"],
    "one row is lost and another is there twice": [SAME + "2", LOST],
    **{what: [overwritten(changes)] for what, changes in CHANGED.items()},
}


@pytest.fixture(scope="module")
def platform(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        box.sqlserver.execute(TABLE)
        box.sqlserver.execute(f"INSERT INTO dbo.mutants VALUES {ROWS}")
        yield Platform(box)


@pytest.fixture(scope="module")
def chain(platform):
    return platform.chains(lake_prefix="mutants_")["dbo.mutants"]


@pytest.fixture(scope="module")
def copied(platform):
    """A table without a key, so that a row may be there twice; each test loads it anew and damages it."""
    chain = platform.chains(lake_prefix="copied_", tables={"dbo.mutants": {"key": "none"}})["dbo.mutants"]
    assert not failed(platform.copy(chain))
    return chain


def test_every_documented_corruption_is_tried():
    assert documented().keys() == BATCH.keys() | FILES.keys()
    assert BATCH.keys() == WAREHOUSE.keys()


@pytest.mark.parametrize("what", [*BATCH, *FILES])
def test_the_lake(platform, chain, monkeypatch, what):
    from mssql_starrocks.engines import arrow

    if what in BATCH:
        real = arrow.shape
        monkeypatch.setattr(arrow, "shape", lambda batch, *rest: BATCH[what](real(batch, *rest)))
    else:
        commit = journal.commit
        monkeypatch.setattr(
            journal, "commit", lambda catalog, branch, files, after: commit(catalog, branch, FILES[what](files), after)
        )
        chain = replace(chain, sizing=Sizing(1, 4))
    report = platform.snapshot(chain)
    monkeypatch.undo()
    table = open_catalog(platform.settings.lake).load_table(chain.names.lake)
    with reader_session(platform.settings.mssql) as session:
        for level in Level:
            said = source_fingerprint(session, chain.table.id, chain.columns, level).fingerprint
            seen = lake_fingerprint(table, report.copied.snapshot_id, chain.columns, level).source
            assert differ(said, seen) == (level in documented()[what]), (what, level)
    assert bool(failed(platform.prove_snapshot(chain)))


@pytest.mark.parametrize("what", WAREHOUSE)
def test_starrocks(platform, copied, what):
    chain = copied
    platform.load(chain)
    for statement in WAREHOUSE[what]:
        platform.warehouse(statement.format(t="dbo.mutants"))
    table = open_catalog(platform.settings.lake).load_table(chain.names.lake)
    snapshot = table.current_snapshot().snapshot_id
    with warehouse_session(platform.settings.starrocks) as session:
        for level in Level:
            expected = lake_fingerprint(table, snapshot, chain.columns, level).warehouse
            found = warehouse_fingerprint(session, chain.names.warehouse, chain.columns, level)
            assert differ(expected, found) == (level in documented()[what]), (what, level)
    assert bool(failed(platform.prove_warehouse(chain)))


def differ(one, other) -> bool:
    return one.rows != other.rows or bool(value_differences(one, other))
