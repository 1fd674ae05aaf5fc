"""The StarRocks table of a chain, as DDL. Pure text."""

from __future__ import annotations

import hashlib

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import KeyRefusedError
from mssql_starrocks.model import Loss, PlannedColumn
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.types.keys import sort_column
from mssql_starrocks.warehouse.schema import WarehouseColumn


def create_table(chain: Chain, starrocks: StarRocksSettings | None = None, name: tuple[str, str] | None = None) -> str:
    """CREATE TABLE with the chain's columns, key and comments; `name` stands in for the target's own name.

    A source key becomes PRIMARY KEY; without one the table is a DUPLICATE KEY table, sorted by its first column that
    may lead. Buckets are left to the server (facts/starrocks.md 3).

    Raises:
        KeyRefusedError: no column may lead a table without a primary key.
    """
    lead = _leading(chain)
    model = "PRIMARY KEY" if chain.key else "DUPLICATE KEY"
    lines = _columns(chain)
    parts = [
        f"CREATE TABLE {table_name(name or chain.names.warehouse)} (",
        ",\n".join(f"  {text}" for _, text in lines),
        f") {model} ({', '.join(map(quote_starrocks, lead))})",
    ]
    if chain.table.description:
        parts.append(f"COMMENT {text_starrocks(chain.table.description)}")
    if starrocks and starrocks.replication_num:
        parts.append(f'PROPERTIES ("replication_num" = "{starrocks.replication_num}")')
    return "\n".join(parts)


def expected_columns(chain: Chain) -> tuple[WarehouseColumn, ...]:
    """What `columns_of` will say of a table made by `create_table`.

    Raises:
        KeyRefusedError: as there.
    """
    lead, model = _leading(chain), "PRI" if chain.key else "DUP"
    types = {c.name: (c.starrocks, c.may_null or not c.required) for c in chain.columns}
    types |= {a.name: (a.starrocks, True) for a in chain.audit_columns()}
    return tuple(WarehouseColumn(name, *types[name], model if name in lead else "") for name, _ in _columns(chain))


def ddl_fingerprint(chain: Chain) -> str:
    """Changes when the table must be rebuilt: hash of the DDL without comments and names."""
    text = repr(
        [(c.name, c.starrocks, (c.required and not c.may_null) and c.key, c.key) for c in chain.columns]
    ) + repr(chain.audit)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def column_line(chain: Chain, name: str) -> str:
    """One column as CREATE and ALTER TABLE take it."""
    return dict(_columns(chain))[name]


def table_name(path: tuple[str, ...]) -> str:
    """Database and table, or catalog, database and table, quoted."""
    return ".".join(map(quote_starrocks, path))


def _leading(chain: Chain) -> list[str]:
    return [c.name for c in chain.key] or [_lead(chain)]


def _lead(chain: Chain) -> str:
    lead = sort_column(chain.columns) or next((a.name for a in chain.audit_columns()), None)
    if lead is None:
        raise KeyRefusedError(f"{chain.table.id}: no column can lead a StarRocks table; keep an audit column.")
    return lead


def _columns(chain: Chain) -> list[tuple[str, str]]:
    copied = [(c.name, _line(c.name, c.starrocks, c.required and not c.may_null, _comment(c))) for c in chain.columns]
    audit = [(a.name, _line(a.name, a.starrocks, False, a.comment)) for a in chain.audit_columns()]
    lead = _leading(chain)
    return sorted(copied + audit, key=lambda line: line[0] not in lead)


def _comment(column: PlannedColumn) -> str | None:
    """The source's own description; what is not exact says so."""
    return column.comment or (None if column.loss is Loss.EXACT else column.note)


def _line(name: str, type_: str, required: bool, comment: str | None) -> str:
    text = f" COMMENT {text_starrocks(comment)}" if comment else ""
    return f"{quote_starrocks(name)} {type_} {'NOT NULL' if required else 'NULL'}{text}"
