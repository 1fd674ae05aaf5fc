"""The Iceberg table of a chain as DDL, in Spark's words. Pure text, for people: tables are made by lake/tables.py."""

from __future__ import annotations

from mssql_starrocks.chain import Chain
from mssql_starrocks.lake.catalog import CATALOG_NAME
from mssql_starrocks.lake.tables import PROPERTIES
from mssql_starrocks.types.dialects import text_starrocks

_SPARK = {"long": "BIGINT", "int": "INT"}  # the others are called alike


def create_table(chain: Chain) -> str:
    """CREATE TABLE with the chain's columns, audit columns and the table properties that every table of ours has."""
    columns = [_line(c.name, c.iceberg, c.required, c.comment) for c in chain.columns]
    columns += [_line(a.name, a.iceberg, False, a.comment) for a in chain.audit_columns()]
    name = ".".join(f"`{part}`" for part in (CATALOG_NAME, *chain.names.lake))
    properties = ", ".join(f"{text_starrocks(key)} = {text_starrocks(value)}" for key, value in PROPERTIES.items())
    comment = f"\n{_comment(chain.table.description).strip()}" if chain.table.description else ""
    lines = ",\n".join(f"  {column}" for column in columns)
    return f"CREATE TABLE {name} (\n{lines}\n) USING iceberg{comment}\nTBLPROPERTIES ({properties})"


def _line(name: str, iceberg: str, required: bool, comment: str | None) -> str:
    # Iceberg's timestamp has no zone, Spark's has
    spark = "TIMESTAMP_NTZ" if iceberg == "timestamp" else _SPARK.get(iceberg, iceberg.upper())
    return f"`{name}` {spark}{' NOT NULL' if required else ''}{_comment(comment)}"


def _comment(text: str | None) -> str:
    """Newlines are left out, as Glue wants it; Spark escapes as StarRocks does."""
    return f" COMMENT {text_starrocks(' '.join(text.split()))}" if text else ""
