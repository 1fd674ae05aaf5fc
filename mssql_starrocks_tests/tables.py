"""Source tables made by hand, for tests that need no server."""

from dataclasses import replace

from mssql_starrocks.chain import Chain, plan_chain
from mssql_starrocks.config import Config
from mssql_starrocks.model import Column, Evidence, Fingerprint, Grade, Key, Table, TableId


def column(name: str, kind: str, **facts) -> Column:
    return Column(name=name, ordinal=facts.pop("ordinal", 1), type=kind, **facts)


def table(
    *columns: Column, schema: str = "sales", name: str = "things", key: tuple[str, ...] = ("id",), **facts
) -> Table:
    keys = (Key(f"PK_{name}", key, primary=True),) if key else ()
    columns = tuple(replace(c, ordinal=i) for i, c in enumerate(columns, start=1))
    return Table(TableId(schema, name), object_id=1, columns=columns, keys=keys, **facts)


def things(**facts) -> Table:
    """id int, name nvarchar(20), price decimal(9,2)."""
    return table(
        column("id", "int", nullable=False),
        column("name", "nvarchar", max_length=40),
        column("price", "decimal", precision=9, scale=2),
        **facts,
    )


def chain(source: Table | None = None, **config) -> Chain:
    return plan_chain(source or things(), Config(**config), "Company")


def evidence(of: Chain, load_id: str, prints: Fingerprint | None = None) -> Evidence:
    return Evidence(
        load_id,
        of.table.id,
        of.database,
        Grade.B,
        "2026-01-01 00:00:00.0000000",
        "arrow",
        of.table.fingerprint,
        prints or Fingerprint(0, {}),
    )
