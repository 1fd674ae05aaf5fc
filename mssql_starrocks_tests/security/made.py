"""Every statement that the product makes for one chain, by asking the product itself."""

from __future__ import annotations

import dataclasses
from contextlib import suppress

from mssql_starrocks.chain import Chain
from mssql_starrocks.engines.spark import sub_select
from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.model import Chunk, ExtractionPlan, Grade, Level
from mssql_starrocks.permissions import source_grants, warehouse_grants
from mssql_starrocks.proof.drill import Side
from mssql_starrocks.settings import LakeSettings, MssqlSettings, StarRocksSettings
from mssql_starrocks.source import fingerprint as source
from mssql_starrocks.source import point
from mssql_starrocks.source.chunking import edges
from mssql_starrocks.source.chunking.literals import literal
from mssql_starrocks.source.chunking.predicates import Edge, ascends, chunks
from mssql_starrocks.source.discover import describe
from mssql_starrocks.source.select import extraction, from_table
from mssql_starrocks.warehouse import alter, grants, ledger, replace
from mssql_starrocks.warehouse import fingerprint as warehouse
from mssql_starrocks.warehouse.connect import Outcome
from mssql_starrocks.warehouse.ddl import create_table, table_name
from mssql_starrocks.warehouse.external import create_catalog
from mssql_starrocks.warehouse.loaders import CatalogInsert, LoadOrder
from mssql_starrocks.warehouse.schema import WarehouseColumn

LOAD, SHADOW = "20260101t000000000000_abcdef", "__mssr_01234567"


class Recorder:
    """A session that notes what it is asked. `columns` is what information_schema says of any table."""

    def __init__(self, columns=()):
        self.said, self.columns = [], list(columns)

    def rows(self, sql, subject=""):
        self.said.append(sql)
        return self.columns if "information_schema.columns" in sql else []

    def run(self, sql, subject=""):
        self.said.append(sql)
        return Outcome(0, "")


def of_source(chain: Chain, value: str) -> list[str]:
    """T-SQL. `value` is the text of a key that the server gave."""
    table, session = chain.table, Recorder()
    key = [table.column(c.source) for c in chain.columns if c.source != table.columns[0].name][:1]
    values = [literal(c, value) for c in key]
    cut = chunks(key, [Edge(tuple(values))]) if None not in values else (Chunk(0), Chunk(1))
    made = [extraction(table.id, chain.columns, chunk) for chunk in cut]
    made.append(sub_select(_plan(chain, cut)))
    target = edges.Target(table, tuple(key), True, 1000, 1 << 30, 4)
    for ask in (edges.walk, edges.quantiles, edges.sample):
        ask(edges.Asker(session, 0), target)
    if None not in values:
        session.rows(f"SELECT {ascends(Edge(tuple(values)), Edge(tuple(values), closed=False))}")
    for level in Level:
        with suppress(IndexError):
            source.fingerprint(session, table.id, chain.columns, level)
    with suppress(IndexError):
        source.measure(session, table.id, chain.columns)
    describe(session, table)
    point._lock(session, table)
    _drill(source.source_hashed(chain.columns), from_table(table.id), chain, session)
    return [*made, *session.said]


def of_warehouse(chain: Chain, password: str) -> list[str]:
    """StarRocks SQL. `password` is any value of a catalog's property."""
    starrocks = StarRocksSettings(host="h", user="loader", replication_num=1)
    described = [(c.name, c.starrocks, "YES", "") for c in chain.columns]
    session, empty = Recorder(described), Recorder()
    made = [create_table(chain), create_table(chain, starrocks)]
    made.append(create_catalog("lake", {"type": "iceberg", "aws.s3.secret_key": password}))
    order = LoadOrder(chain, 4711, chain.names.warehouse, "mssr_4711_abc")
    made.append(CatalogInsert(starrocks, LakeSettings(bucket="b"))._statement(order))
    ledger.claim(empty, starrocks, chain, chain.names.table + SHADOW)
    ledger.read(session, chain)
    shadow = (chain.names.warehouse_database, chain.names.table + SHADOW)
    replace.take_over(empty, chain, shadow, "label", {})
    replace.take_over(session, chain, shadow, "label", {})
    replace._refuse_views(session, chain.names.warehouse)
    grants.lost_grants(session, chain.names.warehouse, shadow)
    for grantee, role in ((f"'{password}'@'%'", False), (password, True)):
        made.append(grants._statement(grants.Grant("SELECT", grantee, role, grantable=True), shadow))
    _alter(chain, session)
    for level in Level:
        with suppress(IndexError):
            warehouse.fingerprint(session, chain.names.warehouse, chain.columns, level)
    _drill(warehouse.warehouse_hashed(chain.columns), table_name(chain.names.warehouse), chain, session)
    return [*made, *empty.said, *session.said]


def _alter(chain: Chain, session: Recorder) -> None:
    """A column renamed, one longer, one new, one gone."""
    want = [WarehouseColumn(c.name, c.starrocks, not c.required, "PRI" if c.key else "") for c in chain.columns]
    key, longer, _, renamed, *others = want
    have = [key, dataclasses.replace(longer, type="VARCHAR(1)"), dataclasses.replace(renamed, name="former"), *others]
    have.append(WarehouseColumn("gone", "INT", True, ""))
    clauses = alter.alterations(chain, have, want, {renamed.name: "former"})
    assert len(clauses or ()) == 4
    alter.alter(session, chain.names.warehouse, clauses or ())


def printed(chain: Chain) -> tuple[str, str]:
    """What an administrator is given, for SQL Server and for StarRocks."""
    mssql = MssqlSettings(host="h", user=chain.database, password="p", database=chain.database)
    return (
        source_grants(mssql, [chain]),
        warehouse_grants(StarRocksSettings(host="h", user="loader"), [chain]),
    )


def _drill(hashed, place, chain, session):
    side = Side(hashed, place, tuple(c.name for c in chain.key), session.rows)
    side.buckets(2, ())
    side.buckets(4, ("0a", "ff"))
    for prefix in ("'; DROP TABLE t; --", "", "0A", "0a'"):
        with suppress(MssqlStarrocksError):
            side.buckets(4, (prefix,))
            raise AssertionError(prefix)
        with suppress(MssqlStarrocksError):
            side.rows(prefix, values=True)
            raise AssertionError(prefix)
    side.rows("0aff", values=True)
    side.rows("0aff", values=False)


def _plan(chain: Chain, cut) -> ExtractionPlan:
    return ExtractionPlan(
        chain.table.id, LOAD, chain.columns, chain.audit_columns(LOAD, "2026-01-01"), tuple(cut), Grade.B, 0, 0, True, 0
    )
