"""What a person reads about a chain before its first run: DDL on both sides, column types, declared losses."""

import hashlib

import dagster as dg

from mssql_starrocks.chain import Chain
from mssql_starrocks.model import Loss, PlannedColumn, TypeLine
from mssql_starrocks.source.ddl import source_ddl
from mssql_starrocks.types.declared import declared_type
from mssql_starrocks.warehouse.ddl import create_table


def snapshot_text(chain: Chain) -> str:
    """Source DDL, engine and what the copy declares to lose."""
    about = f"{chain.table.description}\n\n" if chain.table.description else ""
    return (
        f"{about}One point of `{chain.table.id}` on an audit branch of `{'.'.join(chain.names.lake)}`. "
        f"Engine: {chain.engine} ({chain.engine_reason}).\n\n```sql\n{source_ddl(chain.table)}\n```{_ledger(chain)}"
    )


def lake_text(chain: Chain) -> str:
    """What publishing means for this table."""
    return (
        f"Publishes the certified snapshot of `{chain.table.id}` as `main` of `{'.'.join(chain.names.lake)}`. "
        "Metadata only: no data moves."
    )


def warehouse_text(chain: Chain) -> str:
    """Target DDL."""
    return f"Holds exactly the published snapshot of `{chain.table.id}`.\n\n```sql\n{create_table(chain)}\n```"


def _ledger(chain: Chain) -> str:
    """The type ledger: how many columns arrive exactly, a line for each of the others; what to know about the key."""
    lines = [
        f"| {line.column} | {line.name or 'not copied'} | {line.loss.value} | {line.sentence}{_undeclared(line)} |"
        for line in chain.ledger
        if line.loss is not Loss.EXACT
    ]
    columns = {line.column for line in chain.ledger}  # a companion has a line of its own
    changed = {line.column for line in chain.ledger if line.loss is not Loss.EXACT}
    exact = f"\n\n{len(columns) - len(changed)} of {len(columns)} columns arrive exactly."
    table = "\n\n| column | copied as | loss | what changes |\n|---|---|---|---|\n" + "\n".join(lines) if lines else ""
    return exact + table + "".join(f"\n\n{note}" for note in chain.key_notes)


def _undeclared(line: TypeLine) -> str:
    return f". **Not certified until accepted: {line.undeclared}**" if line.undeclared else ""


def code_version(chain: Chain) -> str:
    """Changes when a column's extraction or types change: Dagster then shows the assets as outdated."""
    parts = [f"{c.name}|{c.select}|{c.iceberg}|{c.starrocks}|{c.load}|{c.key}" for c in chain.columns]
    return hashlib.sha256("\n".join(parts + [name for _, name in chain.audit]).encode()).hexdigest()[:12]


def source_schema(chain: Chain) -> dg.TableSchema:
    keys = {c.source for c in chain.key}
    return dg.TableSchema(
        columns=[
            _column(c.name, declared_type(c), c.description, not c.nullable, keys == {c.name})
            for c in chain.table.columns
        ]
    )


def lake_schema(chain: Chain) -> dg.TableSchema:
    audit = [_column(c.name, c.iceberg, c.comment, False, False) for c in chain.audit_columns()]
    return dg.TableSchema(columns=[_planned(chain, c, c.iceberg) for c in chain.columns] + audit)


def warehouse_schema(chain: Chain) -> dg.TableSchema:
    audit = [_column(c.name, c.starrocks, c.comment, False, False) for c in chain.audit_columns()]
    return dg.TableSchema(columns=[_planned(chain, c, c.starrocks) for c in chain.columns] + audit)


def _planned(chain: Chain, column: PlannedColumn, kind: str) -> dg.TableColumn:
    alone = column.key and len(chain.key) == 1
    return _column(column.name, kind, column.comment, column.required, alone)


def _column(name: str, kind: str, comment: str | None, required: bool, unique: bool) -> dg.TableColumn:
    return dg.TableColumn(
        name, kind, comment, constraints=dg.TableColumnConstraints(nullable=not required, unique=unique)
    )
