"""Canonical text of a value, one expression per system: equal values give equal text, hence equal hashes.

Source and lake compare text as UTF-16LE and floats as their eight IEEE 754 bytes, which SQL Server can hash; the lake's
reader encodes both. Lake and warehouse compare text as UTF-8 and floats as mantissa and exponent, which DuckDB and
StarRocks compute alike. No T-SQL function here is newer than SQL Server 2016. JSON has no common text.
"""

from __future__ import annotations

from collections.abc import Callable

from mssql_starrocks.model import PlannedColumn

TEXT, FLOAT, JSON = "text", "float", "json"


def source_text(kind: str, expression: str) -> str:
    """T-SQL for the bytes that SQL Server hashes. `timestampN` has N fraction digits."""
    if kind.startswith("timestamp"):
        return _source_timestamp(int(kind.removeprefix("timestamp")), expression)
    template = {
        "bool": "CONVERT(varchar(1), {e})",
        "int": "CONVERT(varchar(20), {e})",
        "decimal": "CONVERT(varchar(41), {e})",
        "date": "CONVERT(varchar(10), {e}, 23)",
        "text": "CAST({e} AS nvarchar(max))",
        "binary": "CONVERT(varchar(max), CAST({e} AS varbinary(max)), 2)",
        "float": "CAST(CAST({e} AS float) AS binary(8))",
    }[kind]
    return template.format(e=expression)


def _source_timestamp(digits: int, expression: str) -> str:
    if digits == 7:  # cut, never rounded: the drivers cut the seventh digit as well
        return f"LEFT(CONVERT(varchar(27), {expression}, 121), 26)"
    width = 19 + (digits + 1 if digits else 0)
    text = f"CONVERT(varchar({width}), {expression}, 121)"
    return text if digits == 6 else f"{text} + '{'' if digits else '.'}{'0' * (6 - digits)}'"


def lake_text(kind: str, value: str) -> str:
    """DuckDB expression over a value of the lake."""
    return {
        "bool": f"CAST(CAST({value} AS TINYINT) AS VARCHAR)",
        # DuckDB writes .5 where the others write 0.5
        "decimal": f"regexp_replace(regexp_replace(CAST({value} AS VARCHAR), '^[.]', '0.'), '^-[.]', '-0.')",
        "timestamp": f"strftime({value}, '%Y-%m-%d %H:%M:%S.%f')",
        "binary": f"hex({value})",
        "text": value,
        "float": float_text(value),
    }.get(kind, f"CAST({value} AS VARCHAR)")


def arrived_text(column: PlannedColumn, name: str) -> str | None:
    """DuckDB expression of what StarRocks must hold; None for JSON."""
    return None if column.arrives_kind == JSON else lake_text(column.arrives_kind, column.arrives.format(c=name))


def warehouse_text(column: PlannedColumn, name: str) -> str | None:
    """StarRocks expression over the loaded value; None for JSON."""
    render: dict[str, Callable[[str], str]] = {
        "timestamp": "date_format({0}, '%Y-%m-%d %H:%i:%s.%f')".format,
        "binary": "hex({0})".format,
        "text": str,
        "float": float_text,
    }
    if column.arrives_kind == JSON:
        return None
    return render.get(column.arrives_kind, "CAST({0} AS VARCHAR)".format)(name)


def float_text(value: str) -> str:
    """Mantissa and exponent of a float, in DuckDB's and StarRocks' SQL alike; both zeros are `0`.

    Everything here is exact: floor of log2 may be off by one, which the comparison mends, and dividing by a power of
    two changes no digit. StarRocks answers NULL where pow would be infinite; no branch needs that value. (Text of a
    float differs between systems: facts/starrocks.md 5.)
    """
    size = f"abs(CAST({value} AS DOUBLE))"
    near = f"CAST(least(floor(log2({size})), 1023) AS INT)"
    exponent = (
        f"({near} + CASE WHEN {size} >= pow(2, {near} + 1) THEN 1 WHEN {size} < pow(2, {near}) THEN -1 ELSE 0 END)"
    )
    mantissa = f"CAST({size} / pow(2, {exponent}) * 4503599627370496 AS BIGINT)"  # 2**52
    sign = f"CASE WHEN {value} < 0 THEN '-' ELSE '' END"
    digits = f"concat({sign}, CAST({mantissa} AS VARCHAR), 'e', CAST({exponent} AS VARCHAR))"
    return f"CASE WHEN {value} IS NULL THEN NULL WHEN {value} = 0 THEN '0' ELSE {digits} END"
