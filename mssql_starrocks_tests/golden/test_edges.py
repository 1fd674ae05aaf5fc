"""What cannot be copied as it is: refused or found by a check that names the column, never certified wrong."""

import pymssql
import pytest

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import NotCertifiedError
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.golden.keys import NO_KEYS
from mssql_starrocks_tests.golden.numbers import NOT_IN_SQL_SERVER
from mssql_starrocks_tests.golden.targets import TOO_NARROW
from mssql_starrocks_tests.golden.texts import HALVES
from mssql_starrocks_tests.platform import failed

ENGINES = ("arrow", pytest.param("spark", marks=pytest.mark.spark))
FORMS = {"c_short": "nvarchar(20)", "c_max": "nvarchar(max)", "c_fixed": "nchar(12)", "c_old": "ntext"}


@pytest.fixture(scope="module")
def halves(golden):
    """Halves of surrogate pairs in every type that can hold them."""
    run = golden.box.sqlserver.execute
    run(f"CREATE TABLE dbo.halves (id int PRIMARY KEY, {', '.join(f'{n} {t}' for n, t in FORMS.items())})")
    for number, (sql, _) in enumerate(HALVES):
        run(f"INSERT INTO dbo.halves VALUES ({', '.join([str(number), *[sql] * len(FORMS)])})")
    return golden


def copy_one(platform, table, engine, target="", **options):
    target = target or engine
    named = {"include": (table,), "engine": engine, "lake_prefix": f"{target}_", "targets": {"dbo": target}}
    chain = platform.chains(**named, tables={table: options})[table]
    platform.snapshot(chain)
    return chain


@pytest.mark.parametrize("engine", ENGINES)
def test_half_of_a_surrogate_pair_as_text_is_never_certified(halves, engine):
    """Neither engine stops: both write U+FFFD or `?`, and the proof against SQL Server's own hash names each column."""
    chain = copy_one(halves, "dbo.halves", engine)
    reports = {r.name: r for r in halves.prove_snapshot(chain)}
    assert {d.what for d in reports["values"].differences} >= set(FORMS)
    with pytest.raises(NotCertifiedError, match="c_short"):
        halves.publish(chain)


@pytest.mark.parametrize("engine", ENGINES)
def test_half_of_a_surrogate_pair_as_bytes_is_exact(halves, engine):
    chain = copy_one(halves, "dbo.halves", engine, f"{engine}_bytes", types={"unicode_as": "bytes"})
    reports = halves.prove_snapshot(chain)
    halves.publish(chain)
    halves.load(chain)
    assert not failed((*reports, *halves.prove_warehouse(chain)))
    rows = halves.warehouse(f"SELECT {', '.join(FORMS)} FROM {engine}_bytes.halves ORDER BY id")
    plain = [text.encode("utf-16-le", "surrogatepass") for _, text in HALVES]
    assert rows == [(raw, raw, _blanks(raw), raw) for raw in plain]


def _blanks(raw):
    return raw + b" \0" * (12 - len(raw) // 2)


def test_a_value_that_a_narrow_target_cannot_hold_stops_the_load_by_name(golden):
    columns = {f"c{n}": (declared, target, sql) for n, (declared, target, sql) in enumerate(TOO_NARROW)}
    declared = ", ".join(f"{name} {facts[0]}" for name, facts in columns.items())
    golden.box.sqlserver.execute(f"CREATE TABLE dbo.narrow (id int NOT NULL PRIMARY KEY, {declared})")
    values = ", ".join(sql for _, _, sql in columns.values())
    golden.box.sqlserver.execute(f"INSERT INTO dbo.narrow VALUES (1, {values})")
    choices = {name: {"target": target, "accept_loss": True} for name, (_, target, _) in columns.items()}
    chain = copy_one(golden, "dbo.narrow", "arrow", columns=choices)
    reports = {r.name: r for r in golden.prove_snapshot(chain)}
    assert [d.what for d in reports["schema"].differences] == [
        f"number of values of column {c.name} that do not fit {c.starrocks}" for c in chain.columns if c.name in columns
    ]
    with pytest.raises(NotCertifiedError, match="c0"):
        golden.publish(chain)


@pytest.mark.parametrize("expression", NOT_IN_SQL_SERVER)
def test_sql_server_holds_neither_nan_nor_infinity(golden, expression):
    from mssql_starrocks.sandbox.stack import DATABASE, LOGIN, PASSWORD

    server = {"server": "localhost", "port": golden.box.sqlserver.port, "database": DATABASE}
    with (
        pymssql.connect(**server, user=LOGIN, password=PASSWORD) as connection,
        pytest.raises(pymssql.Error) as refused,
    ):
        connection.cursor().execute(f"SELECT {expression}")
    assert refused.value.args[0] in {168, 232, 8114, 8115}  # literal too large, arithmetic overflow, conversion


@pytest.mark.parametrize("kind", NO_KEYS)
def test_a_key_that_starrocks_cannot_have_is_refused_by_name(golden, kind):
    table = f"dbo.key_{kind}"
    golden.box.sqlserver.execute(f"CREATE TABLE {table} (k {kind} NOT NULL PRIMARY KEY)")
    _, refused = plan_chains(discover(golden.settings.mssql), Config(include=(table,)))
    assert [(str(r.table), "key: none" in r.reason, f"{table}.k" in r.reason) for r in refused] == [(table, True, True)]
