"""The Spark engine between a SQL Server protocol server and Iceberg on moto; PyIceberg reads the result."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from mssql_starrocks.chain import Chain, plan_chain
from mssql_starrocks.config import Config
from mssql_starrocks.engines.spark import SparkEngine, sub_select
from mssql_starrocks.engines.trust import trust_store
from mssql_starrocks.errors import EngineError, SourceError, SourceUnreachableError
from mssql_starrocks.lake.branch import AuditBranch, fork
from mssql_starrocks.lake.tables import ensure_table
from mssql_starrocks.model import Chunk, Column, CopyResult, ExtractionPlan, Grade, Key, Table, TableId
from mssql_starrocks.sandbox.certificate import make_certificate
from mssql_starrocks.sandbox.sqlserver import SqlServer
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks_tests.engines.everything import EVERYTHING, EVERYTHING_COLUMNS, HIGHEST, LOWEST, ROWS

pytestmark = pytest.mark.spark
CANARY = "canary-Passw0rd!"
WHOLE = (Chunk(0),)
LOAD_ID = "mssql-starrocks.load-id"
INSTANT = "CAST('2024-01-01 00:00:30.5' AS datetime2(7))"

# Names that clash with anything an engine may make up: helper names, target names, quotes, brackets.
ODD_COLUMNS = (
    Column("c0", 1, "int", nullable=False),
    Column("c]1", 2, "nvarchar", max_length=40),
    Column("C_2", 3, "datetime2", scale=7),
    Column('quo"ted', 4, "int"),
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def server(certificate):
    users = {"reader": CANARY, "clerk": CANARY}
    with SqlServer(users=users, database="Company", certificate=certificate) as running:
        running.execute(EVERYTHING)
        for row in ROWS:
            running.execute(f"INSERT INTO dbo.everything VALUES {row}")
        running.execute("CREATE TABLE dbo.empty (id int NOT NULL PRIMARY KEY, nv nvarchar(50) NULL)")
        running.execute(
            "CREATE TABLE dbo.[odd]]s] ([c0] int NOT NULL PRIMARY KEY, [c]]1] nvarchar(20) NULL, "
            '[C_2] datetime2(7) NULL, [quo"ted] int NULL)'
        )
        rows = ", ".join(f"({i}, N'[id] <= {i % 7}', '2024-01-01 00:00:{i % 60:02}.5', {i % 3})" for i in range(400))
        running.execute(f"INSERT INTO dbo.[odd]]s] VALUES {rows}")
        running.execute("INSERT INTO dbo.[odd]]s] VALUES (400, NULL, NULL, NULL)")
        yield running


@pytest.fixture(scope="module")
def mssql(server, certificate) -> MssqlSettings:
    return MssqlSettings(
        host="127.0.0.1",
        port=server.port,
        user="reader",
        password=CANARY,
        database="Company",
        ca_file=str(certificate.ca_file),
    )


@pytest.fixture
def engine(spark, mssql, spark_settings) -> SparkEngine:
    return SparkEngine(spark, mssql, spark_settings, lambda line: None)


@dataclass
class Copied:
    result: CopyResult
    rows: list[dict]
    table: object  # PyIceberg's


@pytest.fixture
def copy(glue_lake, engine, request):
    """Fork, copy, read the branch with PyIceberg. The Glue database is the test's own."""

    def run(table: Table, chunks: Sequence[Chunk] = WHOLE, load_id: str = "L1", **changes) -> Copied:
        chain = chain_of(table, prefix=f"t{abs(hash(request.node.name)) % 10**9}_")
        iceberg, _ = ensure_table(chain, glue_lake)
        branch = AuditBranch(*chain.names.lake, f"audit_{load_id}", {LOAD_ID: load_id})
        fork(iceberg, branch)
        result = engine.copy(replace(plan_of(chain, chunks, load_id), **changes), branch)
        iceberg = iceberg.refresh()
        rows = iceberg.scan().use_ref(branch.name).to_arrow().to_pylist()
        return Copied(result, rows, iceberg)

    return run


def table_of(name: str, columns: Sequence[Column]) -> Table:
    return Table(TableId("dbo", name), 1, tuple(columns), (Key("pk", (columns[0].name,), True),))


def chain_of(table: Table, prefix: str = "") -> Chain:
    return plan_chain(table, Config(lake_prefix=prefix), "Company")


