"""What a copy would be, before any row moves: the type ledger with the maxima that its rules need."""

from __future__ import annotations

from collections.abc import Mapping

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import TypeRefusedError
from mssql_starrocks.lake.ddl import create_table as create_lake_table
from mssql_starrocks.model import TablePlan
from mssql_starrocks.settings import MssqlSettings, StarRocksSettings
from mssql_starrocks.source.connect import reader_session
from mssql_starrocks.source.fingerprint import measure
from mssql_starrocks.types.ledger import with_measured
from mssql_starrocks.warehouse.ddl import create_table


def plan(chain: Chain, mssql: MssqlSettings | None = None, starrocks: StarRocksSettings | None = None) -> TablePlan:
    """What becomes of each column, by which rule, and what is lost; nothing is written anywhere.

    Args:
        chain: the table's copy as configured.
        mssql: with it, maxima that rules need are measured at the source, in one query over the columns concerned.
        starrocks: with it, its `replication_num` is in the DDL.

    Raises:
        TypeRefusedError: a value is longer than the target holds.
        SourceError, SourceUnreachableError: SQL Server refused or does not answer.
    """
    measured: Mapping[str, int] = {}
    if mssql is not None and any(c.measure for c in chain.columns):
        with reader_session(mssql) as session:
            measured = measure(session, chain.table.id, chain.columns)
        refuse_too_long(chain, measured)
    return TablePlan(
        table=chain.table.id,
        lake=".".join(chain.names.lake),
        warehouse=".".join(chain.names.warehouse),
        key=tuple(c.source for c in chain.key),
        key_notes=chain.key_notes,
        ledger=with_measured(chain.ledger, measured),
        level=chain.level,
        ddl=create_table(chain, starrocks),
        lake_ddl=create_lake_table(chain),
        engine=chain.engine,
        engine_reason=chain.engine_reason,
        loader=chain.loader,
        rows=chain.table.rows,
        bytes=chain.table.bytes,
    )


def refuse_too_long(chain: Chain, measured: Mapping[str, int]) -> None:
    """Stop before the first row moves where a value is certainly too long: a code unit is at least one byte of UTF-8.

    What is too long only in UTF-8 is found in the lake, before anything is published.
    """
    for column in chain.columns:
        longest = measured.get(column.name, 0)
        if column.most and longest > column.most:
            raise TypeRefusedError(
                f"{chain.table.id}.{column.source}: a value of length {longest:,} is longer than {column.most:,}, "
                f"all that {column.starrocks} can take of a {column.rule}. {_what_to_set(column.rule)}"
            )


def _what_to_set(rule: str) -> str:
    if rule == "sql_variant":
        return "Leave the column out with exclude_columns."
    return "Set long_values: null_with_hash or truncate for the column, or leave it out with exclude_columns."
