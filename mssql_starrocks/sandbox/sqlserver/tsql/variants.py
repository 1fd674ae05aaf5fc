"""sql_variant back to the type it holds."""

from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, failing, quoted
from mssql_starrocks.sandbox.sqlserver.types import SqlType, nvarchar

# Types whose text in a sql_variant says the whole value, and reads back as it was.
EXACT = ("decimal", "date", "time", "datetime", "datetimeoffset", "guid")


def held_text(value: Typed, to: SqlType) -> Typed:
    """The text of a variant that holds exactly type `to`; evaluating any other is refused."""
    refused = failing(
        50000, quoted(f"not supported by the sandbox: sql_variant of another type to {to.name}"), "VARCHAR"
    )
    whole = to.name not in ("datetime", "smalldatetime")  # their text has minutes only
    inside = f"({value.sql}).base = '{to.declared()}'" if whole else "FALSE"
    text = f"(CASE WHEN {value.sql} IS NULL THEN NULL WHEN {inside} THEN ({value.sql}).text ELSE {refused} END)"
    return Typed(text, nvarchar(4000))