def plan_of(
    chain: Chain, chunks: Sequence[Chunk] = WHOLE, load_id: str = "L1", snapshot: bool = True
) -> ExtractionPlan:
    audit = chain.audit_columns(load_id, "2026-01-02 03:04:05.000006")
    return ExtractionPlan(chain.table.id, load_id, chain.columns, audit, tuple(chunks), Grade.D, 3, 1000, snapshot)


EVERYTHING_TABLE = table_of("everything", EVERYTHING_COLUMNS)
EMPTY_TABLE = table_of("empty", (Column("id", 1, "int", nullable=False), Column("nv", 2, "nvarchar", max_length=100)))
ODD_TABLE = table_of("odd]s", ODD_COLUMNS)


def test_every_type_at_its_limits(copy):
    copied = copy(EVERYTHING_TABLE)
    audit = {"migrated_at": dt.datetime(2026, 1, 2, 3, 4, 5, 6), "source_schema": "dbo", "load_id": "L1"}
    lowest, highest, nulls = sorted(copied.rows, key=lambda row: row["id"])
    assert lowest == LOWEST | audit
    assert highest == HIGHEST | audit
    assert nulls == dict.fromkeys(LOWEST) | {"id": 3} | audit


def test_the_snapshot_is_one_and_says_what_was_copied(copy):
    copied = copy(EVERYTHING_TABLE)
    head = copied.table.snapshot_by_name("audit_L1")
    assert copied.result.snapshot_id == head.snapshot_id
    assert head.summary.additional_properties[LOAD_ID] == "L1"
    assert (copied.result.rows, copied.result.files) == (3, 1)
    files = [task.file for task in copied.table.scan().use_ref("audit_L1").plan_files()]
    assert copied.result.bytes == sum(f.file_size_in_bytes for f in files)
    assert copied.result.peak_rss > 100 << 20  # a JVM, not a guess
    assert copied.result.seconds > 0
    assert copied.result.cpu_seconds > 0
    assert copied.table.current_snapshot() is None, "main stays unborn"
    assert len(copied.table.snapshots()) == 2, "the empty fork and the copy"


def test_a_second_load_replaces_the_rows_in_one_snapshot(copy):
    first = copy(EVERYTHING_TABLE)
    first.table.manage_snapshots().set_current_snapshot(snapshot_id=first.result.snapshot_id).commit()
    second = copy(EVERYTHING_TABLE, (Chunk(0, "[id] = 2"),), load_id="L2")
    assert [row["id"] for row in second.rows] == [2]
    assert second.table.snapshot_by_name("audit_L2").parent_snapshot_id == first.result.snapshot_id
    assert second.table.current_snapshot().snapshot_id == first.result.snapshot_id
    assert len(second.table.scan().to_arrow()) == 3


def test_an_empty_table_makes_a_snapshot(copy):
    copied = copy(EMPTY_TABLE, (Chunk(0, "[id] <= 5"), Chunk(1, "[id] > 5")))
    assert (copied.result.rows, copied.result.files, copied.result.bytes, copied.rows) == (0, 0, 0, [])
    assert copied.table.snapshot_by_name("audit_L1").snapshot_id == copied.result.snapshot_id


@pytest.mark.parametrize(
    "chunks",
    [
        ("[c0] < 100 OR [c0] IS NULL", "[c0] >= 100 AND [c0] < 200", "[c0] >= 200"),
        ("[c]]1] <= N'[id] <= 3' OR [c]]1] IS NULL", "[c]]1] > N'[id] <= 3'"),
        (f"[C_2] < {INSTANT}", f"NOT [C_2] < {INSTANT}", "[C_2] IS NULL"),
        ('[quo"ted] = 1 AND [c0] < 200', '[quo"ted] = 1 AND [c0] >= 200', '[quo"ted] <> 1', '[quo"ted] IS NULL'),
        tuple(f"[c0] >= {20 * i} AND [c0] < {20 * i + 20}" for i in range(21)),
    ],
    ids=["number", "text", "time", "two columns", "21 chunks"],
)
def test_chunks_are_partitions_and_together_the_table(copy, chunks):
    plan = tuple(Chunk(i, predicate) for i, predicate in enumerate(chunks))
    copied = copy(ODD_TABLE, plan)
    assert sorted(row["c0"] for row in copied.rows) == list(range(401))
    assert copied.result.rows == 401


