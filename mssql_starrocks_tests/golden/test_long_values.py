"""Values around 1,048,576 bytes, all that a StarRocks column holds: fail, NULL with length and hash, or cut."""

import hashlib

import pytest

from mssql_starrocks import stages
from mssql_starrocks.errors import NotCertifiedError, TypeRefusedError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import failed

MOST = 1_048_576
TEXTS = {
    "fits": ("N'x'", MOST),
    "one more": ("N'x'", MOST + 1),
    "in utf-8 only": ("N'漢'", 400_000),
    "pairs": ("N'😀'", 262_145),
}


@pytest.fixture(scope="module")
def long(golden):
    run = golden.box.sqlserver.execute
    for name in ("long_fits", "long_more", "long_utf8", "long_all"):
        run(f"CREATE TABLE dbo.{name} (id int NOT NULL PRIMARY KEY, body nvarchar(max) NULL, raw varbinary(max) NULL)")
    fill(run, "long_fits", ["fits"])
    fill(run, "long_more", ["one more"])
    fill(run, "long_utf8", ["in utf-8 only"])
    fill(run, "long_all", [*TEXTS])
    for name, size in (("long_fits", MOST), ("long_all", MOST), ("long_all", MOST + 1)):
        run(f"INSERT INTO dbo.{name} (id, raw) VALUES ({size}, CAST(REPLICATE(CAST('ab' AS varchar(max)), {size // 2}) "
            f"+ REPLICATE('c', {size % 2}) AS varbinary(max)))")  # fmt: skip
    return golden


def fill(run, table, names):
    for number, name in enumerate(names):
        unit, count = TEXTS[name]
        run(f"INSERT INTO dbo.{table} (id, body) VALUES ({number}, REPLICATE(CAST({unit} AS nvarchar(max)), {count}))")


def chain_of(platform, table, policy="fail"):
    named = {"include": (f"dbo.{table}",), "engine": "arrow", "targets": {"dbo": policy}, "lake_prefix": f"{policy}_"}
    return platform.chains(**named, types={"long_values": policy})[f"dbo.{table}"]


def test_what_fits_is_exact(long):
    assert not failed(long.copy(chain_of(long, "long_fits")))
    found = long.warehouse("SELECT body, raw FROM fail.long_fits ORDER BY id")
    assert found == [("x" * MOST, None), (None, b"ab" * (MOST // 2))]


def test_one_byte_more_is_refused_before_a_row_moves(long):
    chain = chain_of(long, "long_more")
    with pytest.raises(TypeRefusedError, match=r"dbo\.long_more\.body.*1,048,577.*long_values"):
        stages.plan(chain, long.settings.mssql)
    with pytest.raises(TypeRefusedError, match=r"dbo\.long_more\.body.*1,048,577.*long_values"):
        long.snapshot(chain)


def test_what_is_too_long_only_in_utf8_is_found_in_the_lake(long):
    chain = chain_of(long, "long_utf8")
    stages.plan(chain, long.settings.mssql)
    long.snapshot(chain)
    reports = {r.name: r for r in long.prove_snapshot(chain)}
    assert [d.what for d in reports["schema"].differences] == [
        "number of values of column body that do not fit VARCHAR(1048576)"
    ]
    assert reports["values"].passed
    with pytest.raises(NotCertifiedError, match="body"):
        long.publish(chain)


def test_null_with_length_and_hash(long):
    chain = chain_of(long, "long_all", "null_with_hash")
    assert not failed(long.copy(chain))
    found = long.warehouse("SELECT body, body__bytes, body__sha256 FROM null_with_hash.long_all ORDER BY id")
    texts = [unit[2:-1] * count for unit, count in TEXTS.values()]
    stored = [text.encode("utf-16-le") for text in texts]
    facts = [(len(raw), hashlib.sha256(raw).hexdigest()) for raw in stored]
    assert [row[1:] for row in found[:4]] == facts
    assert [row[0] for row in found[:4]] == [texts[0], None, None, None]
    raws = long.warehouse("SELECT raw, raw__bytes, raw__sha256 FROM null_with_hash.long_all WHERE id > 9 ORDER BY id")
    fits, more = b"ab" * (MOST // 2), b"ab" * (MOST // 2) + b"c"
    assert raws == [
        (fits, MOST, hashlib.sha256(fits).hexdigest()),
        (None, MOST + 1, hashlib.sha256(more).hexdigest()),
    ]
    assert lake_bodies(long, chain)[:4] == texts


def test_truncate(long):
    chain = chain_of(long, "long_all", "truncate")
    assert not failed(long.copy(chain))
    found = long.warehouse("SELECT body FROM truncate.long_all WHERE id < 9 ORDER BY id")
    cut = MOST // 4  # characters
    assert [body for (body,) in found] == ["x" * MOST, "x" * cut, "漢" * cut, "😀" * cut]
    raws = long.warehouse("SELECT raw FROM truncate.long_all WHERE id > 9 ORDER BY id")
    assert raws == [(b"ab" * (MOST // 2),)] * 2
    assert lake_bodies(long, chain)[1] == "x" * (MOST + 1)


def lake_bodies(platform, chain):
    table = open_catalog(platform.settings.lake).load_table(chain.names.lake)
    return table.scan(selected_fields=("id", "body")).to_arrow().sort_by("id").column("body").to_pylist()
