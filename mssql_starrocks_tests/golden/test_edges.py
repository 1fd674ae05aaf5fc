"""What cannot be copied as it is: refused or found by a check that names the column, never certified wrong."""

import pymssql
import pytest

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import EngineError, NotCertifiedError
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.golden.keys import NO_KEYS
from mssql_starrocks_tests.golden.numbers import NOT_IN_SQL_SERVER
from mssql_starrocks_tests.golden.texts import HALVES
from mssql_starrocks_tests.platform import failed

ENGINES = ("arrow", pytest.param("spark", marks=pytest.mark.spark))
FORMS = {"short": "nvarchar(20)", "max": "nvarchar(max)", "fixed": "nchar(12)", "old": "ntext"}


@pytest.fixture(scope="module")
def halves(golden):
    """For each half of a pair and each declaration a table of one value; one table with all of them."""
    run = golden.box.sqlserver.execute
    for form, declared in FORMS.items():
        run(f"CREATE TABLE dbo.half_{form} (id int NOT NULL PRIMARY KEY, body {declared} NULL)")
        for number, (sql, _) in enumerate(HALVES):
            run(f"INSERT INTO dbo.half_{form} VALUES ({number}, {sql})")
    return golden


def copy_one(platform, table, engine, target="", **options):
    target = target or engine
    named = {"include": (table,), "engine": engine, "lake_prefix": f"{target}_", "targets": {"dbo": target}}
    chain = platform.chains(**named, tables={table: options})[table]
    platform.snapshot(chain)
    return chain


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ENGINES)
def test_half_of_a_surrogate_pair_as_text_is_never_certified(halves, engine, form):
    try:
        chain = copy_one(halves, f"dbo.half_{form}", engine)
    except EngineError as error:
        assert "body" in str(error)
        return
    reports = {r.name: r for r in halves.prove_snapshot(chain)}
    assert reports["values"].differences[0].what == "body"
    with pytest.raises(NotCertifiedError, match="body"):
        halves.publish(chain)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ENGINES)
def test_half_of_a_surrogate_pair_as_bytes_is_exact(halves, engine, form):
    chain = copy_one(halves, f"dbo.half_{form}", engine, f"{engine}_bytes", types={"unicode_as": "bytes"})
    reports = halves.prove_snapshot(chain)
    halves.publish(chain)
    halves.load(chain)
    assert not failed((*reports, *halves.prove_warehouse(chain)))
    width = 12 if form == "fixed" else 0
    wanted = [(text + " " * (width - len(text.encode("utf-16-le", "surrogatepass")) // 2)) for _, text in HALVES]
    found = halves.warehouse(f"SELECT body FROM {engine}_bytes.half_{form} ORDER BY id")
    assert [raw.decode("utf-16-le", "surrogatepass") for (raw,) in found] == wanted


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