def test_partitions_are_chunks_and_files_follow_the_estimate(engine, copy):
    chunks = tuple(Chunk(i, f"[id] = {i}") for i in range(1, 4))
    assert engine.frame(plan_of(chain_of(EVERYTHING_TABLE), chunks)).rdd.getNumPartitions() == 3
    many = tuple(Chunk(i, f"[id] = {i}") for i in range(200))
    assert engine.frame(plan_of(chain_of(EVERYTHING_TABLE), many)).rdd.getNumPartitions() == 200
    assert copy(EVERYTHING_TABLE, chunks, estimated_bytes=3 * 128 << 20).result.files == 3


def test_snapshot_isolation_is_asked_for_where_the_plan_says_so(spark, spark_settings, certificate, glue_lake):
    with SqlServer(
        users={"reader": CANARY}, database="Company", certificate=certificate, snapshot_isolation=False
    ) as without:
        without.execute("CREATE TABLE dbo.empty (id int NOT NULL PRIMARY KEY, nv nvarchar(50) NULL)")
        mssql = MssqlSettings(
            host="localhost", port=without.port, user="reader", password=CANARY, database="Company",
            ca_file=str(certificate.ca_file),
        )  # fmt: skip
        engine = SparkEngine(spark, mssql, spark_settings, lambda line: None)
        chain = chain_of(EMPTY_TABLE)
        assert engine.frame(plan_of(chain, snapshot=False)).collect() == []
        with pytest.raises(Exception, match=r"(?i)snapshot isolation"):  # 3952, hence the level was set
            engine.frame(plan_of(chain)).collect()


@pytest.mark.parametrize(
    ("fault", "expected", "message"),
    [
        ("deadlock", SourceError, r"deadlock victim.*\(error 1205\)"),
        ("cut", SourceUnreachableError, "(?i)connection|end of stream|premature"),
    ],
)
def test_what_fails_in_the_middle_may_be_tried_again(server, copy, fault, expected, message):
    chunk = (Chunk(0, f"[c0] >= 0 AND '{fault}' = '{fault}'"),)
    getattr(server.faults, fault)(f"'{fault}'", 100, times=3)
    with pytest.raises(expected, match=message) as failed:
        copy(ODD_TABLE, chunk)
    assert failed.value.transient
    assert len(copy(ODD_TABLE, chunk, load_id="L2").rows) == 401


@pytest.mark.parametrize("fault", ["deadlock", "cut"])
def test_a_chunk_that_fails_is_read_again_alone_and_each_row_is_there_once(server, copy, fault):
    chunks = (Chunk(0, f"[c0] < 200 AND '{fault}1' = '{fault}1'"), Chunk(1, f"[c0] >= 200 AND '{fault}2' = '{fault}2'"))
    before = server.faults.struck()
    getattr(server.faults, fault)(f"'{fault}2'", 100, times=2)
    rows = copy(ODD_TABLE, chunks).rows
    assert server.faults.struck() == before + 2
    assert len(rows) == len({row["c0"] for row in rows}) == 401


def test_two_copies_at_once_in_one_session(copy):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(copy, (ODD_TABLE, EVERYTHING_TABLE))
    assert (len(first.rows), len(second.rows)) == (401, 3)


def test_secrets_are_in_no_plan_and_no_configuration(engine, spark):
    frame = engine.frame(plan_of(chain_of(EVERYTHING_TABLE)))
    plan = frame._jdf.queryExecution().toString() + frame._jdf.queryExecution().explainString(
        spark._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("extended")
    )
    assert "everything" in plan
    assert "canary" not in plan + str(spark.sparkContext.getConf().getAll()) + str(spark.sql("SET -v").collect())


def test_the_trust_store_is_private_and_made_once_for_each_content(mssql, spark, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: trust_store(mssql, spark), range(2))
    assert first == second
    assert first.driver.parent.stat().st_mode & 0o077 == 0
    other = mssql.model_copy(update={"ca_file": str(make_certificate(tmp_path).ca_file)})
    assert trust_store(other, spark).driver != first.driver
    names = [str(name) for name in spark.sparkContext.listFiles]
    assert sum(first.driver.name in name for name in names) == 1
    for unverified in ({"encrypt": False}, {"trust_server_certificate": True}, {"ca_file": None}):
        assert trust_store(mssql.model_copy(update=unverified), spark) is None


