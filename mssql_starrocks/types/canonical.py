"""Canonical text of a value, one expression per system: equal values give equal text, hence equal digests.

A digest is the sum over all rows of the first 7 bytes of the text's MD5 (facts/starrocks.md 5). SQL Server hashes
text as UTF-16LE, StarRocks as UTF-8, so the lake's reader computes both and bridges them. Floats have no common text:
source and lake compare their IEEE 754 bytes, lake and warehouse only smallest, largest and sum. No function here is
newer than SQL Server 2016.
"""

from __future__ import annotations

FLOAT, TEXT = "float", "text"
# Floats are summed after division by 2**60, which is exact: a sum of large values must not overflow.
FLOAT_SCALE = 1152921504606846976


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


def source_digest(canonical: str) -> str:
    """T-SQL aggregate for the digest of one column."""
    return f"SUM(CAST(CONVERT(bigint, SUBSTRING(HASHBYTES('MD5', {canonical}), 1, 7)) AS decimal(38,0)))"


def lake_text(kind: str, column: str) -> str:
    """DuckDB expression over the Iceberg value."""
    return {
        "bool": f"CAST(CAST({column} AS TINYINT) AS VARCHAR)",
        # DuckDB writes .5 where the others write 0.5
        "decimal": f"regexp_replace(regexp_replace(CAST({column} AS VARCHAR), '^[.]', '0.'), '^-[.]', '-0.')",
        "timestamp": f"strftime({column}, '%Y-%m-%d %H:%M:%S.%f')",
        "binary": f"hex({column})",
        "text": column,
    }.get(kind, f"CAST({column} AS VARCHAR)")


def lake_digest(kind: str, column: str) -> str:
    """DuckDB aggregate for the digest of one column, text as UTF-8."""
    return f"sum(CAST(CAST('0x' || substr(md5({lake_text(kind, column)}), 1, 14) AS UBIGINT) AS HUGEINT))"


def warehouse_text(kind: str, starrocks: str, column: str) -> str:
    """StarRocks expression over the loaded value. A binary key is hexadecimal text already."""
    return {
        "timestamp": f"date_format({column}, '%Y-%m-%d %H:%i:%s.%f')",
        "binary": column if starrocks.startswith("VARCHAR") else f"hex({column})",
        "text": column,
    }.get(kind, f"CAST({column} AS VARCHAR)")


def warehouse_digest(kind: str, starrocks: str, column: str) -> str:
    """StarRocks aggregate for the digest of one column; sum of a BIGINT would stay BIGINT, hence LARGEINT."""
    return f"sum(CAST(conv(substr(md5({warehouse_text(kind, starrocks, column)}), 1, 14), 16, 10) AS LARGEINT))"
