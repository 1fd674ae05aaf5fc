"""What is said before the first row moves, and what stops a load that nobody agreed to."""

import pytest

from mssql_starrocks import stages
from mssql_starrocks.errors import NotCertifiedError, TypeRefusedError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.model import CheckReport, Level
from mssql_starrocks.stages.drilling import with_warehouse_rows
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks_tests.platform import Platform, failed


@pytest.fixture(scope="module")
def box(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def platform(box):
    return Platform(box)


def test_a_plan_measures_what_rules_need_and_writes_nothing(box, platform):
    box.sqlserver.execute(
        "CREATE TABLE dbo.notes (id int NOT NULL PRIMARY KEY, note nvarchar(max) NULL, v sql_variant)"
    )
    box.sqlserver.execute("INSERT INTO dbo.notes VALUES (1, N'four', CAST('abc' AS varchar(10))), (2, NULL, NULL)")
    chain = platform.chains()["dbo.notes"]
    plan = stages.plan(chain, platform.settings.mssql)
    assert {line.name: line.measured for line in plan.ledger} == {"id": None, "note": 4, "v": 3, "v__type": None}
    assert (plan.key, plan.warehouse) == (("id",), "dbo.notes")
    assert "PRIMARY KEY (`id`)" in plan.ddl
    assert stages.plan(chain).ledger[1].measured is None
    assert platform.warehouse("SHOW DATABASES LIKE 'dbo'") == []


def test_a_value_that_is_certainly_too_long_stops_before_a_row_moves(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.long (id int NOT NULL PRIMARY KEY, note varchar(max) NULL)")
    box.sqlserver.execute("INSERT INTO dbo.long VALUES (1, REPLICATE(CAST('x' AS varchar(max)), 1048577))")
    chain = platform.chains()["dbo.long"]
    for run in (lambda: stages.plan(chain, platform.settings.mssql), lambda: platform.snapshot(chain)):
        with pytest.raises(TypeRefusedError, match=r"dbo\.long\.note: a value of length 1,048,577 .*long_values"):
            run()


def test_a_variant_that_would_be_cut_stops_with_a_target_too(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.variants (id int NOT NULL PRIMARY KEY, v sql_variant NULL)")
    box.sqlserver.execute("INSERT INTO dbo.variants VALUES (1, CAST(REPLICATE('x', 4001) AS varchar(8000)))")
    chosen = {"dbo.variants": {"columns": {"v": {"target": "VARCHAR(16002)", "accept_loss": True}}}}
    for tables in ({}, chosen):
        with pytest.raises(TypeRefusedError, match=r"dbo\.variants\.v: a value of length 4,001"):
            platform.snapshot(platform.chains(tables=tables)["dbo.variants"])


def test_the_key_is_measured_as_starrocks_writes_it(box, platform):
    box.sqlserver.execute(
        "CREATE TABLE dbo.wide (d decimal(2,2) NOT NULL, c varchar(122) NOT NULL, PRIMARY KEY (d, c))"
    )
    box.sqlserver.execute("INSERT INTO dbo.wide VALUES (-0.55, REPLICATE('x', 122))")  # 5 + 2 + 122 bytes
    chain = platform.chains()["dbo.wide"]
    platform.snapshot(chain)
    schema = next(r for r in platform.prove_snapshot(chain) if r.name == "schema")
    assert [d.found for d in schema.differences] == ["129 bytes: set key: none"]


def test_a_loss_that_nobody_accepted_is_not_published(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.embeddings (id int NOT NULL PRIMARY KEY, v vector(2) NULL)")
    box.sqlserver.execute("INSERT INTO dbo.embeddings VALUES (1, '[1.0, 2.0]')")
    chain = platform.chains()["dbo.embeddings"]
    platform.snapshot(chain)
    schema = next(r for r in platform.prove_snapshot(chain) if r.name == "schema")
    assert not schema.passed
    assert "accept_loss: true for column v of dbo.embeddings" in schema.differences[0].found
    with pytest.raises(NotCertifiedError, match="accept_loss"):
        platform.publish(chain)
    accepted = {"dbo.embeddings": {"columns": {"v": {"accept_loss": True}}}}
    assert not failed(platform.copy(platform.chains(tables=accepted)["dbo.embeddings"]))


def test_the_ledger_is_stored_with_the_load_and_compared_with_the_one_before(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.times (id int NOT NULL PRIMARY KEY, g uniqueidentifier NULL)")
    box.sqlserver.execute("INSERT INTO dbo.times VALUES (1, '6F9619FF-8B86-D011-B42D-00C04FC964FF')")
    first = platform.copy(platform.chains()["dbo.times"])
    assert not failed(first)
    assert first[0].facts["type_changes"] == []
    lower = platform.chains(types={"guid_case": "lower"})["dbo.times"]
    second = platform.copy(lower)
    assert not failed(second)
    assert second[0].facts["type_changes"] == [
        "g: uniqueidentifier as string, VARCHAR(36) (guid.upper, exact) before, "
        "uniqueidentifier as string, VARCHAR(36) (guid.lower, exact) now"
    ]
    assert platform.warehouse("SELECT g FROM dbo.times") == [("6f9619ff-8b86-d011-b42d-00c04fc964ff",)]


def test_values_are_shown_only_when_allowed(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.shown (id int NOT NULL PRIMARY KEY, name nvarchar(20) NULL)")
    box.sqlserver.execute("INSERT INTO dbo.shown VALUES (1, N'Ann'), (2, N'Bob')")
    chains = [platform.chains(tables={"dbo.shown": {"show_values": shown}})["dbo.shown"] for shown in (False, True)]
    assert not failed(platform.copy(chains[0]))
    platform.warehouse("UPDATE dbo.shown SET name = 'Eve' WHERE id = 2")
    hidden, shown = ({r.name: r for r in platform.prove_warehouse(chain)}["values"] for chain in chains)
    assert "Bob" not in str(hidden)
    assert (shown.differences[-1].expected, shown.differences[-1].found) == ("'Bob'", "'Eve'")
    assert "First of the rows: row id=2, column name. Load it from the lake" in shown.summary
    platform.warehouse("DELETE FROM dbo.shown WHERE id = 1")
    lost = {r.name: r for r in platform.prove_warehouse(chains[1])}["values"].differences
    assert ("row id=1", "present", "absent") in [(d.what, d.expected, d.found) for d in lost]


def test_rows_are_named_beside_a_column_that_is_not_hashed(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.papers (id int NOT NULL PRIMARY KEY, j json NULL)")
    box.sqlserver.execute("INSERT INTO dbo.papers VALUES (1, '{}'), (2, NULL)")
    chain = platform.chains(types={"json_as": "json"})["dbo.papers"]
    assert not failed(platform.copy(chain))
    platform.warehouse("UPDATE dbo.papers SET j = NULL WHERE id = 1")
    platform.warehouse("DELETE FROM dbo.papers WHERE id = 2")
    values = {r.name: r for r in platform.prove_warehouse(chain)}["values"]
    assert {d.what for d in values.differences} >= {"row id=1, column j", "row id=2"}


def test_a_row_has_one_name_on_both_sides_whatever_its_key_became(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.days (d date NOT NULL PRIMARY KEY, v int NULL)")
    box.sqlserver.execute("INSERT INTO dbo.days VALUES ('2024-01-01', 1), ('2024-01-02', 2)")
    chain = platform.chains(tables={"dbo.days": {"columns": {"d": {"target": "DATETIME"}}}})["dbo.days"]
    assert not failed(platform.copy(chain))
    platform.warehouse("UPDATE dbo.days SET v = 3 WHERE v = 2")
    values = {r.name: r for r in platform.prove_warehouse(chain)}["values"]
    assert [d.what for d in values.differences] == ["v", "row d=2024-01-02 00:00:00.000000, column v"]


def test_a_failed_proof_is_said_even_where_its_rows_cannot_be_found(box, platform):
    box.sqlserver.execute("CREATE TABLE dbo.gone (id int NOT NULL PRIMARY KEY)")
    chain = platform.chains()["dbo.gone"]
    assert not failed(platform.copy(chain))
    said = tuple(CheckReport(name, passed=False, summary="wrong") for name in ("row_count", "values"))
    table = open_catalog(platform.settings.lake).load_table(chain.names.lake)
    with warehouse_session(platform.settings.starrocks) as session:
        reports = with_warehouse_rows(chain, said, Level.ROWS, (table, 1), session, chain.names.warehouse)
    (found,) = [d.found for r in reports for d in r.differences]
    assert found.startswith("not found: ")
    assert "snapshot 1 is gone" in found
    assert not any(r.passed for r in reports)
