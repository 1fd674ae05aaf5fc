"""JSON functions. A JSON value is kept as the text StarRocks prints (json_text.py)."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.functions import Context, function, no_such_function
from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed
from mssql_starrocks.sandbox.starrocks.sql.types import INT, JSON, TEXTS


@function("PARSE_JSON", 1)
def _parse_json(args: list[Typed], context: Context) -> Typed:
    """NULL for what is no JSON, whatever sql_mode says (docs.starrocks.io parse_json)."""
    if args[0].type.name not in (*TEXTS, "NULL"):
        raise no_such_function("parse_json", args)
    return casts.cast(args[0], JSON, CastMode())


@function("JSON_LENGTH", 1)
def _json_length(args: list[Typed], context: Context) -> Typed:
    value = casts.cast(args[0], JSON, context.mode).sql
    return Typed(
        f"CAST(CASE WHEN {value} IS NULL THEN NULL WHEN json_type({value}) = 'OBJECT' THEN len(json_keys({value})) "
        f"WHEN json_type({value}) = 'ARRAY' THEN json_array_length({value}) ELSE 1 END AS INTEGER)",
        INT,
    )