def test_wrong_password_is_permanent_and_not_repeated(spark, mssql, spark_settings, glue_lake):
    engine = SparkEngine(spark, mssql.model_copy(update={"user": "nobody"}), spark_settings, lambda line: None)
    with pytest.raises(SourceError, match=r"dbo\.empty: SQL Server: Login failed .*18456") as refused:
        engine.copy(plan_of(chain_of(EMPTY_TABLE)), AuditBranch("d", "t", "audit_L1", {}))
    assert not refused.value.transient
    assert "canary" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_missing_table_is_sql_servers_own_message(copy):
    with pytest.raises(SourceError, match=r"Invalid object name 'dbo.gone'.*208"):
        copy(table_of("gone", EMPTY_TABLE.columns))


def test_denied_table(spark, server, mssql, spark_settings):
    server.deny_select("clerk", "dbo.empty")
    engine = SparkEngine(spark, mssql.model_copy(update={"user": "clerk"}), spark_settings, lambda line: None)
    with pytest.raises(SourceError, match=r"SELECT permission was denied.*229"):
        engine.copy(plan_of(chain_of(EMPTY_TABLE)), AuditBranch("d", "t", "audit_L1", {}))


def test_nobody_listens_is_transient(spark, mssql, spark_settings):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    settings = mssql.model_copy(update={"port": port, "login_timeout": 1})
    engine = SparkEngine(spark, settings, spark_settings, lambda line: None)
    with pytest.raises(SourceUnreachableError, match="TCP/IP connection"):
        engine.copy(plan_of(chain_of(EMPTY_TABLE)), AuditBranch("d", "t", "audit_L1", {}))


def test_an_unknown_authority_is_refused_for_good(spark, mssql, spark_settings, tmp_path):
    other = make_certificate(tmp_path)
    settings = mssql.model_copy(update={"ca_file": str(other.ca_file), "login_timeout": 2})
    engine = SparkEngine(spark, settings, spark_settings, lambda line: None)
    with pytest.raises(SourceError, match=r"PKIX|certificat") as refused:
        engine.copy(plan_of(chain_of(EMPTY_TABLE)), AuditBranch("d", "t", "audit_L1", {}))
    assert not refused.value.transient


@pytest.mark.parametrize(
    ("content", "message"), [(None, "No such file"), ("", "holds no"), ("nonsense", "certificate")]
)
def test_a_ca_file_that_is_none(spark, mssql, tmp_path, content, message):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(EngineError, match=f"MSSQL_CA_FILE.*{message}"):
        trust_store(mssql.model_copy(update={"ca_file": str(file)}), spark)


def test_a_type_that_is_not_the_plans_is_refused(copy):
    wrong = (EMPTY_TABLE.columns[0], Column("nv", 2, "int"))
    with pytest.raises(EngineError, match=r"dbo\.empty\.nv: SQL Server sends string where the plan has int"):
        copy(table_of("empty", wrong))


def test_a_table_of_another_schema_is_refused(copy, glue_lake, engine):
    copied = copy(EMPTY_TABLE)
    with copied.table.update_schema() as update:
        update.rename_column("nv", "other")
    database, name = copied.table.name()
    with pytest.raises(EngineError, match="column nv is string in the plan and absent in the Iceberg table"):
        engine.copy(plan_of(chain_of(EMPTY_TABLE)), AuditBranch(database, name, "audit_L1", {}))


def test_a_branch_that_is_not_ours_is_refused(copy, engine):
    copied = copy(EMPTY_TABLE)
    database, name = copied.table.name()
    with pytest.raises(EngineError, match="somebody else wrote to branch audit_L1"):
        engine._head(AuditBranch(database, name, "audit_L1", {LOAD_ID: "L2"}))


def test_a_missing_branch_is_an_error(copy, engine):
    copied = copy(EMPTY_TABLE)
    database, name = copied.table.name()
    with pytest.raises(EngineError, match="nope"):
        engine.copy(plan_of(chain_of(EMPTY_TABLE)), AuditBranch(database, name, "nope", {}))


def test_helper_names_avoid_the_columns_of_predicates():
    plan = plan_of(chain_of(ODD_TABLE), (Chunk(0, "[C_2] IS NULL AND [c]]1] = N'[not a column]' AND [C_2] > 1"),))
    text = sub_select(plan)
    assert text.startswith("(SELECT [c0] AS [c__0], ")
    assert text.endswith(", [C_2], [c]]1] FROM [dbo].[odd]]s]) q")
